/**
 * Recipes that make images of a video: thumbnails, and sheets of them.
 *
 * @module
 */
import { basename, extname, removeFile } from "../../ffi/mod.ts";
import { NewFile } from "../file/new_file.ts";
import { companionPath } from "../file/target.ts";
import { filePath } from "../file_path.ts";
import { shown } from "../shown.ts";
import { ProgressTimer } from "../writer/progress_timer.ts";
import { checkRecipe, requireOtherFile } from "./copy_recipe.ts";
import { requireImagePath, stillChecks, type StillOptions, writeStills } from "./stills.ts";
import { pixels } from "./transcoding.ts";

/**
 * Options of {@linkcode thumbnails}.
 *
 * @example
 * ```ts
 * import type { ThumbnailOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: ThumbnailOptions = { everySeconds: 10, width: 320 };
 * ```
 */
export type ThumbnailOptions = StillOptions;

/** An image of a video. */
export interface Thumbnail {
  /** The absolute path of the image. */
  readonly path: string;
  /** When its frame is shown in the video, in seconds. */
  readonly timestamp: number;
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
}

/** The place of a number in a name, as C's `printf` writes it. */
const numberPlace = /%(?:0(\d+))?d/;

/** Throws a `TypeError` unless a path has one place for a number, in its name. */
function requireNumberPlace(path: string): void {
  const isInName = numberPlace.test(basename(path));
  if (isInName && path.split("%").length === 2) return;
  throw new TypeError(
    `Cannot write images to ${shown(path)}: give a name with one place for their number, such as "%03d.jpg"`,
  );
}

/** The path of an image. */
function numbered(path: string, number: number): string {
  return path.replace(numberPlace, (_, digits?: string) => String(number).padStart(Number(digits ?? 0), "0"));
}

/**
 * Writes frames of a video as images: one for each so many seconds, or so many over its length. Pixels are
 * square, and pictures are turned as players turn them.
 *
 * Images are made under names that end with `.avwriter` and their extension, and take their places when all
 * of them are there.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The path of the images, with the place of a number that begins with 1: `thumbs/%03d.jpg`. The
 * extension chooses the format: png, jpg, jpeg or webp.
 * @param options See {@linkcode ThumbnailOptions}.
 * @returns The images.
 *
 * @throws {TypeError} A path is none, or an option has the wrong type.
 * @throws {RangeError} The part that is shown is empty.
 * @throws {ReadError} The file can't be read, or does not say how long it is.
 * @throws {EncoderNotFoundError} FFmpeg was built without an encoder for the format.
 * @throws {WriteError} The images can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { thumbnails } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 10);
 *   for (let n = 0; n < 40; n++) {
 *     await writer.write({ data: new Uint8Array(128 * 96 * 4).fill(n), width: 128, height: 96 });
 *   }
 * }
 * const images = await thumbnails(`${folder}/in.mp4`, `${folder}/%02d.png`, { everySeconds: 1, width: 64 });
 * if (images.length !== 4 || images[3]!.timestamp !== 3) throw new Error("others");
 * ```
 */
export async function thumbnails(
  input: string | URL,
  output: string | URL,
  options: ThumbnailOptions = {},
): Promise<Thumbnail[]> {
  const checked = checkRecipe(options, stillChecks);
  requireOneChoice(checked);
  const action = "make images of";
  const [from, pattern] = [filePath(input, action), filePath(output)];
  requireImagePath(pattern);
  requireNumberPlace(pattern);
  checked.signal?.throwIfAborted();
  const extension = extname(pattern);
  const temporary = companionPath(pattern) + extension;
  const progress = new ProgressTimer(checked.onProgress, false);
  let count = 0;
  try {
    const { timestamps, width, height } = await writeStills({
      input: from,
      path: temporary,
      options: checked,
      filters: (stills) => {
        count = stills.length;
        for (let number = 1; number <= count; number++) {
          requireOtherFile([from], numbered(pattern, number), action);
        }
        return [];
      },
      onFrame: (finished) => progress.tell(() => ({ finished }), false),
    });
    const images = timestamps.map((timestamp, index) => {
      const path = numbered(pattern, index + 1);
      using file = new NewFile(path, action, extension);
      file.place();
      return { path, timestamp, width, height };
    });
    progress.tell(() => ({ finished: 1 }), true);
    return images;
  } catch (error) {
    for (let number = 1; number <= count; number++) removeFile(numbered(temporary, number));
    throw error;
  }
}

/** Throws a `TypeError` where options exclude each other. */
function requireOneChoice({ everySeconds, count }: StillOptions): void {
  if (everySeconds === undefined || count === undefined) return;
  throw new TypeError("Cannot use the options everySeconds and count together: leave one of them out");
}

/**
 * Options of {@linkcode spriteSheet}.
 *
 * @example
 * ```ts
 * import type { SpriteSheetOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: SpriteSheetOptions = { everySeconds: 5, width: 160, columns: 10 };
 * ```
 */
export interface SpriteSheetOptions extends StillOptions {
  /** How many pictures are beside each other. Default: about as many as there are rows. */
  columns?: number;
}

/** A picture on a sheet. */
export interface Sprite {
  /** From when on it stands for the video, in seconds. */
  readonly start: number;
  /** Until when it does so. */
  readonly end: number;
  /** How far it is from the left of the sheet, in pixels. */
  readonly x: number;
  /** How far it is from the top of the sheet, in pixels. */
  readonly y: number;
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
}

/** A sheet of pictures. */
export interface SpriteSheet {
  /** The absolute path of the image. */
  readonly path: string;
  /** Its width in pixels. */
  readonly width: number;
  /** Its height in pixels. */
  readonly height: number;
  /** How many pictures are beside each other. */
  readonly columns: number;
  /** How many pictures are below each other. */
  readonly rows: number;
  /** The pictures, in the order of the video. */
  readonly sprites: readonly Sprite[];
  /** A WebVTT file that tells players which picture stands for which time, beside the image. */
  readonly webvtt: string;
}

/**
 * Puts frames of a video on one image, as players show them over their time line.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The image; its extension chooses the format: png, jpg, jpeg or webp.
 * @param options See {@linkcode SpriteSheetOptions}.
 * @returns The image, and where the pictures are.
 *
 * @throws {TypeError} A path is none, both are one file, or an option has the wrong type.
 * @throws {RangeError} The part that is shown is empty.
 * @throws {ReadError} The file can't be read, or does not say how long it is.
 * @throws {EncoderNotFoundError} FFmpeg was built without an encoder for the format.
 * @throws {UnsupportedError} The sheet is larger than the format allows.
 * @throws {WriteError} The image can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { spriteSheet } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 10);
 *   for (let n = 0; n < 40; n++) {
 *     await writer.write({ data: new Uint8Array(128 * 96 * 4).fill(n), width: 128, height: 96 });
 *   }
 * }
 * const sheet = await spriteSheet(`${folder}/in.mp4`, `${folder}/sheet.png`, { count: 5, width: 64 });
 * if (sheet.columns !== 3 || sheet.rows !== 2 || sheet.width !== 192) throw new Error("another grid");
 * await Deno.writeTextFile(`${folder}/sheet.vtt`, sheet.webvtt);
 * ```
 */
export async function spriteSheet(
  input: string | URL,
  output: string | URL,
  options: SpriteSheetOptions = {},
): Promise<SpriteSheet> {
  const { columns: wanted, ...checked } = checkRecipe(options, { ...stillChecks, columns: pixels });
  requireOneChoice(checked);
  const action = "make a sheet of";
  const [from, path] = [filePath(input, action), filePath(output)];
  requireImagePath(path);
  checked.signal?.throwIfAborted();
  requireOtherFile([from], path, action);
  using file = new NewFile(path, action, extname(path));
  const progress = new ProgressTimer(checked.onProgress, false);
  let columns = 0, rows = 0;
  const { stills, width, height } = await file.madeBy(writeStills({
    input: from,
    path: file.path,
    options: checked,
    filters: ({ length }) => {
      columns = Math.min(length, wanted ?? Math.ceil(Math.sqrt(length)));
      rows = Math.ceil(length / columns);
      return [`tile=${columns}x${rows}`];
    },
    onFrame: (finished) => progress.tell(() => ({ finished }), false),
  }));
  file.place();
  progress.tell(() => ({ finished: 1 }), true);
  const [spriteWidth, spriteHeight] = [width / columns, height / rows];
  const sprites = stills.map(({ start, end }, index) => ({
    ...{ start, end, width: spriteWidth, height: spriteHeight },
    x: index % columns * spriteWidth,
    y: Math.floor(index / columns) * spriteHeight,
  }));
  return { path, width, height, columns, rows, sprites, webvtt: webvttOf(basename(path), sprites) };
}

/** A time as WebVTT writes it. */
function clockTime(seconds: number): string {
  const whole = Math.round(seconds * 1000);
  const parts = [whole / 3_600_000, whole / 60_000 % 60, whole / 1000 % 60].map((part) =>
    String(Math.floor(part)).padStart(2, "0")
  );
  return `${parts.join(":")}.${String(whole % 1000).padStart(3, "0")}`;
}

/** A file that tells which part of an image is for which time (Media Fragments URI). */
function webvttOf(name: string, sprites: readonly Sprite[]): string {
  const cues = sprites.map(({ start, end, x, y, width, height }) =>
    `${clockTime(start)} --> ${clockTime(end)}\n${
      encodeURIComponent(name)
    }#xywh=${x},${y},${width},${height}\n`
  );
  return `WEBVTT\n\n${cues.join("\n")}`;
}
