/**
 * The finished segments of a folder: removes the oldest where there is to be room for new ones.
 *
 * @module
 */
import {
  dirname,
  FileLock,
  filesBelow,
  freeBytes,
  makeFolder,
  type Native,
  removeEmptyFolder,
  removeFile,
} from "../../../ffi/mod.ts";
import { segmentsAmong } from "./segment_name.ts";
import type { SegmentLimits, SegmentOptions } from "./segment_options.ts";

/** A segment that is there. */
interface StoredSegment {
  readonly path: string;
  readonly bytes: number;
  readonly endMs: number;
}

/** Segments, the oldest first. */
export class SegmentStore {
  readonly #native: Native;
  readonly #folder: string;
  /** `null` where all segments are kept. */
  readonly #limits: SegmentLimits | null;
  readonly #segments: StoredSegment[] = [];
  #bytes = 0;

  /** Makes the folder, and finds the segments of earlier recordings where they count. */
  constructor(native: Native, folder: string, { name, keep }: SegmentOptions) {
    this.#native = native;
    this.#folder = folder;
    this.#limits = keep ?? null;
    makeFolder(folder);
    if (keep === undefined) return;
    // Where it may not be asked, that is better told now.
    if (keep.freeBytes !== undefined) freeBytes(folder);
    const files = filesBelow(folder, name.split("/").length)
      .map((file) => ({ ...file, name: file.path.slice(folder.length + 1).replaceAll("\\", "/") }));
    const own = segmentsAmong(name, files.map((file) => file.name));
    const found = files.filter((file) => own.has(file.name))
      .sort((one, other) => one.writtenMs - other.writtenMs);
    for (const { path, bytes, writtenMs } of found) this.add({ path, bytes, endMs: writtenMs });
  }

  /** Adds a finished segment. */
  add(segment: StoredSegment): void {
    if (this.#limits === null) return;
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
  }

  /** Removes segments until the limits are kept, beside unfinished ones that are still to get more bytes. */
  keepLimits(nowMs: number, growingBytes: number): void {
    if (this.#limits === null) return;
    const { seconds = Infinity, bytes = Infinity, freeBytes: free = 0 } = this.#limits;
    const isTooOld = (): boolean => this.#segments[0]!.endMs < nowMs - seconds * 1000;
    // The newest is kept: it may be larger than all may be.
    const isTooMuch = (): boolean => this.#bytes > bytes && this.#segments.length > 1;
    const isTooFull = (): boolean => free > 0 && freeBytes(this.#folder) < free + growingBytes;
    while (this.#segments.length > 0 && (isTooOld() || isTooMuch() || isTooFull())) this.#removeOldest();
  }

  #removeOldest(): void {
    const { path, bytes } = this.#segments.shift()!;
    this.#bytes -= bytes;
    if (this.#isWritten(path)) return;
    removeFile(path);
    for (
      let folder = dirname(path);
      folder.length > this.#folder.length && removeEmptyFolder(folder);
      folder = dirname(folder)
    );
  }

  /** Whether another writer is writing a file. */
  #isWritten(path: string): boolean {
    const lock = FileLock.take(this.#native.fileLocks(), path, false);
    if (lock === "taken") return true;
    lock?.[Symbol.dispose]();
    return false;
  }
}
