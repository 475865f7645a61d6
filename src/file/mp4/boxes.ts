/**
 * The boxes of an mp4 in memory (ISO/IEC 14496-12).
 *
 * @module
 */

/** A box, by its place. */
export interface Box {
  readonly type: string;
  readonly start: number;
  /** Where its content begins. */
  readonly content: number;
  readonly end: number;
}

/** The boxes in a part of a file. What is in memory has less than 2 GiB: all sizes have 32 bits. */
export function boxesIn(bytes: Uint8Array, start = 0, end: number = bytes.length): Box[] {
  const view = viewOf(bytes);
  const found: Box[] = [];
  for (let at = start; at + 8 <= end;) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    found.push({ type, start: at, content: at + 8, end: at + size });
    // Nothing follows a box without a size.
    at += size < 8 ? end : size;
  }
  return found;
}

/** The first box on a way through others, in a part of a file; `null` where there is none. */
export function findBox(
  bytes: Uint8Array,
  [type, ...rest]: readonly string[],
  start = 0,
  end: number = bytes.length,
): Box | null {
  for (const box of boxesIn(bytes, start, end)) {
    if (box.type !== type) continue;
    const found = rest.length === 0 ? box : findBox(bytes, rest, box.content, box.end);
    if (found !== null) return found;
  }
  return null;
}

/** A box with a content. */
export function makeBox(type: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const box = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 8));
  viewOf(box).setUint32(0, box.length);
  for (let index = 0; index < 4; index++) box[4 + index] = type.charCodeAt(index);
  let at = 8;
  for (const part of parts) {
    box.set(part, at);
    at += part.length;
  }
  return box;
}

/** Bytes as numbers. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
