/**
 * Plays a program with real writers, and compares each result with the model's.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type AcquiredFrame,
  createFileWriter,
  type FrameOptions,
  type VideoWriter,
  WriteError,
  WriterClosedError,
  type WriterOptions,
  type WriteSummary,
} from "../../../mod.ts";
import { type Call, type Outcome, WriterModel } from "./model.ts";
import { type Action, encodings, type Program, type Setup, sizes } from "./program.ts";

/** The longest that a call may take, in milliseconds. */
const hangMs = 5000;
const frameRate = 25;
const sampleRate = 48_000;

/** What a signal of a program is aborted with. */
const signalReason = new Error("The program has had enough");

/** A writer, its model, and what the program has of it. */
class PlayedWriter {
  readonly path: string;
  readonly model: WriterModel;
  readonly writer: VideoWriter;
  readonly #setup: Setup;
  readonly #images: readonly Uint8Array[];
  readonly #controller: AbortController;
  readonly #acquired: { readonly frame: AcquiredFrame; isHeld: boolean }[] = [];
  readonly #calls: Promise<void>[] = [];
  #count = 0;
  #summary: WriteSummary | null = null;
  #isFinished = false;

  private constructor(
    path: string,
    setup: Setup,
    images: readonly Uint8Array[],
    writer: VideoWriter,
    controller: AbortController,
  ) {
    this.path = path;
    this.#setup = setup;
    this.#images = images;
    this.writer = writer;
    this.#controller = controller;
    this.model = new WriterModel(setup.queueSize);
  }

  static async open(path: string, setup: Setup, images: readonly Uint8Array[]): Promise<PlayedWriter> {
    const { codec, encoderOptions } = encodings[setup.encoding]!;
    const controller = new AbortController();
    const options: WriterOptions = {
      encoderOptions: { ...encoderOptions },
      thread: setup.thread,
      queueSize: setup.queueSize,
      crashSafe: setup.crashSafe,
      signal: controller.signal,
      timing: setup.hasTimestamps ? "timestamps" : "constant",
      ...(setup.hasSizes ? { resize: "fill" } : {}),
      ...(setup.hasAudio ? { audio: {} } : {}),
      ...(setup.hasSubtitles ? { subtitles: {} } : {}),
    };
    const writer = await createFileWriter(codec, path, frameRate, options);
    return new PlayedWriter(path, setup, images, writer, controller);
  }

  /** Makes a call; resolves once it has settled as the model allows, or at once where nobody waits for it. */
  async play(action: Action, other: PlayedWriter): Promise<void> {
    const call = this.#play(action, other);
    if (call === null) return;
    // Failures come out at the end.
    call.catch(() => {});
    this.#calls.push(call);
    if (action.isAwaited) await call;
  }

  /** Ends the writer if the program has not, and checks the file. */
  async end(isJudged: boolean): Promise<void> {
    await Promise.all(this.#calls.splice(0));
    if (this.model.state === "open") await this.#close("close");
    await Promise.all(this.#calls.splice(0));
    // An abort by signal may still be under way.
    if (this.model.state === "aborted") await this.#abort("abort");
    this.#check(isJudged);
  }

  #play(action: Action, other: PlayedWriter): Promise<void> | null {
    switch (action.kind) {
      case "write":
        return this.#write(this.#sizeOf(action.size));
      case "writeImage":
        return this.#writeImage(this.#index(action.size));
      case "writeWrong":
        return this.#writeWrong(action.flaw, other);
      case "acquire":
        return this.#acquire(this.#sizeOf(action.size));
      case "writeAcquired":
        return this.#writeAcquired(action.frame);
      case "release":
        return this.#release(action.frame);
      case "writeAudio":
        return this.#setup.hasAudio ? this.#writeAudio(action.count) : null;
      case "writeSubtitle":
        return this.#setup.hasSubtitles ? this.#writeSubtitle() : null;
      case "close":
      case "dispose":
        return this.#close(action.kind);
      case "abort":
      case "signal":
        return this.#abort(action.kind);
      case "pause":
        return new Promise((resolve) => setTimeout(resolve, action.ms));
    }
  }

  #index(size: number): number {
    return this.#setup.hasSizes ? size : 0;
  }

  #sizeOf(size: number): readonly [number, number] {
    return sizes[this.#index(size)]!;
  }

  /** A time later than all before, and a gray level of its own. */
  #next(): { readonly level: number; readonly options: FrameOptions } {
    const count = this.#count++;
    const level = 40 + count * 53 % 160;
    return { level, options: this.#setup.hasTimestamps ? { timestamp: count / frameRate } : {} };
  }

  async #write([width, height]: readonly [number, number]): Promise<void> {
    const { level, options } = this.#next();
    const data = fillGray(new Uint8Array(width * height * 4), level);
    const call = this.model.begin("write", ["ok"], { needsSlot: true });
    const written = this.writer.write({ data, width, height }, options);
    await this.#settle(call, this.#countedAt(level, written));
  }

  async #writeImage(index: number): Promise<void> {
    const call = this.model.begin("write an image", ["ok"]);
    const written = this.writer.write({ image: this.#images[index]! }, this.#next().options);
    await this.#settle(call, this.#countedAt(imageLevel, written));
  }

  async #writeWrong(flaw: (Action & { kind: "writeWrong" })["flaw"], other: PlayedWriter): Promise<void> {
    const [width, height] = sizes[0]!;
    const { options } = this.#next();
    const frames = {
      short: { data: new Uint8Array(12), width, height },
      brokenImage: { image: this.#images[0]!.subarray(0, 40) },
      nothing: undefined as never,
      foreign: other.#acquired.find(({ isHeld }) => isHeld)?.frame ?? null,
    };
    const frame = frames[flaw];
    if (frame === null || flaw === "foreign" && !this.#takes(frame as AcquiredFrame, other)) return;
    // Memory that another writer has lent is memory like any other.
    const outcome = flaw === "foreign" ? "ok" : "refused";
    const call = this.model.begin(`write ${flaw}`, [outcome], { needsSlot: flaw !== "brokenImage" });
    if (flaw === "foreign") {
      fillGray((frame as AcquiredFrame).data, 90);
    }
    const written = this.writer.write(frame, options);
    await this.#settle(call, flaw === "foreign" ? this.#countedAt(90, written) : written);
  }

  #takes({ width, height }: AcquiredFrame, lender: PlayedWriter): boolean {
    const [ownWidth, ownHeight] = this.#sizeOf(0);
    return lender !== this && (this.#setup.hasSizes || width === ownWidth && height === ownHeight);
  }

  async #acquire([width, height]: readonly [number, number]): Promise<void> {
    if (this.model.state === "open") this.model.held++;
    const call = this.model.begin("acquire", ["ok"], { needsSlot: true });
    const isCounted = this.model.state === "open";
    let isAcquired = false;
    const acquired = this.writer.acquire(width, height).then((frame) => {
      isAcquired = true;
      this.#acquired.push({ frame, isHeld: true });
    });
    await this.#settle(call, acquired).finally(() => {
      if (!isAcquired && isCounted) this.model.held--;
    });
  }

  async #writeAcquired(which: number): Promise<void> {
    const held = this.#acquired[which % Math.max(1, this.#acquired.length)];
    if (held === undefined) return;
    const { level, options } = this.#next();
    const { isHeld } = held;
    if (isHeld) fillGray(held.frame.data, level);
    held.isHeld = false;
    const call = this.model.begin("write an acquired frame", [isHeld ? "ok" : "refused"]);
    const written = this.writer.write(held.frame, options);
    await this.#settle(call, isHeld ? this.#countedAt(level, written) : written).finally(() => {
      if (isHeld) this.model.held--;
    });
  }

  async #release(which: number): Promise<void> {
    const held = this.#acquired[which % Math.max(1, this.#acquired.length)];
    if (held === undefined) return;
    this.writer.release(held.frame);
    if (held.isHeld) this.model.held--;
    held.isHeld = false;
    await null;
  }

  async #writeAudio(count: number): Promise<void> {
    const call = this.model.begin("writeAudio", ["ok"]);
    if (this.model.state === "open") this.model.hasOther ||= count > 0;
    const samples = Float32Array.from({ length: count }, (_, at) => 0.2 * Math.sin(at / 17));
    await this.#settle(call, this.writer.writeAudio({ data: samples, sampleRate, channels: 1 }));
  }

  async #writeSubtitle(): Promise<void> {
    const start = this.#count / frameRate;
    const call = this.model.begin("writeSubtitle", ["ok"]);
    if (this.model.state === "open") this.model.hasOther = true;
    await this.#settle(call, this.writer.writeSubtitle({ text: `Cue ${start}`, start, end: start + 0.1 }));
  }

  async #close(kind: "close" | "dispose"): Promise<void> {
    const { state } = this.model;
    // Closing again gives the same summary; disposing tells nothing new.
    const expected: Outcome[] = ["ok"];
    if (this.model.hasOther) expected.push("noFrame");
    const call = this.model.begin(kind, expected);
    if (state === "closed" || kind === "dispose") call.allowed.clear();
    const { wasClosing } = this.model;
    const again: Outcome[] = state === "failed"
      ? ["noFrame"]
      : state !== "aborted"
      ? expected
      : wasClosing
      ? ["aborted", ...expected]
      : ["aborted"];
    for (const outcome of kind === "close" ? again : expected) call.allowed.add(outcome);
    this.model.close();
    const ended = kind === "dispose"
      ? this.writer[Symbol.asyncDispose]()
      : this.writer.close().then((summary) => void (this.#summary = summary));
    await this.#settle(call, ended.then(() => void (this.#isFinished ||= this.model.state === "closed")));
  }

  async #abort(kind: "abort" | "signal"): Promise<void> {
    const call = this.model.begin(kind, ["ok"]);
    call.allowed.clear();
    call.allowed.add("ok");
    this.model.abort(this.#isFinished);
    if (kind === "abort") return await this.#settle(call, this.writer.abort("no more"));
    this.#controller.abort(signalReason);
    this.model.end(call);
  }

  /** Counts a frame where its call is made, and takes it back if the call fails. */
  #countedAt(level: number, written: Promise<void>): Promise<void> {
    const entry = { level };
    this.#taken.push(entry);
    return written.then(() => void this.model.written++, (error) => {
      this.#taken.splice(this.#taken.indexOf(entry), 1);
      throw error;
    });
  }

  readonly #taken: { readonly level: number }[] = [];

  /** Waits for a call, and compares what it came to with what the model allows. */
  async #settle(call: Call, result: PromiseLike<unknown>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hang = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${call.name} has not settled after ${hangMs} ms`)), hangMs);
    });
    let outcome: Outcome;
    let thrown: unknown;
    try {
      await Promise.race([result, hang]);
      outcome = "ok";
    } catch (error) {
      thrown = error;
      outcome = outcomeOf(error);
    } finally {
      clearTimeout(timer);
      this.model.end(call);
    }
    if (call.allowed.has(outcome)) {
      if (outcome !== "noFrame") return;
      if (this.model.written > 0) throw new Error(`${this.model.written} frames are lost`, { cause: thrown });
      return this.model.fail();
    }
    throw new Error(`${call.name} came to "${outcome}" instead of ${[...call.allowed].join(" or ")}`, {
      cause: thrown,
    });
  }

  #check(isJudged: boolean): void {
    const expected = this.#taken.map(({ level }) => level);
    // What disposing came to is not told, if an abort came meanwhile.
    if (this.#summary === null && this.model.wasClosing) return;
    const isWhole = this.#summary !== null || this.model.state === "closed";
    if (!isWhole || expected.length === 0) {
      if (existsSync(this.path)) throw new Error(`${this.path} is there, and should not be`);
      return;
    }
    if (!existsSync(this.path)) throw new Error(`${this.path} is missing`);
    const told = this.#summary?.frames ?? expected.length;
    if (told !== expected.length) {
      throw new Error(`close tells of ${told} frames instead of ${expected.length}`);
    }
    if (isJudged) this.#judge(expected);
  }

  #judge(expected: readonly number[]): void {
    const { tolerance } = encodings[this.#setup.encoding]!;
    const levels = decodedLevels(this.path);
    const isSame = levels.length === expected.length &&
      levels.every((level, at) => Math.abs(level - expected[at]!) <= tolerance);
    if (!isSame) throw new Error(`the file shows ${levels.join(" ")} instead of ${expected.join(" ")}`);
  }
}

/** The gray level of the images that programs write. */
const imageLevel = 120;

/** Fills an opaque picture with a gray level. */
function fillGray(rgba: Uint8Array, level: number): Uint8Array {
  rgba.fill(level);
  for (let at = 3; at < rgba.length; at += 4) rgba[at] = 255;
  return rgba;
}

function outcomeOf(error: unknown): Outcome {
  if (error === signalReason) return "aborted";
  if (error instanceof WriterClosedError) return error.code === "ABORTED" ? "aborted" : "closed";
  if (error instanceof TypeError || error instanceof RangeError) return "refused";
  if (error instanceof WriteError && /no frame was written/.test(error.message)) return "noFrame";
  throw error;
}

/** The gray level in the middle of each frame of a file. */
function decodedLevels(path: string): number[] {
  const decoded = execFileSync("ffmpeg", [
    ...[
      "-v",
      "error",
      "-i",
      path,
      "-fps_mode",
      "passthrough",
      "-vf",
      "scale=out_range=pc,crop=1:1,format=gray",
    ],
    ...["-f", "rawvideo", "-"],
  ]);
  return [...decoded];
}

/** PNG images of each size. */
export function makeImages(): Uint8Array[] {
  const color = imageLevel.toString(16).padStart(2, "0").repeat(3);
  return sizes.map(([width, height]) =>
    execFileSync("ffmpeg", [
      ...["-v", "error", "-f", "lavfi", "-i", `color=0x${color}:size=${width}x${height},format=rgb24`],
      ...["-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "-"],
    ])
  );
}

/** Plays a program in a folder, which is empty afterwards. `isJudged`: whether the files are decoded. */
export async function play(
  { setups, actions }: Program,
  folder: string,
  images: readonly Uint8Array[],
  isJudged: boolean,
): Promise<void> {
  const writers: PlayedWriter[] = [];
  for (const [index, setup] of setups.entries()) {
    const path = join(folder, `${index}.${encodings[setup.encoding]!.extension}`);
    writers.push(await PlayedWriter.open(path, setup, images));
  }
  try {
    for (const action of actions) {
      const writer = writers[action.writer % writers.length]!;
      await writer.play(action, writers[(action.writer + 1) % writers.length]!);
    }
    for (const writer of writers) await writer.end(isJudged);
  } finally {
    await Promise.allSettled(writers.map(({ writer }) => writer.abort()));
  }
  const left = readdirSync(folder).filter((name) => !writers.some(({ path }) => path === join(folder, name)));
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
}
