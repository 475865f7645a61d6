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
import { type ParentThread, parentThread } from "../../ffi/mod.ts";
import { listening, type ThreadTask } from "../thread/thread_task.ts";

type Take = (message: unknown) => void;

/** What takes over the thread for a task. Each has its modules, which take most of a start's time. */
const tasks: Readonly<Record<ThreadTask, () => Promise<(parent: ParentThread) => Take>>> = {
  encode: async () => (await import("../thread/worker.ts")).encodeInThread,
  capture: async () => (await import("../capture/capture_worker.ts")).captureInThread,
  read: async () => (await import("../thread/reading/reading_worker.ts")).readInThread,
  filter: async () => (await import("../thread/filtering/filter_worker.ts")).filterInThread,
  output: async () => (await import("../thread/outputs/output_worker.ts")).outputInThread,
};

const parent = parentThread();
const { task } = parent;
if (!Object.hasOwn(tasks, task)) throw new Error("This module runs in avwriter's threads only");

/** What has come before the modules of the task are there. */
const early: unknown[] = [];
let take: Take = (message) => void early.push(message);
parent.listen((message) => take(message));
parent.post(listening);

// What is sent while a module waits for something is lost: this one does not wait.
tasks[task as ThreadTask]().then((begin) => {
  take = begin(parent);
  for (const message of early) take(message);
});
