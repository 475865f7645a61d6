/**
 * The recipe for GIFs.
 *
 * @module
 */
import { type Check, withoutUndefined } from "../option_checks.ts";
import type { SourceInfo } from "../engine/reading/reading_types.ts";
import { writerChecks } from "../writer/options.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import { checkRecipe, recipeChecks, type RecipeOptions } from "./copy_recipe.ts";
import type { EncodeSummary } from "./encode_file.ts";
import { hasAlpha, pictureFilters } from "./picture_filters.ts";
import { pixels, runEncode, seconds, type TranscodeProgress } from "./transcoding.ts";

/**
 * Options of {@linkcode gif}.
 *
 * @example
 * ```ts
 * import type { GifOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: GifOptions = { start: 2, end: 5, fps: 10, width: 320 };
 * ```
 */
export interface GifOptions extends Omit<RecipeOptions, "onProgress"> {
  /** Frames per second: 50 at most. Default: those of the video. */
  fps?: number;
  /** Width in pixels. Default: that of the video, or what keeps its shape. */
  width?: number;
  /** Height in pixels. Default: that of the video, or what keeps its shape. */
  height?: number;
  /** Where the part begins, in seconds. Default: 0. */
  start?: number;
  /** Where it ends, in seconds. Default: the end of the video. */
  end?: number;
  /** How many times it plays; 0 for ever. Default: 0. */
  loop?: number;
  /** Called while the work goes on, at most four times per second, and at the end. */
  onProgress?: (progress: TranscodeProgress) => void;
}

/** Two hundredths of a second for a frame: GIF counts in hundredths. */
const maxRate = 50;
const rate: Check = (value) =>
  typeof value === "number" && value > 0 && value <= maxRate ? null : `a number above 0, ${maxRate} at most`;
const checks: { readonly [Name in keyof Required<GifOptions>]: Check } = {
  ...recipeChecks,
  fps: rate,
  ...{ width: pixels, height: pixels, start: seconds, end: seconds, loop: writerChecks.loop },
};

/**
 * Makes a GIF of a video or a part of it, with one palette that is chosen for the whole. Pixels are square,
 * and pictures are turned as players turn them.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The GIF.
 * @param options See {@linkcode GifOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, both are one file, or an option has the wrong type.
 * @throws {RangeError} The part ends before it begins, or begins after the end of the video.
 * @throws {ReadError} The file can't be read, or has no video.
 * @throws {EncoderNotFoundError} FFmpeg was built without the encoder.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { gif } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 20);
 *   for (let n = 0; n < 40; n++) {
 *     await writer.write({ data: new Uint8Array(128 * 96 * 4).fill(n * 6), width: 128, height: 96 });
 *   }
 * }
 * const { frames } = await gif(`${folder}/in.mp4`, `${folder}/out.gif`, { fps: 10, width: 64 });
 * if (frames !== 20) throw new Error("not as asked");
 * ```
 */
export async function gif(
  input: string | URL,
  output: string | URL,
  options: GifOptions = {},
): Promise<EncodeSummary> {
  const { fps, width, height, start = 0, end = Infinity, loop, ...others } = checkRecipe(
    options,
    checks,
  );
  const writerOptions = (source: SourceInfo): WriterOptions => {
    const { filters } = pictureFilters(source, withoutUndefined({ width, height }), 1, true);
    const { frameRate } = source;
    const isTooFast = frameRate !== null && frameRate.num > maxRate * frameRate.den;
    const wanted = fps ?? (isTooFast ? maxRate : null);
    return {
      format: "gif",
      palette: "clip",
      ...withoutUndefined({ loop }),
      filter: [
        ...(wanted === null ? [] : [`fps=${wanted}`]),
        ...filters,
        `format=${hasAlpha(source.format) ? "rgba" : "rgb24"}`,
      ].join(","),
    };
  };
  const plan = { codec: "gif", part: { start, end }, action: "make a GIF of", writerOptions };
  return await runEncode(input, output, plan, { ...others, audio: false });
}
