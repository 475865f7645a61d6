/**
 * The index of an mp4 in memory, moved to its front: players begin before they have all of it.
 *
 * libavformat does that with `faststart`, for which it reads the file by its path.
 *
 * @module
 */

/** A box of an mp4, by its place. */
interface Box {
  readonly type: string;
  readonly start: number;
  /** Where its content begins. */
  readonly content: number;
  readonly end: number;
}

/** The boxes on the way to those with the places of packets. */
const parents: readonly string[] = ["moov", "trak", "mdia", "minf", "stbl"];

/** The same file with the index before the packets; as it is where it has none behind them. */
export function indexFirst(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const all = boxes(file, 0, file.length);
  const index = all.find(({ type }) => type === "moov");
  const data = all.find(({ type }) => type === "mdat");
  if (index === undefined || data === undefined || index.start < data.start) return file;
  const first = all.find(({ type }) => type !== "ftyp")!.start;
  const moved = file.slice(index.start, index.end);
  for (const table of chunkTables(moved, 0, moved.length)) addToPlaces(moved, table, moved.length);
  // What lies between is later by the length of the index.
  file.copyWithin(first + moved.length, first, index.start);
  file.set(moved, first);
  return file;
}

/** A file in memory has less than 2 GiB: all sizes and places have 32 bits. */
function boxes(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Box[] {
  const view = new DataView(bytes.buffer);
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

/** The tables of an index that say where packets are. */
function chunkTables(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Box[] {
  return boxes(bytes, start, end).flatMap((box) => {
    if (box.type === "stco") return [box];
    return parents.includes(box.type) ? chunkTables(bytes, box.content, box.end) : [];
  });
}

function addToPlaces(bytes: Uint8Array<ArrayBuffer>, { content }: Box, added: number): void {
  const view = new DataView(bytes.buffer);
  const count = view.getUint32(content + 4);
  for (let n = 0; n < count; n++) {
    const at = content + 8 + n * 4;
    view.setUint32(at, view.getUint32(at) + added);
  }
}
