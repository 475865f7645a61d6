/**
 * A command at work.
 *
 * @module
 */
import { installCommand, Program, type ProgramEnd, runtime } from "../../ffi/mod.ts";
import type { Redactor } from "../redaction.ts";
import { ProgressTimer } from "../writer/progress_timer.ts";
import { CommandError } from "./command_error.ts";
import { type ByteSource, drain, feed } from "./command_streams.ts";
import { OutputLength } from "./output_length.ts";
import { type CommandProgress, ProgressReader, type ProgressReport } from "./progress.ts";
import { StderrTail } from "./stderr_tail.ts";

/** How long a program may take to end by itself, in milliseconds. */
const patienceMs = 5000;

/** The result of `ffmpeg`. */
export interface CommandResult {
  /** Video frames that were written; `null` where there is no video. */
  readonly frames: number | null;
  /** The length of the output in seconds; `null` where the program did not tell. */
  readonly seconds: number | null;
  /** The end of what the program wrote to stderr, 64 KiB at most, without keys and passwords. */
  readonly stderr: string;
}

/** What a command runs. */
export interface CommandRequest {
  /** The program's path, or its name. */
  readonly path: string;
  /** All of its arguments. */
  readonly args: readonly string[];
  readonly redactor: Redactor;
  readonly source: ByteSource | null;
  readonly writer: WritableStreamDefaultWriter<Uint8Array> | null;
  readonly signal: AbortSignal | undefined;
  /** `null`: it may take as long as it does. */
  readonly timeoutSeconds: number | null;
  readonly onProgress: ((progress: CommandProgress) => void) | undefined;
}

/** What is said of a system's error. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: "it was not found",
  EACCES: "it is no program that may be executed",
};

/** A program while it runs. */
export class CommandRun {
  readonly #request: CommandRequest;
  readonly #stderr: StderrTail;
  readonly #length: OutputLength;
  readonly #progress: ProgressReader;
  readonly #timer: ProgressTimer<CommandProgress>;
  /** Resolves when the program is to end before its time. */
  readonly #stopping = Promise.withResolvers<void>();
  /** Why it is to end; `null` where nothing says so. */
  #stopped: { readonly reason: unknown } | null = null;
  #killTimer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** For a request. */
  constructor(request: CommandRequest) {
    this.#request = request;
    this.#length = new OutputLength(request.args);
    this.#stderr = new StderrTail(request.redactor, (line) => this.#length.add(line));
    this.#progress = new ProgressReader((report) => this.#tell(report));
    this.#timer = new ProgressTimer(request.onProgress, false);
  }

  /** Runs the program to its end. */
  async run(): Promise<CommandResult> {
    const { source, writer, signal, timeoutSeconds } = this.#request;
    let onAbort = (): void => {};
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const program = this.#start();
      onAbort = () => this.#stop(program, signal!.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (timeoutSeconds !== null) {
        timer = setTimeout(() => this.#stop(program, this.#late(timeoutSeconds)), timeoutSeconds * 1000);
      }
      const end = await this.#wait(program);
      this.#stderr.finish();
      if (this.#stopped !== null) throw this.#stopped.reason;
      this.#isOver = true;
      this.#requireSuccess(end);
      return this.#succeed();
    } catch (error) {
      this.#isOver = true;
      // Their own errors are known already.
      source?.cancel(error).catch(() => {});
      writer?.abort(error).catch(() => {});
      throw error;
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#killTimer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #start(): Program {
    const { path, args, source, writer } = this.#request;
    try {
      return new Program({
        ...{ path, args, hasInput: source !== null, hasOutput: writer !== null },
        onStderr: (bytes) => this.#stderr.add(bytes),
        onExtra: (bytes) => this.#progress.add(bytes),
      });
    } catch (error) {
      throw this.#notStarted(error);
    }
  }

  /** Waits until the program has ended, and all that it made is read, or it was stopped. */
  async #wait(program: Program): Promise<ProgramEnd> {
    const { source, writer } = this.#request;
    const stopping = this.#stopping.promise;
    const stop = (error: unknown): void => this.#stop(program, error);
    if (source !== null) feed(program, source, stopping).catch(stop);
    const drained = writer === null ? Promise.resolve() : drain(program, writer, stopping);
    drained.catch(stop);
    writer?.closed.catch(stop);
    let end: ProgramEnd;
    try {
      end = await program.ended;
    } catch (error) {
      throw this.#notStarted(error);
    } finally {
      clearTimeout(this.#killTimer);
    }
    const read = Promise.all([drained, program.closed]).catch(() => {});
    await Promise.race([read, stopping]);
    program.close();
    return end;
  }

  /** Ends the program: it is asked to, and killed where it does not. The first reason counts. */
  #stop(program: Program, reason: unknown): void {
    if (this.#stopped !== null || this.#isOver) return;
    this.#stopped = { reason };
    program.disconnect();
    program.signal("SIGTERM");
    this.#killTimer = setTimeout(() => program.signal("SIGKILL"), patienceMs);
    this.#stopping.resolve();
  }

  #tell(report: ProgressReport): void {
    this.#timer.tell(() => {
      const whole = this.#length.seconds;
      const isKnown = whole !== null && report.seconds !== null;
      return { ...report, finished: isKnown ? Math.min(report.seconds / whole, 1) : null };
    }, false);
  }

  #succeed(): CommandResult {
    const { last } = this.#progress;
    if (last !== null) this.#timer.tell(() => ({ ...last, finished: 1 }), true);
    return { frames: last?.frames ?? null, seconds: last?.seconds ?? null, stderr: this.#stderr.text };
  }

  #requireSuccess({ exitCode, signal }: ProgramEnd): void {
    if (exitCode === 0) return;
    const said = this.#stderr.lastWords;
    const how = exitCode === null
      ? `was ended by ${signal ?? "a signal"}`
      : `ended with exit code ${exitCode}`;
    throw new CommandError(`The ffmpeg program ${how}${said === null ? "" : `: ${said}`}`, {
      code: exitCode === null ? "KILLED" : "EXIT_CODE",
      operation: "run ffmpeg",
      exitCode,
      stderr: this.#stderr.text,
    });
  }

  #late(seconds: number): CommandError {
    return new CommandError(`The ffmpeg program was ended after ${seconds} s, as timeoutSeconds says`, {
      ...{ code: "ETIMEDOUT", operation: "run ffmpeg", exitCode: null, stderr: this.#stderr.text },
    });
  }

  /** The error for what a runtime or a system says where it starts nothing. */
  #notStarted(cause: unknown): unknown {
    const { code } = cause as { code?: unknown };
    // Deno's own error tells the permission that is missing.
    if (typeof code !== "string") return cause;
    const { path } = this.#request;
    const { system, fileText } = runtime();
    const install = installCommand(system, fileText("/etc/os-release"));
    return new CommandError(`Cannot run ${path}: ${reasons[code] ?? (cause as Error).message}`, {
      ...{ code, operation: "run ffmpeg", exitCode: null, stderr: "", cause },
      hint: code !== "ENOENT"
        ? null
        : `Give the program's path in the option path${
          install === null ? "" : `, or install FFmpeg: ${install}`
        }`,
    });
  }
}
