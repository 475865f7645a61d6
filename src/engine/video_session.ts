/**
 * The engine: frames in, a file out. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../ffi/mod.ts";
import { requireTimingSupport } from "../container/frame_rates.ts";
import { chooseMuxer } from "../container/muxer_choice.ts";
import { HeldTarget } from "../file/held_target.ts";
import { chooseCrashSafety, type CrashSafety } from "../file/safety.ts";
import type { SubtitleTracks } from "../file/subtitle_tracks.ts";
import { requirePassesFolder, stepsWithWriteErrors, withWriteErrors } from "../file/target.ts";
import type { Samples } from "../libav/audio_frame.ts";
import { interruptible } from "../libav/interruption.ts";
import { setLogLevel } from "../libav/log.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { pixelFormatsByName } from "../libav/pixel_format.ts";
import type { Size } from "../size.ts";
import type { Steps } from "../steps.ts";
import { maxWaitingCueBytes, type SubtitleCue } from "../subtitles/cue.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { Picture, PictureShape, Pixels } from "../video/pixels.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import { RawInput } from "../video/raw_input.ts";
import { SharedFrame } from "../video/shared_frame.ts";
import type { AudioTracks } from "./audio_tracks.ts";
import { describedRequest, type FileDescription } from "./file_description.ts";
import { createClock, type FrameClock } from "./frame_clock.ts";
import { ImageInput } from "./image_input.ts";
import type { PacketFeeds } from "./outputs/packet_feeds.ts";
import { LiveFlush } from "./live_flush.ts";
import { requireNoLostTracks } from "./lost_tracks.ts";
import type { Preprocessor } from "./preprocessor.ts";
import { RefusedCall, tooMuchWaits } from "./refused_call.ts";
import type { SessionControl } from "./ending/session_control.ts";
import type { SessionParts } from "./opening/session_parts.ts";
import { type EncoderChoice, type EngineInfo, type SessionOutlets, sinkOf } from "./session_types.ts";
import type { VideoFileRequest, WriteSummary } from "./session_types.ts";
import { openExtras } from "./opening/open_extras.ts";
import { openPipeline } from "./opening/open_pipeline.ts";
import { StreamOpener } from "./opening/stream_opener.ts";
import type { Segments } from "./segments/segments.ts";
import type { VideoPipeline } from "./video_output.ts";
import { sessionStats, type WriterStats } from "./writer_stats.ts";

/** One file being written. */
export class VideoSession implements Disposable {
  readonly #native: Native;
  #request: VideoFileRequest;
  readonly #control: SessionControl;
  readonly #muxerInfo: MuxerInfo;
  readonly #feeds: PacketFeeds | null;
  readonly #clock: FrameClock;
  readonly #safety: CrashSafety;
  readonly #audioTracks: AudioTracks | null;
  readonly #subtitles: SubtitleTracks | null;
  readonly #opener: StreamOpener;
  /** The size of pictures before filters, known with the first frame. */
  #size: Size | null = null;
  #first: PictureShape | null = null;
  readonly #raw: RawInput;
  readonly #images: ImageInput;
  #preprocessor: Preprocessor | null = null;
  #pipeline: VideoPipeline | null = null;
  /** The size of the video in the file. */
  #written: Size = { width: 0, height: 0 };
  readonly #target: HeldTarget;
  /** The segments of a recording; `null` where it is one file. */
  readonly #segments: Segments | null;
  readonly #parts: SessionParts;
  /** The path that was given: of the file, or of the folder of segments. */
  readonly #path: string;
  /** Frames that came after the deadline. */
  #leftOut = 0;
  readonly #liveFlush: LiveFlush = new LiveFlush(() =>
    interruptible(this.#native, () => this.#control.isAborted, () => this.#settle())
  );

  /**
   * Checks everything that can be checked before the first frame: the file is writable, the container is
   * known, an encoder opens with these options and the container supports its stream. Leaves the disk
   * unchanged. `parts` are those that the request needs.
   */
  constructor(
    native: Native,
    given: VideoFileRequest,
    control: SessionControl,
    outlets: SessionOutlets,
    parts: SessionParts,
  ) {
    const { frameRate, options } = given;
    this.#path = given.path;
    this.#parts = parts;
    this.#control = control;
    this.#native = native;
    this.#feeds = given.outputs === undefined ? null : new parts.outputs!.PacketFeeds(native, given.outputs);
    const chosen = chooseMuxer(native, options.segments?.name ?? given.path, options);
    const info = this.#muxerInfo = this.#feeds?.withHeaders(chosen) ?? chosen;
    requireTimingSupport(info, frameRate, options);
    using owned = new DisposableStack();
    const extras = openExtras(native, info, options, parts);
    this.#subtitles = owned.use(extras.subtitles);
    // What a trial prints would be printed again when the file is opened.
    setLogLevel(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#clock = createClock(frameRate, options);
    // From here on the disk is touched.
    control.requireGoingOn();
    this.#segments = parts.segments?.openSegments(native, info, given, outlets.onSegment) ?? null;
    const request = this.#request = this.#segments?.trialOf(given) ?? given;
    const { path } = request;
    const sink = sinkOf(request, outlets);
    this.#target = owned.use(HeldTarget.take(native, info, path, options.formatOptions, sink));
    if (options.passes !== undefined) requirePassesFolder(path);
    this.#safety = chooseCrashSafety(info, request, this.#target);
    // Each segment is held by itself.
    if (this.#segments !== null) this.#target[Symbol.dispose]();
    this.#audioTracks = owned.use(parts.audio?.openBesideVideo(native, info, options.audio) ?? null);
    const context = {
      ...{ formats: pixelFormatsByName(native), clock: this.#clock, safety: this.#safety },
      ...{ audioTracks: this.#audioTracks, ...extras, feeds: this.#feeds },
    };
    this.#opener = new StreamOpener(native, request, info, context);
    const color = (height: number) => this.#opener.color(height);
    this.#images = new ImageInput(native, options, color);
    this.#raw = new RawInput(native, { isPremultiplied: options.premultipliedAlpha ?? false, color });
    owned.move();
  }

  get choice(): EncoderChoice | null {
    return this.#opener.choice;
  }

  /** The current statistics. */
  get stats(): WriterStats {
    return sessionStats(this.#pipeline, this.#audioTracks?.stats ?? []);
  }

  get size(): Size | null {
    return this.#size;
  }

  get info(): EngineInfo {
    return { formats: pixelFormatsByName(this.#native), ...this.#opener.known };
  }

  /** Encodes one image file. Whatever this throws ends the session, but for a {@linkcode RefusedCall}. */
  encodeImage(bytes: Uint8Array, stamp: FrameStamp): void {
    if (this.#isTooLate()) return;
    this.#encode(this.#images.decode(bytes, this.#size), stamp);
  }

  /**
   * Encodes samples for a track that start at a time in seconds. Any error ends the session, but for a
   * {@linkcode RefusedCall}.
   */
  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    this.#liveFlush.requireWorking();
    setLogLevel(this.#native, this.#request.options.logLevel);
    withWriteErrors(this.#path, () => this.#audioTracks!.write(track, samples, seconds));
  }

  /**
   * Writes a cue once the video gets to it. Any error ends the session, but for a {@linkcode RefusedCall}.
   */
  writeSubtitle(cue: Required<SubtitleCue>): void {
    const subtitles = this.#subtitles!;
    if (subtitles.isFull) throw tooMuchWaits("write a subtitle", maxWaitingCueBytes);
    subtitles.write(cue);
  }

  /** Records an event until so many seconds later. Any error ends the session. */
  recordEvent(seconds: number): void {
    withWriteErrors(this.#path, () => this.#segments!.recordEvent(seconds));
  }

  /** Gives the file tags and chapters, before its first frame. Throws a {@linkcode RefusedCall}. */
  describe(description: FileDescription): void {
    try {
      const request = describedRequest(this.#request, this.#muxerInfo, description);
      chooseCrashSafety(this.#muxerInfo, request, this.#target);
      this.#opener.describe(request);
      this.#request = request;
    } catch (error) {
      throw new RefusedCall(error);
    }
  }

  /** Encodes a raw frame, wherever its pixels are. Any error ends the session. */
  encode(pixels: Pixels, layout: FrameLayout, stamp: FrameStamp): void {
    if (this.#isTooLate()) return;
    if (this.#first === null) {
      this.#opener.frameColor.isDisplayP3 = layout.image?.isDisplayP3 ?? false;
      this.#opener.frameColor.said = layout.image?.color ?? null;
    }
    this.#encode(this.#raw.take(pixels, layout), stamp);
  }

  /** Whether encoding has ended: a frame is then left out. */
  #isTooLate(): boolean {
    const isTooLate = this.#control.isExpired;
    if (isTooLate) this.#leftOut++;
    return isTooLate;
  }

  #encode({ pixels, shape }: Picture, stamp: FrameStamp): void {
    this.#liveFlush.requireWorking();
    setLogLevel(this.#native, this.#request.options.logLevel);
    if (this.#segments?.hasNewSize(shape.layout, this.#size)) this.#openPreprocessor(shape);
    const preprocessor = this.#preprocessor ??= this.#openPreprocessor(shape);
    withWriteErrors(this.#path, () => {
      preprocessor.write(pixels, shape, stamp, this.#take);
      this.#audioTracks?.advanceTo(this.#pipeline?.certainSeconds ?? 0);
    });
    this.#liveFlush.note(stamp.seconds, (this.#request.options.timing ?? "constant") === "constant");
  }

  /** Writes all frames that were accepted; returns `false` where some wait for other streams. */
  #settle(): boolean {
    setLogLevel(this.#native, this.#request.options.logLevel);
    return withWriteErrors(this.#path, () => {
      // Frames wait for audio of their time.
      this.#audioTracks?.advanceTo(this.#pipeline?.seconds ?? 0);
      return this.#pipeline?.settle() ?? true;
    });
  }

  /** Ends the stream and the file. Without a frame none is made, and an existing one stays as it was. */
  *finish(endTicks: bigint): Steps<WriteSummary> {
    this.#liveFlush[Symbol.dispose]();
    this.#liveFlush.requireWorking();
    setLogLevel(this.#native, this.#request.options.logLevel);
    const path = this.#path;
    const fileBytes = yield* stepsWithWriteErrors(path, this.#finishFile(endTicks));
    this.#feeds?.end();
    // Encoders that have left frames out are freed much later.
    this.#target[Symbol.dispose]();
    const failure = this.#audioTracks?.failure ?? null;
    // The file is complete, but part of its audio is missing.
    if (failure !== null) throw failure;
    const { frames, seconds, bytes } = this.stats;
    return {
      path,
      format: this.#muxerInfo.name,
      encoder: this.choice?.name ?? "",
      ...{ ...this.#written, frames, seconds },
      bytes: fileBytes ?? bytes,
      leftOut: this.#leftOut,
    };
  }

  *#finishFile(endTicks: bigint): Steps<number | null> {
    this.#preprocessor?.flush(endTicks, this.#take);
    const pipeline = this.#pipeline;
    if (pipeline === null) {
      if (this.#leftOut > 0) return null;
      return requireNoLostTracks(this.#audioTracks?.stats ?? [], this.#subtitles?.hasCues ?? false);
    }
    // Only the filters know where their output ends.
    const end = this.#request.options.filter === undefined ? endTicks : null;
    const endSeconds = Math.max(end === null ? 0 : this.#clock.seconds(end), pipeline.seconds);
    this.#audioTracks?.finish(endSeconds);
    this.#subtitles?.end(endSeconds);
    this.#leftOut += yield* pipeline.end(end);
    if (this.#leftOut > 0) {
      this.#audioTracks?.cut(pipeline.seconds);
      this.#subtitles?.end(pipeline.seconds);
    }
    if (pipeline.frames > 0) return yield* pipeline.finish();
    // Nothing came out of the encoder in time.
    this.#written = { width: 0, height: 0 };
    pipeline.discardFile();
    this.#removeFile();
    return 0;
  }

  /** Stops, and removes the unfinished file. */
  abort(): void {
    try {
      if (this.#segments === null) this.#free();
      else this.#segments.removeUnfinished(() => this.#free());
      this.#removeFile();
    } finally {
      this.#target[Symbol.dispose]();
    }
  }

  #removeFile(): void {
    // After the end of `finish`, another writer may have begun there.
    if (this.#control.takeFile() && this.#target.isMine()) removeFile(this.#request.path);
  }

  /** After a failure: makes the recording as playable as possible, and frees everything else. */
  salvage(): void {
    try {
      this.#pipeline?.salvage();
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Frees all native objects, and gives the path free. */
  [Symbol.dispose](): void {
    this.#free();
    this.#target[Symbol.dispose]();
  }

  #free(): void {
    this.#liveFlush[Symbol.dispose]();
    this.#opener[Symbol.dispose]();
    this.#images[Symbol.dispose]();
    this.#raw[Symbol.dispose]();
    this.#preprocessor?.[Symbol.dispose]();
    this.#pipeline?.[Symbol.dispose]();
    this.#audioTracks?.[Symbol.dispose]();
    this.#subtitles?.[Symbol.dispose]();
    SharedFrame.freeUnreferenced();
  }

  readonly #take = (pixels: Pixels, shape: PictureShape, stamp: FrameStamp): void => {
    if (this.#isTooLate()) return;
    const given = this.#feeds?.withKeyFrame(stamp) ?? stamp;
    const placed = this.#segments?.plan.take(given) ?? given;
    const pipeline = this.#pipeline ??= this.#open(pixels, shape, placed);
    pipeline.write(pixels, shape, placed, this.#liveFlush.isLive);
  };

  #openPreprocessor(first: PictureShape): Preprocessor {
    const { width, height } = this.#request.options;
    this.#first = first;
    this.#size = { width: width ?? first.layout.width, height: height ?? first.layout.height };
    this.#preprocessor?.[Symbol.dispose]();
    return this.#preprocessor = this.#opener.createPreprocessor(first, this.#size);
  }

  #open(pixels: Pixels, shape: PictureShape, first: FrameStamp): VideoPipeline {
    const { pipeline, settings } = openPipeline(this.#native, {
      ...{ request: this.#request, control: this.#control, info: this.#muxerInfo, target: this.#target },
      ...{ safety: this.#safety, clock: this.#clock, audioTracks: this.#audioTracks },
      ...{ subtitles: this.#subtitles, opener: this.#opener, segments: this.#segments },
      feeds: this.#feeds,
    }, {
      input: { ...this.#preprocessor!.times, shape },
      pixels,
      seconds: first.seconds,
      source: { first: this.#first!, size: this.#size! },
    }, this.#parts);
    this.#written = { width: settings.width, height: settings.height };
    return pipeline;
  }
}
