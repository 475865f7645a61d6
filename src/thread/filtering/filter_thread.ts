/**
 * A node's filters in a thread of their own.
 *
 * @module
 */
import { librariesFor, noteLibraries, type Thread } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { NoThreadError } from "../encoding_thread.ts";
import { receivedError } from "../sent_error.ts";
import { startThread, type ThreadPlaces } from "../thread_task.ts";
import type { FilterAnswer, FilterQuestion } from "./filter_worker.ts";
import type { FilterFrame } from "./frame_filter.ts";

/** Asks a thread one question after another. */
export class FilterThread {
  readonly #thread: Thread;
  readonly #asked: PromiseWithResolvers<readonly FilterFrame[]>[] = [];
  readonly #libraryPath: string | undefined;
  #ended: Error | null = null;

  private constructor(places: ThreadPlaces) {
    this.#libraryPath = places.libraryPath;
    try {
      this.#thread = startThread(places, "filter", {
        message: (message) => this.#receive(message as FilterAnswer),
        ended: (error) => this.#fail(error),
      });
    } catch (error) {
      throw new NoThreadError(error);
    }
  }

  /**
   * Starts a thread. Throws an `OptionError` where the description is not valid, and a
   * {@linkcode NoThreadError} where there can be no thread.
   */
  static async open(description: string, options: ThreadPlaces): Promise<FilterThread> {
    const thread = new FilterThread(options);
    const libraryPath = librariesFor(options.libraryPath);
    try {
      await thread.#ask({ type: "open", description, libraryPath });
      return thread;
    } catch (error) {
      // A thread that ends before its first answer could not start.
      const thrown = thread.#ended === null ? error : new NoThreadError(thread.#ended);
      thread.#thread.end();
      throw thrown;
    }
  }

  /** Takes a frame, whose bytes become the thread's; returns what comes of it and of those before. */
  async write(frame: FilterFrame): Promise<readonly FilterFrame[]> {
    return await this.#ask({ type: "frame", frame }, [frame.bytes]);
  }

  /** What the filters still hold. The next frame begins anew. */
  async flush(): Promise<readonly FilterFrame[]> {
    return await this.#ask({ type: "flush" });
  }

  /** Frees the filters, and ends the thread. */
  async free(): Promise<void> {
    if (this.#ended !== null) return;
    // A thread that ends meanwhile has freed them, too.
    await this.#ask({ type: "free" }).catch(() => {});
    this.#ended ??= new Error("it was freed");
    this.#thread.end();
  }

  #ask(question: FilterQuestion, transferred: ArrayBuffer[] = []): Promise<readonly FilterFrame[]> {
    if (this.#ended !== null) return Promise.reject(threadError(this.#ended));
    const asked = Promise.withResolvers<readonly FilterFrame[]>();
    this.#asked.push(asked);
    this.#thread.keepAlive(true);
    this.#thread.post(question, transferred);
    return asked.promise;
  }

  #receive(answer: FilterAnswer): void {
    const asked = this.#asked.shift()!;
    if (this.#asked.length === 0) this.#thread.keepAlive(false);
    if (answer.type === "failed") return asked.reject(receivedError(answer.error));
    if (answer.folder !== null) noteLibraries(answer.folder, this.#libraryPath);
    asked.resolve(answer.frames);
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    for (const asked of this.#asked.splice(0)) asked.reject(threadError(error));
  }
}

function threadError(cause: Error): AvError {
  return new AvError(`Cannot filter a frame: the thread of the filters has ended (${cause.message})`, {
    code: "THREAD_ENDED",
    operation: "filter a frame",
    hint: "Make the node again",
    cause,
  });
}
