/**
 * Custom commands of the ffmpeg program.
 *
 * @module
 */
import { findProgram, runtime } from "../../ffi/mod.ts";
import { filePath } from "../file_path.ts";
import { type Check, checkOptionTable, flag, requireOptions, text } from "../option_checks.ts";
import { Redactor } from "../redaction.ts";
import { shown } from "../shown.ts";
import { writerChecks } from "../writer/options.ts";
import { type CommandResult, CommandRun } from "./command_run.ts";
import { type CommandInput, takeInput } from "./command_streams.ts";
import type { CommandProgress } from "./progress.ts";

/**
 * Options of {@linkcode ffmpeg}.
 *
 * @example
 * ```ts
 * import type { CommandOptions } from "@avwriter/avwriter";
 *
 * const options: CommandOptions = {
 *   overwrite: true,
 *   timeoutSeconds: 60,
 *   onProgress: ({ finished }) => console.log(finished === null ? "..." : `${Math.round(finished * 100)} %`),
 * };
 * ```
 */
export interface CommandOptions {
  /** Ends the program; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** How long the program may run, in seconds. Default: as long as it does. */
  timeoutSeconds?: number;
  /**
   * The bytes of its standard input, for `-i -`: they are read as fast as the program takes them, and
   * cancelled when it takes no more. Default: an empty input.
   */
  input?: CommandInput;
  /**
   * Gets the bytes of its standard output, for `-` or `pipe:1` in place of a file. The program waits where
   * the stream does. It is closed at the end, and aborted where the command fails. Default: they are thrown
   * away.
   */
  output?: WritableStream<Uint8Array>;
  /**
   * Called about twice a second while the program works, and at the end. An error that it throws is printed
   * once, and changes nothing.
   */
  onProgress?: (progress: CommandProgress) => void;
  /** Whether files that exist are overwritten. Default: no, the command then fails. */
  overwrite?: boolean;
  /**
   * The program: a name that is looked for in the folders of `PATH`, a path, or a `file:` URL. Default:
   * `"ffmpeg"`.
   */
  path?: string | URL;
}

/** The longest time that timers know, in seconds. */
const longestTimeout = 2_147_483;

const isInput = (value: unknown): boolean =>
  value instanceof Uint8Array || value instanceof ReadableStream ||
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;
const isUnlocked = (value: unknown): boolean => (value as { locked?: boolean }).locked !== true;

const checks: { readonly [Name in keyof Required<CommandOptions>]: Check } = {
  signal: writerChecks.signal,
  timeoutSeconds: (value) =>
    typeof value === "number" && value > 0 && value <= longestTimeout
      ? null
      : `a number of seconds above 0, ${longestTimeout} at most`,
  input: (value) =>
    isInput(value) && isUnlocked(value)
      ? null
      : "a ReadableStream that nobody else reads, an async iterable or a Uint8Array",
  output: (value) =>
    value instanceof WritableStream && isUnlocked(value)
      ? null
      : "a WritableStream that nobody else writes to",
  onProgress: writerChecks.onProgress,
  overwrite: flag,
  path: (value) => value instanceof URL ? null : text(value),
};

/** A copy of a program's arguments. Throws a `TypeError` where they are not valid. */
function checkArguments(args: readonly string[], overwrite: boolean): string[] {
  if (!Array.isArray(args)) {
    throw new TypeError(
      `Cannot run ffmpeg with ${shown(args)}: give a list of arguments such as ["-i", "in.mov", "out.mp4"]`,
    );
  }
  const copy: readonly unknown[] = Array.from(args);
  for (const [index, argument] of copy.entries()) {
    if (typeof argument === "string" && !argument.includes("\0")) continue;
    throw new TypeError(
      `Cannot use the argument ${index} of ffmpeg: it is ${
        shown(argument)
      }, but must be a string without NUL characters`,
    );
  }
  const contradiction = overwrite ? "-n" : "-y";
  if (copy.includes(contradiction)) {
    throw new TypeError(
      `Cannot use the argument ${shown(contradiction)} of ffmpeg: give the option overwrite: ${!overwrite}`,
    );
  }
  return copy as string[];
}

/** Where the program lies, or its name where that can't be told. */
function programOf(path: string | URL): string {
  if (path instanceof URL || /[/\\]/.test(path)) return filePath(path, "run");
  return findProgram(runtime(), path) ?? path;
}

/**
 * Runs the ffmpeg program with a command line of your own: for what avwriter has no function for.
 *
 * The arguments are a list and go to the program as they are, without a shell. `-nostdin`, `-hide_banner`,
 * `-nostats` and, unless `overwrite` says otherwise, `-n` come first. The program is found in the folders of
 * `PATH`; under Deno it needs `--allow-run=ffmpeg --allow-env`.
 *
 * The program runs in a process group of its own. An abort, a time-out, or a failing stream ends it: with
 * SIGTERM, with which it finishes its file, and after five seconds with SIGKILL. The promise settles when it
 * has ended. It is killed when your program ends.
 *
 * Stream keys, passwords and tokens of addresses are left out of `stderr` and of error messages.
 *
 * @param args The arguments, without the program's name.
 * @param options See {@linkcode CommandOptions}.
 * @returns What the program told at its end.
 *
 * @throws {TypeError} The arguments or an option have the wrong type.
 * @throws {CommandError} The program was not found, could not be started, ended with another exit code than
 * 0, was killed, or took too long.
 *
 * @example Extract the audio of a video
 * ```ts
 * import { createFileWriter, ffmpeg } from "@avwriter/avwriter";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/film.mp4`, 30, { audio: {} });
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   await writer.writeAudio({ data: new Float32Array(4800), sampleRate: 48000, channels: 1 });
 * }
 * await ffmpeg(["-i", `${folder}/film.mp4`, "-vn", "-c:a", "copy", `${folder}/film.m4a`]);
 * ```
 *
 * @example An image in memory
 * ```ts
 * import { ffmpeg } from "@avwriter/avwriter";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const args = ["-f", "lavfi", "-i", "testsrc", "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "-"];
 * const [png] = await Promise.all([new Response(readable).bytes(), ffmpeg(args, { output: writable })]);
 * if (png[1] !== 0x50) throw new Error("not a PNG");
 * ```
 */
export async function ffmpeg(args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  requireOptions(options);
  const checked = checkOptionTable(options, checks);
  const { signal, timeoutSeconds = null, input, output, onProgress, overwrite = false } = checked;
  const given = checkArguments(args, overwrite);
  const path = programOf(checked.path ?? "ffmpeg");
  signal?.throwIfAborted();
  runtime().requireRun(path);
  const first = ["-nostdin", "-hide_banner", "-nostats", overwrite ? "-y" : "-n", "-progress", "pipe:3"];
  return await new CommandRun({
    ...{ path, args: [...first, ...given], redactor: new Redactor(given) },
    source: input === undefined ? null : takeInput(input),
    writer: output?.getWriter() ?? null,
    ...{ signal, timeoutSeconds, onProgress },
  }).run();
}
