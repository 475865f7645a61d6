/**
 * AAC with headers in every packet (ADTS, ISO/IEC 13818-7), as MPEG-TS has it. Other containers have one
 * header (ISO/IEC 14496-3). libavformat's own filter finds it with the first packet, after the file's header.
 *
 * @module
 */

/** Lengths of a packet's header without and with a checksum. */
const headerBytes = { plain: 7, checked: 9 } as const;

/** Whether bytes begin with an ADTS header. */
export function hasAdtsHeader(bytes: Uint8Array): boolean {
  return bytes.length >= headerBytes.plain && bytes[0] === 0xff && (bytes[1]! & 0xf6) === 0xf0;
}

/** The one header that says what a packet's header does. */
export function headerFromAdts(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const objectType = (bytes[2]! >> 6) + 1;
  const rate = (bytes[2]! >> 2) & 15;
  const channels = (bytes[2]! & 1) << 2 | bytes[3]! >> 6;
  return Uint8Array.of(objectType << 3 | rate >> 1, (rate & 1) << 7 | channels << 3);
}

/** What is in a packet behind its header. */
export function withoutAdtsHeader(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.subarray((bytes[1]! & 1) === 1 ? headerBytes.plain : headerBytes.checked);
}

/** A header of a usual stream, for a trial. */
export const usualHeader: Uint8Array<ArrayBuffer> = Uint8Array.of(0x11, 0x90);
