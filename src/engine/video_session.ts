/**
 * The engine: frames in, a file out. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../ffi/mod.ts";
import { openNextEncoder } from "../codecs/open_encoder.ts";
import { attachmentStreams, requireAttachmentSupport } from "../container/attachments.ts";
import { requireChapterSupport } from "../container/chapters.ts";
import { openCover, requireCoverSupport } from "../container/cover.ts";
import { minTicks, requireFrameRateSupport, requireVariableRateSupport } from "../container/frame_rates.ts";
import { requireTagSupport } from "../container/metadata.ts";
import { chooseMuxer } from "../container/muxer_choice.ts";
import { OutputFile } from "../file/output_file.ts";
import { chooseCrashSafety, type CrashSafety, requireWritableTarget } from "../file/safety.ts";
import { SubtitleTracks } from "../file/subtitle_tracks.ts";
import { withWriteErrors } from "../file/target.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Encoder } from "../libav/encoder.ts";
import { isVerbose, setLogLevel } from "../libav/log.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { CodecParameters } from "../libav/streams/codec_parameters.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import { meaningOf } from "../video/color.ts";
import { type FrameStamp, ticksPerFrame } from "../video/frame_timing.ts";
import { type InputFormats, inputFormats } from "../video/input_format.ts";
import type { PictureShape, Pixels } from "../video/pixels.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import { audioBesideVideo, AudioTracks } from "./audio_tracks.ts";
import { createClock, type FrameClock } from "./frame_clock.ts";
import { ImageInput, type Picture } from "./image_input.ts";
import { LiveFlush } from "./live_flush.ts";
import { requireNoLostTracks } from "./lost_tracks.ts";
import { Pipeline } from "./pipeline.ts";
import type { Preprocessor, PreprocessorOutput } from "./preprocessor.ts";
import { describeVideoSession } from "./report.ts";
import type { EncoderChoice, EngineInfo, VideoFileRequest, WriteSummary } from "./session_types.ts";
import { StreamOpener } from "./stream_opener.ts";
import { longestDelayOf, Timeline } from "./timeline.ts";
import type { WriterStats } from "./writer_stats.ts";

/** One file being written. */
export class VideoSession implements Disposable {
  readonly #native: Native;
  readonly #request: VideoFileRequest;
  readonly #muxerInfo: MuxerInfo;
  readonly #clock: FrameClock;
  readonly #formats: InputFormats;
  readonly #safety: CrashSafety;
  readonly #audioTracks: AudioTracks | null;
  readonly #subtitles: SubtitleTracks | null;
  readonly #opener: StreamOpener;
  /** The size of pictures before filters, known with the first frame. */
  #size: Size | null = null;
  #first: PictureShape | null = null;
  /** The shape of raw frames, by their layout. */
  #rawShape: PictureShape | null = null;
  readonly #images: ImageInput;
  #preprocessor: Preprocessor | null = null;
  #pipeline: Pipeline | null = null;
  /** The size of the video in the file. */
  #written: Size = { width: 0, height: 0 };
  /** Whether a file was begun that an abort must remove. */
  #hasFile = false;
  readonly #mayRemove: boolean;
  readonly #liveFlush: LiveFlush = new LiveFlush(() => this.#settle());

  /**
   * Checks everything that can be checked before the first frame: the file is writable, the container is
   * known, an encoder opens with these options and the container supports its stream. Leaves the disk
   * unchanged.
   */
  constructor(native: Native, request: VideoFileRequest) {
    const { path, frameRate, options } = request;
    const { timing = "constant" } = options;
    this.#native = native;
    this.#request = request;
    this.#formats = inputFormats(native);
    this.#muxerInfo = chooseMuxer(native, path, options.format);
    if (timing === "constant") requireFrameRateSupport(this.#muxerInfo, frameRate, null);
    else requireVariableRateSupport(this.#muxerInfo, timing);
    requireTagSupport(this.#muxerInfo, options);
    requireChapterSupport(this.#muxerInfo, options);
    requireCoverSupport(this.#muxerInfo, options);
    requireAttachmentSupport(this.#muxerInfo, options);
    using owned = new DisposableStack();
    // Errors of a cover or subtitle file have all details.
    setLogLevel(native, "quiet");
    const files = [...openCover(native, this.#muxerInfo, options), ...attachmentStreams(native, options)];
    const subtitles = owned.use(this.#openSubtitles());
    // What a trial prints would be printed again when the file is opened.
    setLogLevel(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#clock = createClock(frameRate, options);
    this.#mayRemove = requireWritableTarget(this.#muxerInfo, path);
    this.#safety = chooseCrashSafety(this.#muxerInfo, request, this.#mayRemove);
    const audioTracks = options.audio.length === 0
      ? null
      : new AudioTracks(native, this.#muxerInfo, options.audio, audioBesideVideo);
    this.#audioTracks = owned.use(audioTracks);
    this.#subtitles = subtitles;
    const context = {
      formats: this.#formats,
      clock: this.#clock,
      safety: this.#safety,
      ...{ audioTracks, subtitles, files },
    };
    this.#opener = new StreamOpener(native, request, this.#muxerInfo, context);
    this.#images = new ImageInput(native, options, (height) => this.#opener.color(height));
    owned.move();
  }

  get choice(): EncoderChoice | null {
    return this.#opener.choice;
  }

  /** The current statistics. */
  get stats(): WriterStats {
    const { frames = 0, packets = 0, bytes = 0, seconds = 0 } = this.#pipeline ?? {};
    return {
      frames,
      bytes,
      seconds,
      dropped: 0,
      duplicated: 0,
      queued: frames - packets,
      audio: this.#audioTracks?.stats ?? [],
    };
  }

  get size(): Size | null {
    return this.#size;
  }

  get info(): EngineInfo {
    return { formats: [...this.#formats.values()], ...this.#opener.known };
  }

  /** Encodes one image file. Whatever this throws ends the session, but for a `RefusedFrame`. */
  encodeImage(bytes: Uint8Array, stamp: FrameStamp): void {
    this.#encode(this.#images.decode(bytes, this.#size), stamp);
  }

  /** Encodes samples for a track that start at a time in seconds. Any error ends the session. */
  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    this.#liveFlush.requireWorking();
    setLogLevel(this.#native, this.#request.options.logLevel);
    withWriteErrors(this.#request.path, () => this.#audioTracks!.write(track, samples, seconds));
  }

  /** Writes a cue once the video gets to it. Any error ends the session. */
  writeSubtitle(cue: Required<SubtitleCue>): void {
    this.#subtitles!.write(cue);
  }

  /** Encodes a raw frame, wherever its pixels are. Any error ends the session. */
  encode(pixels: Pixels, layout: FrameLayout, stamp: FrameStamp): void {
    if (this.#rawShape?.layout !== layout) {
      this.#rawShape = { layout, meaning: meaningOf(layout.format, this.#opener.color(layout.height)) };
    }
    this.#encode({ pixels, shape: this.#rawShape }, stamp);
  }

  #encode({ pixels, shape }: Picture, stamp: FrameStamp): void {
    this.#liveFlush.requireWorking();
    setLogLevel(this.#native, this.#request.options.logLevel);
    const preprocessor = this.#preprocessor ??= this.#openPreprocessor(shape);
    withWriteErrors(this.#request.path, () => {
      preprocessor.write(pixels, shape, stamp, this.#take);
      this.#audioTracks?.advanceTo(this.#pipeline?.certainSeconds ?? 0);
    });
    this.#liveFlush.note(stamp.seconds, (this.#request.options.timing ?? "constant") === "constant");
  }

  /** Writes all frames that were accepted; returns `false` where some wait for other streams. */
  #settle(): boolean {
    setLogLevel(this.#native, this.#request.options.logLevel);
    return withWriteErrors(this.#request.path, () => {
      // Frames wait for audio of their time.
      this.#audioTracks?.advanceTo(this.#pipeline?.seconds ?? 0);
      return this.#pipeline?.settle() ?? true;
    });
  }

  /**
   * Ends the stream, finishes the file and returns its summary. Without a frame no file is made, and an
   * existing one stays as it was.
   */
  finish(endTicks: bigint): WriteSummary {
    this.#liveFlush[Symbol.dispose]();
    this.#liveFlush.requireWorking();
    setLogLevel(this.#native, this.#request.options.logLevel);
    const { path } = this.#request;
    const fileBytes = withWriteErrors(path, () => {
      this.#preprocessor?.flush(endTicks, this.#take);
      if (this.#pipeline === null) {
        return requireNoLostTracks(this.#hasAudio, this.#subtitles?.hasCues ?? false);
      }
      // Only the filters know where their output ends.
      const end = this.#request.options.filter === undefined ? endTicks : null;
      const endSeconds = Math.max(end === null ? 0 : this.#clock.seconds(end), this.#pipeline.seconds);
      this.#audioTracks?.finish(endSeconds);
      this.#subtitles?.end(endSeconds);
      return this.#pipeline.finish(end);
    });
    const { frames, seconds, bytes } = this.stats;
    const summary = {
      path,
      format: this.#muxerInfo.name,
      encoder: this.choice?.name ?? "",
      ...this.#written,
      frames,
      seconds,
      bytes: fileBytes ?? bytes,
    };
    const failure = this.#audioTracks?.failure ?? null;
    this[Symbol.dispose]();
    // The file is complete, but part of its audio is missing.
    if (failure !== null) throw failure;
    return summary;
  }

  /** Stops, and removes the unfinished file. */
  abort(): void {
    this[Symbol.dispose]();
    if (this.#hasFile) removeFile(this.#request.path);
    this.#hasFile = false;
  }

  /** After a failure: makes the recording as playable as possible, and frees everything else. */
  salvage(): void {
    this.#pipeline?.salvage();
    this[Symbol.dispose]();
  }

  /** Frees all native objects. */
  [Symbol.dispose](): void {
    this.#liveFlush[Symbol.dispose]();
    this.#opener[Symbol.dispose]();
    this.#images[Symbol.dispose]();
    this.#preprocessor?.[Symbol.dispose]();
    this.#pipeline?.[Symbol.dispose]();
    this.#audioTracks?.[Symbol.dispose]();
    this.#subtitles?.[Symbol.dispose]();
  }

  /** Whether samples were written. */
  get #hasAudio(): boolean {
    return this.#audioTracks?.stats.some(({ seconds }) => seconds > 0) ?? false;
  }

  readonly #take = (pixels: Pixels, shape: PictureShape, stamp: FrameStamp): void => {
    const pipeline = this.#pipeline ??= this.#open(shape, stamp);
    pipeline.write(pixels, shape, stamp, this.#liveFlush.isLive);
  };

  #openPreprocessor(first: PictureShape): Preprocessor {
    const { width, height } = this.#request.options;
    this.#first = first;
    this.#size = { width: width ?? first.layout.width, height: height ?? first.layout.height };
    return this.#opener.createPreprocessor(first, this.#size);
  }

  #openSubtitles(): SubtitleTracks | null {
    const { audio, subtitles } = this.#request.options;
    if (subtitles.length === 0) return null;
    return new SubtitleTracks(
      this.#native,
      this.#muxerInfo,
      subtitles,
      audioBesideVideo.firstStream + audio.length,
    );
  }

  #createTimeline({ timeBase, frameRate }: PreprocessorOutput): Timeline {
    const { keyFrameInterval } = this.#request.options;
    const frameTicks = this.#request.options.filter === undefined
      ? this.#clock.frameTicks
      : ticksPerFrame(frameRate, timeBase);
    const keyFrameTicks = keyFrameInterval === undefined
      ? null
      : BigInt(Math.max(1, Math.round(keyFrameInterval * timeBase.den / timeBase.num)));
    const { timing } = this.#request.options;
    const { isConstant } = this.#clock;
    return new Timeline({
      timeBase,
      frameTicks,
      isConstant,
      keyFrameTicks,
      longestDelay: longestDelayOf(isConstant, timing),
    });
  }

  /**
   * Opens everything for pictures of this shape. The file comes last, so that a failure leaves an existing
   * one as it was.
   */
  #open(shape: PictureShape, first: FrameStamp): Pipeline {
    const input = { ...this.#preprocessor!.output, shape };
    using owned = new DisposableStack();
    const { encoder, settings } = this.#opener.openEncoder(input);
    owned.use(encoder);
    const parameters = owned.use(new CodecParameters(this.#native, encoder));
    const output = owned.use(
      new OutputFile(this.#native, {
        path: this.#request.path,
        ...this.#safety,
        queue: this.#audioTracks?.queue ?? null,
        subtitles: this.#subtitles,
        chapters: this.#request.options.chapters ?? [],
        createMuxer: (url, stage, recording) =>
          this.#opener.createMuxer({ parameters, settings, timeBase: input.timeBase, url, stage, recording }),
      }),
    );
    const timeline = this.#createTimeline(input);
    const { reorderDelay } = encoder;
    const openEncoder = (): Encoder => openNextEncoder(this.#native, settings, parameters.headers);
    const parts = { encoder, parameters, openEncoder, settings, output, timeline };
    const pipeline = owned.use(new Pipeline(this.#native, parts));
    pipeline.prepare(shape);
    output.open(() => this.#hasFile = this.#mayRemove);
    timeline.begin(reorderDelay, output.timeBase(0));
    owned.move();
    this.#audioTracks?.begin(output, first.seconds);
    // Without filters, the clock does that.
    if (this.#request.options.filter !== undefined) {
      timeline.keepApart(output.timeBase(0), minTicks(this.#muxerInfo));
    }
    this.#written = { width: settings.width, height: settings.height };
    if (isVerbose(this.#request.options.logLevel)) {
      using muxer = this.#opener.createMuxer({
        parameters,
        settings,
        timeBase: input.timeBase,
        url: this.#opener.url,
        stage: "finished",
      });
      console.error(describeVideoSession(
        this.#native,
        this.#request,
        { first: this.#first!, size: this.#size!, picture: shape },
        settings,
        this.choice!,
        muxer,
      ));
    }
    return pipeline;
  }
}
