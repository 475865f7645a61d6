/**
 * AVIOContext of a connection.
 *
 * @module
 */
import { type Address, cString, type Native, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { withOptions } from "./input_options.ts";
import { codeName, endOfStream, errorText } from "../failure.ts";
import { setInterruption } from "../interruption.ts";
import { Owned } from "../owned.ts";

/** AVIO_FLAG_READ and AVIO_FLAG_READ_WRITE, libavformat/avio.h. */
const directions = { read: 1, both: 3 } as const;
/** SEEK_SET, stdio.h. */
const seekAbsolute = 0;
/** The size of an AVIOInterruptCB: two pointers. */
const callbackBytes = 16n;

function open(native: Native, url: string, options: string, direction: keyof typeof directions): Address {
  const { avformat, avutil } = native;
  const callback = avutil.av_mallocz(callbackBytes);
  const cell = new PointerCell();
  try {
    setInterruption(native, callback);
    const result = withOptions(
      native,
      options,
      (dictionary) =>
        avformat.avio_open2(cell.buffer, cString(url), directions[direction], callback, dictionary),
    );
    if (result >= 0) return cell.value;
    throw new AvError(errorText(native, result), { code: codeName(result), operation: "open a connection" });
  } finally {
    // The connection has a copy.
    avutil.av_free(callback);
  }
}

/** An open connection. */
export class Connection extends Owned {
  readonly #native: Native;

  /** Connects to an address of libavformat. Throws libav's error where that fails. */
  constructor(native: Native, url: string, options: string, direction: keyof typeof directions) {
    super("a connection", open(native, url, options, direction), (context) => {
      native.avformat.avio_closep(new PointerCell(context).buffer);
    });
    this.#native = native;
  }

  /** Sends a text. */
  write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#native.memoryFiles().avio_write(this.address, bytes, bytes.length);
    this.#native.connections().avio_flush(this.address);
  }

  /** Fills a buffer with what has come, and returns how much that is; 0 at the end. */
  read(buffer: Uint8Array): number {
    const count = this.#native.connections().avio_read_partial(this.address, buffer, buffer.length);
    if (count === endOfStream) return 0;
    if (count >= 0) return count;
    throw new AvError(errorText(this.#native, count), {
      code: codeName(count),
      operation: "read from a connection",
    });
  }

  /** Goes back to the first byte, shortly after that was read. */
  rewind(): void {
    this.#native.avformat.avio_seek(this.address, 0n, seekAbsolute);
  }

  /** How many bytes there are; `null` where that is not known. */
  get size(): number | null {
    const size = this.#native.avformat.avio_size(this.address);
    return size >= 0n ? Number(size) : null;
  }
}
