/**
 * Playlists that another writer has left, which a new one goes on with: players that are at them stay.
 *
 * @module
 */
import type { EarlierList, Segment } from "./segment.ts";

/** A folder with the files of an earlier run. */
export interface EarlierFolder {
  readonly names: readonly string[];
  /** The text of a file; `null` where it can't be read. */
  read(name: string): string | null;
}

/** The playlists in a folder of the streams whose names begin with a prefix, by the labels of renditions. */
export function earlierLists(folder: EarlierFolder, prefix: string): Map<string, EarlierList> {
  const lists = new Map<string, EarlierList>();
  for (const name of folder.names) {
    if (!name.startsWith(`${prefix}-`)) continue;
    const [, label] = /^((?:video|audio)\d*)\.m3u8$/.exec(name.slice(prefix.length + 1)) ?? [];
    const text = label === undefined ? null : folder.read(name);
    const list = text === null ? null : readList(text, folder.names, `${prefix}-${label}-`);
    if (list !== null) lists.set(label!, list);
  }
  return lists;
}

/** Reads a playlist whose files have names with a beginning. `null`: it is none. */
function readList(text: string, names: readonly string[], begin: string): EarlierList | null {
  const lines = text.split("\n");
  if (lines[0] !== "#EXTM3U") return null;
  const segments: Segment[] = [];
  const head = { targetSeconds: 0, number: 0, removedDiscontinuities: 0, header: "" };
  let next = { seconds: 0, isDiscontinuous: false, dateMs: null as number | null };
  for (const line of lines) {
    const [, tag, value = ""] = /^#EXT-?(?:X-)?([A-Z-]+):?(.*)$/.exec(line) ?? [];
    if (tag === "TARGETDURATION") head.targetSeconds = Number(value);
    else if (tag === "MEDIA-SEQUENCE") head.number = Number(value);
    else if (tag === "DISCONTINUITY-SEQUENCE") head.removedDiscontinuities = Number(value);
    else if (tag === "MAP") head.header = nameOf(/URI="(.*?)"/.exec(value)?.[1] ?? "");
    else if (tag === "INF") next.seconds = Number.parseFloat(value);
    else if (tag === "DISCONTINUITY") next.isDiscontinuous = true;
    else if (tag === "PROGRAM-DATE-TIME") next.dateMs = Date.parse(value);
    else if (line !== "" && !line.startsWith("#")) {
      const number = head.number + segments.length;
      const files = names.filter((name) => numberOf(name, begin) === number && /\.m4s$/.test(name));
      const { header } = head;
      segments.push({ ...next, number, header, files, name: nameOf(line), start: 0, bytes: 0, parts: [] });
      next = { seconds: 0, isDiscontinuous: false, dateMs: null };
    }
  }
  const { targetSeconds, removedDiscontinuities } = head;
  const isWhole = [targetSeconds, head.number, ...segments.map(({ seconds }) => seconds)].every(
    Number.isFinite,
  );
  if (!isWhole || segments.length === 0) return null;
  const listed = new Set(segments.flatMap(({ files, header }) => [...files, header]));
  // What is newer is written over.
  const { number: last } = segments.at(-1)!;
  const strays = names.filter((name) => (numberOf(name, begin) ?? Infinity) <= last && !listed.has(name));
  return { targetSeconds, removedDiscontinuities, segments, strays };
}

/** The number of the segment that a file has, or a part or header of; `null`: it is another file. */
function numberOf(name: string, begin: string): number | null {
  if (!name.startsWith(begin)) return null;
  const rest = name.slice(begin.length);
  if (rest === "init.mp4") return 0;
  const [, number] = /^(\d+)(?:\.\d+)?\.m4s$/.exec(rest) ?? /^init-(\d+)\.mp4$/.exec(rest) ?? [];
  return number === undefined ? null : Number(number);
}

/** The name of a file beside a playlist, by its address there. */
function nameOf(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
