/**
 * Moves what a source has into a writer: the frames, samples and cues of a part.
 *
 * @module
 */
import type { AudioSamples } from "../audio/samples.ts";
import type { VideoSource } from "../reader/video_source.ts";
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
const maxRounding = 0.001;

/** Samples that were computed from seconds may differ by less than this. */
const sameSample = 1e-3;

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
class FrameWriter {
  readonly #writer: VideoWriter;
  readonly #rate: number;
  #count = 0;
  #last: DecodedFrame | null = null;

  constructor(writer: VideoWriter, { frameRate }: VideoSource, usualRate: number) {
    this.#writer = writer;
    this.#rate = frameRate === null ? usualRate : frameRate.num / frameRate.den;
  }

  async write(frame: DecodedFrame, timestamp: number): Promise<void> {
    const { duration } = frame;
    if (this.#writer.timing === "timestamps") {
      return await this.#writer.write(frame, duration === null ? { timestamp } : { timestamp, duration });
    }
    await this.#repeatUntil(Math.round(timestamp * this.#rate));
    this.#last = frame;
  }

  /** Writes what is shown last as long as it is shown. */
  async finish(): Promise<void> {
    const { duration } = this.#last ?? { duration: null };
    await this.#repeatUntil(this.#count + Math.max(1, Math.round((duration ?? 0) * this.#rate)));
  }

  async #repeatUntil(count: number): Promise<void> {
    if (this.#last === null) return;
    for (; this.#count < count; this.#count++) await this.#writer.write(this.#last);
  }
}

/** Writes the frames that begin within a part. `onFrame` is told of each. */
export async function writeFrames(
  source: VideoSource,
  writer: VideoWriter,
  { start, end }: Part,
  usualRate: number,
  onFrame: (frame: DecodedFrame) => void,
): Promise<void> {
  if (start > 0) await source.seek(start);
  const frames = new FrameWriter(writer, source, usualRate);
  let last = -Infinity;
  for await (const frame of source) {
    const exact = exactTime(frame.timestamp, source.frameRate);
    const seconds = last = exact > last ? exact : frame.timestamp;
    if (seconds < start - sameTime) continue;
    if (seconds >= end - sameTime) break;
    await frames.write(frame, Math.max(0, seconds - start));
    onFrame(frame);
  }
  await frames.finish();
}

/** Finds where samples are: after those before, wherever a container's rounded times leave a doubt. */
class SampleTimes {
  #anchor = 0;
  #samples = 0;
  #sampleRate = 0;

  /** The time of a piece, in seconds. */
  of(timestamp: number, count: number, sampleRate: number): number {
    const expected = this.#anchor + this.#samples / (this.#sampleRate || 1);
    const goesOn = sampleRate === this.#sampleRate && Math.abs(timestamp - expected) < maxRounding;
    if (!goesOn) {
      this.#anchor = timestamp;
      this.#samples = 0;
      this.#sampleRate = sampleRate;
    }
    const seconds = goesOn ? expected : timestamp;
    this.#samples += count;
    return seconds;
  }
}

/** Writes the samples of a part: the first one is the first at or after its start. */
export async function writeAudio(
  source: VideoSource,
  writer: VideoWriter,
  { start, end }: Part,
  track: number,
  pace: Pace,
): Promise<void> {
  const times = new SampleTimes();
  for await (const { samples, timestamp, duration } of source.audio(track)) {
    const { sampleRate } = samples;
    const count = Math.round(duration * sampleRate);
    const seconds = times.of(timestamp, count, sampleRate);
    if (seconds >= end) return;
    const from = Math.max(0, Math.ceil((start - seconds) * sampleRate - sameSample));
    const to = Math.min(count, Math.ceil((end - seconds) * sampleRate - sameSample));
    if (to <= from) continue;
    const begin = Math.max(0, seconds + from / sampleRate - start);
    await pace.reach(begin);
    await writer.writeAudio({ ...cutSamples(samples, from, to), track }, { timestamp: begin });
  }
}

/** A range of samples. */
function cutSamples({ data, channels = 1, ...others }: AudioSamples, from: number, to: number): AudioSamples {
  const cut = Array.isArray(data)
    ? data.map((plane) => plane.subarray(from, to))
    : (data as Float32Array).subarray(from * channels, to * channels);
  return { ...others, channels, data: cut };
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
