/**
 * The video writer over an engine: promises, a stream, and one clear state.
 *
 * @module
 */
import type { AudioSamples } from "../audio/samples.ts";
import type { AudioCapture } from "../capture/audio_capture.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { VideoEngine } from "../thread/engine.ts";
import type { AcquiredSlot } from "../thread/frame_slots.ts";
import type { FrameClock } from "../engine/frame_clock.ts";
import { FrameChecker, type GivenFrame } from "../engine/frames/frame_checker.ts";
import type { PartProgress, PartRequest } from "../engine/frames/part_types.ts";
import type { OptionsInUse } from "./options.ts";
import { isWithoutFrame } from "../engine/lost_tracks.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import type { EncoderChoice, WriteSummary } from "../engine/session_types.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { VideoSource } from "../reader/video_source.ts";
import { nextTurn } from "../next_turn.ts";
import type { Size } from "../size.ts";
import { noteFrameTaker } from "../source/pipeline/frame_taker.ts";
import { CueChecker, type SubtitleCue } from "../subtitles/cue.ts";
import type { Frame } from "../video/frame.ts";
import { type FrameOptions, readFrameOptions, type Timing } from "../video/frame_timing.ts";
import type { PixelFormat, RawFrame } from "../video/raw_frame.ts";
import { checkCloseOptions, type CloseOptions } from "./close_options.ts";
import type { CopyOptions } from "./copying/copy_options.ts";
import { SourceCopier } from "./copying/copy_source.ts";
import { checkEventOptions, type EventOptions } from "./event_options.ts";
import { frameStream } from "./frame_stream.ts";
import { readFrame, readSent } from "./given_frame.ts";
import { Lifecycle } from "./lifecycle.ts";
import { encodesPart, type PartWriter } from "./part_writer.ts";
import { ProgressTimer } from "./progress_timer.ts";
import { PaceMeter } from "./realtime/pace_meter.ts";
import { FrameGate } from "./realtime/frame_gate.ts";
import { AudioInput } from "./samples/audio_input.ts";
import type { SamplesOptions } from "./samples/samples_options.ts";
import { TurnQueue } from "./turn_queue.ts";
import type { AcquiredFrame, VideoWriter } from "./video_writer.ts";

/** A {@linkcode VideoWriter} over an engine. */
export class EngineVideoWriter implements VideoWriter, PartWriter {
  readonly #engine: VideoEngine;
  readonly #clock: FrameClock;
  readonly #checker: FrameChecker;
  readonly #options: SessionOptions;
  readonly #copier: SourceCopier;
  readonly #progress: ProgressTimer<WriterStats>;
  readonly #life: Lifecycle<WriteSummary>;
  /** Calls that wait: for room, or for an image to be decoded, which counts only then. */
  readonly #turns = new TurnQueue();
  readonly #cues: CueChecker;
  readonly #audio: AudioInput;
  readonly #gate: FrameGate;
  readonly #pace = new PaceMeter();
  #writable: WritableStream<Frame> | undefined;
  /** Whether the file is finished: the engine then has the exact statistics. */
  #isFinished = false;
  static readonly #ownWrite: unknown = EngineVideoWriter.prototype.write;

  /** Takes over an engine, the clock of its frames, and capture devices by track. */
  constructor(
    engine: VideoEngine,
    clock: FrameClock,
    { session, engine: { signal }, onProgress }: OptionsInUse,
    devices: ReadonlyMap<number, AudioCapture>,
  ) {
    this.#engine = engine;
    this.#clock = clock;
    const { formats, container, containerClock } = engine.info;
    clock.setContainer(container, containerClock);
    this.#checker = new FrameChecker(formats, session, clock);
    this.#options = session;
    this.#copier = new SourceCopier({
      ...{ writer: this, clock, options: session },
      describe: (description) => this.#ask("copy a source", () => engine.describe(description)),
    });
    this.#gate = new FrameGate({ engine, clock, session, life: () => this.#life });
    this.#cues = new CueChecker(session.subtitles, clock.maxTimestamp);
    this.#progress = new ProgressTimer(onProgress, session.logLevel === "quiet");
    const failLater = (error: unknown): Promise<void> => this.#life.failLater(error);
    this.#audio = new AudioInput({ engine, clock, session, devices, failLater });
    const stop = (): Promise<void> => this.#stop(0);
    this.#life = new Lifecycle({
      finish: () => this.#finish(),
      closed: () => this.#tellProgress(true),
      abort: async (reason) => void await Promise.all([engine.abort(reason), stop()]),
      // Half a chunk is of no use.
      salvage: async () =>
        void await Promise.all([session.chunk ? engine.abort() : engine.salvage(), stop()]),
    }, signal);
    noteFrameTaker(this, {
      ownWrite: EngineVideoWriter.#ownWrite,
      takesLent: () => engine.takesLent,
      write: (frame, options, onTurn) => this.#writeRead(() => readSent(frame), options, onTurn),
    });
  }

  get writable(): WritableStream<Frame> {
    return this.#writable ??= frameStream(this);
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
    const { dropped } = this.#clock;
    const pace = this.#pace.read(session, performance.now());
    const stats = this.#audio.withFailures({ ...session, ...pace, queued, dropped });
    // The engine knows the output of filters and the final result. Otherwise it may be a few frames behind.
    if (this.#options.filter !== undefined || this.#isFinished) return stats;
    return { ...stats, frames: this.#clock.frames, seconds: this.#clock.takenSeconds };
  }

  get desiredSize(): number {
    if (this.#engine.outputRoom) return 0;
    return this.#life.isOpen && this.#turns.isFree ? this.#engine.slots.free : 0;
  }

  async write(frame: Frame, options?: FrameOptions): Promise<void> {
    await this.#writeRead(() => readFrame(frame), options);
  }

  /** `onTurn` is called when nothing is left to be waited for. What it throws, this throws. */
  async #writeRead(read: () => GivenFrame, options?: FrameOptions, onTurn?: () => void): Promise<void> {
    const nowMs = performance.now();
    this.#life.requireOpen("write a frame");
    const given = read();
    const timing = readFrameOptions(options);
    // Getters of the caller's objects may have closed the writer. No more of them is called from here on.
    this.#life.requireOpen("write a frame");
    const slot = given.kind === "raw" ? this.#engine.slots.offer(given.fields.data) : null;
    try {
      // Images are decoded one by one, and need no memory for pixels.
      const needsRoom = given.kind !== "image" && slot === null;
      const room = this.#gate.roomFor(needsRoom, timing);
      await this.#turns.run(room, () => {
        onTurn?.();
        return this.#write(given, slot, timing, nowMs);
      });
    } finally {
      if (slot !== null) this.#engine.slots.endOffer(slot);
    }
    // A program that writes one frame after another blocks this thread no longer than for one frame.
    await nextTurn();
    this.#life.requireNotAborted("write a frame");
  }

  async writeAudio(given: AudioSamples, options?: SamplesOptions): Promise<void> {
    this.#life.requireOpen("write samples");
    const read = this.#audio.read(given, options);
    // Getters of the caller's objects may have closed the writer. No more of them is called from here on.
    this.#life.requireOpen("write samples");
    const { track, samples, seconds } = this.#audio.place(read);
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

  async [encodesPart](part: PartRequest, onStep: (progress: PartProgress) => void): Promise<PartProgress> {
    this.#life.requireOpen("encode a file");
    const { progress, written, last } = await this.#ask(
      "encode a file",
      () => this.#engine.encodePart!(part, onStep),
    );
    this.#life.requireNotAborted("encode a file");
    if (last !== null) this.#clock.acceptAll(written, last);
    return progress;
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
    this.#gate.stop();
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
      if (this.#gate.isLate(given.kind !== "image" && slot === null)) {
        this.#checker.drop(checked);
        return this.#tellProgress(false);
      }
      taken = this.#engine.write(checked, slot);
    } catch (error) {
      return this.#refuse("write a frame", error);
    }
    if (checked.picture.kind === "image") return this.#turns.hold(this.#acceptImage(checked, taken, nowMs));
    this.#accept(checked, null, nowMs);
    if (taken === undefined) return this.#noteTaken(checked);
    return taken.then(() => this.#noteTaken(checked), (error) => this.#refuse("write a frame", error));
  }

  /** An image counts once it was decoded. */
  async #acceptImage(checked: CheckedFrame, taken: void | Promise<void>, nowMs: number): Promise<void> {
    try {
      await taken;
    } catch (error) {
      return await this.#refuse("write a frame", error);
    }
    this.#accept(checked, this.#engine.size, nowMs);
    this.#noteTaken(checked);
  }

  /** The engine has a frame, or more: opening took the first one. */
  #noteTaken({ stamp }: CheckedFrame): void {
    this.#gate.begin(stamp);
    this.#tellProgress(false);
  }

  /** Counts an accepted frame. The first one starts the clock of the devices. */
  #accept(checked: CheckedFrame, size: Size | null, nowMs: number): void {
    this.#checker.accept(checked, size);
    if (this.#options.filter === undefined) this.#pace.written(nowMs);
    if (this.#clock.frames === 1) this.#audio.begin(checked.stamp, nowMs);
  }

  /** Stops what happens by itself, where the video ends. */
  async #stop(endSeconds: number): Promise<void> {
    this.#gate.stop();
    await this.#audio.stop(endSeconds);
  }

  /** Has the engine do something. */
  async #ask<Answer>(action: string, call: () => Answer | Promise<Answer>): Promise<Answer> {
    try {
      return await call();
    } catch (error) {
      return await this.#refuse(action, error);
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
    await this.#stop(this.#clock.seconds(endTicks));
    const summary = await this.#engine.finish(endTicks, () => this.#tellProgress(false));
    this.#isFinished = true;
    // The file is complete, but part of its audio is missing.
    this.#audio.requireWhole();
    return summary;
  }

  #tellProgress(isLast: boolean): void {
    this.#pace.note(this.#engine.stats, performance.now());
    this.#progress.tell(() => this.stats, isLast);
  }
}
