/**
 * AVIOContext of an input: a file, or bytes in memory. A reader gets it open, so that it opens nothing
 * itself.
 *
 * @module
 */
import { address, cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { codeName, errorText, outOfMemory } from "../failure.ts";
import { MemoryFile } from "../muxing/memory_file.ts";
import { Owned } from "../owned.ts";

/** AVIO_FLAG_READ, libavformat/avio.h. */
const read = 1;
/** AV_INPUT_BUFFER_PADDING_SIZE, libavcodec/defs.h. */
const padding = 64;
/** libavformat counts the bytes of a buffer in a C `int`. */
export const maxMemoryBytes: number = 2 ** 31 - 1 - padding;

function fail(native: Native, result: number, operation: string): never {
  throw new AvError(errorText(native, result), { code: codeName(result), operation });
}

/** A file open for reading. */
export class InputFile extends Owned {
  /** Opens a file. Throws libav's error where that fails. */
  constructor(native: Native, path: string) {
    const { avformat } = native;
    const cell = new PointerCell();
    const result = avformat.avio_open2(cell.buffer, cString(`file:${path}`), read, NULL, null);
    if (result < 0) fail(native, result, "open the file for reading");
    super("an open file", cell.value, (context) => {
      avformat.avio_closep(new PointerCell(context).buffer);
    });
  }
}

/** The largest piece that is copied at once: libavutil counts the bytes of a row in an `int`, too. */
const pieceBytes = 2 ** 28;

/** A file in memory with a copy of bytes. */
export function memoryFileOf(native: Native, bytes: Uint8Array): MemoryFile {
  const start = native.avutil.av_mallocz(BigInt(bytes.length + padding));
  if (start === NULL) fail(native, outOfMemory, "copy a file into memory");
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    native.memory.write(address(start + BigInt(at)), bytes.subarray(at, at + pieceBytes));
  }
  return new MemoryFile(native, start, bytes.length);
}
