/**
 * The index of an mp4 in memory, moved to its front: players begin before they have all of it.
 *
 * libavformat does that with `faststart`, for which it reads the file by its path.
 *
 * @module
 */
import { type Box, boxesIn, viewOf } from "./boxes.ts";

/** The boxes on the way to those with the places of packets. */
const parents: readonly string[] = ["moov", "trak", "mdia", "minf", "stbl"];

/** The same file with the index before the packets; as it is where it has none behind them. */
export function indexFirst(file: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const all = boxesIn(file);
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

/** The tables of an index that say where packets are. */
function chunkTables(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): Box[] {
  return boxesIn(bytes, start, end).flatMap((box) => {
    if (box.type === "stco") return [box];
    return parents.includes(box.type) ? chunkTables(bytes, box.content, box.end) : [];
  });
}

function addToPlaces(bytes: Uint8Array<ArrayBuffer>, { content }: Box, added: number): void {
  const view = viewOf(bytes);
  const count = view.getUint32(content + 4);
  for (let n = 0; n < count; n++) {
    const at = content + 8 + n * 4;
    view.setUint32(at, view.getUint32(at) + added);
  }
}
