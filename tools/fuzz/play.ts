/**
 * Plays one case in this process, and judges all that can be judged without the file.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import process from "node:process";
import { join } from "node:path";
import { createFileWriter, type VideoWriter, type WriterOptions, type WriteSummary } from "../../mod.ts";
import type { Native } from "../../ffi/mod.ts";
import { undisposedObjects } from "../../src/libav/owned.ts";
import type { FrameSpec, FuzzCase, Outcome, PieceSpec, Rejection } from "./case_types.ts";
import { audioTracks, type Call, frameTimes, keyFrames } from "./expected.ts";
import { isExactFormat, isExactWriter } from "./exactness.ts";
import { judgeFolder, lookAt, writesOneFile } from "./folder.ts";
import { makeFrame } from "./frames.ts";
import { judgeError, rejectionOf } from "./judge_error.ts";
import { makeSamples, mustBeTaken } from "./samples.ts";
import { revive } from "./special_values.ts";

// deno-lint-ignore no-explicit-any
type Anything = any;

/** What the caller's own functions of a case throw. */
const callersOwn = "the caller's own";

/** Whether an error means a mistake in one frame, after which a writer goes on. */
function isMistake(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

/** One case being played. */
class Play {
  readonly #native: Native;
  readonly #test: FuzzCase;
  readonly #controller = new AbortController();
  readonly #reason = new Error("the case aborts");
  readonly #rejections: Rejection[] = [];
  readonly complaints: string[] = [];
  /** In the order in which they were made. */
  readonly #calls: Call[] = [];
  /** What `capturedAt` counts from. */
  #captureMs: number | null = null;
  #hash: Hash | null = createHash("sha256");
  #shape: string | null = null;
  #written = 0;
  /** The error that ended the writer. */
  #failure: { readonly error: unknown } | null = null;
  #summary: WriteSummary | null = null;
  #writer: VideoWriter | null = null;
  #isAborted = false;
  /** Whether the signal did it. */
  #isBySignal = false;
  /** The errors of calls after an abort. */
  readonly #afterAbort: unknown[] = [];

  constructor(native: Native, test: FuzzCase) {
    this.#native = native;
    this.#test = test;
  }

  /** Whether the writer was made. */
  get isOpen(): boolean {
    return this.#writer !== null;
  }

  /** Plays the case with a file of this path. */
  async run(path: string): Promise<void> {
    const writer = await this.#open(path);
    if (writer === null) return;
    this.#writer = writer;
    await this.#writeAll(writer);
    await this.#end(writer);
    await this.#finallyAbort(writer);
  }

  /** What came of it. */
  outcome(): Omit<Outcome, "residentBytes" | "milliseconds" | "complaints"> {
    const choice = this.#writer?.encoder ?? null;
    const dropped = this.#writer?.stats.dropped ?? 0;
    const isExact = dropped === 0 && this.#hash !== null && this.#shape !== null && this.#summary !== null &&
      choice !== null &&
      isExactWriter(this.#test, choice, this.#shape, this.#summary);
    return {
      rejections: this.#rejections,
      written: this.#written,
      dropped,
      summary: this.#summary,
      encoder: choice?.name ?? null,
      pixelFormat: choice?.pixelFormat ?? null,
      content: isExact ? { format: choice.pixelFormat, sha256: this.#hash!.digest("hex") } : null,
      isOneFile: writesOneFile(this.#native, this.#test),
      // Nobody knows which frames were dropped.
      times: dropped > 0 ? null : frameTimes(this.#calls, this.#test),
      keyFrames: dropped > 0 ? [] : keyFrames(this.#calls),
      audio: this.#summary === null ? [] : audioTracks(this.#calls, this.#test, this.#summary.seconds),
    };
  }

  async #open(path: string): Promise<VideoWriter | null> {
    const { codec, fps, options, abortsAt } = this.#test;
    const given = revive(options) as WriterOptions;
    if (abortsAt !== undefined && typeof given === "object" && given !== null) {
      given.signal = this.#controller.signal;
    }
    // What is not freed in another thread can't be counted here.
    if (given instanceof Object) given.thread = this.#test.seed % 4 === 0 ? "worker" : "main";
    if (abortsAt === -1) this.#controller.abort(this.#reason);
    try {
      return await createFileWriter(revive(codec) as string, path, revive(fps) as number, given);
    } catch (error) {
      this.#note("open", error);
      return null;
    }
  }

  async #writeAll(writer: VideoWriter): Promise<void> {
    const calls: Promise<void>[] = [];
    const make = async (call: Promise<void>): Promise<void> => {
      if (this.#test.isUnawaited) calls.push(call);
      else await call;
    };
    for (const [index, spec] of this.#test.frames.entries()) {
      for (const piece of spec.audio ?? []) await make(this.#writePiece(writer, piece));
      if (spec.waitMs !== undefined) await new Promise((resolve) => setTimeout(resolve, spec.waitMs));
      if (index === this.#test.abortsAt) this.#abortBySignal();
      await make(this.#writeOne(writer, spec));
    }
    for (const piece of this.#test.audioAfter ?? []) await make(this.#writePiece(writer, piece));
    await Promise.all(calls);
    this.#judgeAfterAbort();
    if (this.#test.abortsAt === this.#test.frames.length) this.#abortBySignal();
  }

  #abortBySignal(): void {
    this.#controller.abort(this.#reason);
    if (this.#failure !== null || this.#isAborted) return;
    this.#isAborted = this.#isBySignal = true;
  }

  async #writeOne(writer: VideoWriter, spec: FrameSpec): Promise<void> {
    const { frame, planes } = makeFrame(this.#native, spec);
    const timing = this.#timingOf(spec);
    await this.#call(
      { piece: null, timing: timing as Anything, capturedMs: spec.capturedMs, isTaken: false },
      () => writer.write(frame as Anything, timing as Anything),
      () => this.#take(spec, planes),
    );
  }

  #timingOf({ timing, capturedMs }: FrameSpec): unknown {
    const given = timing === undefined ? undefined : revive(timing);
    if (capturedMs === undefined) return given;
    // The first frame was captured so long ago that the last one is due now.
    const lastMs = this.#test.frames.at(-1)!.capturedMs ?? 0;
    this.#captureMs ??= Math.max(0, performance.now() - lastMs);
    return { ...given as object, capturedAt: this.#captureMs + capturedMs };
  }

  async #writePiece(writer: VideoWriter, piece: PieceSpec): Promise<void> {
    const timing = piece.timing === undefined ? undefined : revive(piece.timing);
    const call = { piece, timing: timing as Anything, capturedMs: undefined, isTaken: false };
    await this.#call(call, () => writer.writeAudio(makeSamples(piece), timing as Anything), () => {});
    this.#judgePiece(call, piece);
  }

  /** A piece is taken or refused by what it is, unless the writer has ended. */
  #judgePiece({ isTaken }: Call, piece: PieceSpec): void {
    const expected = mustBeTaken(piece, (this.#test.options as Anything)?.audio);
    if (expected === null || expected === isTaken) return;
    if (isTaken) this.complaints.push(`a piece was taken: ${JSON.stringify(piece)}`);
    else if (this.#failure === null && !this.#isAborted) {
      this.complaints.push(`a piece was refused: ${JSON.stringify(piece)}`);
    }
  }

  async #call(call: Call, make: () => Promise<void>, take: () => void): Promise<void> {
    const hadFailed = this.#failure;
    const wasAborted = this.#isAborted;
    this.#calls.push(call);
    try {
      await make();
      if (hadFailed !== null || wasAborted) {
        this.complaints.push("a call was fulfilled after the writer had ended");
      }
      call.isTaken = true;
      take();
    } catch (error) {
      if (error instanceof Error && error.message === callersOwn) {
        call.isTaken = true;
        return take();
      }
      if (this.#failure !== null) return this.#mustBeSame("write", error);
      this.#note("write", error);
      if (wasAborted) this.#afterAbort.push(error);
      else if (!isMistake(error)) this.#fail(error);
    }
  }

  /**
   * An error of a call from before an abort: unless it is that, the writer has failed before it was aborted.
   */
  #fail(error: unknown): void {
    if (this.#isAborted && (error === this.#reason || (error as { code?: unknown }).code === "ABORTED")) {
      return;
    }
    this.#failure = { error };
    this.#isAborted = this.#isBySignal = false;
  }

  /** Calls after an abort are rejected for it, or for a failure before it, which may be told later. */
  #judgeAfterAbort(): void {
    for (const error of this.#afterAbort.splice(0)) {
      if (this.#isAborted) this.#mustBeClosed("write", error, "ABORTED");
      else this.#mustBeSame("write", error);
    }
  }

  #take(spec: FrameSpec, planes: readonly Uint8Array[] | null): void {
    this.#written++;
    const shape = JSON.stringify([spec.width, spec.height, spec.format ?? "rgba"]);
    if (planes === null || !isExactFormat(String(spec.format ?? "rgba")) || spec.isBeyondDepth) {
      this.#hash = null;
    }
    if (this.#shape !== null && this.#shape !== shape) this.#hash = null;
    this.#shape = shape;
    for (const plane of planes ?? []) this.#hash?.update(plane);
  }

  async #end(writer: VideoWriter): Promise<void> {
    const { end } = this.#test;
    if (end.startsWith("abort")) await this.#abort(writer);
    if (end === "dispose") await this.#attempt("dispose", async () => await writer[Symbol.asyncDispose]());
    if (end === "abort and write") await this.#mustFail("write", () => this.#writeAgain(writer), "ABORTED");
    if (end === "abort and close") await this.#mustFail("close", () => writer.close(), "ABORTED");
    if (!end.startsWith("close") && (end !== "dispose" || this.#failure !== null || this.#isAborted)) return;
    this.#summary = await this.#close(writer);
    if (this.#summary === null) return;
    if (end === "close twice" && await writer.close() !== this.#summary) {
      this.complaints.push("a second close told another summary");
    }
    if (end === "close and write") await this.#mustFail("write", () => this.#writeAgain(writer), "CLOSED");
    if (end === "close and abort") await this.#abort(writer);
  }

  async #abort(writer: VideoWriter): Promise<void> {
    await this.#attempt("abort", () => writer.abort(this.#reason));
    this.#isAborted ||= this.#failure === null && this.#summary === null;
  }

  /** However a case went, its writer must have ended, and an abort does no harm. */
  async #finallyAbort(writer: VideoWriter): Promise<void> {
    if (this.#summary === null) await this.#attempt("abort", () => writer.abort());
  }

  #writeAgain(writer: VideoWriter): Promise<void> {
    return writer.write({ data: new Uint8Array(16 * 16 * 4), width: 16, height: 16 });
  }

  async #close(writer: VideoWriter): Promise<WriteSummary | null> {
    try {
      const summary = await writer.close();
      if (this.#failure !== null || this.#isAborted) {
        this.complaints.push("close resolved after the writer had ended");
      }
      return summary;
    } catch (error) {
      // The last call of `onProgress` comes when all is done.
      if (error instanceof Error && error.message === callersOwn) return await writer.close();
      if (this.#failure !== null) this.#mustBeSame("close", error);
      else this.#note("close", error);
      if (this.#isAborted) this.#mustBeClosed("close", error, "ABORTED");
      else this.#failure ??= { error };
      return null;
    }
  }

  async #attempt(at: Rejection["at"], action: () => Promise<unknown>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (error instanceof Error && error.message === callersOwn) return;
      this.#note(at, error);
      if (at === "dispose") this.#failure ??= { error };
    }
  }

  async #mustFail(at: "write" | "close", action: () => Promise<unknown>, code: string): Promise<void> {
    try {
      await action();
      this.complaints.push(`${at} resolved after the writer was ${code.toLowerCase()}`);
    } catch (error) {
      if (this.#failure !== null) this.#mustBeSame(at, error);
      else this.#mustBeClosed(at, error, code);
    }
  }

  #mustBeClosed(at: string, error: unknown, code: string): void {
    const { code: found, cause } = error as { code?: unknown; cause?: unknown };
    if (code === "ABORTED" && this.#isBySignal) {
      if (error === this.#reason) return;
      this.complaints.push(`${at} rejected with ${error} after an abort, and not with the signal's reason`);
      return;
    }
    const told = rejectionOf("write", error);
    if (told.type !== "WriterClosedError" || found !== code) {
      this.complaints.push(`${at} rejected with ${told.type} ${found} after the end: ${told.message}`);
    } else if (code === "ABORTED" && cause !== this.#reason) {
      this.complaints.push(`${at} rejected without the reason of the abort`);
    }
  }

  #mustBeSame(at: string, error: unknown): void {
    if (error === this.#failure!.error) return;
    this.complaints.push(
      `${at} rejected with another error after a failure: ${rejectionOf("write", error).message}`,
    );
  }

  #note(at: Rejection["at"], error: unknown): void {
    if (error === this.#reason && (at === "open" || this.#isBySignal)) return;
    this.#rejections.push(rejectionOf(at, error));
    this.complaints.push(...judgeError(at, error));
  }
}

/** Plays a case in an empty folder, and looks at what is left. */
export async function playCase(native: Native, test: FuzzCase, folder: string): Promise<Outcome> {
  const from = performance.now();
  const path = join(folder, test.name);
  const before = lookAt(folder, path, test.isThereBefore ?? false);
  const liveBefore = undisposedObjects();
  const play = new Play(native, test);
  await play.run(path);
  // Rejections that nobody handles are told between two turns of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const leaked = undisposedObjects() - liveBefore;
  const outcome = play.outcome();
  const complaints = [
    ...play.complaints,
    ...judgeFolder(outcome, play.isOpen, (test.abortsAt ?? 0) > 0, before),
  ];
  if (leaked !== 0) complaints.push(`${leaked} native objects were not freed`);
  return {
    ...outcome,
    complaints,
    residentBytes: process.memoryUsage().rss,
    milliseconds: performance.now() - from,
  };
}
