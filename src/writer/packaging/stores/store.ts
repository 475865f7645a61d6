/**
 * Where the files of a stream in segments go.
 *
 * @module
 */

import type { EarlierFolder } from "../earlier_list.ts";

/** A place for files. Calls of `put` come one after another. */
export interface SegmentStore {
  /** The path of the manifest, for the summary; empty where it has none. */
  readonly path: string;
  /** Stores a file; resolves once it is there, whole. Throws what is final. */
  put(name: string, bytes: Uint8Array<ArrayBuffer>, type: string, signal: AbortSignal): Promise<void>;
  /** What is there, where that can be read. */
  folder?(): EarlierFolder;
  /** Removes a file, where that can be, while others are stored. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}
