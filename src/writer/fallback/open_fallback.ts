/**
 * What writes a file where FFmpeg's libraries can't be loaded.
 *
 * @module
 */
import { FileTarget } from "../../avi/file_target.ts";
import type { AviTarget } from "../../avi/target.ts";
import type { VideoFileRequest } from "../../engine/session_types.ts";
import { LibraryNotFoundError, LibraryVersionError } from "../../errors.ts";
import { shown } from "../../shown.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import type { CheckedOptions } from "../options.ts";
import { openFallbackEngine, requireFallbackSupport } from "./fallback_engine.ts";
import { findFfmpeg, ProgramTarget } from "./program_target.ts";

/**
 * Opens the fallback that was asked for, and says so on stderr. Throws the error of the libraries where none
 * was asked for, where it is another error, or where there is no program.
 */
export async function openFallback(
  error: unknown,
  request: VideoFileRequest,
  { fallback, session, engine }: CheckedOptions,
): Promise<VideoEngine> {
  const isWithoutLibraries = error instanceof LibraryNotFoundError || error instanceof LibraryVersionError;
  if (fallback === null || !isWithoutLibraries || session.segments !== undefined) throw error;
  engine.signal?.throwIfAborted();
  requireFallbackSupport(request, fallback);
  const program = fallback === "process" ? findFfmpeg() : null;
  if (fallback === "process" && program === null) throw error;
  const rejected = [{ name: "FFmpeg's libraries", reason: error.message }];
  const target: AviTarget = program === null
    ? new FileTarget(request.path, rejected)
    : await ProgramTarget.open(request, program, rejected);
  const opened = openFallbackEngine(request, target, engine.queueSize, fallback);
  if (session.logLevel !== "quiet") {
    const what = program === null
      ? request.codec === "mjpeg"
        ? "becomes an AVI file of JPEG pictures"
        : `becomes an AVI file of uncompressed pictures, without ${request.codec}`
      : `is encoded by the program ${program}`;
    console.warn(`avwriter: ${shown(request.path)} ${what}: ${error.message}`);
  }
  return opened;
}
