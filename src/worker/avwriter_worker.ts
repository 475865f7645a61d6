/**
 * The module that avwriter's threads run. Programs need to know it only where they are bundled into one
 * file: a second entry of the bundle, called `avwriter_worker`, imports this module, and is found beside the
 * bundle.
 *
 * @example avwriter_worker.ts
 * ```ts ignore
 * import "@avwriter/avwriter/worker";
 * ```
 *
 * @module
 */
import { parentThread } from "../../ffi/mod.ts";
import { captureInThread } from "../capture/capture_worker.ts";
import { filterInThread } from "../thread/filtering/filter_worker.ts";
import { outputInThread } from "../thread/outputs/output_worker.ts";
import { readInThread } from "../thread/reading/reading_worker.ts";
import { listening, type ThreadTask } from "../thread/thread_task.ts";
import { encodeInThread } from "../thread/worker.ts";

const tasks = {
  encode: encodeInThread,
  capture: captureInThread,
  read: readInThread,
  filter: filterInThread,
  output: outputInThread,
} as const;

const parent = parentThread();
let take: ((message: unknown) => void) | null = null;
// The first message says what to do.
parent.listen((message) => {
  if (take === null) take = tasks[message as ThreadTask](parent);
  else take(message);
});
parent.post(listening);
