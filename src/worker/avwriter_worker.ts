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
let take: Take | null = null;
/** What has come before the modules of the task are there; `null` until the task has come. */
let waiting: unknown[] | null = null;

async function begin(task: ThreadTask): Promise<void> {
  const early = waiting = [] as unknown[];
  take = (await tasks[task]())(parent);
  for (const message of early) take(message);
}

// The first message says what to do.
parent.listen((message) => {
  if (take !== null) take(message);
  else if (waiting !== null) waiting.push(message);
  else return begin(message as ThreadTask);
});
parent.post(listening);
