/**
 * The names of segments: from a time, and back to what such names look like.
 *
 * @module
 */
import { extname, isThere, join } from "../../../ffi/mod.ts";

const padded = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** What stands for each letter after `%`: of a time, and in any name. */
const parts: Readonly<Record<string, { readonly of: (time: Date) => string; readonly form: string }>> = {
  Y: { of: (time) => padded(time.getFullYear(), 4), form: "\\d{4}" },
  m: { of: (time) => padded(time.getMonth() + 1, 2), form: "(?:0[1-9]|1[0-2])" },
  d: { of: (time) => padded(time.getDate(), 2), form: "(?:0[1-9]|[12]\\d|3[01])" },
  H: { of: (time) => padded(time.getHours(), 2), form: "(?:[01]\\d|2[0-3])" },
  M: { of: (time) => padded(time.getMinutes(), 2), form: "[0-5]\\d" },
  S: { of: (time) => padded(time.getSeconds(), 2), form: "[0-5]\\d" },
  f: { of: (time) => padded(time.getMilliseconds(), 3) + "000", form: "\\d{3}000" },
  s: { of: (time) => String(Math.floor(time.getTime() / 1000)), form: "\\d{10}" },
  "%": { of: () => "%", form: "%" },
};

const letters = /%(.?)/gs;

/** The letter after a `%` that stands for nothing; `null` where all do. */
export function unknownLetter(name: string): string | null {
  for (const [whole, letter = ""] of name.matchAll(letters)) {
    if (!Object.hasOwn(parts, letter)) return whole;
  }
  return null;
}

/** A name for a segment that begins at a time. */
export function segmentName(name: string, time: Date): string {
  return name.replace(letters, (_, letter: string) => parts[letter]!.of(time));
}

/** The path of a new file in a folder, for a segment that begins at a time. */
export function newSegmentPath(folder: string, name: string, time: Date): string {
  const path = join(folder, segmentName(name, time));
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  let free = path;
  for (let number = 2; isThere(free); number++) free = `${stem}-${number}${extension}`;
  return free;
}

/** What the paths of segments of a name look like: the stem, the number that is added, and the extension. */
function segmentForm(name: string): RegExp {
  const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
  const form = (text: string): string =>
    text.split(/(%.)/s).map((part, index) => index % 2 === 1 ? parts[part[1]!]!.form : literal(part)).join(
      "",
    );
  const extension = extname(name);
  const stem = name.slice(0, name.length - extension.length);
  return new RegExp(`^(${form(stem)})(?:-([2-9]|[1-9]\\d+))?(${form(extension)})$`);
}

/** Numbers of more digits may be something else: an hour in the names of another program. */
const maxSure = 9;

/**
 * The paths that are segments of a name, of those in a folder, with `/` between folders. One with a number
 * (`-2`) is so only beside another one of the same time: else, it may be another program's.
 */
export function segmentsAmong(name: string, paths: readonly string[]): ReadonlySet<string> {
  const form = segmentForm(name);
  const found = paths.flatMap((path) => {
    const [, stem, number, extension] = form.exec(path) ?? [];
    return stem === undefined ? [] : [{ path, first: `${stem}${extension}`, number: Number(number ?? 1) }];
  });
  const groups = Map.groupBy(found, ({ first }) => first);
  const isOwn = ({ path, first, number }: (typeof found)[number]): boolean =>
    number === 1 || groups.get(first)!.some((other) => other.path !== path && other.number <= maxSure);
  return new Set(found.filter(isOwn).map(({ path }) => path));
}
