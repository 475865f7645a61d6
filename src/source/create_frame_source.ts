/**
 * A source of frames that a program draws.
 *
 * @module
 */
import { checkOptionTable } from "../option_checks.ts";
import { shown } from "../shown.ts";
import { type FrameRate, parseFrameRate } from "../video/frame_rate.ts";
import type { Rational } from "../libav/rational.ts";
import type { PixelFormat } from "../video/raw_frame.ts";
import { type DefaultTimes, type GivenFrame, takeGiven } from "./nodes/given_frame.ts";
import type { PictureForm } from "./pipeline/crop.ts";
import type { PipelineSource, SourceStatus } from "./pipeline/pipeline_source.ts";
import { SourceFlow } from "./pipeline/source_flow.ts";
import type { SourceFrame } from "./pipeline/source_frame.ts";

/** Options of a source of drawn frames. */
export interface FrameSourceOptions {
  /**
   * Frames per second. Frame n is shown at n/fps where it has no timestamp. Default: frames say when they are
   * shown, and the rate is variable.
   */
  frameRate?: FrameRate;
}

/** A source of frames that a program draws. {@linkcode createFrameSource} makes it. */
export interface DrawnSource extends PipelineSource {
  /** Width of the first frame in pixels. */
  readonly width: number;
  /** Height of the first frame in pixels. */
  readonly height: number;
  /** Pixel format of the first frame. */
  readonly format: PixelFormat;
  /** Frames per second as an exact fraction; `null` where frames say when they are shown. */
  readonly frameRate: { readonly num: number; readonly den: number } | null;
}

/** What frames come from. */
export type FrameSequence = Iterable<GivenFrame> | AsyncIterable<GivenFrame>;

type FrameIterator = Iterator<GivenFrame> | AsyncIterator<GivenFrame>;

/** Takes a program's frames one after another. */
class DrawnFlow extends SourceFlow implements DrawnSource {
  readonly #frames: FrameIterator;
  readonly #first: SourceFrame;
  readonly frameRate: Rational | null;
  /** How many frames were given. */
  #count = 0;
  /** Whether the next frame is awaited. */
  #isDrawing = false;

  /** For frames that follow the first one. */
  constructor(frames: FrameIterator, frameRate: Rational | null, first: SourceFrame) {
    super();
    this.#frames = frames;
    this.#first = first;
    this.frameRate = frameRate;
  }

  get width(): number {
    return this.#first.width;
  }

  get height(): number {
    return this.#first.height;
  }

  get format(): PixelFormat {
    return this.#first.format;
  }

  override get status(): SourceStatus {
    return this.hasEnded ? "ended" : "running";
  }

  protected override get form(): PictureForm {
    return this.#first;
  }

  protected override async pull(): Promise<SourceFrame | null> {
    const index = this.#count++;
    if (index === 0) return this.#first;
    this.#isDrawing = true;
    const { done, value } = await this.#frames.next();
    this.#isDrawing = false;
    return done ? null : takeGiven(value, timesOf(index, this.frameRate));
  }

  protected override async free(): Promise<void> {
    await super.free();
    const ended = Promise.resolve(this.#frames.return?.());
    // A generator that waits for its next frame, which may never come, ends after that.
    if (this.#isDrawing) ended.catch(() => {});
    else await ended;
  }
}

/** Draws the first frame. */
async function openDrawn(sequence: FrameSequence, frameRate: Rational | null): Promise<DrawnFlow> {
  const frames = Symbol.asyncIterator in sequence
    ? sequence[Symbol.asyncIterator]()
    : sequence[Symbol.iterator]();
  const { done, value } = await frames.next();
  if (done) {
    throw new RangeError("Cannot make a source without a frame: the first one tells the size; give one");
  }
  return new DrawnFlow(frames, frameRate, takeGiven(value, timesOf(0, frameRate)));
}

/** When frame n is shown, at a rate. */
function timesOf(index: number, rate: Rational | null): DefaultTimes | null {
  return rate === null ? null : { timestamp: index * rate.den / rate.num, duration: rate.den / rate.num };
}

/**
 * Makes a source of frames that a program draws: targets attach to it, nodes change its frames.
 *
 * The first frame is drawn at once, for it tells size and format; the others when targets have room for them.
 * Each is copied: draw the next one into the same memory if you like.
 *
 * @param frames The frames, one after another: an array, a generator, or anything else to iterate over.
 * @param options Their rate.
 * @returns The source.
 *
 * @throws {TypeError} It is nothing to iterate over, or the first frame is none.
 * @throws {RangeError} There is no frame, or the first one has not the bytes that it says.
 *
 * @example A frame every 40 ms, until the reader has enough
 * ```ts
 * import { createFrameSource } from "@avwriter/avwriter";
 *
 * async function* camera() {
 *   const data = new Uint8Array(64 * 48 * 4), startMs = performance.now();
 *   for (;;) {
 *     data.fill(Math.random() * 256);
 *     yield { data, width: 64, height: 48, timestamp: (performance.now() - startMs) / 1000 };
 *     await new Promise((resolve) => setTimeout(resolve, 40));
 *   }
 * }
 *
 * await using source = await createFrameSource(camera());
 * for await (const { timestamp } of source) {
 *   if (timestamp > 0.2) break;
 * }
 * ```
 */
export async function createFrameSource(
  frames: FrameSequence,
  options: FrameSourceOptions = {},
): Promise<DrawnSource> {
  const { frameRate } = checkOptionTable(options, { frameRate: () => null });
  const isObject = typeof frames === "object" && frames !== null;
  if (!isObject || !(Symbol.asyncIterator in frames || Symbol.iterator in frames)) {
    throw new TypeError(
      `Cannot make a source of ${shown(frames)}: give an array, a generator or another iterable of frames`,
    );
  }
  const rate = frameRate === undefined ? null : parseFrameRate(frameRate);
  return await openDrawn(frames, rate);
}
