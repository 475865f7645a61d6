/**
 * What the thread does that runs a node's filters. A `FilterThread` is at the other end of its messages.
 *
 * @module
 */
import { loadNative, type ParentThread } from "../../../ffi/mod.ts";
import { type SentError, sentError } from "../sent_error.ts";
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

/** Runs the filters of one node. */
class FilterService {
  #filter: FrameFilter | null = null;

  answer(question: FilterQuestion): Extract<FilterAnswer, { type: "done" }> {
    switch (question.type) {
      case "open": {
        const native = loadNative(question.libraryPath);
        this.#filter = new FrameFilter(native, question.description);
        return { type: "done", frames: [], folder: native.folder };
      }
      case "frame":
        return { type: "done", frames: this.#filter!.write(question.frame), folder: null };
      case "flush":
        return { type: "done", frames: this.#filter!.flush(), folder: null };
      case "free":
        this.#filter?.[Symbol.dispose]();
        return { type: "done", frames: [], folder: null };
    }
  }
}

function take(parent: ParentThread, service: FilterService, question: FilterQuestion): void {
  try {
    const done = service.answer(question);
    parent.post(done satisfies FilterAnswer, done.frames.map(({ bytes }) => bytes));
  } catch (error) {
    parent.post({ type: "failed", error: sentError(error) } satisfies FilterAnswer);
  }
}

/** Takes over a thread to filter in it. Returns the handler of its messages. */
export function filterInThread(parent: ParentThread): (message: unknown) => void {
  const service = new FilterService();
  return (question) => take(parent, service, question as FilterQuestion);
}
