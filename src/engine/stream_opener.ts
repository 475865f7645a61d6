/**
 * Opens what a video needs: finds out beforehand whether all of it goes together, and then makes it for the
 * frames that come.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { chooseEncoder, type ChosenEncoder } from "../codecs/choose_encoder.ts";
import type { EncoderRequest } from "../codecs/encoder_settings.ts";
import {
  type EncoderSettings,
  isSameSettings,
  resolveSettings,
  type SettingsContext,
} from "../codecs/open_encoder.ts";
import {
  codecTag,
  requirePixelFormatSupport,
  requireVideoCodecSupport,
  unsupportedCodecError,
} from "../container/codec_support.ts";
import type { ContainerClock } from "../container/container_clock.ts";
import {
  maxTicks,
  minTicks,
  requireFrameRateSupport,
  supportsVariableRate,
} from "../container/frame_rates.ts";
import { isIntermediate, muxerOptions } from "../container/muxer_options.ts";
import {
  isRotationUncertain,
  requireRotationWritten,
  requireStreamTagSupport,
  streamTags,
} from "../container/picture_tags.ts";
import { requireTimecodeSupport, splitTimecode } from "../container/timecode.ts";
import { AvError, OptionError, UnsupportedError } from "../errors.ts";
import type { Encoder, EncoderInfo } from "../libav/encoder.ts";
import { isVerbose, setLogLevel } from "../libav/log.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { CodecParameters } from "../libav/streams/codec_parameters.ts";
import { withoutPrototype } from "../plain_copy.ts";
import type { Size } from "../size.ts";
import { type ColorDescription, defaultColor, meaningOf, parseColor } from "../video/color.ts";
import { defaultInputFormat, requireInputFormat } from "../video/input_format.ts";
import { frameLayout, type PictureShape } from "../video/pixels.ts";
import type { MuxerRequest, OpenerContext } from "./muxer_request.ts";
import { Preprocessor, type PreprocessorOutput } from "./preprocessor.ts";
import type { EncoderChoice, EngineInfo, VideoFileRequest } from "./session_types.ts";

/** Sizes for a trial before the first frame is known, in order: some old codecs support a few only. */
const trialSizes: readonly Size[] = [
  { width: 640, height: 360 },
  { width: 1920, height: 1080 },
  { width: 352, height: 288 },
  { width: 720, height: 576 },
];

/** Opens encoder and muxer of one video. */
export class StreamOpener implements Disposable {
  readonly #native: Native;
  readonly #request: VideoFileRequest;
  readonly #context: OpenerContext;
  /** The container. */
  readonly info: MuxerInfo;
  /** The trial's encoder, for the first frame to use if it fits. */
  #trial: ChosenEncoder | null = null;
  #choice: EncoderChoice | null = null;
  #containerClock: ContainerClock | null = null;

  /** Opens an encoder and tries its stream's header before frames are known. Leaves the disk unchanged. */
  constructor(native: Native, request: VideoFileRequest, info: MuxerInfo, context: OpenerContext) {
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

  /**
   * The encoder in use. Its pixel format may change with the first frame's; `null` where filters need that
   * frame first.
   */
  get choice(): EncoderChoice | null {
    return this.#choice;
  }

  /** What frames and samples are checked against. */
  get known(): Omit<EngineInfo, "formats"> {
    const audioChannels = this.#context.audioTracks?.channels ?? [];
    return { containerClock: this.#containerClock, audioChannels };
  }

  /** Frees the trial's encoder if it was not used. */
  [Symbol.dispose](): void {
    this.#trial?.encoder[Symbol.dispose]();
    this.#trial = null;
  }

  /** The video's colour description at a height: also that of frames without one. */
  color(height: number): ColorDescription {
    const { color } = this.#request.options;
    return color === undefined ? defaultColor(height) : parseColor(color, height);
  }

  /** Creates the preprocessor for a video whose first picture has this shape. */
  createPreprocessor(first: PictureShape, size: Size): Preprocessor {
    const { frameRate, options: { resize = "error", filter } } = this.#request;
    return new Preprocessor(this.#native, first, size, {
      resize,
      filter: filter ?? null,
      isConstant: !supportsVariableRate(this.info),
      timeBase: this.#context.clock.timeBase,
      frameRate,
    });
  }

  #encoderRequest({ shape: { layout }, frameRate }: PreprocessorOutput): EncoderRequest {
    const { options } = this.#request;
    return withoutPrototype({
      ...options,
      container: this.info.name,
      frameRate,
      width: layout.width,
      height: layout.height,
      source: layout.format,
      isCrashSafe: this.#context.safety.isCrashSafe,
      isVariable: options.timing !== undefined && options.timing !== "constant",
      isVerbose: isVerbose(options.logLevel),
      isQuiet: options.logLevel === "quiet",
    });
  }

  #settingsContext({ shape: { layout } }: PreprocessorOutput): SettingsContext {
    const { color, oddSize = "pad" } = this.#request.options;
    return {
      globalHeader: this.info.wantsGlobalHeader,
      color: this.color(layout.height),
      isMatrixGiven: typeof color === "string" || color?.matrix !== undefined,
      oddSize,
    };
  }

  #chooseEncoder(input: PreprocessorOutput): ChosenEncoder {
    return chooseEncoder(
      this.#native,
      this.#request.codec,
      this.#encoderRequest(input),
      this.#settingsContext(input),
      (encoder) => this.#requireContainerFits(encoder, input),
    );
  }

  #requireContainerFits(encoder: EncoderInfo, { shape: { layout }, frameRate }: PreprocessorOutput): void {
    const { options } = this.#request;
    requireVideoCodecSupport(this.#native, this.info, encoder);
    requireStreamTagSupport(this.info, encoder, options, this.color(layout.height));
    requireTimecodeSupport(this.info, options, frameRate);
  }

  /** The encoder's input for frames of a size in the default format. */
  #trialInput({ width, height }: Size): PreprocessorOutput {
    const format = requireInputFormat(this.#context.formats, defaultInputFormat);
    const layout = frameLayout(format, width, height);
    using preprocessor = this.createPreprocessor({ layout, meaning: meaningOf(format, this.color(height)) }, {
      width,
      height,
    });
    return preprocessor.output;
  }

  /**
   * Opens an encoder before frames are known. A refusal proves nothing where the size is unknown, so other
   * sizes are tried. `null` where the filters work with none of them: they may with the frames' own size.
   */
  #chooseTrial(): ChosenEncoder | null {
    const { width, height, logLevel } = this.#request.options;
    const sizes = trialSizes.map((size) => ({ width: width ?? size.width, height: height ?? size.height }));
    if (width !== undefined && height !== undefined) return this.#chooseEncoder(this.#trialInput(sizes[0]!));
    setLogLevel(this.#native, "quiet");
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
    setLogLevel(this.#native, logLevel);
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

  /** Writes the header into memory: only the muxer itself knows everything that it refuses. */
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
    if (timing === "constant") requireFrameRateSupport(this.info, frameRate, muxer.timeBase(0));
    this.#containerClock = {
      name: this.info.name,
      timeBase: muxer.timeBase(0),
      minTicks: minTicks(this.info),
      maxTicks: maxTicks(this.info),
    };
  }

  #writeHeaderToMemory(muxer: Muxer, request: MuxerRequest): void {
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      const { audioTracks = this.#context.audioTracks, settings: { encoder } } = request;
      if (audioTracks === null) throw unsupportedCodecError(this.#native, this.info, encoder, error.message);
      // If the container takes the video alone, it refuses the audio.
      using video = this.createMuxer({ ...request, audioTracks: null });
      this.#writeHeaderToMemory(video, { ...request, audioTracks: null });
      throw audioTracks.unsupportedError(error.message);
    }
  }

  /** Throws where the requested rotation makes no difference to the header. */
  #requireRotation({ writtenBytes }: Muxer, request: MuxerRequest): void {
    const { options } = this.#request;
    if (!isRotationUncertain(this.info, options)) return;
    using unturned = this.createMuxer({ ...request, rotation: 0 });
    this.#writeHeaderToMemory(unturned, request);
    requireRotationWritten(this.info, options, writtenBytes, unturned.writtenBytes);
  }

  /** The URL of the file. */
  get url(): string {
    return `file:${this.#request.path}`;
  }

  /** Creates a muxer with all streams and options. */
  createMuxer(request: MuxerRequest): Muxer {
    const {
      parameters: encoded,
      settings,
      timeBase,
      url,
      stage,
      recording = null,
      audioTracks = this.#context.audioTracks,
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
        tags: streamTags(withoutPrototype({ ...options, ...tags }), settings.color, settings.chromaLocation),
        metadata: told.video,
      });
      audioTracks?.addStreams(muxer, recording);
      this.#context.subtitles?.addStreams(muxer);
      if (!isIntermediate(this.info, stage)) {
        for (const file of this.#context.files) muxer.addStream(file);
      }
      muxer.setMetadata(told.file);
      requirePixelFormatSupport(muxer, settings.encoder, settings.format);
      const chosen = muxerOptions(muxer, timeBase, stage, formatOptions, metadata);
      muxer.options.setAll(chosen);
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * The trial's encoder if it fits these frames, or else another one: not every candidate supports every
   * size.
   */
  openEncoder(input: PreprocessorOutput): { encoder: Encoder; settings: EncoderSettings } {
    const trial = this.#trial;
    this.#trial = null;
    if (trial !== null) {
      try {
        const request = this.#encoderRequest(input);
        const context = this.#settingsContext(input);
        const wanted = resolveSettings(this.#native, trial.encoder.info, request, context);
        if (isSameSettings(wanted, trial.settings)) return trial;
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
