/**
 * Recipes that cut a part out of a file.
 *
 * @module
 */
import type { CopySummary } from "../engine/copying/copy_request.ts";
import { flag } from "../option_checks.ts";
import type { SourceInfo } from "../engine/reading/reading_types.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import {
  checkRecipe,
  recipeChecks,
  type RecipeOptions,
  requireSeconds,
  runCopy,
  wholeFile,
} from "./copy_recipe.ts";
import type { EncodeSummary } from "./encode_file.ts";
import { encodeChecks, type EncodeOptions, requirePartOrder, runEncode } from "./transcoding.ts";

/**
 * Options of {@linkcode trim} that copies.
 *
 * @example
 * ```ts
 * import type { TrimOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: TrimOptions = { signal: AbortSignal.timeout(60_000) };
 * ```
 */
export interface TrimOptions extends RecipeOptions {
  /** Whether the part begins and ends exactly, for which it is decoded and encoded. Default: `false`. */
  exact?: false;
}

/**
 * Options of {@linkcode trim} that is exact.
 *
 * @example
 * ```ts
 * import type { ExactTrimOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: ExactTrimOptions = { exact: true, quality: "high" };
 * ```
 */
export interface ExactTrimOptions extends EncodeOptions {
  /** Whether the part begins and ends exactly, for which it is decoded and encoded. */
  exact: true;
}

/**
 * Copies a part of a file. It begins with the last key frame at or before `start`, as nothing is decoded:
 * `start` of the result says when that is. Where frames are reordered, a few may follow the end.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file, which is another one.
 * @param start Where the part begins, in seconds.
 * @param end Where it ends, in seconds: `Infinity` for the end of the file.
 * @param options See {@linkcode TrimOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path or time is none, or an option has the wrong type.
 * @throws {RangeError} The part is empty, or begins after the end of the file.
 * @throws {ReadError} The file can't be read.
 * @throws {UnsupportedError} The container has no place for the video or the audio.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { trim } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 10, { keyFrameInterval: 1 });
 *   for (let n = 0; n < 40; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   }
 * }
 * const { start } = await trim(`${folder}/in.mp4`, `${folder}/part.mp4`, 1.5, 3);
 * if (start !== 1) throw new Error("not at a key frame");
 * ```
 */
export async function trim(
  input: string | URL,
  output: string | URL,
  start: number,
  end: number,
  options?: TrimOptions,
): Promise<CopySummary>;
/**
 * Cuts a part out of a file exactly: its frames are those that are shown from `start` on until `end`, and its
 * samples those that are heard in that time. The first frame and the last one are cut there, too; a first one
 * of less than 0.02 s is left out. The part is decoded and encoded again with the same codecs.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file, which is another one.
 * @param start Where the part begins, in seconds.
 * @param end Where it ends, in seconds: `Infinity` for the end of the file.
 * @param options See {@linkcode ExactTrimOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path or time is none, both paths are one file, or an option has the wrong type.
 * @throws {RangeError} The part is empty, or begins after the end of the video.
 * @throws {ReadError} The file can't be read, or has no video.
 * @throws {EncoderNotFoundError} No encoder for a codec of the file can be used.
 * @throws {OptionError} An option of the encoder or muxer is unknown, or its value is refused.
 * @throws {UnsupportedError} Codec, container and pixel format do not go together.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { trim } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 10);
 *   for (let n = 0; n < 40; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   }
 * }
 * const { frames } = await trim(`${folder}/in.mp4`, `${folder}/part.mp4`, 1.5, 3, { exact: true });
 * if (frames !== 15) throw new Error("not exact");
 * ```
 */
export async function trim(
  input: string | URL,
  output: string | URL,
  start: number,
  end: number,
  options: ExactTrimOptions,
): Promise<EncodeSummary>;
export async function trim(
  input: string | URL,
  output: string | URL,
  start: number,
  end: number,
  options: TrimOptions | ExactTrimOptions = {},
): Promise<CopySummary | EncodeSummary> {
  requireSeconds("start", start);
  requireSeconds("end", end);
  const part = { start, end };
  requirePartOrder(part);
  if (options?.exact !== true) {
    const { exact: _exact, ...others } = checkRecipe(options, { ...recipeChecks, exact: flag });
    return await runCopy([wholeFile(input, "trim")], output, { action: "trim", part }, others);
  }
  const { exact: _exact, ...others } = checkRecipe(options, { ...encodeChecks, exact: flag });
  const plan = {
    codec: ({ codec }: SourceInfo) => encoders[codec] ?? codec,
    part,
    action: "trim",
    writerOptions: asInSource,
    keepsCodecs: true,
  };
  return await runEncode(input, output, plan, others);
}

/** Encoders of codecs that are neither a family nor the name of an encoder. */
const encoders: Readonly<Record<string, string>> = {
  ...{ theora: "libtheora", msmpeg4v3: "msmpeg4", flv1: "flv", dirac: "vc2", vvc: "libvvenc" },
};

/** The pictures as the source has them. */
function asInSource(source: SourceInfo): WriterOptions {
  const { rotation, sampleAspectRatio: { num, den } } = source;
  return {
    ...(num === den ? {} : { sampleAspectRatio: { num, den } }),
    ...(rotation === 0 ? {} : { rotation }),
  };
}
