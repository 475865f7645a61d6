/**
 * Opens what writes a file: in a thread of its own, where that can be.
 *
 * @module
 */
import { loadNative, type Native } from "../../ffi/mod.ts";
import type { Engine, FileEngine } from "./engine.ts";
import { WriterSession } from "./session.ts";
import type { AudioSummary, FileRequest, SessionRequest, SoundRequest } from "./session_types.ts";
import { SoundSession } from "./sound_session.ts";
import { NoThreadError, WorkerEngine } from "./worker_engine.ts";

/** Whether it was told that there are no threads here. */
let hasWarned = false;

/** The engine of a file of video. */
export function openEngine(request: SessionRequest): Promise<Engine> {
  return inThread<Engine>(
    request,
    () => WorkerEngine.open(request),
    (native) => new WriterSession(native, request),
  );
}

/** The engine of a file of sound. */
export function openSoundEngine(request: SoundRequest): Promise<FileEngine<AudioSummary>> {
  return inThread<FileEngine<AudioSummary>>(
    request,
    () => WorkerEngine.open(request),
    (native) => new SoundSession(native, request),
  );
}

async function inThread<E extends FileEngine<unknown>>(
  { options: { thread, libraryPath, logLevel, signal } }: FileRequest,
  open: () => Promise<E>,
  openHere: (native: Native) => E,
): Promise<E> {
  if (thread !== "main") {
    try {
      const engine = await open();
      // The caller has given up while the thread was starting.
      if (signal?.aborted) await engine.abort();
      signal?.throwIfAborted();
      return engine;
    } catch (error) {
      if (!(error instanceof NoThreadError)) throw error;
      if (!hasWarned && logLevel !== "quiet") console.warn(warning(error.cause));
      hasWarned = true;
    }
  }
  return openHere(loadNative(libraryPath));
}

function warning(cause: unknown): string {
  return `avwriter: frames are encoded in the thread that calls write, for another can't be started: ${
    cause instanceof Error ? cause.message : cause
  }. The README tells what a thread needs; with thread "main" this is not said`;
}
