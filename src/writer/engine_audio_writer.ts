/**
 * The audio writer over an engine.
 *
 * @module
 */
import { emptyAudioStats } from "../audio/audio_track.ts";
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import { type AudioSamples, readSamplesFields } from "../audio/samples.ts";
import type { SampleEngine } from "../thread/engine.ts";
import type { AudioSummary } from "../engine/session_types.ts";
import { nextTurn } from "../next_turn.ts";
import { AudioEnds } from "./samples/audio_ends.ts";
import type { AudioWriter, AudioWriterStats } from "./audio_writer.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ProgressTimer } from "./progress_timer.ts";
import { SamplesChecker } from "./samples/samples_checker.ts";
import { checkSamplesOptions, type SamplesOptions } from "./samples/samples_options.ts";

/** An {@linkcode AudioWriter} over an engine. */
export class EngineAudioWriter implements AudioWriter {
  readonly #engine: SampleEngine<AudioSummary>;
  readonly #life: Lifecycle<AudioSummary>;
  readonly #progress: ProgressTimer<AudioWriterStats>;
  readonly #samples: SamplesChecker;
  readonly #ends = new AudioEnds();
  #writable: WritableStream<AudioSamples> | undefined;

  /** Takes over an engine, for a track with these options. */
  constructor(
    engine: SampleEngine<AudioSummary>,
    track: CheckedAudioOptions,
    signal: AbortSignal | undefined,
    onProgress: ((stats: AudioWriterStats) => void) | undefined,
    isQuiet: boolean,
  ) {
    this.#engine = engine;
    // The file has the channels of its first samples.
    this.#samples = new SamplesChecker([track], [null]);
    this.#progress = new ProgressTimer(onProgress, isQuiet);
    this.#life = new Lifecycle({
      finish: () => engine.finish(0n, () => this.#progress.tell(() => this.stats, false)),
      closed: () => this.#progress.tell(() => this.stats, true),
      abort: (reason) => engine.abort(reason),
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

  async write(given: AudioSamples, options?: SamplesOptions): Promise<void> {
    this.#life.requireOpen("write samples");
    const fields = readSamplesFields(given);
    const seconds = checkSamplesOptions(options);
    // Getters of the caller's objects may have closed the writer. No more of them is called from here on.
    this.#life.requireOpen("write samples");
    const checked = this.#samples.check(fields);
    const { track, samples } = checked;
    this.#ends.add(track, samples, seconds, 0);
    this.#samples.accept(checked);
    try {
      await this.#engine.writeAudio(track, samples, seconds);
    } catch (error) {
      return await this.#life.fail("write samples", error);
    }
    this.#progress.tell(() => this.stats, false);
    await nextTurn();
    this.#life.requireNotAborted("write samples");
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
