/**
 * What a node does to frames.
 *
 * @module
 */
import { nextTurn } from "../../next_turn.ts";
import type { DecodedFrame } from "../source.ts";
import { SourceFrame } from "../pipeline/source_frame.ts";
import { type GivenFrame, takeGiven } from "./given_frame.ts";

/** Sends a frame, and the share of its pixels, to a node's targets. */
export type Emit = (frame: SourceFrame) => Promise<void>;

/** The work of a node: calls come one after another. */
export interface NodeWork {
  /** Takes a frame, and the share of its pixels, and sends what comes of it. */
  process(frame: SourceFrame, emit: Emit): Promise<void>;
  /** Sends what it still holds: no frame comes for now. */
  flush(emit: Emit): Promise<void>;
  /** Sends what it still holds: no frame comes any more. */
  end(emit: Emit): Promise<void>;
  /** Frees what it has. */
  free(): Promise<void>;
}

/**
 * Changes the pixels of a frame in place: all planes one after another, with tightly packed rows. `frame`
 * says what they are.
 */
export type ChangePixels = (pixels: Uint8Array<ArrayBuffer>, frame: DecodedFrame) => void | Promise<void>;

/** Has a program's function change pixels. */
export class PixelWork implements NodeWork {
  readonly #change: ChangePixels;

  constructor(change: ChangePixels) {
    this.#change = change;
  }

  async process(frame: SourceFrame, emit: Emit): Promise<void> {
    const own = frame.own();
    await this.#change(own.data, own);
    await emit(own);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  free(): Promise<void> {
    return Promise.resolve();
  }
}

/** A program's stream that turns frames into others. */
export interface FrameTransform {
  /** Takes the frames that come. */
  readonly writable: WritableStream<DecodedFrame>;
  /** Gives those that go on. */
  readonly readable: ReadableStream<DecodedFrame | GivenFrame>;
}

/** Sends frames through a program's stream. */
export class TransformWork implements NodeWork {
  readonly #writer: WritableStreamDefaultWriter<DecodedFrame>;
  readonly #reader: ReadableStreamDefaultReader<DecodedFrame | GivenFrame>;
  /** Sends what comes out, until the stream ends. */
  #sending: Promise<void> | null = null;
  /** Tells the call that waits for the stream that it takes nothing more. */
  #refuse: (error: unknown) => void = () => {};
  /** Why the stream takes nothing more; `null` while it does. */
  #over: { readonly error: unknown } | null = null;
  /** How many frames have come out, and how many of them were sent. */
  #out = { read: 0, sent: 0 };

  constructor({ writable, readable }: FrameTransform) {
    this.#writer = writable.getWriter();
    this.#reader = readable.getReader();
    this.#writer.closed.catch(() => {});
  }

  async process(frame: SourceFrame, emit: Emit): Promise<void> {
    this.#begin(emit);
    this.#requireOpen();
    const taken = Promise.withResolvers<void>();
    this.#refuse = taken.reject;
    this.#writer.write(frame).then(taken.resolve, taken.reject);
    await taken.promise;
  }

  async flush(): Promise<void> {
    // What a stream has made of its input is read in one of the next turns.
    do await nextTurn(); while (this.#over === null && this.#out.read !== this.#out.sent);
    this.#requireOpen();
  }

  async end(emit: Emit): Promise<void> {
    this.#begin(emit);
    this.#requireOpen();
    await Promise.all([this.#writer.close(), this.#sending]);
  }

  async free(): Promise<void> {
    await Promise.allSettled([this.#writer.abort(), this.#reader.cancel()]);
  }

  #begin(emit: Emit): void {
    if (this.#sending !== null) return;
    this.#sending = this.#sendAll(emit);
    const end = (error: unknown): void => {
      this.#over = { error };
      this.#refuse(error);
    };
    this.#sending.then(() => end(new TypeError("Cannot take the frame: the stream has ended")), end);
  }

  #requireOpen(): void {
    if (this.#over !== null) throw this.#over.error;
  }

  async #sendAll(emit: Emit): Promise<void> {
    for (let next = await this.#reader.read(); !next.done; next = await this.#reader.read()) {
      this.#out.read++;
      await emit(this.#taken(next.value));
      this.#out.sent++;
    }
  }

  #taken(frame: DecodedFrame | GivenFrame): SourceFrame {
    if (!(frame instanceof SourceFrame)) return takeGiven(frame, null);
    // The program may keep it.
    frame.hold(1);
    return frame;
  }
}
