/**
 * What a file without a frame would lose.
 *
 * @module
 */
import { WriteError } from "../errors.ts";

/** Whether an error says that there is no frame, so that there is no file. */
export function isWithoutFrame(error: unknown): error is WriteError {
  return error instanceof WriteError && error.code === "NO_FRAME";
}

/** Throws where there is audio or are subtitles, but no frame: without one there is no file. */
export function requireNoLostTracks(audio: readonly { readonly seconds: number }[], hasCues: boolean): null {
  const hasAudio = audio.some(({ seconds }) => seconds > 0);
  if (!hasAudio && !hasCues) return null;
  const what = hasAudio ? "audio" : "subtitles";
  throw new WriteError(`Cannot finish the file: it has ${what}, but no frame was written`, {
    code: "NO_FRAME",
    operation: "finish the file",
    hint: "Write at least one frame",
  });
}
