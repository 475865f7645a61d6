/**
 * A reader of a source: gets a frame for each one that it asks for.
 *
 * @module
 */
import type { DecodedFrame } from "../source.ts";
import type { Outlet } from "./outlet.ts";
import type { SourceFrame } from "./source_frame.ts";

type Answer = IteratorResult<DecodedFrame, undefined>;

/** What a reader needs of its source, and of whoever reads. */
export interface ReadableFlow {
  /** Whether it takes frames whose pixels are lent. */
  readonly takesLent: boolean;
  /** Sends it frames, whenever it has room. */
  begin(reader: Outlet): void;
  /** It has room. */
  tellRoom(): void;
  /** Sends it no more frames. */
  leave(reader: Outlet): void;
  /** Takes back a frame that it has sent, for whoever reads next. */
  takeBack(frame: SourceFrame): void;
}

/**
 * Frames from the first call of `next` on. The source waits for each next call: it is not read further than
 * that, and its other targets wait, too.
 */
export class FrameIterator implements AsyncIterableIterator<DecodedFrame, undefined>, Outlet {
  readonly #flow: ReadableFlow;
  readonly #requests: PromiseWithResolvers<Answer>[] = [];
  #state: "new" | "reading" | "ended" = "new";
  /** The source's error, until a call has thrown it. */
  #failure: { readonly error: unknown } | null = null;
  /** The frame that came since the last call of `next`. */
  #last: SourceFrame | null = null;

  constructor(flow: ReadableFlow) {
    this.#flow = flow;
  }

  get takesLent(): boolean {
    return this.#flow.takesLent;
  }

  next(): Promise<Answer> {
    this.#last = null;
    if (this.#state === "new") {
      this.#state = "reading";
      this.#flow.begin(this);
    }
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) return Promise.reject(failure.error);
    // The source may have ended as it began.
    if (this.#hasEnded()) return Promise.resolve({ done: true, value: undefined });
    const request = Promise.withResolvers<Answer>();
    this.#requests.push(request);
    this.#flow.tellRoom();
    return request.promise;
  }

  #hasEnded(): boolean {
    return this.#state === "ended";
  }

  return(): Promise<Answer> {
    this.#flow.leave(this);
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** As `return`, but the frame that came last was not used: whoever reads next gets it. */
  returnUnused(): void {
    const last = this.#last;
    void this.return();
    if (last !== null) this.#flow.takeBack(last);
  }

  hasRoom(): boolean {
    return this.#requests.length > 0;
  }

  /** The share of the pixels is the program's, which may keep the frame. */
  push(frame: SourceFrame): void {
    this.#last = frame;
    this.#requests.shift()!.resolve({ done: false, value: frame });
  }

  end(): void {
    this.#state = "ended";
    this.#last = null;
    for (const request of this.#requests.splice(0)) request.resolve({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    const request = this.#requests.shift();
    if (request === undefined) this.#failure = { error };
    else request.reject(error);
    this.end();
  }

  /** What a program does with its frames is not known. */
  settled(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
