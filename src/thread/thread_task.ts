/**
 * Starts threads for their tasks.
 *
 * @module
 */
import { openLibrariesAhead, runtime, type Thread, type ThreadListener } from "../../ffi/mod.ts";

/** What a thread is for. */
export type ThreadTask = "encode" | "capture" | "read" | "filter" | "output";

/** Why a thread cannot be started, as the end of a sentence. */
export function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.+$/, "");
}

/** The first message of a thread: it listens from now on. What is sent before is lost. */
export const listening = "listening";

/** Where a thread finds what it needs. */
export interface ThreadPlaces {
  /** The module that it runs. */
  readonly workerModule: URL;
  /** The folder of FFmpeg's libraries. */
  readonly libraryPath: string | undefined;
}

/**
 * Starts a thread with the module of avwriter's threads. Throws where that is not allowed; any other failure
 * is reported to the listener. While the thread starts and loads its modules, the libraries are opened here.
 */
export function startThread(
  { workerModule, libraryPath }: ThreadPlaces,
  task: ThreadTask,
  listener: ThreadListener,
): Thread {
  let waiting: Parameters<Thread["post"]>[] | null = [];
  // It never throws.
  openLibrariesAhead(libraryPath);
  const thread = runtime().startThread(workerModule, task, {
    message: (message) => {
      if (message !== listening) return listener.message(message);
      for (const parameters of waiting ?? []) thread.post(...parameters);
      waiting = null;
    },
    ended: (error) => listener.ended(error),
  });
  return {
    post: (...parameters) => waiting === null ? thread.post(...parameters) : void waiting.push(parameters),
    keepAlive: (isNeeded) => thread.keepAlive(isNeeded),
    end: () => thread.end(),
  };
}
