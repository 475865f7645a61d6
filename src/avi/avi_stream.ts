/**
 * AVI for what can't go back, such as a pipe or a network: the streams' lengths stay unknown, and there is no
 * index. Readers take it from the first chunk to the last.
 *
 * @module
 */
import type { AviMuxer } from "./avi_file.ts";
import type { Chunk } from "./chunk.ts";
import { createHeader } from "./header.ts";
import type { AviLayout } from "./layout.ts";

/** Writes AVI from the first byte to the last. */
export class AviStream implements AviMuxer {
  readonly #append: (bytes: Uint8Array<ArrayBuffer>) => void;
  #bytes = 0;

  /** Writes the header. */
  constructor(append: (bytes: Uint8Array<ArrayBuffer>) => void, layout: AviLayout) {
    this.#append = append;
    this.#write(createHeader(layout, 0).bytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(_stream: number, { bytes, data }: Chunk): void {
    if (data.length > 0) this.#write(bytes);
  }

  finish(): void {}

  #write(bytes: Uint8Array<ArrayBuffer>): void {
    this.#append(bytes);
    this.#bytes += bytes.length;
  }
}
