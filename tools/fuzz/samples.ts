/**
 * Pieces of audio as a case describes them, and whether they must be taken.
 *
 * @module
 */
import type { AudioSamples, SampleFormatName } from "../../mod.ts";
import type { PieceSpec, SampleKind, Value } from "./case_types.ts";
import { isSilent } from "./generate_audio.ts";

type Values = Float32Array | Float64Array | Int16Array | Int32Array | BigInt64Array | Uint8Array;

const formats: Readonly<Record<SampleKind, SampleFormatName>> = {
  Float32Array: "flt",
  Float64Array: "dbl",
  Int16Array: "s16",
  Int32Array: "s32",
  BigInt64Array: "s64",
  Uint8Array: "u8",
};

const isFloat = (data: SampleKind): boolean => data === "Float32Array" || data === "Float64Array";

/** A tone in an array of a kind. */
function tone({ data, sampleRate, oddValue }: PieceSpec, length: number): Values {
  const wave = (index: number): number => Math.sin(index * 440 * 2 * Math.PI / sampleRate) / 4;
  if (data === "Int16Array") return Int16Array.from({ length }, (_, index) => wave(index) * 0x7fff);
  if (data === "Int32Array") return Int32Array.from({ length }, (_, index) => wave(index) * 0x7fffffff);
  if (data === "BigInt64Array") {
    return BigInt64Array.from({ length }, (_, index) => BigInt(Math.round(wave(index) * 2 ** 63)));
  }
  if (data === "Uint8Array") return Uint8Array.from({ length }, (_, index) => 128 + wave(index) * 127);
  const floats = data === "Float32Array" ? new Float32Array(length) : new Float64Array(length);
  for (let index = 0; index < length; index++) floats[index] = wave(index);
  const huge = data === "Float32Array" ? 3.4e38 : 1e308;
  if (oddValue !== undefined) floats[length >> 1] = oddValue === "huge" ? huge : Number(oddValue);
  return floats;
}

function bytesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What `writeAudio` is given for a piece. */
export function makeSamples(piece: PieceSpec): AudioSamples {
  const { samples, sampleRate, channels, track, isPlanar, isRaw, extraField } = piece;
  const rest = {
    sampleRate,
    ...(track === undefined ? {} : { track }),
    ...(piece.isWithoutChannels ? {} : { channels }),
    ...(extraField === undefined ? {} : { [extraField]: 1 }),
  };
  const format = formats[piece.data];
  if (isRaw) {
    const planes = isPlanar ? Array.from({ length: channels }, () => bytesOf(tone(piece, samples))) : [];
    const data = isPlanar ? joined(planes) : bytesOf(tone(piece, samples * channels));
    return { data, format: isPlanar ? `${format}p` as SampleFormatName : format, ...rest };
  }
  if (!isPlanar) return { data: tone(piece, samples * channels), ...rest };
  return { data: Array.from({ length: channels }, () => tone(piece, samples)), ...rest };
}

function joined(planes: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(planes.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const plane of planes) {
    all.set(plane, at);
    at += plane.length;
  }
  return all;
}

/**
 * Whether a piece must be taken by a writer with an option `audio`; `null` where that depends on more, such
 * as its time.
 */
export function mustBeTaken(piece: PieceSpec, audio: Value | undefined): boolean | null {
  const tracks: readonly Value[] = audio === undefined ? [] : Array.isArray(audio) ? audio : [audio];
  const track = tracks[piece.track ?? 0];
  if (track === undefined || isSilent(track)) return false;
  const { channels: asked } = track as { readonly channels?: number };
  const { channels, data, oddValue, isPlanar, isRaw, isWithoutChannels, extraField } = piece;
  if (extraField !== undefined) return false;
  if (oddValue !== undefined && oddValue !== "huge" && isFloat(data)) return false;
  const areApart = isPlanar === true && isRaw !== true;
  // One channel is meant, of as many samples as there are in all.
  const isUnsaid = isWithoutChannels === true && !areApart;
  if (isUnsaid && (asked ?? 2) > 1) return false;
  if (!isUnsaid && asked === undefined && channels > 2) return false;
  return piece.timing === undefined && !isUnsaid ? true : null;
}
