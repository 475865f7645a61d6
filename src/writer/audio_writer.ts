/**
 * The writer of files that have audio alone.
 *
 * @module
 */
import type { AudioStats } from "../audio/audio_track.ts";
import type { AudioSamples } from "../audio/samples.ts";
import type { AudioSummary } from "../engine/session_types.ts";
import type { SamplesOptions } from "./samples/samples_options.ts";

/** Statistics of an audio writer. */
export interface AudioWriterStats extends Omit<AudioStats, "failure"> {
  /** Bytes of encoded audio so far, without the container's overhead. */
  readonly bytes: number;
  /** How much of its work `close` has done, from 0 to 1: it may have a whole file to copy. */
  readonly finished: number;
}

/**
 * Writes samples into one audio file. {@linkcode createAudioWriter} makes it.
 *
 * @example
 * ```ts
 * import { createAudioWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/tone.flac`;
 * await using writer = await createAudioWriter("flac", path);
 * const sampleRate = 44100;
 * const tone = (n: number): number => 8000 * Math.sin(2 * Math.PI * 440 * n / sampleRate);
 * const data = Int16Array.from({ length: sampleRate }, (_, n) => tone(n));
 * await writer.write({ data, sampleRate });
 * const { seconds } = await writer.close();
 * if (seconds !== 1) throw new Error("not as written");
 * ```
 */
export interface AudioWriter extends AsyncDisposable {
  /**
   * Writes samples. Without a timestamp it is heard where the piece before ends; with timestamps, gaps of
   * more than 0.1 s become silence, what comes as much too early is left out, and less is corrected as a
   * drift. The first call waits for encoder and file to open.
   *
   * @param samples The samples; their memory is the caller's again once the promise resolves.
   * @param options When they are heard.
   * @throws {TypeError} The samples or the options have the wrong type. The writer goes on.
   * @throws {RangeError} Channels, rate or timestamp make no sense. The writer goes on.
   * @throws {WriteError} Encoding or writing failed. Every later call rejects with the same error.
   * @throws {WriterClosedError} The writer was closed or aborted.
   */
  write(samples: AudioSamples, options?: SamplesOptions): Promise<void>;
  /**
   * Encodes what is left, finishes the file and closes it. Called again, it returns the same summary. Where
   * no samples were written, no file is made, and one that exists stays as it was.
   *
   * @throws {WriteError} Encoding or writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(): Promise<AudioSummary>;
  /** Stops, and removes the unfinished file. Does nothing after `close`. */
  abort(reason?: unknown): Promise<void>;
  /**
   * The end of a block with `await using`: closes the writer, which keeps what was written, also where the
   * block ends with an error. Throws only what no call has thrown. Does nothing after `close` or `abort`.
   */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * The writer as a stream, for `pipeTo`. Closing the stream closes the writer, aborting it aborts the
   * writer.
   */
  readonly writable: WritableStream<AudioSamples>;
  /** The current statistics. */
  readonly stats: AudioWriterStats;
}
