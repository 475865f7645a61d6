/**
 * Moves what a source has into a writer: the frames, samples and cues of a part.
 *
 * @module
 */
import { ReadError } from "../errors.ts";
import type { VideoSource } from "../reader/video_source.ts";
import { framesFor, writeFrame } from "../source/pipeline/frame_taker.ts";
import type { DecodedFrame } from "../source/source.ts";
import type { VideoWriter } from "../writer/video_writer.ts";

/** A part of a source, in seconds. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Times that were computed from ticks may differ by less than this, in seconds. */
const sameTime = 1e-6;

/** Containers round times by less than this, in seconds: Matroska to milliseconds. */
export const maxRounding = 0.001;

/** A frame that is shown for no more than this where a part begins is left out, in seconds. */
const leastShown = 0.02;

/** How far audio may be ahead of the video, in seconds. */
const leadSeconds = 1;

/** How far the video is. Audio waits for it, as packets would pile up otherwise. */
export class Pace {
  #seconds = 0;
  #hasEnded = false;
  #waiting: (() => void)[] = [];

  /** Notes how far the video is. */
  advanceTo(seconds: number): void {
    this.#seconds = seconds;
    this.#wake();
  }

  /** Nobody has to wait any more. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Waits until the video is nearly there. */
  async reach(seconds: number): Promise<void> {
    while (!this.#hasEnded && seconds > this.#seconds + leadSeconds) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** The time of a frame, which its container may have rounded: exact, where the source has a rate. */
function exactTime(seconds: number, rate: VideoSource["frameRate"]): number {
  if (rate === null) return seconds;
  const { num, den } = rate;
  const exact = Math.round(seconds * num / den) * den / num;
  return Math.abs(exact - seconds) < maxRounding ? exact : seconds;
}

/** Writes frames at their times, or, where the container has a constant rate, as often as they are shown. */
class FrameWriter implements Disposable {
  readonly #writer: VideoWriter;
  readonly #rate: number;
  #count = 0;
  /** What is shown until the next frame. */
  #last: DecodedFrame | null = null;
  #lastDuration: number | null = null;

  constructor(writer: VideoWriter, { frameRate }: VideoSource, usualRate: number) {
    this.#writer = writer;
    this.#rate = frameRate === null ? usualRate : frameRate.num / frameRate.den;
  }

  /**
   * Writes a frame that is shown for so many seconds; `null` where that is not known. Closes it once it is
   * not needed any more.
   */
  async write(frame: DecodedFrame, timestamp: number, duration: number | null): Promise<void> {
    if (this.#writer.timing === "timestamps") {
      await writeFrame(this.#writer, frame, duration === null ? { timestamp } : { timestamp, duration });
      return frame.close();
    }
    await this.#repeatUntil(Math.round(timestamp * this.#rate));
    this.#last?.close();
    this.#last = frame;
    this.#lastDuration = duration;
  }

  /** Writes what is shown last as long as it is shown. */
  async finish(): Promise<void> {
    const frames = Math.round((this.#lastDuration ?? 0) * this.#rate);
    await this.#repeatUntil(this.#count + Math.max(1, frames));
  }

  async #repeatUntil(count: number): Promise<void> {
    if (this.#last === null) return;
    for (; this.#count < count; this.#count++) await writeFrame(this.#writer, this.#last);
  }

  /** Closes the last frame. */
  [Symbol.dispose](): void {
    this.#last?.close();
    this.#last = null;
  }
}

/**
 * Writes the frames that are shown within a part, from its beginning on. `onFrame` is told of each. Throws a
 * {@linkcode ReadError} where the times of the source go back.
 */
export async function writeFrames(
  source: VideoSource,
  writer: VideoWriter,
  { part: { start, end }, input }: { readonly part: Part; readonly input: string },
  usualRate: number,
  onFrame: (frame: DecodedFrame) => void,
): Promise<void> {
  if (start > 0) await source.seek(start);
  using frames = new FrameWriter(writer, source, usualRate);
  let last = -Infinity;
  for await (const frame of framesFor(source, writer)) {
    const exact = exactTime(frame.timestamp, source.frameRate);
    const seconds = exact > last ? exact : frame.timestamp;
    if (seconds <= last) {
      frame.close();
      throw timesGoBack(input, last, seconds);
    }
    last = seconds;
    const until = frame.duration === null ? null : Math.min(end, seconds + frame.duration);
    const isBefore = seconds < start - sameTime && (until ?? seconds) < start + leastShown + sameTime;
    const isAfter = seconds >= end - sameTime;
    if (isBefore || isAfter) {
      frame.close();
      if (isAfter) break;
      continue;
    }
    const begin = Math.max(start, seconds);
    try {
      await frames.write(frame, begin - start, until === null ? null : until - begin);
    } catch (error) {
      frame.close();
      throw error;
    }
    onFrame(frame);
  }
  await frames.finish();
}

function timesGoBack(input: string, from: number, to: number): ReadError {
  return new ReadError(
    `Cannot read ${input}: a frame at ${to} s comes behind one at ${from} s, so its times are damaged`,
    { code: "INVALIDDATA", operation: "read a frame", hint: null },
  );
}

/** Writes the cues that are shown within a part. */
export async function writeCues(
  source: VideoSource,
  writer: VideoWriter,
  { start, end }: Part,
  from: number,
  to: number,
): Promise<void> {
  for await (const cue of source.cues(from)) {
    if (cue.start >= end) return;
    if (cue.end <= start) continue;
    const shown = { start: Math.max(0, cue.start - start), end: Math.min(cue.end, end) - start };
    if (shown.end > shown.start) await writer.writeSubtitle({ ...cue, ...shown, track: to });
  }
}
