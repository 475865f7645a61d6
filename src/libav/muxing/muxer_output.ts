/**
 * Where a muxer's bytes go: a file, memory, or a stream.
 *
 * @module
 */
import { type Address, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";

/** EIO, errno.h. */
const inputOutputError = -5;

/** SEEK_*, stdio.h: from the current position, with 0, it tells it. */
const seekAbsolute = 0, seekCurrent = 1;

/** The output: an AVIOContext for a file or for memory. */
export interface Output {
  readonly cell: PointerCell;
  isMemory: boolean;
}

/** Closes an open output; returns libav's code. */
export function closeOutput({ avformat, avutil }: Native, { cell, isMemory }: Output): number {
  if (cell.value === NULL) return 0;
  if (!isMemory) {
    const result = avformat.avio_closep(cell.buffer);
    // FFmpeg 4.3 returns close(2)'s own -1, which has no reason in it and would be read as EPERM.
    return result === -1 ? inputOutputError : result;
  }
  const bytes = new PointerCell();
  avformat.avio_close_dyn_buf(cell.value, bytes.buffer);
  avutil.av_free(bytes.value);
  cell.buffer[0] = NULL;
  return 0;
}

/** Closes an output into memory; returns what was written, which is the caller's to free. */
export function takeMemory(native: Native, { cell }: Output): { bytes: Address; size: number } {
  const bytes = new PointerCell();
  const size = native.memoryFiles().avio_get_dyn_buf(cell.value, bytes.buffer);
  // Padding is written where the muxer wrote last, which may be in the middle.
  native.avformat.avio_seek(cell.value, BigInt(size), seekAbsolute);
  native.avformat.avio_close_dyn_buf(cell.value, bytes.buffer);
  cell.buffer[0] = NULL;
  return { bytes: bytes.value, size };
}

/** Memory of libav as bytes of JavaScript. */
function copyAndFree(native: Native, memory: Address, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  if (size > 0) native.memory.read(memory, bytes);
  native.avutil.av_free(memory);
  return bytes;
}

/** Who takes the bytes of a file that has no path. */
export interface ByteSink {
  /** Whether they come as they are written (`"stream"`), or once the file is whole (`"memory"`). */
  readonly kind: "stream" | "memory";
  /** Takes bytes, which are its own from then on. */
  readonly give: (bytes: Uint8Array<ArrayBuffer>) => void;
}

/**
 * An output whose bytes a sink takes. It is memory of libav, for a stream another one whenever bytes were
 * taken: libav calls nothing in JavaScript.
 */
export class ByteOutput {
  readonly #native: Native;
  readonly #context: Address;
  readonly #output: Output;
  readonly #sink: ByteSink;
  readonly #goesBack: boolean;
  #taken = 0n;

  /**
   * For a muxer's context. `goesBack`: the muxer writes over what it has just written, and counts from there.
   * All others may know how much they have written before.
   */
  constructor(native: Native, context: Address, output: Output, sink: ByteSink, goesBack: boolean) {
    this.#native = native;
    this.#context = context;
    this.#output = output;
    this.#sink = sink;
    this.#goesBack = goesBack;
    output.isMemory = true;
  }

  /** Opens it; returns libav's code. */
  open(): number {
    const { avformat, fields } = this.#native;
    const { cell } = this.#output;
    const result = avformat.avio_open_dyn_buf(cell.buffer);
    if (result < 0) return result;
    fields.set(this.#context, "AVFormatContext", "pb", cell.value);
    if (this.#sink.kind === "memory") return result;
    fields.set(cell.value, "AVIOContext", "seekable", 0);
    if (this.#goesBack || this.#taken === 0n) return result;
    fields.set(cell.value, "AVIOContext", "seek", NULL);
    fields.set(cell.value, "AVIOContext", "pos", this.#taken);
    return result;
  }

  /** Gives a stream what was written; returns libav's code. */
  give(): number {
    if (this.#sink.kind === "memory") return 0;
    const { avformat } = this.#native;
    const { cell } = this.#output;
    const begin = this.#goesBack ? 0n : this.#taken;
    if (avformat.avio_seek(cell.value, 0n, seekCurrent) === begin) return 0;
    const memory = new PointerCell();
    const size = avformat.avio_close_dyn_buf(cell.value, memory.buffer);
    cell.buffer[0] = NULL;
    this.#taken += BigInt(size);
    this.#sink.give(copyAndFree(this.#native, memory.value, size));
    return this.open();
  }

  /** Gives bytes that are no part of what is written. */
  giveBeside(bytes: Uint8Array<ArrayBuffer>): void {
    this.#sink.give(bytes);
  }

  /** Closes it. Gives what is in memory. */
  close(): void {
    if (this.#sink.kind === "stream") return void closeOutput(this.#native, this.#output);
    const { bytes, size } = takeMemory(this.#native, this.#output);
    this.#sink.give(copyAndFree(this.#native, bytes, size));
  }
}
