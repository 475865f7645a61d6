/**
 * Recipes that copy packets: nothing is decoded, and nothing is lost.
 *
 * @module
 */
import type { CopySummary } from "../engine/copying/copy_request.ts";
import { filePath } from "../file_path.ts";
import { shown } from "../shown.ts";
import { checkRecipe, recipeChecks, type RecipeOptions, runCopy, wholeFile } from "./copy_recipe.ts";

/**
 * Copies all streams of a file into one of another container, whose extension chooses it.
 *
 * The new file is made under the name `NAME.avwriter` and takes its place when it is whole. Subtitles and
 * pictures that the container has no place for are left out, and named in `leftOut`, as lost tags are.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file, which is another one.
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
 * Joins files, one after the other, without decoding. Streams, codecs, sizes, pixel formats, rotations and
 * codec headers must be the same, which is compared before anything is copied: files of one encoder with the
 * same settings are.
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
  return await runCopy([{ paths, streams: "all", track: null, encoding: null }], output, { action }, checked);
}
