/**
 * The video writer over an engine: promises, a stream, and one clear state.
 *
 * @module
 */
import { type AudioSamples, checkSamples } from "../audio/samples.ts";
import type { AudioCapture } from "../capture/audio_capture.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { VideoEngine } from "../thread/engine.ts";
import { type FrameClock, maxTimestamp } from "../engine/frame_clock.ts";
import type { CheckedOptions } from "./options.ts";
import { RefusedFrame } from "../engine/refused_frame.ts";
import type { EncoderChoice, WriteSummary } from "../engine/session_types.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { Samples } from "../libav/audio_frame.ts";
import { nextTurn } from "../next_turn.ts";
import { shown } from "../shown.ts";
import type { Size } from "../size.ts";
import { CueChecker, type SubtitleCue } from "../subtitles/cue.ts";
import type { Frame } from "../video/frame.ts";
import type { FrameOptions } from "../video/frame_timing.ts";
import type { PixelFormat, RawFrame } from "../video/raw_frame.ts";
import { AudioEnds } from "./audio_ends.ts";
import { FrameChecker } from "./frame_checker.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ProgressTimer } from "./progress_timer.ts";
import { checkSamplesOptions, type SamplesOptions } from "./samples_options.ts";
import { TurnQueue } from "./turn_queue.ts";
import type { AcquiredFrame, VideoWriter } from "./video_writer.ts";

/** A {@linkcode VideoWriter} over an engine. */
export class EngineVideoWriter implements VideoWriter {
  readonly #engine: VideoEngine;
  readonly #clock: FrameClock;
  readonly #checker: FrameChecker;
  readonly #options: SessionOptions;
  readonly #progress: ProgressTimer<WriterStats>;
  readonly #devices: ReadonlyMap<number, AudioCapture>;
  readonly #life: Lifecycle<WriteSummary>;
  /** Calls that wait: for room, or for an image to be decoded, which counts only then. */
  readonly #turns: TurnQueue;
  readonly #cues: CueChecker;
  /** Where the audio of each track ends. */
  readonly #ends = new AudioEnds();
  /** Acquired memory. */
  readonly #acquired = new WeakSet<Uint8Array>();
  #writable: WritableStream<Frame> | undefined;
  /** Whether captured audio waits for the engine. */
  #isBehind = false;
  /** Whether the file is finished: the engine then has the exact statistics. */
  #isFinished = false;

  /** Takes over an engine, the clock of its frames, and capture devices by track. */
  constructor(
    engine: VideoEngine,
    clock: FrameClock,
    { session, engine: { signal }, onProgress }: CheckedOptions,
    devices: ReadonlyMap<number, AudioCapture>,
  ) {
    this.#engine = engine;
    this.#devices = devices;
    this.#clock = clock;
    const { formats, containerClock } = engine.info;
    if (containerClock !== null) clock.setContainer(containerClock);
    const byName = new Map(formats.map((format) => [format.name, format]));
    this.#checker = new FrameChecker(byName, session, clock);
    this.#options = session;
    this.#turns = new TurnQueue(() => this.#life.isOpen ? engine.room : null);
    this.#cues = new CueChecker(session.subtitles, this.#maxTimestamp);
    this.#progress = new ProgressTimer(onProgress);
    this.#life = new Lifecycle({
      finish: () => this.#finish(),
      closed: () => this.#tellProgress(true),
      abort: async () => void await Promise.all([this.#engine.abort(), this.#stopDevices(0)]),
      salvage: async () => void await Promise.all([this.#engine.salvage(), this.#stopDevices(0)]),
    }, signal);
  }

  get writable(): WritableStream<Frame> {
    return this.#writable ??= new WritableStream<Frame>({
      write: (frame) => this.write(frame),
      close: async () => void await this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  get encoder(): EncoderChoice | null {
    return this.#engine.choice;
  }

  get stats(): WriterStats {
    const stats = this.#withCaptureFailures(this.#engine.stats);
    // The engine knows the output of filters and the final result. Otherwise it may be a few frames behind.
    if (this.#options.filter !== undefined || this.#isFinished) return stats;
    return { ...stats, frames: this.#clock.frames, seconds: this.#clock.takenSeconds };
  }

  #withCaptureFailures(stats: WriterStats): WriterStats {
    if (this.#devices.size === 0) return stats;
    const audio = stats.audio.map((track, index) => ({
      ...track,
      failure: track.failure ?? this.#devices.get(index)?.failure?.message ?? null,
    }));
    return { ...stats, audio };
  }

  async write(frame: Frame, options?: FrameOptions): Promise<void> {
    const nowMs = performance.now();
    await this.#turns.run(!this.#isAcquired(frame), () => this.#write(frame, options, nowMs));
    // A program that writes one frame after another blocks this thread no longer than for one frame.
    await nextTurn();
  }

  async writeAudio(samples: AudioSamples, options?: SamplesOptions): Promise<void> {
    const nowMs = performance.now();
    this.#life.requireOpen("write samples");
    const checked = checkSamples(samples);
    const track = checkTrack(samples.track ?? 0, this.#options.audio);
    const timestamp = checkSamplesOptions(options, this.#maxTimestamp);
    const seconds = timestamp === null
      ? this.#firstSeconds(track, checked, nowMs)
      : this.#clock.onClock(timestamp);
    // Getters of the caller's objects may have closed the writer.
    this.#life.requireOpen("write samples");
    this.#ends.add(track, checked, seconds, this.#clock.frames === 0 ? null : this.#clock.takenSeconds);
    try {
      await this.#engine.writeAudio(track, checked, seconds);
    } catch (error) {
      return await this.#refuse(error);
    }
    await nextTurn();
  }

  async writeSubtitle(cue: SubtitleCue): Promise<void> {
    this.#life.requireOpen("write a subtitle");
    const { text, track, ...times } = this.#cues.check(cue);
    const checked = {
      text,
      track,
      start: this.#clock.onClock(times.start),
      end: this.#clock.onClock(times.end),
    };
    // Getters of the caller's object may have closed the writer.
    this.#life.requireOpen("write a subtitle");
    try {
      await this.#engine.writeSubtitle(checked);
    } catch (error) {
      return await this.#refuse(error);
    }
    await nextTurn();
  }

  /**
   * When a piece is heard that comes without a timestamp, where that is not at the end of the one before:
   * with wallclock timing the first one of a track ended just now, and what comes before the first frame is
   * before the video.
   */
  #firstSeconds(track: number, { count, sampleRate }: Samples, nowMs: number): number | null {
    if (this.#options.timing !== "wallclock" || this.#ends.has(track) && this.#clock.frames > 0) return null;
    return (this.#clock.elapsedSeconds(nowMs) ?? 0) - count / sampleRate;
  }

  /** The latest time that samples and cues may be given, in seconds. */
  get #maxTimestamp(): number {
    return maxTimestamp(this.#options.timestampOrigin === "first" ? null : 0);
  }

  acquire(width: number, height: number, format?: PixelFormat): Promise<AcquiredFrame> {
    return this.#turns.run(true, () => {
      this.#life.requireOpen("acquire a frame");
      const layout = this.#checker.layoutOf(width, height, format);
      const data = this.#engine.acquire(layout);
      this.#acquired.add(data);
      return { data, width, height, format: layout.format.name };
    });
  }

  async close(): Promise<WriteSummary> {
    if (!this.#turns.isIdle) await this.#turns.drain();
    return await this.#life.close();
  }

  abort(reason?: unknown): Promise<void> {
    return this.#life.abort(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life.dispose(() => this.close());
  }

  #isAcquired(frame: Frame | null | undefined): boolean {
    const data: unknown = (frame as Partial<RawFrame> | null | undefined)?.data;
    return data instanceof Uint8Array && this.#acquired.has(data);
  }

  #write(frame: Frame, options: FrameOptions | undefined, nowMs: number): void | Promise<void> {
    this.#life.requireOpen("write a frame");
    // A wrong frame is the caller's mistake and has no effect: the writer goes on.
    const checked = this.#checker.check(frame, options, nowMs);
    // Getters of the caller's object may have closed the writer.
    this.#life.requireOpen("write a frame");
    let taken;
    try {
      taken = this.#engine.write(checked);
    } catch (error) {
      return this.#refuse(error);
    }
    if (checked.picture.kind === "image") return this.#turns.hold(this.#acceptImage(checked, taken, nowMs));
    this.#accept(checked, null, nowMs);
    if (taken === undefined) return this.#tellProgress(false);
    return taken.then(() => this.#tellProgress(false), (error) => this.#refuse(error));
  }

  /** An image counts once it was decoded. */
  async #acceptImage(checked: CheckedFrame, taken: void | Promise<void>, nowMs: number): Promise<void> {
    try {
      await taken;
    } catch (error) {
      return await this.#refuse(error);
    }
    this.#accept(checked, this.#engine.size, nowMs);
    this.#tellProgress(false);
  }

  /** Counts an accepted frame. The first one starts the clock of the devices. */
  #accept(checked: CheckedFrame, size: Size | null, nowMs: number): void {
    this.#checker.accept(checked, size);
    if (this.#clock.frames !== 1) return;
    for (const [track, device] of this.#devices) {
      const beginMs = nowMs - checked.stamp.seconds * 1000;
      device.begin(beginMs, (samples, seconds) => void this.#record(track, samples, seconds));
    }
  }

  /**
   * Writes captured samples. While the engine is far behind they become silence, so that memory stays
   * bounded.
   */
  async #record(track: number, samples: Samples, seconds: number): Promise<void> {
    if (this.#isBehind) return;
    try {
      const written = this.#engine.writeAudio(track, samples, seconds);
      if (written === undefined) return;
      this.#isBehind = true;
      await written;
      this.#isBehind = false;
    } catch (error) {
      // The next call throws it.
      await this.#life.fail(error).catch(() => {});
    }
  }

  async #stopDevices(endSeconds: number): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.stop(endSeconds)));
  }

  /** Throws a refused frame's error, or fails with the error that ended the session. */
  #refuse(error: unknown): Promise<never> {
    if (RefusedFrame.is(error)) throw error.cause;
    return this.#life.fail(error);
  }

  async #finish(): Promise<WriteSummary> {
    const { endTicks } = this.#clock;
    if (this.#devices.size > 0) await this.#stopDevices(this.#clock.seconds(endTicks));
    const summary = await this.#engine.finish(endTicks);
    this.#isFinished = true;
    const failed = [...this.#devices.values()].find(({ failure }) => failure !== null);
    // The file is complete, but part of its audio is missing.
    if (failed !== undefined) throw failed.failure;
    return summary;
  }

  #tellProgress(isLast: boolean): void {
    this.#progress.tell(() => this.stats, isLast);
  }
}

function checkTrack(track: unknown, tracks: SessionOptions["audio"]): number {
  if (tracks.length === 0) {
    throw new TypeError(
      "Cannot write the samples: this writer has no audio track; make it with the option audio, such as { audio: {} }",
    );
  }
  const options = tracks[track as number];
  if (options !== undefined && options.source.kind !== "samples") {
    throw new TypeError(
      `Cannot write the samples: track ${track} ${
        options.source.kind === "silence" ? "is a silent one" : "has its audio from elsewhere"
      }`,
    );
  }
  if (options !== undefined) return track as number;
  throw new RangeError(
    `Cannot write the samples: their track is ${shown(track)}, but must be a whole number from 0 to ${
      tracks.length - 1
    }`,
  );
}
