/**
 * AVFormatContext of an input, opened.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { codeName, errorText } from "../failure.ts";
import { setInterruption } from "../interruption.ts";
import type { MemoryFile } from "../muxing/memory_file.ts";
import { withOptions } from "./input_options.ts";

/** How to read a file. */
export interface DemuxerOptions {
  /** Allowed demuxers, by libavformat's names; `null` for all. The content decides between them. */
  readonly formats: readonly string[] | null;
  /** Allowed protocols. Default: those of files. */
  readonly protocols?: string;
  /** The only format to try: an AVInputFormat. */
  readonly format?: Address;
  /** Options of the demuxer and protocol: `"rw_timeout=5000000:channels=2"`. */
  readonly options?: string;
  /** Is told the name of an option that neither knows. Default: they are left out. */
  readonly onUnknown?: (name: string) => void;
  /** An AVIOContext that is open, in place of the URL. */
  readonly memory?: Pick<MemoryFile, "address">;
  /** Is called with the AVFormatContext before anything is opened. */
  readonly onContext?: (context: Address) => void;
}

/** Opens a file: gives its AVFormatContext. Throws libav's error where that fails. */
export function openInput(native: Native, url: string, request: DemuxerOptions): Address {
  const { avformat, avutil } = native;
  const { formats, protocols = "file,subfile", format = NULL, options = "", memory } = request;
  const cell = new PointerCell(avformat.avformat_alloc_context());
  // References to other files and hosts are not followed.
  const allowed = { protocol_whitelist: protocols, format_whitelist: formats?.join(",") };
  for (const [name, value] of Object.entries(allowed)) {
    if (value !== undefined) avutil.av_opt_set(cell.value, cString(name), cString(value), 0);
  }
  if (memory !== undefined) native.fields.set(cell.value, "AVFormatContext", "pb", memory.address);
  setInterruption(native, native.fields.addressOf(cell.value, "AVFormatContext", "interrupt_callback"));
  request.onContext?.(cell.value);
  // A failure frees the context.
  const result = withOptions(
    native,
    options,
    (dictionary) => avformat.avformat_open_input(cell.buffer, cString(url), format, dictionary),
    request.onUnknown,
  );
  if (result < 0) {
    throw new AvError(errorText(native, result), {
      code: codeName(result),
      operation: "open the file for reading",
    });
  }
  return cell.value;
}
