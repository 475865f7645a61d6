/**
 * Starts threads for their tasks.
 *
 * @module
 */
import { runtime, type Thread, type ThreadListener } from "../../ffi/mod.ts";

/** What a thread is for. */
export type ThreadTask = "encode" | "capture";

/** Why a thread cannot be started, as the end of a sentence. */
export function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.+$/, "");
}

/**
 * Starts a thread with the module of avwriter's threads. Throws where that is not allowed; any other failure
 * is reported to the listener.
 */
export function startThread(module: URL, task: ThreadTask, listener: ThreadListener): Thread {
  const thread = runtime().startThread(module, listener);
  thread.post(task);
  return thread;
}
