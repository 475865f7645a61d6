/**
 * The writer of files that have sound alone.
 *
 * @module
 */
import { type AudioSamples, checkSamples } from "../audio/samples.ts";
import { type AudioStats, noSound } from "../audio/track.ts";
import { nextTurn } from "../next_turn.ts";
import { shown } from "../shown.ts";
import { AudioEnds, type AudioTiming, checkAudioTiming } from "./audio_timing.ts";
import type { FileEngine } from "./engine.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ProgressTimer } from "./progress_timer.ts";
import type { AudioSummary } from "./session_types.ts";

/** How far a writer of sound is. */
export interface AudioWriterStats extends Omit<AudioStats, "failure"> {
  /** Bytes of encoded sound so far, without the container's own. */
  readonly bytes: number;
}

/**
 * Writes samples into one file of sound. {@linkcode createAudioWriter} makes it.
 *
 * @example
 * ```ts
 * import { createAudioWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/tone.flac`;
 * await using writer = await createAudioWriter("flac", path);
 * const sampleRate = 44100;
 * const data = Int16Array.from({ length: sampleRate }, (_, n) => 8000 * Math.sin(2 * Math.PI * 440 * n / sampleRate));
 * await writer.write({ data, sampleRate });
 * const { seconds } = await writer.close();
 * if (seconds !== 1) throw new Error("not as written");
 * ```
 */
export interface AudioWriter extends AsyncDisposable {
  /**
   * Writes a piece of sound. Without a timestamp it is heard where the piece before ends; with timestamps, gaps of more than 0.1 s become
   * silence, what comes as much too early is left out, and less is corrected as a drift. The first call waits for encoder and file to open.
   *
   * @param samples The samples; their memory is the caller's again once the promise is kept.
   * @param timing When they are heard.
   * @throws {TypeError} The samples or the timing have the wrong type. The writer goes on.
   * @throws {RangeError} Channels, rate or timestamp make no sense. The writer goes on.
   * @throws {WriteError} Encoding or writing failed. Every later call rejects with the same error.
   * @throws {WriterClosedError} The writer was closed or aborted.
   */
  write(samples: AudioSamples, timing?: AudioTiming): Promise<void>;
  /**
   * Encodes what is left, finishes the file and closes it. Called again, it returns the same summary. Where no samples were written, no
   * file is made, and one that exists stays as it was.
   *
   * @throws {WriteError} Encoding or writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(): Promise<AudioSummary>;
  /** Stops and removes the file that was begun. Does nothing after `close`. */
  abort(reason?: unknown): Promise<void>;
  /** The same writer as a stream, for `pipeTo`: closing the stream closes the writer, aborting it aborts the writer. */
  readonly writable: WritableStream<AudioSamples>;
  /** Progress so far. */
  readonly stats: AudioWriterStats;
}

/** An {@linkcode AudioWriter} over an engine. */
export class EngineAudioWriter implements AudioWriter {
  readonly #engine: FileEngine<AudioSummary>;
  readonly #life: Lifecycle<AudioSummary>;
  readonly #progress: ProgressTimer<AudioWriterStats>;
  readonly #ends = new AudioEnds();
  #writable: WritableStream<AudioSamples> | undefined;

  /** Takes over an engine. */
  constructor(
    engine: FileEngine<AudioSummary>,
    { signal, onProgress }: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (stats: AudioWriterStats) => void;
    },
  ) {
    this.#engine = engine;
    this.#progress = new ProgressTimer(onProgress);
    this.#life = new Lifecycle({
      finish: async () => await engine.finish(0n),
      closed: () => this.#progress.tell(() => this.stats, true),
      abort: () => engine.abort(),
      salvage: () => engine.salvage(),
    }, signal);
  }

  get stats(): AudioWriterStats {
    const { bytes, audio: [track = noSound] } = this.#engine.stats;
    const { failure: _none, ...stats } = track;
    return { ...stats, bytes };
  }

  get writable(): WritableStream<AudioSamples> {
    return this.#writable ??= new WritableStream<AudioSamples>({
      write: (samples) => this.write(samples),
      close: async () => void await this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  async write(samples: AudioSamples, timing?: AudioTiming): Promise<void> {
    this.#life.requireOpen("write samples");
    const checked = checkSamples(samples);
    if ((samples.track ?? 0) !== 0) {
      throw new RangeError(
        `Cannot write the samples: their track is ${
          shown(samples.track)
        }, but a file of sound has the track 0 only`,
      );
    }
    const seconds = checkAudioTiming(timing);
    this.#ends.add(0, checked, seconds, 0);
    // Fields of the caller's objects may run code of theirs.
    this.#life.requireOpen("write samples");
    try {
      await this.#engine.writeSound(0, checked, seconds);
    } catch (error) {
      return await this.#life.fail(error);
    }
    this.#progress.tell(() => this.stats, false);
    await nextTurn();
  }

  close(): Promise<AudioSummary> {
    return this.#life.close();
  }

  abort(reason?: unknown): Promise<void> {
    return this.#life.abort(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life.dispose(() => this.close());
  }
}
