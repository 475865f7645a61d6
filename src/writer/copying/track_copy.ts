/**
 * Tracks of a source, written as far as its video.
 *
 * @module
 */
import { unlessAborted } from "../../abortable.ts";
import type { SampleData } from "../../audio/sample_data.ts";
import type { AudioSamples } from "../../audio/samples.ts";
import type { DecodedSamples } from "../../reader/video_source.ts";
import type { SubtitleCue } from "../../subtitles/cue.ts";

/** A piece of a track, and what writes it. */
export interface TimedPiece {
  /** When it begins, in seconds of the copy. */
  readonly start: number;
  /** When it ends. */
  readonly end: number;
  write(): Promise<void>;
}

/** Writes one track, in order. */
export class TrackCopy {
  readonly #pieces: AsyncIterator<TimedPiece>;
  readonly #signal: AbortSignal | undefined;
  #next: TimedPiece | null = null;
  #hasEnded = false;
  #end = 0;

  constructor(pieces: AsyncIterable<TimedPiece>, signal: AbortSignal | undefined) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Whether all of it is written. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Where what is written ends, in seconds of the copy. */
  get end(): number {
    return this.#end;
  }

  /** Writes the pieces that begin before a time of the copy. */
  async writeUntil(seconds: number): Promise<void> {
    while (!this.#hasEnded) {
      const piece = this.#next ??= await this.#read();
      if (piece === null || piece.start >= seconds) return;
      await unlessAborted(piece.write(), this.#signal);
      this.#end = Math.max(this.#end, piece.end);
      this.#next = null;
    }
  }

  /** Reads no more. */
  async return(): Promise<void> {
    this.#hasEnded = true;
    await this.#pieces.return?.();
  }

  async #read(): Promise<TimedPiece | null> {
    const { done, value } = await unlessAborted(this.#pieces.next(), this.#signal);
    if (!done) return value;
    this.#hasEnded = true;
    return null;
  }
}

/** What writes samples and cues. */
export interface TrackWriter {
  writeAudio(samples: AudioSamples, options: { timestamp: number }): Promise<void>;
  writeSubtitle(cue: SubtitleCue): Promise<void>;
}

/** A part of a source, and where it goes. */
export interface TrackPart {
  /** Where it begins in the source, in seconds. */
  readonly from: number;
  /** Where it begins in the writer. */
  readonly begin: number;
  /** How long it is at most. */
  readonly seconds: number;
}

/** Pieces of audio. What is heard before the video begins is left out. */
export async function* audioPieces(
  writer: TrackWriter,
  source: AsyncIterable<DecodedSamples>,
  track: number,
  { from, begin, seconds }: TrackPart,
): AsyncGenerator<TimedPiece, void, undefined> {
  for await (const piece of source) {
    if (piece.timestamp - from >= seconds) return;
    const { samples, timestamp } = samplesWithin({ ...piece, timestamp: piece.timestamp - from }, seconds);
    if (samples === null) continue;
    const write = (): Promise<void> =>
      writer.writeAudio({ ...samples, track }, { timestamp: begin + timestamp });
    yield { start: timestamp, end: Math.min(seconds, piece.timestamp - from + piece.duration), write };
  }
}

/** Cues of subtitles. */
export async function* cuePieces(
  writer: TrackWriter,
  source: AsyncIterable<SubtitleCue>,
  track: number,
  { from, begin, seconds }: TrackPart,
): AsyncGenerator<TimedPiece, void, undefined> {
  for await (const cue of source) {
    const start = Math.max(0, cue.start - from), end = Math.min(seconds, cue.end - from);
    if (start >= seconds) return;
    if (end <= start) continue;
    const write = (): Promise<void> =>
      writer.writeSubtitle({ text: cue.text, start: begin + start, end: begin + end, track });
    yield { start, end, write };
  }
}

/** The samples of a piece that are heard from 0 until a time, and when; `null` where none is. */
function samplesWithin(
  { samples, timestamp, duration }: DecodedSamples,
  seconds: number,
): { samples: AudioSamples | null; timestamp: number } {
  if (timestamp >= 0 && timestamp + duration <= seconds) return { samples, timestamp };
  const { sampleRate } = samples;
  const count = Math.round(duration * sampleRate);
  const from = Math.max(0, Math.round(-timestamp * sampleRate));
  const to = Math.min(count, Math.round((seconds - timestamp) * sampleRate));
  if (from >= to) return { samples: null, timestamp };
  const { data, channels = 1 } = samples;
  const cut = Array.isArray(data)
    ? data.map((plane: SampleData) => part(plane, from, to))
    : part(data as SampleData, from * channels, to * channels);
  return { samples: { ...samples, data: cut }, timestamp: Math.max(0, timestamp + from / sampleRate) };
}

/** A part of the typed array that a source gives. */
function part(data: SampleData, from: number, to: number): SampleData {
  return (data as Float32Array).subarray(from, to);
}
