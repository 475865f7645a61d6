/**
 * Names of codecs as browsers and playlists have them (RFC 6381), from the descriptions in an mp4.
 *
 * @module
 */
import { type Box, findBox, viewOf } from "../../file/mp4/boxes.ts";

/** Two digits of a number. */
const hex = (value: number): string => value.toString(16).padStart(2, "0");
const decimal = (value: number): string => String(value).padStart(2, "0");

/** The kind of AAC in an `esds` box. */
export const aacObject = 0x40;

/** What values of pictures mean (ISO/IEC 23091-2). */
export interface ColorCodes {
  readonly primaries: number;
  readonly transfer: number;
  readonly matrix: number;
  readonly isFull: boolean;
}

/** From these codes on, colours are those of BT.2020 and P3, and transfers those of 10 bits and HDR. */
const widePrimaries = 9, wideTransfer = 14;

/** Colours at the end of a name; empty where players need not know them. */
function colorPart(color: ColorCodes | null, before: string, full: (isFull: boolean) => string): string {
  if (color === null) return "";
  const { primaries, transfer, matrix, isFull } = color;
  if (primaries < widePrimaries && transfer < wideTransfer) return "";
  return `.${before}.${[primaries, transfer, matrix].map(decimal).join(".")}.${full(isFull)}`;
}

/** Reads the string from the configuration of a codec: a box in that of its sample entry. */
type Reader = (config: Uint8Array, type: string, color: ColorCodes | null) => string;

/** ISO/IEC 14496-15: profile, constraints and level. */
const avc: Reader = (config, type) => `${type}.${[1, 2, 3].map((at) => hex(config[at]!)).join("")}`;

/** ISO/IEC 14496-15, annex E. */
const hevc: Reader = (config, type) => {
  const general = config[1]!;
  const space = ["", "A", "B", "C"][general >> 6]!;
  const compatible = viewOf(config).getUint32(2);
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + (compatible >>> bit & 1);
  const constraints = [...config.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [
    `${space}${general & 31}`,
    reversed.toString(16),
    `${general & 32 ? "H" : "L"}${config[12]}`,
    ...constraints.map((byte) => byte.toString(16)),
  ];
  return `${type}.${parts.join(".")}`;
};

/** AV1 Codec ISO Media File Format Binding, 5. */
const av1: Reader = (config, type, color) => {
  const [, levels = 0, flags = 0] = config;
  const bits = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
  const samples = `${flags >> 4 & 1}.${flags >> 3 & 1}${flags >> 2 & 1}${flags & 3}`;
  const colors = colorPart(color, samples, (isFull) => isFull ? "1" : "0");
  return `${type}.${levels >> 5}.${decimal(levels & 31)}${flags & 0x80 ? "H" : "M"}.${
    decimal(bits)
  }${colors}`;
};

/** VP Codec ISO Media File Format Binding: a full box. */
const vp9: Reader = (config, type) => {
  const [profile, level, depth, primaries, transfer, matrix] = config.subarray(4);
  const color = { primaries: primaries!, transfer: transfer!, matrix: matrix!, isFull: (depth! & 1) === 1 };
  const colors = colorPart(color, decimal(depth! >> 1 & 7), (isFull) => isFull ? "01" : "00");
  return `${type}.${decimal(profile!)}.${decimal(level!)}.${decimal(depth! >> 4)}${colors}`;
};

/** What an `esds` box tells. */
interface Description {
  /** The kind of the codec. */
  readonly object: number;
  /** The configuration of its decoder; `null`: it has none. */
  readonly specific: Uint8Array | null;
}

/** ISO/IEC 14496-1: descriptors in each other, with lengths of up to four bytes. `null`: it is damaged. */
export function readDescription(config: Uint8Array): Description | null {
  let at = 4;
  const enter = (tag: number): boolean => {
    if (config[at] !== tag) return false;
    at++;
    while (config[at]! & 0x80) at++;
    at++;
    return true;
  };
  // Elementary stream, decoder configuration, decoder-specific information.
  if (!enter(3)) return null;
  const flags = config[at + 2]!;
  at += 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x40 ? 1 + config[at + 3]! : 0) + (flags & 0x20 ? 2 : 0);
  if (!enter(4)) return null;
  const object = config[at]!;
  at += 13;
  return { object, specific: enter(5) ? config.subarray(at) : null };
}

const mpeg4: Reader = (config, type) => {
  const { object, specific } = readDescription(config) ?? {};
  if (object === undefined) return type;
  if (object !== aacObject || !specific) return `${type}.${hex(object)}`;
  const [first = 0, second = 0] = specific;
  const short = first >> 3;
  return `${type}.40.${short === 31 ? 32 + ((first & 7) << 3 | second >> 5) : short}`;
};

/** The box with the configuration, and its reader, by the type of the sample entry. */
const readers: Readonly<Record<string, readonly [config: string, read: Reader]>> = {
  avc1: ["avcC", avc],
  avc3: ["avcC", avc],
  hvc1: ["hvcC", hevc],
  hev1: ["hvcC", hevc],
  av01: ["av1C", av1],
  vp09: ["vpcC", vp9],
  mp4a: ["esds", mpeg4],
  mp4v: ["esds", mpeg4],
};

/** Codecs whose names are not their sample entries. */
const otherNames: Readonly<Record<string, string>> = { Opus: "opus" };

/** The name of the codec of a sample entry, whose boxes begin at a place. */
export function codecString(bytes: Uint8Array, { type, end }: Box, boxesStart: number): string {
  const [box, read] = readers[type] ?? [];
  const found = box === undefined ? null : findBox(bytes, [box], boxesStart, end);
  if (found === null) return otherNames[type] ?? type;
  return read!(bytes.subarray(found.content, found.end), type, colorCodes(bytes, end, boxesStart));
}

/** The colours in the boxes of a sample entry; `null`: it tells none. */
export function colorCodes(bytes: Uint8Array, end: number, boxesStart: number): ColorCodes | null {
  const found = findBox(bytes, ["colr"], boxesStart, end);
  if (found === null || String.fromCharCode(...bytes.subarray(found.content, found.content + 4)) !== "nclx") {
    return null;
  }
  const view = viewOf(bytes);
  const code = (index: number): number => view.getUint16(found.content + 4 + index * 2);
  const isFull = (bytes[found.content + 10]! & 0x80) !== 0;
  return { primaries: code(0), transfer: code(1), matrix: code(2), isFull };
}

/** What HLS calls the range of a transfer function (RFC 8216bis, VIDEO-RANGE). */
const ranges: Readonly<Record<number, "PQ" | "HLG">> = { 16: "PQ", 18: "HLG" };

/** The range of pictures. */
export function videoRange(color: ColorCodes | null): "SDR" | "PQ" | "HLG" {
  return ranges[color?.transfer ?? 0] ?? "SDR";
}
