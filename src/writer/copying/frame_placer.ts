/**
 * Frames of a source at their times, whatever way of timing a writer has.
 *
 * @module
 */
import { unlessAborted } from "../../abortable.ts";
import { writeFrame } from "../../source/pipeline/frame_taker.ts";
import { SourceFrame } from "../../source/pipeline/source_frame.ts";
import type { DecodedFrame } from "../../source/source.ts";
import type { FrameClock } from "../../engine/frame_clock.ts";
import type { Rational } from "../../libav/rational.ts";
import type { Frame } from "../../video/frame.ts";
import type { FrameOptions, Timing } from "../../video/frame_timing.ts";

/** How far a source's clock may be off from its frame rate: half a millisecond at each of two times. */
const roundingSeconds = 0.001;

/** Times that were computed from ticks may differ by less than this, in seconds. */
const sameTime = 1e-6;

/** What takes frames. */
interface FrameWriter {
  readonly timing: Timing;
  write(frame: Frame, options?: FrameOptions): Promise<void>;
}

/** Audio that is longer than the video by more seconds than this is heard to its end before the next copy. */
const maxTail = 0.1;

/** How a copy ended. */
export interface CopyTail {
  /** How much longer its audio is than its video, in seconds; 0 where that is not heard to its end. */
  readonly seconds: number;
  /** How many frames the writer had. */
  readonly frames: number;
  /** The last of them; `null` where the writer shows it longer by itself. */
  readonly frame: DecodedFrame | null;
}

/** Writes frames at their times, behind what the writer has already. */
export class FramePlacer implements Disposable {
  readonly #writer: FrameWriter;
  readonly #clock: FrameClock;
  readonly #sourceRate: Rational | null;
  /** The rate of a writer that has a constant one. */
  readonly #rate: Rational | null;
  /** Where the copy begins, in seconds of the source. */
  readonly from: number;
  /** How long it is at most. */
  readonly #seconds: number;
  /** Where it begins in seconds or in frames of the writer. */
  #begin = { seconds: 0, frames: 0 };
  #last: DecodedFrame | null = null;
  /** What the copy before has left, where this one does not begin behind it. */
  #left: CopyTail | null = null;
  readonly #signal: AbortSignal | undefined;
  /** Whether the writer has taken the frame that was given last. */
  #isTaken = false;
  #hasLeft = false;

  /**
   * For a writer, the rate of a source, where in it the copy begins, and for how many seconds at most, unless
   * a signal stops it.
   */
  constructor(
    writer: FrameWriter,
    clock: FrameClock,
    sourceRate: Rational | null,
    from: number,
    seconds: number,
    signal: AbortSignal | undefined,
  ) {
    this.#writer = writer;
    this.#signal = signal;
    this.#clock = clock;
    this.#rate = writer.timing === "constant" ? clock.frameRate : null;
    this.#sourceRate = sourceRate;
    this.from = this.#exactTime(from);
    this.#seconds = seconds;
  }

  /** Begins where the writer's video ends, or, with video of its own, the longer audio of the copy before. */
  async begin(tail: CopyTail | null, hasVideo: boolean): Promise<void> {
    const clock = this.#clock;
    let gap = 0;
    // The program may have written frames of its own.
    if (tail !== null && tail.frames === clock.counted) {
      if (!hasVideo) this.#left = tail;
      else if (this.#rate === null) gap = tail.seconds;
      else if (tail.frame !== null) {
        await this.#repeatUntil(tail.frame, clock.counted + this.#placeOf(tail.seconds, this.#rate));
      }
    }
    this.#begin = { seconds: clock.givenSeconds + gap, frames: clock.counted };
  }

  /** How the copy ended, whose own audio ends at a time, in seconds of the copy. */
  async tail(audioEnd: number): Promise<CopyTail> {
    const { counted: frames, givenSeconds } = this.#clock;
    const longer = audioEnd - (givenSeconds - this.#begin.seconds);
    const seconds = Math.max(frames > 0 && longer > maxTail ? longer : 0, this.#left?.seconds ?? 0);
    const last = this.#last ?? this.#left?.frame ?? null;
    // Its source may be closed before the next copy.
    return { seconds, frames, frame: last instanceof SourceFrame ? await last.loaded() : last };
  }

  /** Where the copy begins, in seconds of the writer. */
  get beginSeconds(): number {
    return this.#begin.seconds;
  }

  /** Whether the copy was stopped when the writer had taken the frame that was given last. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** When a frame is shown, in seconds of the copy. */
  timeOf({ timestamp }: DecodedFrame): number {
    return this.#exactTime(timestamp) - this.from;
  }

  /** Whether a frame begins where the copy ends, or later. */
  isAfterEnd(frame: DecodedFrame): boolean {
    return this.timeOf(frame) >= this.#seconds - sameTime;
  }

  /** Writes a frame, which is shown until the copy ends at most. */
  async write(frame: DecodedFrame): Promise<void> {
    const shown = this.timeOf(frame);
    if (this.#rate !== null) return await this.#writeAt(frame, this.#placeOf(shown, this.#rate));
    const timestamp = this.#begin.seconds + shown;
    const duration = Math.min(frame.duration ?? 0, this.#seconds - shown);
    await this.#writeNew(frame, duration <= 0 ? { timestamp } : { timestamp, duration });
    SourceFrame.closeLent(frame);
  }

  /** Shows the last frame for as long as it says, or until the copy ends. */
  async end(): Promise<void> {
    const last = this.#last;
    if (last === null) return;
    const end = Math.min(this.#seconds, this.timeOf(last) + (last.duration ?? 0));
    await this.#repeatUntil(last, this.#placeOf(end, this.#rate!));
  }

  #placeOf(timestamp: number, { num, den }: Rational): number {
    return Math.round(timestamp * num / den);
  }

  /** A time as the frame rate has it, where the source only rounds it. */
  #exactTime(timestamp: number): number {
    const rate = this.#sourceRate;
    if (rate === null) return timestamp;
    const exact = this.#placeOf(timestamp, rate) * rate.den / rate.num;
    const isRounded = rate.num / rate.den * roundingSeconds < 0.25 &&
      Math.abs(exact - timestamp) <= roundingSeconds;
    return isRounded ? exact : timestamp;
  }

  /** Writes a frame at a constant rate. The one before is shown for as long as frames are missing. */
  async #writeAt(frame: DecodedFrame, place: number): Promise<void> {
    if (this.#last !== null) await this.#repeatUntil(this.#last, place);
    // Its place may be taken by the frame before: it is shown from the next one on.
    const isTaken = this.#last !== null && place < this.#count;
    if (!isTaken) await this.#writeNew(frame);
    this[Symbol.dispose]();
    this.#last = frame;
  }

  /** The frame that was written last is not needed any more. */
  [Symbol.dispose](): void {
    if (this.#last !== null) SourceFrame.closeLent(this.#last);
    this.#last = null;
  }

  /** Frames of this source that are written. */
  get #count(): number {
    return this.#clock.counted - this.#begin.frames;
  }

  async #repeatUntil(frame: DecodedFrame, place: number): Promise<void> {
    while (this.#count < place) await this.#write(frame);
  }

  /** Writes a frame that was not written before. */
  async #writeNew(frame: DecodedFrame, options?: FrameOptions): Promise<void> {
    try {
      await this.#write(frame, options);
    } catch (error) {
      this.#hasLeft = this.#isTaken && this.#signal?.aborted === true;
      if (this.#hasLeft) SourceFrame.closeLent(frame);
      throw error;
    }
  }

  /** Writes a frame, unless the signal is aborted before the writer takes it. */
  async #write(frame: DecodedFrame, options?: FrameOptions): Promise<void> {
    this.#isTaken = false;
    const onTurn = (): void => {
      this.#signal?.throwIfAborted();
      this.#isTaken = true;
    };
    await unlessAborted(writeFrame(this.#writer, frame, options, onTurn), this.#signal);
  }
}
