/**
 * Images with numbers in their names, which are read as one video.
 *
 * @module
 */
import { basename, dirname, join, namesIn } from "../../ffi/mod.ts";
import type { InputPlace } from "../engine/reading/reading_types.ts";
import { ReadError } from "../errors.ts";
import { shown } from "../shown.ts";
import { type FrameRate, parseFrameRate } from "../video/frame_rate.ts";

/** How images with numbers in their names become a video. */
export interface ImageSequence {
  /** Images per second. */
  frameRate: FrameRate;
  /** The number of the first image. Default: the least that there is. */
  start?: number;
}

/** The place of the number: `%d`, or with its least number of digits `%04d`. */
const numberPlace = /%(?:0(\d+))?d/;

/** Finds the images of a path with a place for their number, in the folder of that path. */
export function findImages(path: string, { frameRate, start }: ImageSequence): InputPlace {
  const [folder, name] = [dirname(path), basename(path)];
  const place = numberPlace.exec(name);
  if (place === null || name.replace(place[0], "").includes("%")) {
    throw new TypeError(
      `Cannot read images as ${shown(name)}: the name needs one place for their number, such as "%04d.png"`,
    );
  }
  const first = start ?? leastNumber(folder, name, place);
  // The demuxer takes every "%" for the beginning of a place.
  const escaped = join(folder.replaceAll("%", "%%"), name);
  return { kind: "sequence", path: escaped, frameRate: parseFrameRate(frameRate), start: first };
}

function leastNumber(folder: string, name: string, place: RegExpExecArray): number {
  const refuse = (problem: string, code: string, cause?: unknown): never => {
    throw new ReadError(`Cannot read images in ${folder}: ${problem}`, {
      code,
      operation: "read images",
      hint: null,
      cause,
    });
  };
  const [before, after] = [name.slice(0, place.index), name.slice(place.index + place[0].length)];
  const digits = Number(place[1] ?? 1);
  let names: string[] | null;
  try {
    names = namesIn(folder);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: unknown };
    // Deno's NotCapable has no code. Its message is complete.
    if (typeof code !== "string") throw cause;
    return refuse(code === "ENOENT" ? "there is no such folder" : message, code, cause);
  }
  if (names === null) return refuse("it is a file", "ENOTDIR");
  const numbers = names.flatMap((file) => {
    if (!file.startsWith(before) || !file.endsWith(after)) return [];
    const number = file.slice(before.length, file.length - after.length);
    return /^\d+$/.test(number) && number === String(Number(number)).padStart(digits, "0")
      ? [Number(number)]
      : [];
  });
  if (numbers.length === 0) return refuse(`none of them is named like ${shown(name)}`, "ENOENT");
  return numbers.reduce((least, number) => Math.min(least, number));
}
