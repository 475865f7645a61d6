/**
 * What gets the frames of a source: an attached target, or a reader.
 *
 * @module
 */
import type { SourceFrame } from "./source_frame.ts";

/** One of those that get a source's frames. */
export interface Outlet {
  /** Whether it takes frames whose pixels are lent. */
  readonly takesLent: boolean;
  /** Whether the source need not wait for it, with this frame; `null`: with one that is not known yet. */
  hasRoom(frame: SourceFrame | null): boolean;
  /** Takes a frame, and a share of its pixels. */
  push(frame: SourceFrame): void;
  /** The source has ended: no frame comes any more. */
  end(): void;
  /** The source has failed: no frame comes any more. */
  fail(error: unknown): void;
  /** Resolves once it needs nothing more to be done with the frames that it has. */
  settled(): Promise<void>;
}
