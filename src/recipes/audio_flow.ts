/**
 * Moves the samples of a part of a source into a writer.
 *
 * @module
 */
import type { AudioSamples } from "../audio/samples.ts";
import { maxRounding } from "../engine/frames/part_types.ts";
import { FileSource } from "../reader/file_source.ts";
import type { VideoSource } from "../reader/video_source.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import type { Pace, Part } from "./media_flow.ts";

/** Samples that were computed from seconds may differ by less than this. */
const sameSample = 1e-3;

/** Audio of less than this before a part is no loss, in seconds: encoders put silence there. */
export const primingSeconds = 0.1;

/** How many samples of a channel are written at once: each call has its cost. */
const batchSamples = 16384;

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

/** Samples of a decoder, which gives each channel or all of them as one array. */
type Numbers = Float32Array<ArrayBuffer>;

/** Samples that are heard from a time on. */
class Batch {
  readonly #kind: string;
  readonly #first: AudioSamples;
  readonly #pieces: Numbers[][] = [];
  readonly begin: number;
  #count = 0;

  /** Begins with samples, of which none are taken yet. */
  constructor(samples: AudioSamples, begin: number) {
    this.#first = samples;
    this.#kind = kindOf(samples);
    this.begin = begin;
  }

  get isFull(): boolean {
    return this.#count >= batchSamples;
  }

  /** Whether samples go on where these end, as they are. */
  takes(samples: AudioSamples, begin: number): boolean {
    const end = this.begin + this.#count / samples.sampleRate;
    return this.#kind === kindOf(samples) && Math.abs(begin - end) * samples.sampleRate < sameSample;
  }

  /** Adds a range of samples. */
  add({ data, channels = 1 }: AudioSamples, from: number, to: number): void {
    const planes = Array.isArray(data)
      ? (data as Numbers[]).map((plane) => plane.subarray(from, to))
      : [(data as Numbers).subarray(from * channels, to * channels)];
    this.#pieces.push(planes);
    this.#count += to - from;
  }

  /** All of them. */
  get samples(): AudioSamples {
    const planes = this.#pieces[0]!.map((_, plane) => joined(this.#pieces.map((piece) => piece[plane]!)));
    return { ...this.#first, data: Array.isArray(this.#first.data) ? planes : planes[0]! };
  }
}

/** What must be the same for samples to be one piece. */
function kindOf({ data, sampleRate, channels, layout }: AudioSamples): string {
  const isPlanar = Array.isArray(data);
  const { constructor } = (isPlanar ? data[0] : data) as object;
  return [isPlanar, constructor.name, sampleRate, channels, layout].join();
}

function joined(pieces: readonly Numbers[]): Numbers {
  const [first] = pieces;
  if (pieces.length === 1) return first!;
  const whole = new (first!.constructor as typeof Float32Array)(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * Writes the samples of a part: the first one is the first at or after its start. Returns whether a file that
 * is written from its beginning has audio before that.
 */
export async function writeAudio(
  source: VideoSource,
  writer: VideoWriter,
  { start, end }: Part,
  track: number,
  pace: Pace,
): Promise<boolean> {
  const times = new SampleTimes();
  let first = 0;
  const write = async ({ samples, begin }: Batch): Promise<void> => {
    await pace.reach(begin);
    await writer.writeAudio({ ...samples, track }, { timestamp: begin });
  };
  let batch: Batch | null = null;
  const pieces = source instanceof FileSource ? source.audioFrom(track, start) : source.audio(track);
  for await (const { samples, timestamp, duration } of pieces) {
    const { sampleRate } = samples;
    const count = Math.round(duration * sampleRate);
    const seconds = times.of(timestamp, count, sampleRate);
    first = Math.min(first, seconds);
    if (seconds >= end) break;
    const from = Math.max(0, Math.ceil((start - seconds) * sampleRate - sameSample));
    const to = Math.min(count, Math.ceil((end - seconds) * sampleRate - sameSample));
    if (to <= from) continue;
    const begin = Math.max(0, seconds + from / sampleRate - start);
    if (batch !== null && (batch.isFull || !batch.takes(samples, begin))) {
      await write(batch);
      batch = null;
    }
    batch ??= new Batch(samples, begin);
    batch.add(samples, from, to);
  }
  if (batch !== null) await write(batch);
  return start === 0 && first < -primingSeconds;
}
