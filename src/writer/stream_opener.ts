/**
 * Opens what a video needs: finds out beforehand whether all of it goes together, and then makes it for the frames that come.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { chooseEncoder, type ChosenEncoder } from "../codecs/choose_encoder.ts";
import type { EncoderRequest } from "../codecs/encoder_settings.ts";
import {
  type EncoderSettings,
  resolveSettings,
  sameSettings,
  type SettingsContext,
} from "../codecs/open_encoder.ts";
import { AvError, OptionError, UnsupportedError } from "../errors.ts";
import { CodecParameters } from "../libav/codec_parameters.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Encoder, EncoderInfo } from "../libav/encoder.ts";
import { Muxer, type MuxerInfo, type StreamRequest } from "../libav/muxer.ts";
import type { Rational } from "../libav/rational.ts";
import { type ColorDescription, defaultColor, meaningOf, parseColor } from "../video/color.ts";
import { defaultInputFormat, type InputFormats, requireInputFormat } from "../video/input_format.ts";
import { frameLayout, type PictureShape } from "../video/pixels.ts";
import {
  codecTag,
  containerRefuses,
  isOnTheWay,
  leastTicks,
  mostTicks,
  muxerOptions,
  requireContainerKeepsTimes,
  requireContainerTakes,
  requireNamedPixels,
  type Stage,
  takesVariableRate,
} from "./container.ts";
import type { Size } from "./frame_checker.ts";
import type { ContainerClock, FrameClock } from "./frame_clock.ts";
import { Intake, type IntakeOutput } from "./intake.ts";
import { isTalkative, silenceBelow } from "./log.ts";
import type { Safety } from "./safety.ts";
import type { EncoderChoice, SessionRequest } from "./session_types.ts";
import type { Sound } from "./sound.ts";
import type { Subtitles } from "./subtitles.ts";
import {
  isRotationUncertain,
  requireRotationWritten,
  requireStreamKeepsTags,
  type Rotation,
  streamTags,
} from "./tags.ts";
import { requireTimecodeFits, splitTimecode } from "./timecode.ts";

/** The sizes that a trial takes, in turn, where the real one comes with the first frame: some old codecs know a few only. */
const trialSizes: readonly Size[] = [
  { width: 640, height: 360 },
  { width: 1920, height: 1080 },
  { width: 352, height: 288 },
  { width: 720, height: 576 },
];

/** What a muxer is made by. */
export interface MuxerRequest {
  /** What the encoder makes. */
  readonly parameters: CodecParameters;
  readonly settings: EncoderSettings;
  readonly timeBase: Rational;
  readonly url: string;
  readonly stage: Stage;
  /** The file that was recorded, where an ordinary one is made of it. */
  readonly recording?: Demuxer | null;
  /** Another rotation than the one asked for. */
  readonly rotation?: Rotation;
  /** Other tracks than those asked for, or none. */
  readonly sound?: Sound | null;
}

/** What an opener works with. */
export interface OpenerContext {
  /** All pixel formats of the loaded libavutil. */
  readonly formats: InputFormats;
  /** The clock that frames get their times from. */
  readonly clock: FrameClock;
  /** How the file is kept playable. */
  readonly safety: Safety;
  /** The tracks beside the video; `null` where there are none. */
  readonly sound: Sound | null;
  /** The tracks of text after those; `null` where there are none. */
  readonly subtitles: Subtitles | null;
  /** Streams that are a file each, which come after all others. */
  readonly files: readonly StreamRequest[];
}

/** Opens encoder and muxer of one video. */
export class StreamOpener implements Disposable {
  readonly #native: Native;
  readonly #request: SessionRequest;
  readonly #context: OpenerContext;
  /** The container. */
  readonly info: MuxerInfo;
  /** The open encoder of the trial, for the first frame to use if it fits. */
  #trial: ChosenEncoder | null = null;
  #choice: EncoderChoice | null = null;
  #containerClock: ContainerClock | null = null;

  /** Opens an encoder, and tries its stream's header, before the frames are known. The disk stays as it was. */
  constructor(native: Native, request: SessionRequest, info: MuxerInfo, context: OpenerContext) {
    this.#native = native;
    this.#request = request;
    this.#context = context;
    this.info = info;
    const trial = this.#chooseTrial();
    if (trial === null) return;
    this.#requireHeader(trial);
    this.#trial = trial;
    this.#choice = describeChoice(trial);
  }

  /** The encoder in use. Its pixel format may change with the first frame's; `null` where filters need that frame first. */
  get choice(): EncoderChoice | null {
    return this.#choice;
  }

  /** What the container counts times in; `null` where that is not known, or filters make the times. */
  get containerClock(): ContainerClock | null {
    return this.#containerClock;
  }

  /** Frees the trial's encoder, where nobody took it. */
  [Symbol.dispose](): void {
    this.#trial?.encoder[Symbol.dispose]();
    this.#trial = null;
  }

  /** What the video's colours mean, or those of frames that do not say, at a height. */
  color(height: number): ColorDescription {
    const { color } = this.#request.options;
    return color === undefined ? defaultColor(height) : parseColor(color, height);
  }

  /** What pictures of the video go through, where the first is like this one. */
  createIntake(first: PictureShape, size: Size): Intake {
    const { frameRate, options: { resize = "error", filter } } = this.#request;
    return new Intake(this.#native, first, size, {
      resize,
      filter: filter ?? null,
      isConstant: !takesVariableRate(this.info),
      timeBase: this.#context.clock.timeBase,
      frameRate,
    });
  }

  #encoderRequest({ shape: { layout }, frameRate }: IntakeOutput): EncoderRequest {
    const { options } = this.#request;
    return {
      ...options,
      container: this.info.name,
      frameRate,
      width: layout.width,
      height: layout.height,
      source: layout.format,
      isCrashSafe: this.#context.safety.isCrashSafe,
      isVariable: options.timing !== undefined && options.timing !== "constant",
      isTalkative: isTalkative(options.logLevel),
      isQuiet: options.logLevel === "quiet",
    };
  }

  #settingsContext({ shape: { layout } }: IntakeOutput): SettingsContext {
    const { color, oddSize = "pad" } = this.#request.options;
    return {
      globalHeader: this.info.wantsGlobalHeader,
      color: this.color(layout.height),
      isMatrixGiven: typeof color === "string" || color?.matrix !== undefined,
      oddSize,
    };
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

  #requireContainerFits(encoder: EncoderInfo, { shape: { layout }, frameRate }: IntakeOutput): void {
    const { options } = this.#request;
    requireContainerTakes(this.#native, this.info, encoder);
    requireStreamKeepsTags(this.info, encoder, options, this.color(layout.height));
    requireTimecodeFits(this.info, options, frameRate);
  }

  /** What the encoder gets for frames of a size in the usual format. */
  #trialInput({ width, height }: Size): IntakeOutput {
    const format = requireInputFormat(this.#context.formats, defaultInputFormat);
    const layout = frameLayout(format, width, height);
    using intake = this.createIntake({ layout, meaning: meaningOf(format, this.color(height)) }, {
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

  /** Throws, and closes the encoder, where the container refuses its stream. */
  #requireHeader(chosen: ChosenEncoder): void {
    try {
      this.#tryHeader(chosen);
    } catch (error) {
      chosen.encoder[Symbol.dispose]();
      throw error;
    }
  }

  /** Writes the header into memory: only the muxer itself knows all that it refuses. */
  #tryHeader({ encoder, settings }: ChosenEncoder): void {
    using parameters = new CodecParameters(this.#native, encoder);
    const stage = this.#context.safety.isFragmented ? "finished" : "direct";
    const request = {
      parameters,
      settings,
      timeBase: this.#context.clock.timeBase,
      url: this.url,
      stage,
    } as const;
    using muxer = this.createMuxer(request);
    if (this.info.opensFilesItself) return;
    this.#writeHeaderToMemory(muxer, request);
    this.#requireRotation(muxer, request);
    const { frameRate, options: { timing = "constant", filter } } = this.#request;
    if (filter !== undefined) return;
    if (timing === "constant") requireContainerKeepsTimes(this.info, frameRate, muxer.timeBase(0));
    this.#containerClock = {
      name: this.info.name,
      timeBase: muxer.timeBase(0),
      leastTicks: leastTicks(this.info),
      mostTicks: mostTicks(this.info),
    };
  }

  #writeHeaderToMemory(muxer: Muxer, request: MuxerRequest): void {
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      const { sound = this.#context.sound, settings: { encoder } } = request;
      if (sound === null) throw containerRefuses(this.#native, this.info, encoder, error.message);
      // Where the video alone is taken, it is the sound that is not.
      using video = this.createMuxer({ ...request, sound: null });
      this.#writeHeaderToMemory(video, { ...request, sound: null });
      throw sound.refusal(error.message);
    }
  }

  /** Throws where a rotation was asked for that makes no difference to the header. */
  #requireRotation({ flushedBytes }: Muxer, request: MuxerRequest): void {
    const { options } = this.#request;
    if (!isRotationUncertain(this.info, options)) return;
    using unturned = this.createMuxer({ ...request, rotation: 0 });
    this.#writeHeaderToMemory(unturned, request);
    requireRotationWritten(this.info, options, flushedBytes, unturned.flushedBytes);
  }

  /** The URL of the file. */
  get url(): string {
    return `file:${this.#request.path}`;
  }

  /** Makes a muxer with the encoder's stream and all options. */
  createMuxer(request: MuxerRequest): Muxer {
    const {
      parameters: encoded,
      settings,
      timeBase,
      url,
      stage,
      recording = null,
      sound = this.#context.sound,
      ...tags
    } = request;
    const { options, codec } = this.#request;
    const { timing = "constant", formatOptions, metadata = {} } = options;
    const told = splitTimecode(this.info.name, metadata);
    const muxer = new Muxer(this.#native, this.info, url);
    try {
      muxer.addStream({
        describeInto: (parameters) => {
          encoded.copyInto(parameters);
          recording?.copyHeaders(0, parameters);
        },
        timeBase,
        frameRate: timing === "constant" ? settings.frameRate : null,
        tag: codecTag(this.info, settings.encoder, codec),
        tags: streamTags({ ...options, ...tags }, settings.color, settings.chromaLocation),
        metadata: told.video,
      });
      sound?.addStreams(muxer, recording);
      this.#context.subtitles?.addStreams(muxer);
      if (!isOnTheWay(this.info, stage)) { for (const file of this.#context.files) muxer.addStream(file); }
      muxer.setMetadata(told.file);
      requireNamedPixels(muxer, settings.encoder, settings.format);
      const chosen = muxerOptions(muxer, timeBase, stage, formatOptions, metadata);
      muxer.options.setAll(chosen);
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  /** The trial's encoder where it fits these frames, or else the one that does: not every candidate takes every size. */
  openEncoder(input: IntakeOutput): { encoder: Encoder; settings: EncoderSettings } {
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
    this.#requireHeader(chosen);
    this.#choice = describeChoice(chosen);
    return chosen;
  }
}

function describeChoice({ settings: { encoder, format }, rejected }: ChosenEncoder): EncoderChoice {
  return { name: encoder.name, codec: encoder.codecName, pixelFormat: format.name, rejected };
}
