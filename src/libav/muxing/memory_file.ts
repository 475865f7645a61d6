/**
 * AVIOContext: a file in native memory, to be read.
 *
 * @module
 */
import { type Address, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { Owned } from "../owned.ts";

/** SEEK_SET, stdio.h. */
const seekAbsolute = 0;

/** A file that a muxer wrote into memory. Without callbacks, libavformat reads in the memory itself. */
export class MemoryFile extends Owned {
  readonly #native: Native;
  /** Its size in bytes. */
  readonly size: number;

  /** Takes over memory of libav. */
  constructor(native: Native, bytes: Address, size: number) {
    const { avutil, fields } = native;
    const { avio_alloc_context, avio_context_free } = native.memoryFiles();
    super("a file in memory", avio_alloc_context(bytes, size, 0, NULL, NULL, NULL, NULL), (context) => {
      // Readers that probe put memory of their own in its place.
      avutil.av_free(fields.get(context, "AVIOContext", "buffer"));
      avio_context_free(new PointerCell(context).buffer);
    });
    this.#native = native;
    this.size = size;
    // AVIO_SEEKABLE_NORMAL, libavformat/avio.h: some readers look behind the packets only then.
    fields.set(this.address, "AVIOContext", "seekable", 1);
  }

  /** Has the next reader begin at the first byte. */
  rewind(): void {
    this.#native.avformat.avio_seek(this.address, 0n, seekAbsolute);
  }

  /** A copy of its first bytes. Call it before anything has read the file. */
  firstBytes(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count);
    if (count > 0) {
      this.#native.memory.read(this.#native.fields.get(this.address, "AVIOContext", "buffer"), bytes);
    }
    return bytes;
  }
}
