/**
 * The video writer over an engine: promises, a stream, and one clear state.
 *
 * @module
 */
import { type AudioSamples, readSamplesFields } from "../audio/samples.ts";
import { stopCaptures, withCaptureFailures } from "../capture/captures.ts";
import type { AudioCapture } from "../capture/audio_capture.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { VideoEngine } from "../thread/engine.ts";
import type { AcquiredSlot } from "../thread/frame_slots.ts";
import type { FrameClock } from "../engine/frame_clock.ts";
import type { CheckedOptions } from "./options.ts";
import { isWithoutFrame } from "../engine/lost_tracks.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import type { EncoderChoice, WriteSummary } from "../engine/session_types.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { VideoSource } from "../reader/video_source.ts";
import type { Samples } from "../libav/audio_frame.ts";
import { nextTurn } from "../next_turn.ts";
import type { Size } from "../size.ts";
import { CueChecker, type SubtitleCue } from "../subtitles/cue.ts";
import type { Frame } from "../video/frame.ts";
import {
  type FrameOptions,
  frameTimes,
  isTimedPicture,
  readFrameOptions,
  type Timing,
} from "../video/frame_timing.ts";
import type { PixelFormat, RawFrame } from "../video/raw_frame.ts";
import { AudioEnds } from "./audio_ends.ts";
import { checkCloseOptions, type CloseOptions } from "./close_options.ts";
import type { CopyOptions } from "./copying/copy_options.ts";
import { SourceCopier } from "./copying/copy_source.ts";
import { checkEventOptions, type EventOptions } from "./event_options.ts";
import { FrameChecker, type GivenFrame, readFrame } from "./frame_checker.ts";
import { Lifecycle } from "./lifecycle.ts";
import { ProgressTimer } from "./progress_timer.ts";
import { SamplesChecker } from "./samples_checker.ts";
import { checkSamplesOptions, type SamplesOptions } from "./samples_options.ts";
import { TurnQueue } from "./turn_queue.ts";
import type { AcquiredFrame, VideoWriter } from "./video_writer.ts";

/** What a writer itself needs to know of its options. */
interface OptionsInUse extends Pick<CheckedOptions, "session" | "onProgress"> {
  readonly engine: Pick<CheckedOptions["engine"], "signal">;
}

/** A {@linkcode VideoWriter} over an engine. */
export class EngineVideoWriter implements VideoWriter {
  readonly #engine: VideoEngine;
  readonly #clock: FrameClock;
  readonly #checker: FrameChecker;
  readonly #options: SessionOptions;
  readonly #copier: SourceCopier;
  readonly #progress: ProgressTimer<WriterStats>;
  readonly #devices: ReadonlyMap<number, AudioCapture>;
  readonly #life: Lifecycle<WriteSummary>;
  /** Calls that wait: for room, or for an image to be decoded, which counts only then. */
  readonly #turns: TurnQueue;
  readonly #cues: CueChecker;
  readonly #samples: SamplesChecker;
  /** Where the audio of each track ends. */
  readonly #ends = new AudioEnds();
  #writable: WritableStream<Frame> | undefined;
  /** Whether captured audio waits for the engine. */
  #isBehind = false;
  /** Whether the file is finished: the engine then has the exact statistics. */
  #isFinished = false;

  /** Takes over an engine, the clock of its frames, and capture devices by track. */
  constructor(
    engine: VideoEngine,
    clock: FrameClock,
    { session, engine: { signal }, onProgress }: OptionsInUse,
    devices: ReadonlyMap<number, AudioCapture>,
  ) {
    this.#engine = engine;
    this.#devices = devices;
    this.#clock = clock;
    const { formats, container, containerClock, audioChannels } = engine.info;
    clock.setContainer(container, containerClock);
    const byName = new Map(formats.map((format) => [format.name, format]));
    this.#checker = new FrameChecker(byName, session, clock);
    this.#options = session;
    this.#copier = new SourceCopier({
      ...{ writer: this, clock, options: session },
      describe: (description) => this.#ask("copy a source", () => engine.describe(description)),
    });
    this.#turns = new TurnQueue(() =>
      this.#life.isAlive ? engine.outputRoom ?? engine.slots.roomToWrite : null
    );
    this.#samples = new SamplesChecker(session.audio, audioChannels);
    this.#cues = new CueChecker(session.subtitles, clock.maxTimestamp);
    this.#progress = new ProgressTimer(onProgress, session.logLevel === "quiet");
    const stop = (): Promise<unknown> => stopCaptures(this.#devices, 0);
    this.#life = new Lifecycle({
      finish: () => this.#finish(),
      closed: () => this.#tellProgress(true),
      abort: async (reason) => void await Promise.all([engine.abort(reason), stop()]),
      // Half a chunk is of no use.
      salvage: async () =>
        void await Promise.all([session.chunk ? engine.abort() : engine.salvage(), stop()]),
    }, signal);
  }

  get writable(): WritableStream<Frame> {
    return this.#writable ??= new WritableStream<Frame>({
      write: (frame) =>
        isTimedPicture(frame) ? this.write(frame, frameTimes(frame, this.timing)) : this.write(frame),
      close: async () => void await this.close(),
      abort: (reason) => this.abort(reason),
    });
  }

  get timing(): Timing {
    return this.#options.timing ?? "constant";
  }

  get encoder(): EncoderChoice | null {
    return this.#engine.choice;
  }

  get stats(): WriterStats {
    const session = this.#engine.stats;
    const queued = session.queued + this.#turns.waiting;
    const stats = withCaptureFailures({ ...session, queued }, this.#devices);
    // The engine knows the output of filters and the final result. Otherwise it may be a few frames behind.
    if (this.#options.filter !== undefined || this.#isFinished) return stats;
    return { ...stats, frames: this.#clock.frames, seconds: this.#clock.takenSeconds };
  }

  get desiredSize(): number {
    if (this.#engine.outputRoom) return 0;
    return this.#life.isOpen && this.#turns.isFree ? this.#engine.slots.free : 0;
  }

  async write(frame: Frame, options?: FrameOptions): Promise<void> {
    const nowMs = performance.now();
    this.#life.requireOpen("write a frame");
    const given = readFrame(frame);
    const timing = readFrameOptions(options);
    // Getters of the caller's objects may have closed the writer. No more of them is called from here on.
    this.#life.requireOpen("write a frame");
    const isRaw = given.kind === "raw";
    const slot = isRaw ? this.#engine.slots.offer(given.fields.data) : null;
    try {
      // Images are decoded one by one, and need no memory for pixels.
      await this.#turns.run(isRaw && slot === null, () => this.#write(given, slot, timing, nowMs));
    } finally {
      if (slot !== null) this.#engine.slots.endOffer(slot);
    }
    // A program that writes one frame after another blocks this thread no longer than for one frame.
    await nextTurn();
    this.#life.requireNotAborted("write a frame");
  }

  async writeAudio(given: AudioSamples, options?: SamplesOptions): Promise<void> {
    const nowMs = performance.now();
    this.#life.requireOpen("write samples");
    const fields = readSamplesFields(given);
    const timestamp = checkSamplesOptions(options, this.#clock.maxTimestamp);
    // Getters of the caller's objects may have closed the writer. No more of them is called from here on.
    this.#life.requireOpen("write samples");
    const { track, samples } = this.#samples.check(fields);
    const seconds = timestamp === null
      ? this.#firstSeconds(track, samples, nowMs)
      : this.#clock.onClock(timestamp);
    this.#ends.add(track, samples, seconds, this.#clock.frames === 0 ? null : this.#clock.takenSeconds);
    await this.#ask("write samples", () => this.#engine.writeAudio(track, samples, seconds));
    await nextTurn();
    this.#life.requireNotAborted("write samples");
  }

  async writeSubtitle(cue: SubtitleCue): Promise<void> {
    this.#life.requireOpen("write a subtitle");
    const { start, end, ...what } = this.#cues.check(cue);
    const checked = { ...what, start: this.#clock.onClock(start), end: this.#clock.onClock(end) };
    // Getters of the caller's object may have closed the writer.
    this.#life.requireOpen("write a subtitle");
    await this.#ask("write a subtitle", () => this.#engine.writeSubtitle(checked));
    await nextTurn();
    this.#life.requireNotAborted("write a subtitle");
  }

  async copyFrom(source: VideoSource, options?: CopyOptions): Promise<void> {
    this.#life.requireOpen("copy a source");
    await this.#copier.copy(source, options);
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

  async recordEvent(options?: EventOptions): Promise<void> {
    const seconds = checkEventOptions(options, this.#options.segments);
    this.#life.requireOpen("record an event");
    await this.#ask("record an event", () => this.#engine.recordEvent(seconds));
  }

  acquire(width: number, height: number, format?: PixelFormat): Promise<AcquiredFrame> {
    // While the writer closes, no frame is acquired.
    const room = (): Promise<void> | null =>
      this.#life.isOpen ? this.#engine.outputRoom ?? this.#engine.slots.roomToAcquire : null;
    return this.#turns.runAside(room, () => {
      this.#life.requireOpen("acquire a frame");
      const layout = this.#checker.layoutOf(width, height, format);
      try {
        return { data: this.#engine.slots.acquire(layout), width, height, format: layout.format.name };
      } catch (error) {
        return this.#refuse("acquire a frame", error);
      }
    });
  }

  release(frame: RawFrame): void {
    const isKnown = this.#engine.slots.release((frame as RawFrame | null | undefined)?.data);
    // The memory is gone with the writer.
    if (isKnown || !this.#life.isOpen) return;
    throw new TypeError(
      "Cannot release the frame: this writer has not lent it; give a frame that its acquire returned",
    );
  }

  async close(options?: CloseOptions): Promise<WriteSummary> {
    const deadlineSeconds = checkCloseOptions(options);
    // Also where it closes already, and takes too long.
    if (deadlineSeconds !== null && this.#life.isAlive) this.#engine.endWithin(deadlineSeconds);
    const summary = this.#life.close();
    // An `acquire` that waits is of no use any more.
    this.#engine.slots.tellRoom();
    return await summary;
  }

  abort(reason?: unknown): Promise<void> {
    return this.#life.abort(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life.dispose(async () => {
      try {
        await this.close();
      } catch (error) {
        // Nothing was lost in writing: a program that ended early wrote no frame. Its own error counts.
        if (!isWithoutFrame(error)) throw error;
        if (this.#options.logLevel !== "quiet") console.warn(`avwriter: ${error.message}`);
      }
    });
  }

  #write(
    given: GivenFrame,
    slot: AcquiredSlot | null,
    options: FrameOptions,
    nowMs: number,
  ): void | Promise<void> {
    this.#life.requireAlive("write a frame");
    // A wrong frame is the caller's mistake and has no effect: the writer goes on.
    const checked = this.#checker.check(given, options, nowMs);
    let taken;
    try {
      taken = this.#engine.write(checked, slot);
    } catch (error) {
      return this.#refuse("write a frame", error);
    }
    if (checked.picture.kind === "image") return this.#turns.hold(this.#acceptImage(checked, taken, nowMs));
    this.#accept(checked, null, nowMs);
    if (taken === undefined) return this.#tellProgress(false);
    return taken.then(() => this.#tellProgress(false), (error) => this.#refuse("write a frame", error));
  }

  /** An image counts once it was decoded. */
  async #acceptImage(checked: CheckedFrame, taken: void | Promise<void>, nowMs: number): Promise<void> {
    try {
      await taken;
    } catch (error) {
      return await this.#refuse("write a frame", error);
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

  /** Writes captured samples: silence while the engine is far behind, so that memory stays bounded. */
  async #record(track: number, samples: Samples, seconds: number): Promise<void> {
    if (this.#isBehind) return;
    try {
      const written = this.#engine.writeAudio(track, samples, seconds);
      if (written === undefined) return;
      this.#isBehind = true;
      await written;
    } catch (error) {
      // What is refused becomes silence.
      if (!RefusedCall.is(error)) await this.#life.failLater(error);
    } finally {
      this.#isBehind = false;
    }
  }

  /** Has the engine do something. */
  async #ask(action: string, call: () => void | Promise<void>): Promise<void> {
    try {
      await call();
    } catch (error) {
      await this.#refuse(action, error);
    }
  }

  /** Throws a refused call's error, or fails with the error that ended the session. */
  #refuse(action: string, error: unknown): Promise<never> {
    if (RefusedCall.is(error)) throw error.cause;
    return this.#life.fail(action, error);
  }

  async #finish(): Promise<WriteSummary> {
    if (!this.#turns.isIdle) await this.#turns.drain();
    this.#life.requireAlive("close");
    this.#checker.requireWhole();
    const { endTicks } = this.#clock;
    if (this.#devices.size > 0) await stopCaptures(this.#devices, this.#clock.seconds(endTicks));
    const summary = await this.#engine.finish(endTicks, () => this.#tellProgress(false));
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
