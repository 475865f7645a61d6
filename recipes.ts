/**
 * Recipes for files that are there: another container, the audio alone, a part, several as one.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { remux } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/film.mkv`, 30);
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 * }
 * await remux(`${folder}/film.mkv`, `${folder}/film.mp4`);
 * ```
 *
 * @module
 */
export type { CopySummary } from "./src/engine/copying/copy_request.ts";
export type { RecipeOptions, RecipeProgress } from "./src/recipes/copy_recipe.ts";
export {
  extractAudio,
  type ExtractAudioOptions,
  replaceAudio,
  type ReplaceAudioOptions,
} from "./src/recipes/audio.ts";
export { concat, remux, trim } from "./src/recipes/copying.ts";
