/**
 * What writes a file where FFmpeg's libraries can't be loaded.
 *
 * @module
 */
import type { VideoFileRequest } from "../../engine/session_types.ts";
import { LibraryNotFoundError, LibraryVersionError } from "../../errors.ts";
import { shown } from "../../shown.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import type { CheckedOptions } from "../options.ts";
import { openUncompressed } from "./uncompressed.ts";

/**
 * Opens the fallback that was asked for, and says so on stderr. Throws the error of the libraries where none
 * was asked for, or where it is another error.
 */
export function openFallback(
  error: unknown,
  request: VideoFileRequest,
  { fallback, session, engine }: CheckedOptions,
): VideoEngine {
  const isWithoutLibraries = error instanceof LibraryNotFoundError || error instanceof LibraryVersionError;
  if (fallback === null || !isWithoutLibraries) throw error;
  engine.signal?.throwIfAborted();
  const opened = openUncompressed(request, engine.queueSize, error.message);
  if (session.logLevel !== "quiet") {
    console.warn(
      `avwriter: ${
        shown(request.path)
      } becomes an AVI file of uncompressed pictures, without ${request.codec}: ${error.message}`,
    );
  }
  return opened;
}
