/**
 * What a file without a frame would lose.
 *
 * @module
 */
import { WriteError } from "../errors.ts";

/** Throws where there is audio or are subtitles, but no frame: without one there is no file. */
export function requireNoLostTracks(hasAudio: boolean, hasCues: boolean): void {
  if (!hasAudio && !hasCues) return;
  const what = hasAudio ? "audio" : "subtitles";
  throw new WriteError(`Cannot finish the file: it has ${what}, but no frame was written`, {
    code: "NO_FRAME",
    operation: "finish the file",
    hint: "Write at least one frame",
  });
}
