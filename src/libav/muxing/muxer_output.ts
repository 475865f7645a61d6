/**
 * Where a muxer's bytes go: a file, or memory.
 *
 * @module
 */
import { type Address, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";

/** EIO, errno.h. */
const inputOutputError = -5;

/** SEEK_SET, stdio.h. */
const seekAbsolute = 0;

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
