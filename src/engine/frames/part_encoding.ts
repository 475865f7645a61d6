/**
 * Encodes the frames of a part of a file, in the thread that decodes them: a frame goes from the decoder to
 * the session by reference.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { ReadError } from "../../errors.ts";
import { InterruptedError } from "../../libav/interruption.ts";
import { setInputLogLevel, setLogLevel } from "../../libav/log.ts";
import { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatsByName } from "../../libav/pixel_format.ts";
import type { Rational } from "../../libav/rational.ts";
import type { Steps } from "../../steps.ts";
import type { FrameOptions, FrameStamp } from "../../video/frame_timing.ts";
import { type CheckedFields, checkShape } from "../../video/raw_frame.ts";
import { streamColor } from "../../video/reading/read_color.ts";
import { createClock } from "../frame_clock.ts";
import { FrameCopier, type ReadFacts } from "../reading/frame_copier.ts";
import { FrameCursor } from "../reading/frame_cursor.ts";
import { MediaInput } from "../reading/media_input.ts";
import { videoStream } from "../reading/reading_session.ts";
import type { ReadRequest } from "../reading/reading_types.ts";
import { RefusedCall } from "../refused_call.ts";
import type { VideoFileRequest } from "../session_types.ts";
import type { VideoSession } from "../video_session.ts";
import { FrameChecker } from "./frame_checker.ts";
import { maxRounding, type PartProgress, type PartRequest, type PartSummary } from "./part_types.ts";

/** Times that were computed from ticks may differ by less than this, in seconds. */
const sameTime = 1e-6;

/** A frame that is shown for no more than this where a part begins is left out, in seconds. */
const leastShown = 0.02;

/** The time of a frame, which its container may have rounded: exact, where the source has a rate. */
function exactTime(seconds: number, rate: Rational | null): number {
  if (rate === null) return seconds;
  const { num, den } = rate;
  const exact = Math.round(seconds * num / den) * den / num;
  return Math.abs(exact - seconds) < maxRounding ? exact : seconds;
}

/** Does what is no work of the session, which goes on where it fails. */
function refusing<Result>(action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw error instanceof InterruptedError ? error : new RefusedCall(error);
  }
}

/** A decoded frame, until the next one is read. */
interface PartFrame {
  readonly frame: NativeFrame;
  readonly fields: CheckedFields;
  readonly timestamp: number;
  /** `null` where nothing tells it. */
  readonly duration: number | null;
}

/** Decodes frames one after another. Throws a {@linkcode ReadError}. */
class PartReader implements Disposable {
  readonly #native: Native;
  readonly #source: ReadRequest;
  readonly #owned: DisposableStack;
  readonly #cursor: FrameCursor;
  readonly #copier: FrameCopier;
  #like: { readonly facts: ReadFacts; readonly fields: CheckedFields } | null = null;

  constructor(native: Native, source: ReadRequest, start: number) {
    this.#native = native;
    this.#source = source;
    setInputLogLevel(native, source.logLevel);
    using owned = new DisposableStack();
    const input = new MediaInput(native, source);
    const stream = videoStream(input, source);
    this.#copier = owned.use(new FrameCopier(native, null, streamColor(native, stream)));
    this.#cursor = owned.use(new FrameCursor(native, input, stream, source.label));
    if (start > 0) this.#cursor.seek(start);
    this.#owned = owned.move();
  }

  /** The next frame; `null` at the end. */
  next(): PartFrame | null {
    setLogLevel(this.#native, this.#source.logLevel);
    const shown = this.#cursor.advance();
    if (shown === null) return null;
    const { frame, timestamp, duration } = shown;
    return { frame, fields: this.#fieldsOf(this.#copier.describe(shown)), timestamp, duration };
  }

  /** What a frame says of itself: checked where it differs from the one before. */
  #fieldsOf(facts: ReadFacts): CheckedFields {
    const { width, height, format, color } = facts;
    const like = this.#like?.facts;
    const isAlike = like?.width === width && like.height === height && like.format === format &&
      like.color === color;
    if (!isAlike) this.#like = { facts, fields: checkShape({ data: [], width, height, format, color }) };
    return this.#like!.fields;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** Writes frames at their times, or, where the container has a constant rate, as often as they are shown. */
class PartWriter implements Disposable {
  readonly #session: VideoSession;
  readonly #checker: FrameChecker;
  readonly #isConstant: boolean;
  readonly #rate: number;
  /** What the session gets: the picture of a frame, and nothing beside it. */
  readonly #given: NativeFrame;
  /** What is shown until the next frame, at a constant rate. */
  readonly #held: NativeFrame;
  #shown: PartFrame | null = null;
  #written = 0;
  #last: FrameStamp | null = null;

  constructor(native: Native, session: VideoSession, request: VideoFileRequest, rate: number) {
    const { options, frameRate } = request;
    const { container, containerClock } = session.info;
    const clock = createClock(frameRate, options);
    clock.setContainer(container, containerClock);
    this.#session = session;
    this.#checker = new FrameChecker(pixelFormatsByName(native), options, clock);
    this.#isConstant = options.timing !== "timestamps";
    this.#rate = rate;
    this.#given = new NativeFrame(native);
    this.#held = new NativeFrame(native);
  }

  get written(): number {
    return this.#written;
  }

  get last(): FrameStamp | null {
    return this.#last;
  }

  /** Writes a frame at a time, shown for so many seconds; `null` where that is not known. */
  write(shown: PartFrame, timestamp: number, duration: number | null): void {
    if (!this.#isConstant) {
      return this.#encode(shown, duration === null ? { timestamp } : { timestamp, duration });
    }
    this.#repeatUntil(Math.round(timestamp * this.#rate));
    this.#held.referPicture(shown.frame.address);
    this.#shown = { ...shown, frame: this.#held, duration };
  }

  /** Writes what is shown last as long as it is shown. */
  finish(): void {
    const frames = Math.round((this.#shown?.duration ?? 0) * this.#rate);
    this.#repeatUntil(this.#written + Math.max(1, frames));
  }

  #repeatUntil(count: number): void {
    if (this.#shown === null) return;
    while (this.#written < count) this.#encode(this.#shown, {});
  }

  #encode({ frame, fields }: PartFrame, options: FrameOptions): void {
    const placed = refusing(() => this.#checker.checkDecoded(fields, options));
    this.#given.referPicture(frame.address);
    this.#session.encode(this.#given, placed.layout, placed.stamp);
    this.#given.unref();
    this.#checker.acceptDecoded(placed);
    this.#last = placed.stamp;
    this.#written++;
  }

  [Symbol.dispose](): void {
    this.#given[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }
}

/** The work on a part of a file. */
export class PartEncoding {
  readonly #native: Native;
  readonly #session: VideoSession;
  readonly #file: VideoFileRequest;
  readonly #part: PartRequest;
  #progress: PartProgress = { frames: 0, seconds: 0 };

  /** For a session that was opened for a file, and that has nothing else to encode. */
  constructor(native: Native, session: VideoSession, file: VideoFileRequest, part: PartRequest) {
    this.#native = native;
    this.#session = session;
    this.#file = file;
    this.#part = part;
  }

  /** How far it is. */
  get progress(): PartProgress {
    return this.#progress;
  }

  /**
   * Encodes the frames that are shown within the part, from its beginning on, one with each step. Throws the
   * error that ended the session, or a {@linkcode RefusedCall} where the file is the reason.
   */
  *encode(): Steps<PartSummary> {
    const { source, frameRate, usualRate, start, end } = this.#part;
    const rate = frameRate === null ? usualRate : frameRate.num / frameRate.den;
    using reader = refusing(() => new PartReader(this.#native, source, start));
    using writer = new PartWriter(this.#native, this.#session, this.#file, rate);
    for (let last = -Infinity;;) {
      yield 0;
      const shown = refusing(() => reader.next());
      if (shown === null) break;
      const { timestamp, duration } = shown;
      const exact = exactTime(timestamp, frameRate);
      const seconds = exact > last ? exact : timestamp;
      if (seconds <= last) throw new RefusedCall(timesGoBack(source.label, last, seconds));
      last = seconds;
      const until = duration === null ? null : Math.min(end, seconds + duration);
      if (seconds >= end - sameTime) break;
      if (seconds < start - sameTime && (until ?? seconds) < start + leastShown + sameTime) continue;
      const begin = Math.max(start, seconds);
      writer.write(shown, begin - start, until === null ? null : until - begin);
      this.#progress = { frames: this.#progress.frames + 1, seconds: begin - start };
    }
    writer.finish();
    return { progress: this.#progress, written: writer.written, last: writer.last };
  }
}

function timesGoBack(label: string, from: number, to: number): ReadError {
  return new ReadError(
    `Cannot read ${label}: a frame at ${to} s comes behind one at ${from} s, so its times are damaged`,
    { code: "INVALIDDATA", operation: "read a frame", hint: null },
  );
}
