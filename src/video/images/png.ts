/**
 * PNG files (ISO/IEC 15948).
 *
 * @module
 */
import {
  brokenImageError,
  type ImageKind,
  joinBytes,
  requireImageSize,
  startsWith,
  textAt,
  viewOf,
} from "./image_kind.ts";

/** Bytes that are taken at once. */
const crcStep = 8;
/**
 * The effect of each byte on the checksum of a PNG chunk (ISO 3309), of one that is followed by no other, by
 * one, and so on.
 */
const crcTable = new Int32Array(crcStep * 256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let following = 0; following < crcStep; following++) {
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ ((crc & 1) === 0 ? 0 : 0xEDB88320);
    crcTable[following * 256 + byte] = crc;
  }
}

/** The checksum of a PNG chunk's name and content. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0, at = 0;
  for (const end = bytes.length - crcStep; at <= end; at += crcStep) {
    crc ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
    crc = crcTable[7 << 8 | crc & 255]! ^ crcTable[6 << 8 | crc >>> 8 & 255]! ^
      crcTable[5 << 8 | crc >>> 16 & 255]! ^ crcTable[4 << 8 | crc >>> 24]! ^
      crcTable[3 << 8 | bytes[at + 4]!]! ^ crcTable[2 << 8 | bytes[at + 5]!]! ^
      crcTable[1 << 8 | bytes[at + 6]!]! ^ crcTable[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = crc >>> 8 ^ crcTable[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}

function pngChunk(name: string, content: Uint8Array): Uint8Array {
  const bytes = joinBytes([Uint8Array.from(`....${name}`, (letter) => letter.charCodeAt(0)), content]);
  const chunk = joinBytes([bytes, new Uint8Array(4)]);
  viewOf(chunk).setUint32(0, content.length);
  viewOf(chunk).setUint32(bytes.length, crc32(bytes.subarray(4)));
  return chunk;
}

/**
 * A header and palette equivalent to gray of less than 8 bits with one transparent value (tRNS), which libav
 * shows opaque.
 */
function grayAsPalette(header: Uint8Array, transparent: number): Uint8Array[] {
  const levels = 2 ** header[8]!;
  const grays = Uint8Array.from({ length: levels * 3 }, (_, at) => Math.floor(at / 3) * 255 / (levels - 1));
  const alphas = new Uint8Array(levels).fill(255);
  alphas[transparent % levels] = 0;
  const colorType = 3;
  return [
    pngChunk("IHDR", header.with(9, colorType)),
    pngChunk("PLTE", grays),
    pngChunk("tRNS", alphas),
  ];
}

/** A chunk of a PNG. */
interface PngChunk {
  readonly name: string;
  /** All of it: length, name, content and checksum. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

/** The chunks of a PNG before its end, which is required. */
function* pngChunks(bytes: Uint8Array): Generator<PngChunk> {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length;) {
    const name = textAt(bytes, at + 4);
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    if (name === "IEND") return;
    yield { name, bytes: bytes.subarray(at, end), content: bytes.subarray(at + 8, end - 4) };
    at = end;
  }
  throw brokenImageError("PNG", "its end is missing");
}

/** The chunks of a PNG that its pixels depend on. */
const pngEssentials: ReadonlySet<string> = new Set(["IHDR", "PLTE", "tRNS", "IDAT"]);

/** How many samples a pixel has, by a PNG's colour type. */
const pngSamples: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

function requirePngSize(header: Uint8Array, chunks: readonly PngChunk[]): void {
  const view = viewOf(header);
  const size = { width: view.getUint32(0), height: view.getUint32(4) };
  const packed = chunks.reduce((sum, { name, content }) => sum + (name === "IDAT" ? content.length : 0), 0);
  const bitsPerPixel = header[8]! * (pngSamples[header[9]!] ?? 1);
  // Deflate compresses by at most 1032 to 1.
  requireImageSize("PNG", size, packed * 1032 * 8 / bitsPerPixel);
}

/** Portable Network Graphics (ISO/IEC 15948). */
export const png: ImageKind = {
  name: "PNG",
  decoder: "png",
  begins: (bytes) => startsWith(bytes, 0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A),
  /** Without IEND: libav checks for missing rows at the end of the data, but not at IEND. */
  essence(bytes) {
    const chunks = [...pngChunks(bytes)].filter(({ name }) => pngEssentials.has(name));
    for (const chunk of chunks) requireChecksum(chunk);
    const [{ name = "", content: header = bytes } = {}] = chunks;
    if (name !== "IHDR" || header.length !== 13) throw brokenImageError("PNG", "its header is missing");
    requirePngSize(header, chunks);
    const transparent = chunks.find(({ name }) => name === "tRNS")?.content;
    const isSmallGray = header[8]! < 8 && header[9] === 0;
    const parts = chunks.map((chunk) => chunk.bytes);
    if (isSmallGray && transparent?.length === 2) {
      const pixels = chunks.filter(({ name }) => name === "IDAT").map((chunk) => chunk.bytes);
      parts.splice(0, parts.length, ...grayAsPalette(header, viewOf(transparent).getUint16(0)), ...pixels);
    }
    return [bytes.subarray(0, 8), ...parts];
  },
  color: () => null,
};

/** FFmpeg 4.3 does not verify the checksums of chunks, and that of the pixels only at their end. */
function requireChecksum({ name, bytes }: PngChunk): void {
  const at = bytes.length - 4;
  if (crc32(bytes.subarray(4, at)) === viewOf(bytes).getUint32(at)) return;
  throw brokenImageError("PNG", `the checksum of its ${name} is wrong`);
}
