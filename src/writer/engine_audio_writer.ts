/**
 * The audio writer over an engine.
 *
 * @module
 */
import { emptyAudioStats } from "../audio/audio_track.ts";
import { type AudioSamples, checkSamples, readSamplesFields } from "../audio/samples.ts";
import type { FileEngine } from "../thread/engine.ts";
import type { AudioSummary } from "../engine/session_types.ts";
import { nextTurn } from "../next_turn.ts";
import { shown } from "../shown.ts";
import { AudioEnds } from "./audio_ends.ts";
import type { AudioWriter, AudioWriterStats } from "./audio_writer.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ProgressTimer } from "./progress_timer.ts";
import { checkSamplesOptions, type SamplesOptions } from "./samples_options.ts";

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
    signal: AbortSignal | undefined,
    onProgress: ((stats: AudioWriterStats) => void) | undefined,
    isQuiet: boolean,
  ) {
    this.#engine = engine;
    this.#progress = new ProgressTimer(onProgress, isQuiet);
    this.#life = new Lifecycle({
      finish: () => engine.finish(0n, () => this.#progress.tell(() => this.stats, false)),
      closed: () => this.#progress.tell(() => this.stats, true),
      abort: () => engine.abort(),
      salvage: () => engine.salvage(),
    }, signal);
  }

  get stats(): AudioWriterStats {
    const { bytes, finished, audio: [track = emptyAudioStats] } = this.#engine.stats;
    const { failure: _none, ...stats } = track;
    return { ...stats, bytes, finished };
  }

  get writable(): WritableStream<AudioSamples> {
    return this.#writable ??= new WritableStream<AudioSamples>({
      write: (samples) => this.write(samples),
      close: async () => void await this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  async write(samples: AudioSamples, options?: SamplesOptions): Promise<void> {
    this.#life.requireOpen("write samples");
    const given = readSamplesFields(samples);
    const seconds = checkSamplesOptions(options);
    // Getters of the caller's objects may have closed the writer. No more of them is called from here on.
    this.#life.requireOpen("write samples");
    const checked = checkSamples(given);
    if (given.track !== 0) {
      throw new RangeError(
        `Cannot write the samples: their track is ${
          shown(given.track)
        }, but an audio file has the track 0 only`,
      );
    }
    this.#ends.add(0, checked, seconds, 0);
    try {
      await this.#engine.writeAudio(0, checked, seconds);
    } catch (error) {
      return await this.#life.fail("write samples", error);
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
    return this.#life.dispose(async () => void await this.close());
  }
}
