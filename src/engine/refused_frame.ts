/**
 * Frames that a session refuses.
 *
 * @module
 */

/** A frame that is refused only when it is decoded or encoded. The session goes on without it. */
export class RefusedFrame extends Error {
  /** The class's name. */
  override name = "RefusedFrame";

  /** Wraps the error for the caller. */
  constructor(cause: unknown) {
    super("A frame was refused", { cause });
  }

  /** Whether an error is one, also of another copy of this module. */
  static is(error: unknown): error is RefusedFrame {
    return error instanceof Error && error.name === "RefusedFrame";
  }
}
