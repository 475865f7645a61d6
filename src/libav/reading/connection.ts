/**
 * AVIOContext of a connection, for texts in both directions.
 *
 * @module
 */
import { type Address, cString, type Native, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { withOptions } from "./input_options.ts";
import { codeName, endOfStream, errorText } from "../failure.ts";
import { setInterruption } from "../interruption.ts";
import { Owned } from "../owned.ts";

/** AVIO_FLAG_READ_WRITE, libavformat/avio.h. */
const readWrite = 3;
/** The size of an AVIOInterruptCB: two pointers. */
const callbackBytes = 16n;

function open(native: Native, url: string, options: string): Address {
  const { avformat, avutil } = native;
  const callback = avutil.av_mallocz(callbackBytes);
  const cell = new PointerCell();
  try {
    setInterruption(native, callback);
    const result = withOptions(
      native,
      options,
      (dictionary) => avformat.avio_open2(cell.buffer, cString(url), readWrite, callback, dictionary),
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
  constructor(native: Native, url: string, options: string) {
    super("a connection", open(native, url, options), (context) => {
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

  /** What has come, as Latin 1; `null` at the end. */
  read(): string | null {
    const buffer = new Uint8Array(4096);
    const count = this.#native.connections().avio_read_partial(this.address, buffer, buffer.length);
    if (count === endOfStream || count === 0) return null;
    if (count > 0) return String.fromCharCode(...buffer.subarray(0, count));
    throw new AvError(errorText(this.#native, count), {
      code: codeName(count),
      operation: "read from a connection",
    });
  }
}
