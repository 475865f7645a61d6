/**
 * Calls that a session refuses.
 *
 * @module
 */
import { WriteError } from "../errors.ts";

/**
 * A call that is refused only when it is carried out, such as a broken image. The session goes on without it.
 */
export class RefusedCall extends Error {
  /** The class's name. */
  override name = "RefusedCall";

  /** Wraps the error for the caller. */
  constructor(cause: unknown) {
    super("A call was refused", { cause });
  }

  /** Whether an error is one, also of another copy of this module. */
  static is(error: unknown): error is RefusedCall {
    return error instanceof Error && error.name === "RefusedCall";
  }
}

/** The refusal of samples or of a cue while so many bytes of them wait for frames. */
export function tooMuchWaits(operation: "write samples" | "write a subtitle", bytes: number): RefusedCall {
  const what = operation === "write samples" ? "samples" : "subtitles";
  return new RefusedCall(
    new WriteError(`Cannot write more ${what}: ${bytes / 2 ** 20} MiB of them wait for frames`, {
      code: "NO_FRAME",
      operation,
      hint: "Write their frames first, and then the same once more",
    }),
  );
}
