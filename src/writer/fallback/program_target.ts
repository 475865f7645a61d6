/**
 * An ffmpeg program that encodes what it is given.
 *
 * @module
 */
import { fileBytes, findProgram, Program, removeFile, runtime } from "../../../ffi/mod.ts";
import type { AviMuxer } from "../../avi/avi_file.ts";
import { AviStream } from "../../avi/avi_stream.ts";
import type { AviLayout } from "../../avi/layout.ts";
import type { AviTarget } from "../../avi/target.ts";
import { candidates } from "../../codecs/families.ts";
import type { EncoderChoice, VideoFileRequest } from "../../engine/session_types.ts";
import { EncoderNotFoundError, WriteError } from "../../errors.ts";
import { requireWritable } from "../../file/target.ts";
import { shown } from "../../shown.ts";
import { containerName, programCommand } from "./program_arguments.ts";

/** How much of what the program says is kept, in letters. */
const maxSaid = 4096;

/** The path of the ffmpeg program; `null` where there is none, or it may not be run. */
export function findFfmpeg(): string | null {
  const path = findProgram(runtime(), "ffmpeg");
  if (path !== null) runtime().requireRun(path);
  return path;
}

/** A program that writes the file. */
export class ProgramTarget implements AviTarget {
  readonly path: string;
  readonly format: string;
  readonly isDirect = false;
  readonly #request: VideoFileRequest;
  readonly #file: string;
  readonly #encoder: string;
  readonly #rejected: EncoderChoice["rejected"];
  readonly #isOwnFile: boolean;
  #program: Program | null = null;
  #pixelFormat = "";
  #said = "";
  #last: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  /** Whether the program takes no more. */
  #isDeaf = false;
  /** What gives up writes that the program has not taken yet. */
  readonly #waiting = new Set<() => void>();

  private constructor(
    request: VideoFileRequest,
    file: string,
    encoder: string,
    rejected: EncoderChoice["rejected"],
  ) {
    this.path = request.path;
    this.format = containerName(request);
    this.#request = request;
    this.#file = file;
    this.#encoder = encoder;
    this.#rejected = rejected;
    const { isOwnFile, pipe } = requireWritable(request.path);
    this.#isOwnFile = isOwnFile;
    pipe?.[Symbol.dispose]();
  }

  /**
   * Finds an encoder of a program. `rejected` is what was wanted instead, and why it can't be. Throws an
   * {@linkcode EncoderNotFoundError} where it has none for the codec.
   */
  static async open(
    request: VideoFileRequest,
    file: string,
    rejected: EncoderChoice["rejected"],
  ): Promise<ProgramTarget> {
    const known = await encodersOf(file);
    const wanted = candidates(request.codec, containerName(request));
    const encoder = wanted.find((name) => known.has(name));
    if (encoder !== undefined) return new ProgramTarget(request, file, encoder, rejected);
    throw new EncoderNotFoundError(
      `Cannot encode ${request.codec}: the program ${file} has no encoder ${wanted.join(", ")}`,
      { code: "ENCODER_NOT_FOUND", operation: "choose an encoder", hint: "Use another codec" },
    );
  }

  open(layout: AviLayout): AviMuxer {
    const { args, pixelFormat } = programCommand(this.#request, this.#encoder, layout);
    this.#pixelFormat = pixelFormat;
    const decoder = new TextDecoder();
    const program = this.#program = new Program({
      ...{ path: this.#file, args, hasInput: true, hasOutput: false, onExtra: () => {} },
      onStderr: (bytes) =>
        this.#said = (this.#said + decoder.decode(bytes, { stream: true })).slice(-maxSaid),
    });
    program.ended.catch(() => {});
    program.inputClosed.then(() => {
      this.#isDeaf = true;
      for (const giveUp of this.#waiting) giveUp();
    });
    return new AviStream((bytes) => {
      const written = this.#write(program, bytes).then((isRead) => this.#hasFailed ||= !isRead);
      this.#last = Promise.all([this.#last, written]);
    }, layout);
  }

  /** Resolves to whether the program still reads. By itself, a write after its end may never end. */
  async #write(program: Program, bytes: Uint8Array): Promise<boolean> {
    if (this.#isDeaf) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = (): void => resolve(false);
    this.#waiting.add(giveUp);
    program.write(bytes).then(resolve);
    const isRead = await promise;
    this.#waiting.delete(giveUp);
    return isRead;
  }

  choice(): EncoderChoice {
    return {
      ...{ name: this.#encoder, codec: this.#request.codec, pixelFormat: this.#pixelFormat },
      rejected: this.#rejected,
      fallback: "process",
    };
  }

  async drained(): Promise<void> {
    await this.#last;
    if (this.#hasFailed) throw await this.#failure();
  }

  async close(): Promise<number> {
    const program = this.#program!;
    program.endInput();
    const { exitCode } = await program.ended;
    if (exitCode !== 0) throw await this.#failure();
    return fileBytes(this.path);
  }

  /** The program finishes its file with what it got. */
  async salvage(): Promise<void> {
    this.#program?.endInput();
    await this.#program?.ended.catch(() => {});
  }

  async discard(): Promise<void> {
    const program = this.#program;
    if (program === null) return;
    program.signal("SIGKILL");
    await program.ended.catch(() => {});
    program.close();
    if (this.#isOwnFile) removeFile(this.path);
  }

  async #failure(): Promise<WriteError> {
    const { exitCode, signal } = await this.#program!.ended;
    await this.#program!.closed;
    const end = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
    // The first line has the cause.
    const said = this.#said.trim().split("\n").slice(0, 3).join("; ");
    return new WriteError(
      `Cannot write ${shown(this.path)}: the program ${this.#file} ended ${end}${
        said === "" ? "" : `: ${said}`
      }`,
      { code: "PROGRAM", operation: "write the file", hint: null },
    );
  }
}

/** The names of a program's video encoders. */
async function encodersOf(path: string): Promise<ReadonlySet<string>> {
  const program = new Program({
    ...{ path, args: ["-hide_banner", "-v", "error", "-encoders"], hasInput: false, hasOutput: true },
    ...{ onStderr: () => {}, onExtra: () => {} },
  });
  const decoder = new TextDecoder();
  let text = "";
  program.ended.catch(() => {});
  for await (const bytes of program.output) text += decoder.decode(bytes, { stream: true });
  await program.ended;
  return new Set([...text.matchAll(/^ V[.A-Z]{5} (\S+)/gm)].map(([, name]) => name!));
}
