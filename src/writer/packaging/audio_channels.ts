/**
 * How many channels audio in an mp4 has: FFmpeg's muxer writes 2 into most sample entries (movenc.c).
 *
 * @module
 */
import { type Box, findBox } from "../../file/mp4/boxes.ts";
import { aacObject, readDescription } from "./codec_strings.ts";

/** ISO/IEC 14496-3: the channels of each configuration of AAC; 0: its data tells. */
const aacChannels = [0, 1, 2, 3, 4, 5, 6, 8] as const;
/** Parametric stereo: one channel is coded, and two are heard. */
const parametricStereo = 29;
/** ETSI TS 102 366: the channels of each mode, without that of low frequencies. */
const ac3Channels = [2, 1, 2, 3, 3, 4, 4, 5] as const;

function channelsOfAac(box: Uint8Array): number {
  const { object, specific } = readDescription(box) ?? {};
  if (object !== aacObject || !specific) return 0;
  const [first = 0, second = 0] = specific;
  if (first >> 3 === parametricStereo) return 2;
  // The rate has a number of four bits, unless it is told itself.
  const isPlain = first >> 3 !== 31 && ((first & 7) << 1 | second >> 7) !== 15;
  return isPlain ? aacChannels[second >> 3 & 15] ?? 0 : 0;
}

/** The mode is three bits, and one more tells of low frequencies, after some bits. */
function channelsOfAc3(box: Uint8Array, bits: number): number {
  const word = box[bits >> 3]! << 16 | box[(bits >> 3) + 1]! << 8;
  const mode = word >> 21 - bits % 8 & 7;
  return ac3Channels[mode]! + (word >> 20 - bits % 8 & 1);
}

/** The box with the configuration, and what reads it, by the type of the sample entry. */
const readers: Readonly<Record<string, readonly [box: string, read: (box: Uint8Array) => number]>> = {
  mp4a: ["esds", channelsOfAac],
  "ac-3": ["dac3", (box) => channelsOfAc3(box, 10)],
  "ec-3": ["dec3", (box) => channelsOfAc3(box, 28)],
};

/** The channels of a sample entry, whose boxes begin at a place; `null` where they do not tell. */
export function audioChannels(bytes: Uint8Array, { type, end }: Box, boxesStart: number): number | null {
  const [name, read] = readers[type] ?? [];
  const box = name === undefined ? null : findBox(bytes, [name], boxesStart, end);
  return box === null ? null : read!(bytes.subarray(box.content, box.end)) || null;
}
