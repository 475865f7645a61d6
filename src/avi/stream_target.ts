/**
 * AVI to a `WritableStream` of bytes.
 *
 * @module
 */
import { settlesWithin } from "../abortable.ts";
import type { EncoderChoice } from "../engine/session_types.ts";
import { WriteError } from "../errors.ts";
import type { AviMuxer } from "./avi_file.ts";
import { AviStream } from "./avi_stream.ts";
import { rawChoice } from "./choice.ts";
import type { AviLayout } from "./layout.ts";
import type { AviTarget } from "./target.ts";

/** How long a stream may take to be aborted, in milliseconds: it waits for a write that is under way. */
const abortMs = 100;

/** A stream that takes the file from its first byte to its last. */
export class StreamTarget implements AviTarget {
  readonly path = "";
  readonly format = "avi";
  readonly isDirect = false;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #last: Promise<void> = Promise.resolve();
  /** Resolves once the stream is given up, which it need not answer. */
  readonly #givenUp = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | null = null;

  /** Locks the stream. Throws a `TypeError` where it is locked. */
  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
    // Every failure is told by the write that it ends.
    this.#writer.closed.catch(() => {});
  }

  open(layout: AviLayout): AviMuxer {
    return new AviStream((bytes) => this.#write(bytes), layout);
  }

  choice(layout: AviLayout, encoded: string | null): EncoderChoice {
    return rawChoice(layout.video, encoded);
  }

  async drained(): Promise<void> {
    await Promise.race([this.#last, this.#givenUp.promise]);
    if (this.#failure !== null) throw streamError("write to", this.#failure.error);
  }

  async close(): Promise<null> {
    try {
      await this.#writer.close();
    } catch (error) {
      throw streamError("close", error);
    }
    return null;
  }

  async salvage(_bytes: number, error: unknown): Promise<void> {
    await this.discard(error);
  }

  async discard(reason: unknown): Promise<void> {
    this.#failure ??= { error: reason };
    this.#givenUp.resolve();
    await settlesWithin(this.#writer.abort(reason), abortMs);
  }

  #write(bytes: Uint8Array): void {
    const written = this.#writer.ready.then(() => this.#writer.write(bytes));
    this.#last = Promise.all([this.#last, written]).then(() => {}, (error) => {
      this.#failure ??= { error };
    });
  }
}

function streamError(action: string, cause: unknown): WriteError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new WriteError(`Cannot ${action} the stream: ${why}`, {
    code: "STREAM",
    operation: "write to a stream",
    hint: null,
    cause,
  });
}
