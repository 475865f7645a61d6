/**
 * The error of commands.
 *
 * @module
 */
import { AvError, type AvErrorDetails } from "../errors.ts";

/** The fields of a {@linkcode CommandError}. */
export interface CommandErrorDetails extends AvErrorDetails {
  /** The program's exit code; `null` where it has none: it was not started, or a signal ended it. */
  exitCode: number | null;
  /** The end of what the program wrote to stderr, without keys and passwords. */
  stderr: string;
}

/**
 * The ffmpeg program could not be started, failed, or was ended.
 *
 * @example
 * ```ts
 * import { CommandError, ffmpeg } from "@avwriter/avwriter";
 *
 * try {
 *   await ffmpeg(["-i", "missing.mp4", "out.mp4"]);
 * } catch (error) {
 *   if (!(error instanceof CommandError)) throw error;
 *   console.log(error.exitCode, error.stderr);
 * }
 * ```
 */
export class CommandError extends AvError {
  /** The class's name. */
  override name = "CommandError";
  /** The program's exit code; `null` where it has none: it was not started, or a signal ended it. */
  readonly exitCode: number | null;
  /** The end of what the program wrote to stderr, 64 KiB at most, without keys and passwords. */
  readonly stderr: string;

  /** Makes an error; the hint is appended to the message. */
  constructor(message: string, details: CommandErrorDetails) {
    super(message, details);
    this.exitCode = details.exitCode;
    this.stderr = details.stderr;
  }
}
