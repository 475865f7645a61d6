/**
 * JPEG files (ITU-T T.81).
 *
 * @module
 */
import type { Size } from "../../size.ts";
import { exifOrientation } from "./exif.ts";
import {
  brokenImageError,
  type ImageKind,
  requireImageSize,
  startsWith,
  textAt,
  undecodableImageError,
  viewOf,
} from "./image_kind.ts";

/** A segment of a JPEG. */
interface JpegSegment {
  /** The second byte of its marker. */
  readonly marker: number;
  /** The complete segment, with the entropy-coded bytes that follow. */
  readonly bytes: Uint8Array;
}

/** The position of the next marker outside entropy-coded data; the end of the data where there is none. */
function nextMarker(bytes: Uint8Array, from: number): number {
  for (let at = from;;) {
    at = bytes.indexOf(0xFF, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1];
    if (next === 0xFF) at += 1;
    else if (next === 0 || next !== undefined && next >= 0xD0 && next <= 0xD7) at += 2;
    else return at;
  }
}

/** The segments of a JPEG, including its end, which is required. */
function* jpegSegments(bytes: Uint8Array): Generator<JpegSegment> {
  const view = viewOf(bytes);
  for (let at = nextMarker(bytes, 2); at + 2 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    if (marker === 0xD9) return yield { marker, bytes: bytes.subarray(at, at + 2) };
    if (at + 4 > bytes.length) break;
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length) break;
    const next = nextMarker(bytes, end);
    yield { marker, bytes: bytes.subarray(at, marker === 0xDA ? next : end) };
    at = next;
  }
  throw brokenImageError("JPEG", "its end is missing");
}

/** Whether a marker begins a frame header (SOF). */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xC0 && marker <= 0xCF && ![0xC4, 0xC8, 0xCC].includes(marker);
}

/** Whether pixels depend on a segment. Of the application segments only JFIF's, the first, and Adobe's. */
function isForPixels({ marker }: JpegSegment): boolean {
  return marker < 0xE1 || marker > 0xEF || marker === 0xEE;
}

function frameHeaderIn(segments: readonly JpegSegment[]): JpegSegment | undefined {
  return segments.find(({ marker, bytes }) => isFrameHeader(marker) && bytes.length >= 10);
}

function sizeIn(header: Uint8Array): Size {
  return { width: viewOf(header).getUint16(7), height: viewOf(header).getUint16(5) };
}

/** The size of a JPEG's picture. Throws where the file is incomplete, or has none. */
export function jpegSize(bytes: Uint8Array): Size {
  const header = frameHeaderIn([...jpegSegments(bytes)]);
  if (header === undefined) throw brokenImageError("JPEG", "it has no picture");
  return sizeIn(header.bytes);
}

/** JPEG (ITU-T T.81). */
export const jpeg: ImageKind = {
  name: "JPEG",
  decoder: "mjpeg",
  begins: (bytes) => startsWith(bytes, 0xFF, 0xD8, 0xFF),
  essence(bytes) {
    const segments = [...jpegSegments(bytes)].filter(isForPixels);
    const frameHeader = frameHeaderIn(segments);
    if (frameHeader !== undefined) {
      const { marker, bytes: header } = frameHeader;
      if (marker > 0xC3) throw undecodableImageError("JPEG", "it is coded arithmetically or in layers");
      const size = sizeIn(header);
      // A block of 8x8 pixels takes one bit at least.
      requireImageSize("JPEG", size, bytes.length * 8 * 64);
      const hasAdobe = segments.some(({ marker, bytes }) => marker === 0xEE && textAt(bytes, 4) === "Adob");
      // libav would read black as alpha.
      if (header[9] === 4 && !hasAdobe) {
        throw undecodableImageError("JPEG", "it is CMYK without Adobe's marker");
      }
    }
    return [bytes.subarray(0, 2), ...segments.map((segment) => segment.bytes)];
  },
  orientation(bytes) {
    for (const { marker, bytes: segment } of jpegSegments(bytes)) {
      // Some programs write it behind other application segments, but none behind the picture.
      if (marker === 0xDA) break;
      const isExif = marker === 0xE1 && textAt(segment, 4) === "Exif";
      if (isExif) return exifOrientation(segment.subarray(10));
    }
    return 1;
  },
  color(frame) {
    const { matrix, range } = frame.meaning;
    return { matrix: matrix ?? "bt470bg", range: range ?? "pc" };
  },
};
