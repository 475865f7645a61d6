/**
 * Where AVI goes.
 *
 * @module
 */
import type { EncoderChoice } from "../engine/session_types.ts";
import type { AviMuxer } from "./avi_file.ts";
import type { AviLayout } from "./layout.ts";

/** A file, a stream, or a program that reads. */
export interface AviTarget {
  /** The absolute path of the file that comes out; empty where there is none. */
  readonly path: string;
  /** The name of its container in libavformat. */
  readonly format: string;
  /** Whether what is given is written once the call returns: then its memory may be reused. */
  readonly isDirect: boolean;
  /** Opens it, with the first frame. */
  open(layout: AviLayout): AviMuxer;
  /** The encoder of what comes out. */
  choice(layout: AviLayout, encoded: string | null): EncoderChoice;
  /** Waits until all that was given is written; `null` where it is. Rejects where that failed. */
  drained(): Promise<void> | null;
  /** Ends it; the muxer has finished. Returns the size of what came out, where it is not what was written. */
  close(): Promise<number | null> | number | null;
  /** After a failure: keeps what is there. `bytes` of it are whole. */
  salvage(bytes: number, error: unknown): Promise<void> | void;
  /** Gives it up, and leaves nothing behind. */
  discard(reason: unknown): Promise<void> | void;
}
