/**
 * A function that gives a stream for each file, as a place for segments.
 *
 * @module
 */
import { WriteError } from "../../../errors.ts";
import { shown } from "../../../shown.ts";
import type { SegmentStore } from "./store.ts";

/**
 * Gives the stream that a file is written to, by its name. A file that comes again takes the place of the one
 * before.
 *
 * @example
 * ```ts
 * import { createStreamWriter, type OpenSegment } from "@avwriter/avwriter";
 *
 * const files = new Map<string, Uint8Array>();
 * const open: OpenSegment = (name) =>
 *   new WritableStream({ write: (bytes) => void files.set(name, bytes) });
 * {
 *   await using writer = await createStreamWriter("h264", open, 30, { format: "hls" });
 *   await writer.write(new ImageData(320, 180));
 * }
 * if (!files.has("index.m3u8")) throw new Error("not as written");
 * ```
 */
export type OpenSegment = (name: string) => WritableStream<Uint8Array> | Promise<WritableStream<Uint8Array>>;

/** Streams. A file is whole once its stream is closed. */
export class StreamStore implements SegmentStore {
  readonly path = "";
  readonly #open: OpenSegment;

  /** For a program's function. */
  constructor(open: OpenSegment) {
    this.#open = open;
  }

  async put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    _type: string,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    let writer: WritableStreamDefaultWriter<Uint8Array> | null = null;
    const onAbort = (): void => void writer?.abort(signal.reason).catch(() => {});
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const stream = await this.#open(name);
      if (!(stream instanceof WritableStream)) {
        throw new TypeError(`the function gave ${shown(stream)} instead of a WritableStream`);
      }
      signal.throwIfAborted();
      writer = stream.getWriter();
      await writer.write(bytes);
      await writer.close();
    } catch (cause) {
      signal.throwIfAborted();
      throw new WriteError(
        `Cannot write ${name}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          code: "STREAM",
          operation: "write a file of the stream",
          hint: null,
          cause,
        },
      );
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Whoever has the streams removes what they made. */
  async remove(): Promise<void> {}
}
