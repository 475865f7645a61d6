/**
 * Recipes that copy packets: nothing is decoded, and nothing is lost.
 *
 * @module
 */
import type { CopySummary } from "../engine/copying/copy_request.ts";
import { filePath } from "../file_path.ts";
import { flag } from "../option_checks.ts";
import { shown } from "../shown.ts";
import {
  checkRecipe,
  recipeChecks,
  type RecipeOptions,
  requireSeconds,
  runCopy,
  wholeFile,
} from "./copy_recipe.ts";

/**
 * Options of {@linkcode extractAudio}.
 *
 * @example
 * ```ts
 * import type { ExtractAudioOptions } from "@avwriter/avwriter/recipes";
 *
 * const second: ExtractAudioOptions = { track: 1 };
 * ```
 */
export interface ExtractAudioOptions extends RecipeOptions {
  /** Which of the audio tracks, counted from 0. Default: 0. */
  track?: number;
}

/**
 * Options of {@linkcode replaceAudio}.
 *
 * @example
 * ```ts
 * import type { ReplaceAudioOptions } from "@avwriter/avwriter/recipes";
 *
 * const asSecondTrack: ReplaceAudioOptions = { keepsAudio: true };
 * ```
 */
export interface ReplaceAudioOptions extends ExtractAudioOptions {
  /** Whether the video keeps the audio that it has: the new one is a further track. Default: `false`. */
  keepsAudio?: boolean;
}

const trackChecks = {
  ...recipeChecks,
  track: (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 ? null : "a whole number from 0",
};

/**
 * Copies all streams of a file into one of another container, whose extension chooses it.
 *
 * The new file is made under the name `NAME.avwriter` and takes its place when it is whole. Subtitles and
 * pictures that the container has no place for are left out, and named in `leftOut`.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file, which may be the same.
 * @param options See {@linkcode RecipeOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, or an option has the wrong type.
 * @throws {ReadError} The file can't be read.
 * @throws {UnsupportedError} The container has no place for the video or the audio.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { remux } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mkv`, 30);
 *   for (let n = 0; n < 10; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   }
 * }
 * const { packets } = await remux(`${folder}/in.mkv`, `${folder}/out.mp4`);
 * if (packets !== 10) throw new Error("not as written");
 * ```
 */
export async function remux(
  input: string | URL,
  output: string | URL,
  options: RecipeOptions = {},
): Promise<CopySummary> {
  const checked = checkRecipe(options, recipeChecks);
  return await runCopy([wholeFile(input, "remux")], output, { action: "remux" }, checked);
}

/**
 * Copies an audio track of a file into a file of its own. Its container must take the codec: m4a for AAC and
 * ALAC, mp3, flac, ogg for Vorbis and Opus, mka for all.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file; its extension chooses the container.
 * @param options See {@linkcode ExtractAudioOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, or an option has the wrong type.
 * @throws {ReadError} The file can't be read.
 * @throws {UnsupportedError} There is no such track, or the container has no place for it.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { extractAudio } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/film.mp4`, 30, { audio: {} });
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   await writer.writeAudio({ data: new Float32Array(4800), sampleRate: 48000, channels: 1 });
 * }
 * const { format } = await extractAudio(`${folder}/film.mp4`, `${folder}/film.m4a`);
 * if (format !== "ipod") throw new Error(format);
 * ```
 */
export async function extractAudio(
  input: string | URL,
  output: string | URL,
  options: ExtractAudioOptions = {},
): Promise<CopySummary> {
  const { track = 0, ...others } = checkRecipe(options, trackChecks);
  const action = "extract the audio of";
  const inputs = [{ paths: [filePath(input, action)], streams: "audio", track }] as const;
  return await runCopy(inputs, output, { action }, others);
}

/**
 * Gives a video the audio of another file, in place of its own or beside it. It ends with the video.
 *
 * @param video The file with the video, as a path or a `file:` URL.
 * @param audio The file with the audio, which may be a video, too.
 * @param output The new file, which may be one of them.
 * @param options See {@linkcode ReplaceAudioOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, or an option has the wrong type.
 * @throws {ReadError} A file can't be read.
 * @throws {UnsupportedError} There is no such track, or the container has no place for a stream.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createAudioWriter, createFileWriter } from "@avwriter/avwriter";
 * import { replaceAudio } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/film.mp4`, 30);
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   await using audio = await createAudioWriter("aac", `${folder}/speech.m4a`);
 *   await audio.write({ data: new Float32Array(4800), sampleRate: 48000, channels: 1 });
 * }
 * await replaceAudio(`${folder}/film.mp4`, `${folder}/speech.m4a`, `${folder}/told.mp4`);
 * ```
 */
export async function replaceAudio(
  video: string | URL,
  audio: string | URL,
  output: string | URL,
  options: ReplaceAudioOptions = {},
): Promise<CopySummary> {
  const { track = 0, keepsAudio = false, ...others } = checkRecipe(options, {
    ...trackChecks,
    keepsAudio: flag,
  });
  const action = "replace the audio of";
  const inputs = [
    { paths: [filePath(video, action)], streams: keepsAudio ? "all" : "allButAudio", track: null },
    { paths: [filePath(audio, "read the audio of")], streams: "audio", track },
  ] as const;
  return await runCopy(inputs, output, { action, endsWithVideo: true }, others);
}

/**
 * Copies a part of a file. It begins with the last key frame at or before `start`, as nothing is decoded:
 * `start` of the result says when that is. Where frames are reordered, a few may
 * follow the end.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file.
 * @param start Where the part begins, in seconds.
 * @param end Where it ends, in seconds: `Infinity` for the end of the file.
 * @param options See {@linkcode RecipeOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path or time is none, or an option has the wrong type.
 * @throws {RangeError} The part ends before it begins.
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
  options: RecipeOptions = {},
): Promise<CopySummary> {
  const checked = checkRecipe(options, recipeChecks);
  requireSeconds("start", start);
  requireSeconds("end", end, start);
  return await runCopy([wholeFile(input, "trim")], output, { action: "trim", part: { start, end } }, checked);
}

/**
 * Joins files, one after the other, without decoding. Streams, codecs, sizes and codec headers must be the
 * same, which is compared before anything is copied: files of one encoder with the same settings are.
 *
 * @param inputs The files in order, as paths or `file:` URLs.
 * @param output The new file.
 * @param options See {@linkcode RecipeOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} The inputs are no list of paths, or an option has the wrong type.
 * @throws {ReadError} A file can't be read.
 * @throws {UnsupportedError} The files differ, or the container has no place for the video or the audio.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { concat } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * const parts = [`${folder}/0.mp4`, `${folder}/1.mp4`];
 * for (const part of parts) {
 *   await using writer = await createFileWriter("h264", part, 10);
 *   for (let n = 0; n < 5; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   }
 * }
 * const { packets, seconds } = await concat(parts, `${folder}/whole.mp4`);
 * if (packets !== 10 || seconds !== 1) throw new Error("not as written");
 * ```
 */
export async function concat(
  inputs: readonly (string | URL)[],
  output: string | URL,
  options: RecipeOptions = {},
): Promise<CopySummary> {
  const checked = checkRecipe(options, recipeChecks);
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw new TypeError(`Cannot join ${shown(inputs)}: give a list of paths such as ["a.mp4", "b.mp4"]`);
  }
  const action = "join";
  const paths = inputs.map((path) => filePath(path, action));
  return await runCopy([{ paths, streams: "all", track: null }], output, { action }, checked);
}
