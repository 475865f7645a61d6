/**
 * The engine: frames in, a file out. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../ffi/mod.ts";
import { chooseEncoder, type ChosenEncoder } from "../codecs/choose_encoder.ts";
import type { EncoderRequest } from "../codecs/encoder_settings.ts";
import {
  type EncoderSettings,
  resolveSettings,
  sameSettings,
  type SettingsContext,
} from "../codecs/open_encoder.ts";
import { AvError, OptionError, UnsupportedError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Encoder, EncoderInfo } from "../libav/encoder.ts";
import { Muxer, type MuxerInfo } from "../libav/muxer.ts";
import { pixelFormats } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";
import { type ColorDescription, defaultColor, meaningOf, meaningSaid, parseColor } from "../video/color.ts";
import { ImageDecoder } from "../video/encoded_image.ts";
import { defaultInputFormat, type InputFormats, requireInputFormat } from "../video/input_format.ts";
import { frameLayout, type PictureShape, type Pixels } from "../video/pixels.ts";
import {
  chooseMuxer,
  choosesLayout,
  codecTag,
  containerRefuses,
  leastTicks,
  muxerOptions,
  needsFragments,
  requireContainerKeepsTimes,
  requireContainerTakes,
  requireNamedPixels,
  requireOneTarget,
  requireVariableRate,
  type Stage,
  takesVariableRate,
} from "./container.ts";
import { type Engine, type EngineInfo, RefusedFrame } from "./engine.ts";
import { type CheckedFrame, type CheckedPicture, requireFit, type Size } from "./frame_checker.ts";
import {
  type ContainerClock,
  createClock,
  type FrameClock,
  type FrameStamp,
  ticksPerFrame,
} from "./frame_clock.ts";
import { Intake, type IntakeOutput } from "./intake.ts";
import { isTalkative, silenceBelow } from "./log.ts";
import type { WriterStats } from "./options.ts";
import { OutputFile } from "./output_file.ts";
import { Pipeline } from "./pipeline.ts";
import { describeSession } from "./report.ts";
import type { EncoderChoice, SessionRequest, WriteSummary } from "./session_types.ts";
import {
  isRotationUncertain,
  requireContainerKeepsTags,
  requireRotationWritten,
  requireStreamKeepsTags,
  type Rotation,
  streamTags,
} from "./tags.ts";
import { mayReplace, requireWritable, requireWritableFolder, whileWriting } from "./target.ts";
import { Timeline } from "./timeline.ts";

/** The sizes that a trial takes, in turn, where the real one comes with the first frame: some old codecs know a few only. */
const trialSizes: readonly Size[] = [
  { width: 640, height: 360 },
  { width: 1920, height: 1080 },
  { width: 352, height: 288 },
  { width: 720, height: 576 },
];

/** How a file is kept playable while it is written. */
interface Safety {
  /** It is written as it comes, and what a failing disk left half written is cut off. */
  readonly isCrashSafe: boolean;
  /** It is recorded in fragments, and made an ordinary file at the end. */
  readonly isFragmented: boolean;
}

/** What a muxer is made by. */
interface MuxerRequest {
  readonly encoder: Encoder;
  readonly settings: EncoderSettings;
  readonly timeBase: Rational;
  readonly url: string;
  readonly stage: Stage;
  /** The file that was recorded, where an ordinary one is made of it. */
  readonly recording?: Demuxer | null;
  /** Another rotation than the one asked for. */
  readonly rotation?: Rotation;
}

/** One file being written. */
export class WriterSession implements Engine, Disposable {
  readonly #native: Native;
  readonly #request: SessionRequest;
  readonly #muxerInfo: MuxerInfo;
  readonly #clock: FrameClock;
  readonly #formats: InputFormats;
  readonly #safety: Safety;
  /** The open encoder of the trial, for the first frame to use if it fits. */
  #trial: ChosenEncoder | null;
  #choice: EncoderChoice | null;
  /** The size of the video's pictures, before filters: known with the first frame. */
  #size: Size | null = null;
  #first: PictureShape | null = null;
  /** What raw frames are like, by their layout. */
  #rawShape: PictureShape | null = null;
  #images: ImageDecoder | null = null;
  #intake: Intake | null = null;
  #pipeline: Pipeline | null = null;
  /** The size of the video in the file. */
  #written: Size = { width: 0, height: 0 };
  #containerClock: ContainerClock | null = null;
  /** Whether a file was begun that an abort must remove. */
  #hasFile = false;
  readonly #mayRemove: boolean;

  /**
   * Checks all that can be known before the first frame: the file can be written, the container is known, an encoder opens
   * with these options and the container takes its stream. The disk stays as it was.
   */
  constructor(native: Native, request: SessionRequest) {
    const { path, frameRate, options } = request;
    const { timing = "constant" } = options;
    this.#native = native;
    this.#request = request;
    // A trial's chatter would be told again when it is in earnest.
    silenceBelow(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#formats = inputFormats(native);
    this.#muxerInfo = chooseMuxer(native, path, options.format);
    if (timing === "constant") requireContainerKeepsTimes(this.#muxerInfo, frameRate, null);
    else requireVariableRate(this.#muxerInfo, timing);
    requireContainerKeepsTags(this.#muxerInfo, options);
    this.#clock = createClock(frameRate, options);
    this.#mayRemove = this.#requireTarget();
    this.#safety = this.#chooseSafety();
    const trial = this.#chooseTrial();
    try {
      if (trial !== null) this.#tryHeader(trial);
    } catch (error) {
      trial!.encoder[Symbol.dispose]();
      throw error;
    }
    this.#trial = trial;
    this.#choice = trial === null ? null : describeChoice(trial);
  }

  /** The encoder in use. Its pixel format may change with the first frame's; `null` where filters need that frame first. */
  get choice(): EncoderChoice | null {
    return this.#choice;
  }

  /** Progress so far. */
  get stats(): WriterStats {
    const { frames = 0, packets = 0, bytes = 0, seconds = 0 } = this.#pipeline ?? {};
    return { frames, bytes, seconds, dropped: 0, duplicated: 0, queued: frames - packets };
  }

  get size(): Size | null {
    return this.#size;
  }

  get info(): EngineInfo {
    return { formats: [...this.#formats.values()], containerClock: this.#containerClock };
  }

  /** Writes one frame. Whatever this throws ends the session, but for a {@linkcode RefusedFrame}. */
  write({ picture, stamp }: CheckedFrame): void {
    silenceBelow(this.#native, this.#request.options.logLevel);
    const { pixels, shape } = picture.kind === "raw" ? this.#view(picture) : this.#decode(picture.bytes);
    const intake = this.#intake ??= this.#openIntake(shape);
    whileWriting(this.#request.path, () => intake.write(pixels, shape, stamp, this.#take));
  }

  /** Ends the stream, finishes the file and tells what is in it. Without a frame there is no file, and an existing one is as it was. */
  finish(endTicks: bigint): WriteSummary {
    silenceBelow(this.#native, this.#request.options.logLevel);
    const { path } = this.#request;
    const fileBytes = whileWriting(path, () => {
      this.#intake?.flush(endTicks, this.#take);
      // What filters make of the end, only they know.
      return this.#pipeline?.finish(this.#request.options.filter === undefined ? endTicks : null);
    });
    const { frames, seconds, bytes } = this.stats;
    const summary = {
      path,
      format: this.#muxerInfo.name,
      encoder: this.#choice?.name ?? "",
      ...this.#written,
      frames,
      seconds,
      bytes: fileBytes ?? bytes,
    };
    this[Symbol.dispose]();
    return summary;
  }

  /** Stops and removes the file that was begun. */
  abort(): void {
    this[Symbol.dispose]();
    if (this.#hasFile) removeFile(this.#request.path);
    this.#hasFile = false;
  }

  /** After a failure: makes what was recorded so far as playable as it can be, and frees the rest. */
  salvage(): void {
    this.#pipeline?.salvage();
    this[Symbol.dispose]();
  }

  /** Frees all native objects. */
  [Symbol.dispose](): void {
    this.#trial?.encoder[Symbol.dispose]();
    this.#trial = null;
    this.#images?.[Symbol.dispose]();
    this.#intake?.[Symbol.dispose]();
    this.#pipeline?.[Symbol.dispose]();
  }

  /** What the video's colours mean, or those of frames that do not say, at a height. */
  #color(height: number): ColorDescription {
    const { color } = this.#request.options;
    return color === undefined ? defaultColor(height) : parseColor(color, height);
  }

  #view({ layout, planes }: CheckedPicture & { kind: "raw" }): { pixels: Pixels; shape: PictureShape } {
    if (this.#rawShape?.layout !== layout) {
      this.#rawShape = { layout, meaning: meaningOf(layout.format, this.#color(layout.height)) };
    }
    return { pixels: planes, shape: this.#rawShape };
  }

  #decode(bytes: Uint8Array): { pixels: Pixels; shape: PictureShape } {
    silenceBelow(this.#native, "quiet");
    try {
      const images = this.#images ??= new ImageDecoder(this.#native);
      const { frame, width, height, format, color } = images.decode({ image: bytes });
      requireFit({ width, height }, this.#size, this.#request.options);
      const expected = meaningOf(format, this.#color(height));
      const meaning = color === null ? expected : meaningSaid(color, expected);
      return { pixels: frame, shape: { layout: frameLayout(format, width, height), meaning } };
    } catch (error) {
      throw new RefusedFrame(error);
    } finally {
      silenceBelow(this.#native, this.#request.options.logLevel);
    }
  }

  readonly #take = (pixels: Pixels, shape: PictureShape, stamp: FrameStamp): void => {
    const pipeline = this.#pipeline ??= this.#open(shape);
    pipeline.write(pixels, shape, stamp);
  };

  #openIntake(first: PictureShape): Intake {
    const { width, height } = this.#request.options;
    this.#first = first;
    this.#size = { width: width ?? first.layout.width, height: height ?? first.layout.height };
    return this.#createIntake(first, this.#size);
  }

  #createIntake(first: PictureShape, size: Size): Intake {
    const { frameRate, options: { resize = "error", filter } } = this.#request;
    // A container of a constant rate gets one, whatever the filters make of the times.
    const isConstant = filter !== undefined && !takesVariableRate(this.#muxerInfo);
    return new Intake(this.#native, first, size, {
      resize,
      filter: filter === undefined ? null : isConstant ? `${filter},fps=source_fps` : filter,
      timeBase: this.#clock.timeBase,
      frameRate,
    });
  }

  #encoderRequest({ shape: { layout }, frameRate }: IntakeOutput): EncoderRequest {
    const { options } = this.#request;
    return {
      ...options,
      container: this.#muxerInfo.name,
      frameRate,
      width: layout.width,
      height: layout.height,
      source: layout.format,
      isCrashSafe: this.#safety.isCrashSafe,
      isTalkative: isTalkative(options.logLevel),
      isQuiet: options.logLevel === "quiet",
    };
  }

  #settingsContext({ shape: { layout } }: IntakeOutput): SettingsContext {
    const { color, oddSize = "pad" } = this.#request.options;
    return {
      globalHeader: this.#muxerInfo.wantsGlobalHeader,
      color: this.#color(layout.height),
      isMatrixGiven: typeof color === "string" || color?.matrix !== undefined,
      oddSize,
    };
  }

  #chooseSafety(): Safety {
    const { path, options: { crashSafe, formatOptions } } = this.#request;
    if (crashSafe === false || !this.#mayRemove) return { isCrashSafe: false, isFragmented: false };
    if (!needsFragments(this.#muxerInfo)) return { isCrashSafe: true, isFragmented: false };
    if (choosesLayout(formatOptions)) return { isCrashSafe: false, isFragmented: false };
    const isPossible = mayReplace(path, crashSafe === true);
    return { isCrashSafe: isPossible, isFragmented: isPossible };
  }

  /** Throws unless the target can be written; returns whether an abort may remove it. */
  #requireTarget(): boolean {
    const { path } = this.#request;
    if (!this.#muxerInfo.opensFilesItself) return requireWritable(path);
    requireWritableFolder(path);
    requireOneTarget(this.#muxerInfo);
    return false;
  }

  #chooseEncoder(input: IntakeOutput): ChosenEncoder {
    return chooseEncoder(
      this.#native,
      this.#request.codec,
      this.#encoderRequest(input),
      this.#settingsContext(input),
      (encoder) => this.#requireContainerFits(encoder, input),
    );
  }

  #requireContainerFits(encoder: EncoderInfo, { shape: { layout } }: IntakeOutput): void {
    requireContainerTakes(this.#native, this.#muxerInfo, encoder);
    requireStreamKeepsTags(this.#muxerInfo, encoder, this.#request.options, this.#color(layout.height));
  }

  /** What the encoder gets for frames of a size in the usual format. */
  #trialInput({ width, height }: Size): IntakeOutput {
    const format = requireInputFormat(this.#formats, defaultInputFormat);
    const layout = frameLayout(format, width, height);
    using intake = this.#createIntake({ layout, meaning: meaningOf(format, this.#color(height)) }, {
      width,
      height,
    });
    return intake.output;
  }

  /**
   * Opens an encoder before the frames are known. Without a size, one that is refused proves nothing: others are tried. `null`
   * where filters work with none of these sizes: they may with the frames' own.
   */
  #chooseTrial(): ChosenEncoder | null {
    const { width, height, logLevel } = this.#request.options;
    const sizes = trialSizes.map((size) => ({ width: width ?? size.width, height: height ?? size.height }));
    if (width !== undefined && height !== undefined) return this.#chooseEncoder(this.#trialInput(sizes[0]!));
    silenceBelow(this.#native, "quiet");
    let isFilterRefused = true;
    for (const size of sizes) {
      try {
        const input = this.#trialInput(size);
        isFilterRefused = false;
        return this.#chooseEncoder(input);
      } catch (error) {
        const dependsOnSize = error instanceof UnsupportedError ||
          error instanceof OptionError && error.code === "FILTER_CONFIG";
        if (!dependsOnSize) throw error;
      }
    }
    silenceBelow(this.#native, logLevel);
    return isFilterRefused ? null : this.#chooseEncoder(this.#trialInput(sizes[0]!));
  }

  /** Writes the header into memory: only the muxer itself knows all that it refuses. */
  #tryHeader({ encoder, settings }: ChosenEncoder): void {
    const stage = this.#safety.isFragmented ? "finished" : "direct";
    const request = { encoder, settings, timeBase: this.#clock.timeBase, url: this.#url, stage } as const;
    using muxer = this.#createMuxer(request);
    if (this.#muxerInfo.opensFilesItself) return;
    this.#writeHeaderToMemory(muxer, encoder);
    this.#requireRotation(muxer, request);
    const { frameRate, options: { timing = "constant", filter } } = this.#request;
    if (filter !== undefined) return;
    if (timing === "constant") requireContainerKeepsTimes(this.#muxerInfo, frameRate, muxer.timeBase(0));
    this.#containerClock = {
      name: this.#muxerInfo.name,
      timeBase: muxer.timeBase(0),
      leastTicks: leastTicks(this.#muxerInfo),
    };
  }

  #writeHeaderToMemory(muxer: Muxer, encoder: Encoder): void {
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      throw containerRefuses(this.#native, this.#muxerInfo, encoder.info, error.message);
    }
  }

  /** Throws where a rotation was asked for that makes no difference to the header. */
  #requireRotation({ flushedBytes }: Muxer, request: MuxerRequest): void {
    const { options } = this.#request;
    if (!isRotationUncertain(this.#muxerInfo, options)) return;
    using unturned = this.#createMuxer({ ...request, rotation: 0 });
    this.#writeHeaderToMemory(unturned, request.encoder);
    requireRotationWritten(this.#muxerInfo, options, flushedBytes, unturned.flushedBytes);
  }

  get #url(): string {
    return `file:${this.#request.path}`;
  }

  #createMuxer(request: MuxerRequest): Muxer {
    const { encoder, settings, timeBase, url, stage, recording = null, ...tags } = request;
    const { options, codec } = this.#request;
    const { timing = "constant", formatOptions, metadata = {} } = options;
    const muxer = new Muxer(this.#native, this.#muxerInfo, url);
    try {
      muxer.addStream({
        describeInto: (parameters) => {
          encoder.describeInto(parameters);
          recording?.copyHeaders(0, parameters);
        },
        timeBase,
        frameRate: timing === "constant" ? settings.frameRate : null,
        tag: codecTag(this.#muxerInfo, encoder.info, codec),
        tags: streamTags({ ...options, ...tags }, settings.color, settings.chromaLocation),
      });
      muxer.setMetadata(metadata);
      requireNamedPixels(muxer, encoder.info, settings.format);
      const chosen = muxerOptions(muxer, timeBase, stage, formatOptions, metadata);
      for (const [name, value] of Object.entries(chosen)) muxer.options.set(name, value);
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  #createTimeline({ timeBase, frameRate }: IntakeOutput): Timeline {
    const { keyFrameInterval } = this.#request.options;
    const frameTicks = this.#request.options.filter === undefined
      ? this.#clock.frameTicks
      : ticksPerFrame(frameRate, timeBase);
    const keyFrameTicks = keyFrameInterval === undefined
      ? null
      : BigInt(Math.max(1, Math.round(keyFrameInterval * timeBase.den / timeBase.num)));
    return new Timeline({ timeBase, frameTicks, isConstant: this.#clock.isConstant, keyFrameTicks });
  }

  /** Opens everything for pictures of this shape; the file last, so that a failure leaves an existing one as it was. */
  #open(shape: PictureShape): Pipeline {
    const input = { ...this.#intake!.output, shape };
    using owned = new DisposableStack();
    const { encoder, settings } = this.#openEncoder(input);
    owned.use(encoder);
    const output = owned.use(
      new OutputFile(this.#native, {
        path: this.#request.path,
        ...this.#safety,
        createMuxer: (url, stage, recording) =>
          this.#createMuxer({ encoder, settings, timeBase: input.timeBase, url, stage, recording }),
      }),
    );
    const timeline = this.#createTimeline(input);
    const pipeline = owned.use(new Pipeline(this.#native, { encoder, settings, output, timeline }));
    pipeline.prepare(shape);
    output.open(() => this.#hasFile = this.#mayRemove);
    owned.move();
    // Without filters, the clock has seen to it.
    if (this.#request.options.filter !== undefined) {
      timeline.keepApart(output.timeBase(0), leastTicks(this.#muxerInfo));
    }
    this.#written = { width: settings.width, height: settings.height };
    if (isTalkative(this.#request.options.logLevel)) {
      using muxer = this.#createMuxer({
        encoder,
        settings,
        timeBase: input.timeBase,
        url: this.#url,
        stage: "finished",
      });
      console.error(describeSession(
        this.#native,
        this.#request,
        { first: this.#first!, size: this.#size!, picture: shape },
        settings,
        this.#choice!,
        muxer,
      ));
    }
    return pipeline;
  }

  /** The trial's encoder where it fits these frames, or else the one that does: not every candidate takes every size. */
  #openEncoder(input: IntakeOutput): { encoder: Encoder; settings: EncoderSettings } {
    const trial = this.#trial;
    this.#trial = null;
    if (trial !== null) {
      try {
        const request = this.#encoderRequest(input);
        const context = this.#settingsContext(input);
        const wanted = resolveSettings(this.#native, trial.encoder.info, request, context);
        if (sameSettings(wanted, trial.settings)) return trial;
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
      }
      trial.encoder[Symbol.dispose]();
    }
    const chosen = this.#chooseEncoder(input);
    try {
      this.#tryHeader(chosen);
    } catch (error) {
      chosen.encoder[Symbol.dispose]();
      throw error;
    }
    this.#choice = describeChoice(chosen);
    return chosen;
  }
}

/** All pixel formats of the loaded libavutil, by name. */
function inputFormats(native: Native): InputFormats {
  return new Map(pixelFormats(native).map((format) => [format.name, format]));
}

function describeChoice({ settings: { encoder, format }, rejected }: ChosenEncoder): EncoderChoice {
  return { name: encoder.name, codec: encoder.codecName, pixelFormat: format.name, rejected };
}
