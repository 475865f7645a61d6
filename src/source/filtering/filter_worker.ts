/**
 * The thread that runs a node's filters. {@linkcode FilterThread} starts it; nothing imports it.
 *
 * @module
 */
import { loadNative, parentThread } from "../../../ffi/mod.ts";
import { type SentError, sentError } from "../../thread/sent_error.ts";
import { type FilterFrame, FrameFilter } from "./frame_filter.ts";

/** What the thread is asked. */
export type FilterQuestion =
  | { readonly type: "open"; readonly description: string; readonly libraryPath: string | undefined }
  | { readonly type: "frame"; readonly frame: FilterFrame }
  | { readonly type: "flush" }
  | { readonly type: "free" };

/** The thread's answer to each question, in their order. */
export type FilterAnswer =
  /** `folder` is that of the libraries, once they are loaded. */
  | { readonly type: "done"; readonly frames: readonly FilterFrame[]; readonly folder: string | null }
  | { readonly type: "failed"; readonly error: SentError };

const parent = parentThread();
let filter: FrameFilter | null = null;

function answer(question: FilterQuestion): Extract<FilterAnswer, { type: "done" }> {
  switch (question.type) {
    case "open": {
      const native = loadNative(question.libraryPath);
      filter = new FrameFilter(native, question.description);
      return { type: "done", frames: [], folder: native.folder };
    }
    case "frame":
      return { type: "done", frames: filter!.write(question.frame), folder: null };
    case "flush":
      return { type: "done", frames: filter!.flush(), folder: null };
    case "free":
      filter?.[Symbol.dispose]();
      return { type: "done", frames: [], folder: null };
  }
}

function take(question: FilterQuestion): void {
  try {
    const done = answer(question);
    parent.post(done satisfies FilterAnswer, done.frames.map(({ bytes }) => bytes));
  } catch (error) {
    parent.post({ type: "failed", error: sentError(error) } satisfies FilterAnswer);
  }
}

parent.listen((question) => take(question as FilterQuestion));
