/**
 * Streams of bytes, and what a reader has of them.
 *
 * @module
 */

/** A stream whose bytes are collected as fast as they come. */
export class Collected {
  /** Where to write to. */
  readonly writable: WritableStream<Uint8Array>;
  readonly #pieces: Uint8Array[] = [];
  readonly #end: Promise<void>;

  /** An empty one. */
  constructor() {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    this.writable = writable;
    this.#end = this.#read(readable);
    this.#end.catch(() => {});
  }

  async #read(readable: ReadableStream<Uint8Array>): Promise<void> {
    for await (const piece of readable) this.#pieces.push(piece);
  }

  /** What has come by now. */
  get bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of this.#pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** All bytes, once the stream has ended; throws the reason where it was aborted. */
  async all(): Promise<Uint8Array<ArrayBuffer>> {
    await this.#end;
    return this.bytes;
  }
}
