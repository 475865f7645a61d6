/**
 * Images of a video: which frames, in what format, and written by what.
 *
 * @module
 */
import { extname } from "../../ffi/mod.ts";
import { ReadError } from "../errors.ts";
import { type Check, withoutUndefined } from "../option_checks.ts";
import { createFileReader } from "../reader/create_file_reader.ts";
import type { VideoSource } from "../reader/video_source.ts";
import { shown } from "../shown.ts";
import { createFileWriter } from "../writer/create_file_writer.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import { recipeChecks, type RecipeOptions } from "./copy_recipe.ts";
import { hasAlpha, pictureFilters } from "./picture_filters.ts";
import { pixels, seconds } from "./transcoding.ts";

/** Which frames of a video become images, and their size. */
export interface StillOptions extends RecipeOptions {
  /** One frame for each so many seconds. Not together with `count`. */
  everySeconds?: number;
  /** So many frames: the video is divided into equal parts, and the middle of each is shown. Default: 10. */
  count?: number;
  /** The width of a picture in pixels. Default: that of the video, or what keeps its shape. */
  width?: number;
  /** The height of a picture in pixels. Default: that of the video, or what keeps its shape. */
  height?: number;
  /** Where the part begins that is shown, in seconds. Default: 0. */
  start?: number;
  /** Where it ends, in seconds. Default: the end of the video. */
  end?: number;
}

/** The checks of {@linkcode StillOptions}. */
export const stillChecks: { readonly [Name in keyof Required<StillOptions>]: Check } = {
  ...recipeChecks,
  everySeconds: (value) =>
    typeof value === "number" && Number.isFinite(value) && value > 0 ? null : "a number of seconds above 0",
  count: (value) => Number.isInteger(value) && (value as number) > 0 ? null : "a whole number above 0",
  ...{ width: pixels, height: pixels, start: seconds, end: seconds },
};

/** A frame that becomes an image. */
export interface Still {
  /** From when to when it stands for the video, in seconds. */
  readonly start: number;
  readonly end: number;
  /** Which frame it is: the one that is shown then. */
  readonly at: number;
}

/** The frames of a video that become images. Throws where its length is not known, or the part is outside. */
export function stillsOf(
  { duration }: VideoSource,
  { everySeconds, count = 10, start = 0, end = Infinity }: StillOptions,
  label: string,
): Still[] {
  if (duration === null) {
    throw new ReadError(`Cannot choose frames of ${label}: it does not say how long it is`, {
      code: "NO_DURATION",
      operation: "choose frames",
      hint: "remux the file first",
    });
  }
  const last = Math.min(end, duration);
  if (start >= last) {
    throw new RangeError(`Cannot show the part from ${start} to ${end} s: the video is ${duration} s long`);
  }
  const step = everySeconds ?? (last - start) / count;
  const number = everySeconds === undefined ? count : Math.max(1, Math.ceil((last - start) / step - 1e-9));
  return Array.from({ length: number }, (_, index) => {
    const begin = start + index * step;
    const until = Math.min(last, begin + step);
    return { start: begin, end: until, at: everySeconds === undefined ? (begin + until) / 2 : begin };
  });
}

/** How images are encoded, by their extension. */
const encoders: Readonly<Record<string, { codec: string; format: string; withAlpha: string }>> = {
  ".png": { codec: "png", format: "rgb24", withAlpha: "rgba" },
  ".jpg": { codec: "mjpeg", format: "yuvj420p", withAlpha: "yuvj420p" },
  ".jpeg": { codec: "mjpeg", format: "yuvj420p", withAlpha: "yuvj420p" },
  ".webp": { codec: "libwebp", format: "yuv420p", withAlpha: "yuva420p" },
};

/** Throws a `TypeError` unless a path has the extension of an image. */
export function requireImagePath(path: string): void {
  if (Object.hasOwn(encoders, extname(path).toLowerCase())) return;
  throw new TypeError(`Cannot write images to ${shown(path)}: give a name with .png, .jpg, .jpeg or .webp`);
}

/** What is written, and where. */
export interface StillRequest {
  /** The absolute path of the video. */
  readonly input: string;
  /** The absolute path of the images, with the place of a number where they are several. */
  readonly path: string;
  readonly options: StillOptions;
  /** Filters behind those that give pictures their size. */
  readonly filters: (stills: readonly Still[]) => readonly string[];
  /** Called after each frame with how much is done, from 0 to 1. */
  readonly onFrame: (finished: number) => void;
}

/** What was written. */
export interface WrittenStills {
  readonly stills: readonly Still[];
  /** When the frames are shown in the video, in seconds. */
  readonly timestamps: readonly number[];
  /** The size of an image in pixels. */
  readonly width: number;
  readonly height: number;
}

/** Writes frames of a video as images. */
export async function writeStills(request: StillRequest): Promise<WrittenStills> {
  const { input, options, onFrame } = request;
  const { signal, libraryPath, workerUrl } = options;
  await using source = await createFileReader(input, withoutUndefined({ signal, libraryPath, workerUrl }));
  const stills = stillsOf(source, options, input);
  const writer = await openStillWriter(request, source, stills);
  const timestamps: number[] = [];
  try {
    for await (const frame of source.framesAt(stills.map(({ at }) => at))) {
      await writer.write(frame);
      timestamps.push(frame.timestamp);
      onFrame(timestamps.length / stills.length);
    }
    const { width, height } = await writer.close();
    return { stills, timestamps, width, height };
  } catch (error) {
    await writer.abort(error);
    signal?.throwIfAborted();
    throw error;
  }
}

async function openStillWriter(
  { path, options, filters }: StillRequest,
  source: VideoSource,
  stills: readonly Still[],
): Promise<VideoWriter> {
  const { signal, thread, libraryPath, workerUrl, width, height } = options;
  const { codec, format, withAlpha } = encoders[extname(path).toLowerCase()]!;
  const size = pictureFilters(source, withoutUndefined({ width, height }), 1, true).filters;
  const pixelFormat = hasAlpha(source.format) ? withAlpha : format;
  const all = [...size, `format=${pixelFormat}`, ...filters(stills)];
  return await createFileWriter(codec, path, 1, {
    ...withoutUndefined({ signal, thread, libraryPath, workerUrl }),
    format: "image2",
    // One image has a name without a number.
    ...(/%\d*d/.test(path) ? {} : { formatOptions: { update: 1 } }),
    filter: all.join(","),
    pixelFormat,
  });
}
