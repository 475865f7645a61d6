/**
 * Frames that a session refuses.
 *
 * @module
 */

/** A frame that turned out to be wrong only when it was looked into. The session goes on without it. */
export class RefusedFrame extends Error {
  /** Wraps what to tell the caller. */
  constructor(cause: unknown) {
    super("A frame was refused", { cause });
  }
}
