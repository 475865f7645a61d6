/**
 * Recipes for files that are there: another container, codec or size, the audio alone, a part, several as
 * one, thumbnails, GIFs.
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
export { concat, remux } from "./src/recipes/copying.ts";
export type { EncodeSummary } from "./src/recipes/encode_file.ts";
export { gif, type GifOptions } from "./src/recipes/gif.ts";
export {
  type Sprite,
  type SpriteSheet,
  spriteSheet,
  type SpriteSheetOptions,
  type Thumbnail,
  type ThumbnailOptions,
  thumbnails,
} from "./src/recipes/images.ts";
export type { StillOptions } from "./src/recipes/stills.ts";
export {
  type EncodeOptions,
  transcode,
  type TranscodeAudio,
  type TranscodeOptions,
  type TranscodeProgress,
} from "./src/recipes/transcoding.ts";
export { type ExactTrimOptions, trim, type TrimOptions } from "./src/recipes/trimming.ts";
