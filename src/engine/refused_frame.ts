/**
 * Frames that a session refuses.
 *
 * @module
 */

/** A frame that is refused only when it is decoded or encoded. The session goes on without it. */
export class RefusedFrame extends Error {
  /** Wraps the error for the caller. */
  constructor(cause: unknown) {
    super("A frame was refused", { cause });
  }
}
