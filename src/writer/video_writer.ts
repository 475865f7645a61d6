/**
 * The writer that people hold: promises, a stream, and one clear state.
 *
 * @module
 */
import { type AudioSamples, checkSamples } from "../audio/samples.ts";
import { nextTurn } from "../next_turn.ts";
import { shown } from "../shown.ts";
import { AudioEnds, type AudioTiming, checkAudioTiming } from "./audio_timing.ts";
import { type Engine, RefusedFrame } from "./engine.ts";
import { type CheckedFrame, FrameChecker, type Size } from "./frame_checker.ts";
import { type FrameClock, type FrameTiming, mostTimestamp } from "./frame_clock.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { LiveSound } from "./live_sound.ts";
import type { Samples } from "../libav/sound.ts";
import { CueChecker, type SubtitleCue } from "../subtitles/cue.ts";
import type { PixelFormat, RawFrame } from "../video/raw_frame.ts";
import type { CheckedOptions, WriterStats } from "./options.ts";
import { ProgressTimer } from "./progress_timer.ts";
import type { EncoderChoice, Frame, WriteSummary } from "./session_types.ts";

/**
 * Writes frames into one video file. {@linkcode createFileWriter} makes it.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * await using writer = await createFileWriter("h264", path, 30);
 * const frame = { data: new Uint8ClampedArray(64 * 64 * 4).fill(128), width: 64, height: 64 };
 * await writer.write(frame);
 * const { frames, seconds } = await writer.close();
 * if (frames !== 1 || seconds !== 1 / 30) throw new Error("not as written");
 * ```
 */
export interface VideoWriter extends AsyncDisposable {
  /**
   * Writes one frame. Once the promise is kept, its buffer may be used again.
   *
   * The frame then waits for the encoder, in memory of the writer; the promise takes longer where `queueSize` frames wait already.
   * What goes wrong later in encoding it, a later call tells.
   *
   * @param frame The frame: pixels, or an image file. All raw frames of a video have one format, and, without `resize`, all
   * frames have one size.
   * @param timing When it is shown and for how long, and whether it must be a key frame.
   * @throws {TypeError} The frame is not one, its image is broken, or its buffer is detached. The writer goes on.
   * @throws {RangeError} Its size is another than the video's, its buffer is too short, or its timestamp is not later than the
   * last. The writer goes on.
   * @throws {WriteError} Encoding or writing failed. Every later call rejects with the same error.
   * @throws {WriterClosedError} The writer was closed or aborted.
   */
  write(frame: Frame, timing?: FrameTiming): Promise<void>;
  /**
   * Memory for a frame where the encoder's thread reads it: draw into its `data`, then `write` it, which copies nothing.
   *
   * The memory is the program's until the frame is written; what is in it at first is not defined. At most `queueSize` frames can
   * be acquired and not written yet.
   *
   * @param width Width in pixels.
   * @param height Height in pixels.
   * @param format How pixels lie in memory; default `"rgba"`. The planes follow each other, rows without a gap.
   * @throws {TypeError} The format is another than that of the frames before.
   * @throws {RangeError} The size is another than the video's and there is no `resize`, or all frames that there are were acquired.
   * @throws {WriteError} Encoding or writing failed.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * await using writer = await createFileWriter("h264", `${await Deno.makeTempDir()}/gray.mp4`, 30);
   * for (let level = 0; level < 250; level += 10) {
   *   const frame = await writer.acquire(320, 180);
   *   frame.data.fill(level);
   *   await writer.write(frame);
   * }
   * const { frames } = await writer.close();
   * if (frames !== 25) throw new Error("not as written");
   * ```
   */
  acquire(width: number, height: number, format?: PixelFormat): Promise<AcquiredFrame>;
  /**
   * Writes a piece of sound. Without a timestamp it is heard where the piece before ends; the first one at 0, or with `timing: "wallclock"`
   * just before now, as sound is there once it was heard: what comes before the first frame is left out. It is converted to the rate and
   * the channels of the track; rates, channels and sample types may change from piece to piece.
   *
   * With timestamps, gaps of more than 0.1 s become silence, but for one of more than 10 s before the first piece: the track then begins later; and what comes as much too early is left out; less is taken for a clock that
   * drifts, and corrected over the next second. `stats.audio` tells how much of each there was.
   *
   * @param samples The samples; their memory is the caller's again once the promise is kept.
   * @param timing When they are heard, in seconds on the clock of the video, whose first frame is at 0 unless timestamps say otherwise.
   * @throws {TypeError} The samples or the timing have the wrong type, or the writer was made without `audio`.
   * @throws {RangeError} Channels, rate, track or timestamp make no sense.
   * @throws {WriteError} Encoding or writing failed.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example A second of a tone beside a second of video
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * const path = `${await Deno.makeTempDir()}/tone.mp4`;
   * await using writer = await createFileWriter("h264", path, 25, { audio: { codec: "aac" } });
   * const sampleRate = 44100;
   * const data = Float32Array.from({ length: sampleRate }, (_, n) => Math.sin(2 * Math.PI * 440 * n / sampleRate) / 4);
   * await writer.writeAudio({ data, sampleRate });
   * for (let n = 0; n < 25; n++) await writer.write(new ImageData(320, 180));
   * ```
   */
  writeAudio(samples: AudioSamples, timing?: AudioTiming): Promise<void>;
  /**
   * Writes a cue of subtitles. Cues of a track come in order of their starts; they may overlap, and come long before their frames or late.
   * What goes beyond the end of the video is cut off; in mkv and webm, which have a cue within a second after it begins, only of cues that
   * begin in the last second.
   *
   * mp4 and mov show one text at a time: of cues that overlap, each moment has the texts of all, one below the other.
   *
   * @param cue The text, when it appears and disappears, and the track.
   * @throws {TypeError} A field of the cue has the wrong type, the writer was made without `subtitles`, or the track is a file. The writer
   * goes on.
   * @throws {RangeError} Its times or its track make no sense, or it starts before the last one of the track. The writer goes on.
   * @throws {UnsupportedError} In mp4 and mov, so many cues overlap that their texts together have more than 21845 characters.
   * @throws {WriteError} Encoding or writing failed.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * const path = `${await Deno.makeTempDir()}/said.mp4`;
   * await using writer = await createFileWriter("h264", path, 25, { subtitles: { language: "eng" } });
   * await writer.writeSubtitle({ text: "Half a second\nof <i>gray</i>.", start: 0.25, end: 0.75 });
   * for (let n = 0; n < 25; n++) await writer.write(new ImageData(320, 180));
   * ```
   */
  writeSubtitle(cue: SubtitleCue): Promise<void>;
  /**
   * Encodes what is left, finishes the file and closes it. Called again, it returns the same summary.
   *
   * Where no frame was written there is nothing to write: no file is made, and one that exists stays as it was.
   *
   * @throws {WriteError} Encoding or writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(): Promise<WriteSummary>;
  /**
   * Stops and removes the file that was begun. Calls after it reject with a {@linkcode WriterClosedError} that has the reason as
   * its cause. Does nothing after `close`.
   */
  abort(reason?: unknown): Promise<void>;
  /** The same writer as a stream, for `pipeTo`: closing the stream closes the writer, aborting it aborts the writer. */
  readonly writable: WritableStream<Frame>;
  /** The encoder in use, and which others were passed over and why; `null` before it is known. */
  readonly encoder: EncoderChoice | null;
  /** Progress so far. */
  readonly stats: WriterStats;
}

/** A frame whose memory {@linkcode VideoWriter.acquire} gave. */
export interface AcquiredFrame extends RawFrame {
  /** The pixels, to be filled: all planes one after another. */
  readonly data: Uint8Array<ArrayBufferLike>;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** How pixels lie in memory. */
  readonly format: PixelFormat;
}

/** A {@linkcode VideoWriter} over an engine. */
export class EngineWriter implements VideoWriter {
  readonly #engine: Engine;
  readonly #clock: FrameClock;
  readonly #checker: FrameChecker;
  readonly #context: Pick<CheckedOptions, "filter" | "audio" | "timing" | "timestampOrigin">;
  readonly #progress: ProgressTimer<WriterStats>;
  readonly #devices: ReadonlyMap<number, LiveSound>;
  readonly #life: Lifecycle<WriteSummary>;
  /** The end of the line of calls that wait: for room, or for an image to be looked into, which counts only then. */
  #line: Promise<void> | null = null;
  readonly #cues: CueChecker;
  /** Where the audio of each track ends. */
  readonly #ends = new AudioEnds();
  /** Memory that was acquired. */
  readonly #acquired = new WeakSet<Uint8Array>();
  #writable: WritableStream<Frame> | undefined;
  /** Sound of devices waits for the engine to take some. */
  #isBehind = false;
  /** The engine has finished the file: it knows best what is in it. */
  #isFinished = false;

  /** Takes over an engine, the clock that gives its frames their times, and devices by the tracks that they are for. */
  constructor(
    engine: Engine,
    clock: FrameClock,
    options: CheckedOptions,
    devices: ReadonlyMap<number, LiveSound>,
  ) {
    this.#engine = engine;
    this.#devices = devices;
    this.#clock = clock;
    const { formats, containerClock } = engine.info;
    if (containerClock !== null) clock.setContainer(containerClock);
    const byName = new Map(formats.map((format) => [format.name, format]));
    this.#checker = new FrameChecker(byName, options, clock);
    this.#context = options;
    this.#cues = new CueChecker(options.subtitles, this.#mostTimestamp);
    this.#progress = new ProgressTimer(options.onProgress);
    this.#life = new Lifecycle({
      finish: () => this.#finish(),
      closed: () => this.#tellProgress(true),
      abort: async () => void await Promise.all([this.#engine.abort(), this.#stopDevices(0)]),
      salvage: async () => void await Promise.all([this.#engine.salvage(), this.#stopDevices(0)]),
    }, options.signal);
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
    const stats = this.#soundStats(this.#engine.stats);
    // What filters make of frames, and what it came to in the end, the engine knows; else it may be a few frames behind.
    if (this.#context.filter !== undefined || this.#isFinished) return stats;
    return { ...stats, frames: this.#clock.frames, seconds: this.#clock.takenSeconds };
  }

  #soundStats(stats: WriterStats): WriterStats {
    if (this.#devices.size === 0) return stats;
    const audio = stats.audio.map((track, index) => ({
      ...track,
      failure: track.failure ?? this.#devices.get(index)?.failure?.message ?? null,
    }));
    return { ...stats, audio };
  }

  async write(frame: Frame, timing?: FrameTiming): Promise<void> {
    const nowMs = performance.now();
    await this.#inTurn(this.#isAcquired(frame), () => this.#write(frame, timing, nowMs));
    // Whoever writes one frame after the other keeps nobody else in this thread waiting for longer than one takes.
    await nextTurn();
  }

  async writeAudio(samples: AudioSamples, timing?: AudioTiming): Promise<void> {
    const nowMs = performance.now();
    this.#life.requireOpen("write samples");
    const checked = checkSamples(samples);
    const track = checkTrack(samples.track ?? 0, this.#context.audio);
    const timestamp = checkAudioTiming(timing, this.#mostTimestamp);
    const seconds = timestamp === null
      ? this.#firstSeconds(track, checked, nowMs)
      : this.#clock.onClock(timestamp);
    // Fields of the caller's objects may run code of theirs.
    this.#life.requireOpen("write samples");
    this.#ends.add(track, checked, seconds, this.#clock.frames === 0 ? null : this.#clock.takenSeconds);
    try {
      await this.#engine.writeSound(track, checked, seconds);
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
    // Fields of the caller's object may run code of theirs.
    this.#life.requireOpen("write a subtitle");
    try {
      await this.#engine.writeSubtitle(checked);
    } catch (error) {
      return await this.#refuse(error);
    }
    await nextTurn();
  }

  /**
   * When a piece is heard that comes without a timestamp, where that is not at the end of the one before: with wallclock timing the first one
   * of a track ended just now, and what comes before the first frame is before the video.
   */
  #firstSeconds(track: number, { count, sampleRate }: Samples, nowMs: number): number | null {
    if (this.#context.timing !== "wallclock" || this.#ends.has(track) && this.#clock.frames > 0) return null;
    return (this.#clock.elapsedSeconds(nowMs) ?? 0) - count / sampleRate;
  }

  /** The latest time that samples and cues may be given, in seconds. */
  get #mostTimestamp(): number {
    return mostTimestamp(this.#context.timestampOrigin === "first" ? null : 0);
  }

  acquire(width: number, height: number, format?: PixelFormat): Promise<AcquiredFrame> {
    return this.#inTurn(false, () => {
      this.#life.requireOpen("acquire a frame");
      const layout = this.#checker.layoutOf(width, height, format);
      const data = this.#engine.acquire(layout);
      this.#acquired.add(data);
      return { data, width, height, format: layout.format.name };
    });
  }

  async close(): Promise<WriteSummary> {
    while (this.#line !== null) await this.#line;
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

  /**
   * Does what needs room in the engine, once there is some and all calls before have been done. With room and no call before, it is
   * done at once: when `write` returns, it has the frame's bytes.
   */
  async #inTurn<T>(needsNoRoom: boolean, action: () => T | Promise<T>): Promise<T> {
    const before = this.#line;
    if (before === null && (needsNoRoom || !this.#life.isOpen || this.#engine.room === null)) {
      return await action();
    }
    return await this.#lineUp(this.#wait(before, needsNoRoom, action));
  }

  async #wait<T>(
    before: Promise<void> | null,
    needsNoRoom: boolean,
    action: () => T | Promise<T>,
  ): Promise<T> {
    await before;
    while (!needsNoRoom && this.#life.isOpen) {
      const { room } = this.#engine;
      if (room === null) break;
      await room;
    }
    return await action();
  }

  /** Makes calls to come wait for this one. */
  async #lineUp<T>(call: Promise<T>): Promise<T> {
    const over = (): void => {
      if (this.#line === line) this.#line = null;
    };
    const line: Promise<void> = call.then(over, over);
    this.#line = line;
    return await call;
  }

  #write(frame: Frame, timing: FrameTiming | undefined, nowMs: number): void | Promise<void> {
    this.#life.requireOpen("write a frame");
    // A wrong frame is the caller's mistake, found before anything was done with it: the writer goes on.
    const checked = this.#checker.check(frame, timing, nowMs);
    // Fields of the caller's object may run code of theirs.
    this.#life.requireOpen("write a frame");
    let taken;
    try {
      taken = this.#engine.write(checked);
    } catch (error) {
      return this.#refuse(error);
    }
    if (checked.picture.kind === "image") return this.#lineUp(this.#lookInto(checked, taken, nowMs));
    this.#accept(checked, null, nowMs);
    if (taken === undefined) return this.#tellProgress(false);
    return taken.then(() => this.#tellProgress(false), (error) => this.#refuse(error));
  }

  /** An image counts only once it was decoded. */
  async #lookInto(checked: CheckedFrame, taken: void | Promise<void>, nowMs: number): Promise<void> {
    try {
      await taken;
    } catch (error) {
      return await this.#refuse(error);
    }
    this.#accept(checked, this.#engine.size, nowMs);
    this.#tellProgress(false);
  }

  /** Counts a frame that was taken; the first one says what time it is. */
  #accept(checked: CheckedFrame, size: Size | null, nowMs: number): void {
    this.#checker.accept(checked, size);
    if (this.#clock.frames !== 1) return;
    for (const [track, device] of this.#devices) {
      const beginMs = nowMs - checked.stamp.seconds * 1000;
      device.begin(beginMs, (samples, seconds) => void this.#record(track, samples, seconds));
    }
  }

  /** Writes what a device has heard. What comes while the engine is far behind becomes silence: memory is bounded. */
  async #record(track: number, samples: Samples, seconds: number): Promise<void> {
    if (this.#isBehind) return;
    try {
      const written = this.#engine.writeSound(track, samples, seconds);
      if (written === undefined) return;
      this.#isBehind = true;
      await written;
      this.#isBehind = false;
    } catch (error) {
      // The next call is told.
      await this.#life.fail(error).catch(() => {});
    }
  }

  async #stopDevices(endSeconds: number): Promise<void> {
    await Promise.all([...this.#devices.values()].map((device) => device.stop(endSeconds)));
  }

  /** Throws what was wrong with a frame, or fails with what ended the session. */
  #refuse(error: unknown): Promise<never> {
    if (error instanceof RefusedFrame) throw error.cause;
    return this.#life.fail(error);
  }

  async #finish(): Promise<WriteSummary> {
    const { endTicks } = this.#clock;
    if (this.#devices.size > 0) await this.#stopDevices(this.#clock.seconds(endTicks));
    const summary = await this.#engine.finish(endTicks);
    this.#isFinished = true;
    const failed = [...this.#devices.values()].find(({ failure }) => failure !== null);
    // The file is whole, but has not all that was asked for.
    if (failed !== undefined) throw failed.failure;
    return summary;
  }

  #tellProgress(isLast: boolean): void {
    this.#progress.tell(() => this.stats, isLast);
  }
}

function checkTrack(track: unknown, tracks: CheckedOptions["audio"]): number {
  if (tracks.length === 0) {
    throw new TypeError(
      "Cannot write the samples: this writer has no track of sound; make it with the option audio, such as { audio: {} }",
    );
  }
  const options = tracks[track as number];
  if (options !== undefined && options.source.kind !== "samples") {
    throw new TypeError(
      `Cannot write the samples: track ${track} ${
        options.source.kind === "silence" ? "is a silent one" : "has its sound from elsewhere"
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
