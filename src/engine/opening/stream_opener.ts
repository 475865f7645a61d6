/**
 * Opens what a video needs: finds out beforehand whether all of it goes together, and then makes it for the
 * frames that come.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { chooseEncoder, type ChosenEncoder, knowsFewSizes } from "../../codecs/choose_encoder.ts";
import type { EncoderRequest, Pass } from "../../codecs/encoder_request.ts";
import { certainCodes, trialSizes } from "../../codecs/trials.ts";
import {
  type EncoderSettings,
  isSameSettings,
  resolveSettings,
  type SettingsContext,
} from "../../codecs/open_encoder.ts";
import { requireFixedSize } from "../../codecs/field_order.ts";
import { requireLoopSupport } from "../../container/animation.ts";
import { requireVideoCodecSupport, unsupportedCodecError } from "../../container/codec_support.ts";
import { type ContainerAnswer, nothingAsked } from "../../container/ask_container.ts";
import { askVideoContainer } from "../../container/ask_video_container.ts";
import type { ContainerClock } from "../../container/container_clock.ts";
import {
  maxTicks,
  minTicks,
  requireFrameRateSupport,
  supportsVariableRate,
} from "../../container/frame_rates.ts";
import { requireOneFile } from "../../container/many_files.ts";
import { requireAnimationSupport } from "../../container/key_frames.ts";
import { requirePrimariesSupport } from "../../container/picture_tags.ts";
import { requireTimecodeSupport } from "../../container/timecode.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { muxerUrl } from "../../file/target.ts";
import { checkFilters } from "../../libav/conversion/filter_graph.ts";
import type { Encoder, EncoderInfo } from "../../libav/encoder.ts";
import { setLogLevel } from "../../libav/log.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { invert } from "../../libav/rational.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import type { Size } from "../../size.ts";
import { black, parseBackground, type Rgb } from "../../video/background.ts";
import { type ColorDescription, meaningOf } from "../../video/color.ts";
import { defaultInputFormat, requireInputFormat } from "../../video/input_format.ts";
import { isOpaque } from "../../video/conversion/blending/opacity.ts";
import { frameLayout, type PictureShape, type Pixels } from "../../video/pixels.ts";
import { createMuxer } from "./create_muxer.ts";
import { encoderRequest, settingsContext } from "./encoder_request.ts";
import { FrameColor } from "./frame_color.ts";
import { requireKept } from "./filter_losses.ts";
import type { MuxerRequest, OpenerContext } from "./muxer_request.ts";
import { Preprocessor, type PreprocessorOutput } from "../preprocessor.ts";
import { describeChoice } from "../report.ts";
import type { EncoderChoice, EngineInfo, VideoFileRequest } from "../session_types.ts";

/** Opens encoder and muxer of one video. */
export class StreamOpener implements Disposable {
  readonly #native: Native;
  #request: VideoFileRequest;
  readonly #context: OpenerContext;
  readonly #background: Rgb;
  /** What frames say of their colours. */
  readonly frameColor: FrameColor;
  /** The pass that encoders are opened for. */
  pass: Pass | undefined;
  /** The container. */
  readonly info: MuxerInfo;
  /** The trial's encoder, for the first frame to use if it fits. */
  #trial: ChosenEncoder | null = null;
  #choice: EncoderChoice | null = null;
  #containerClock: ContainerClock | null = null;
  #answer: ContainerAnswer = nothingAsked;
  /** Whether the trial has the size of the frames. */
  #hasSize = false;

  /** Opens an encoder and tries its stream's header before frames are known. Leaves the disk unchanged. */
  constructor(native: Native, request: VideoFileRequest, info: MuxerInfo, context: OpenerContext) {
    this.#native = native;
    this.#request = request;
    this.#context = context;
    this.frameColor = new FrameColor(request.options.color);
    this.info = info;
    requireAnimationSupport(info, request.options);
    requireLoopSupport(info, request.options);
    requireOneFile(info, request.options.targetBytes);
    const { width, height, fieldOrder, resize, background } = request.options;
    requireFixedSize(fieldOrder, resize);
    this.#hasSize = width !== undefined && height !== undefined;
    this.#background = background === undefined ? black : parseBackground(native, background);
    const trial = this.#chooseTrial();
    if (trial === null) return;
    this.#requireHeader(trial);
    this.#trial = trial;
    this.#choice = describeChoice(trial, null, info, request);
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
    return { container: this.info.name, containerClock: this.#containerClock, audioChannels };
  }

  /** How the container keeps what it was asked to. */
  get answer(): ContainerAnswer {
    return this.#answer;
  }

  /** Frees the trial's encoder if it was not used. */
  [Symbol.dispose](): void {
    this.#trial?.encoder[Symbol.dispose]();
    this.#trial = null;
  }

  /** Takes another request for the same stream. Throws where the container does not keep what it has. */
  describe(request: VideoFileRequest): void {
    const [before, trial] = [this.#request, this.#trial];
    this.#request = request;
    try {
      const { sampleAspectRatio = null } = request.options;
      if (trial !== null) this.#tryHeader({ ...trial, settings: { ...trial.settings, sampleAspectRatio } });
    } catch (error) {
      this.#request = before;
      throw error;
    }
  }

  /** The video's colour description at a height: also that of frames without one. */
  color(height: number): ColorDescription {
    return this.frameColor.at(height);
  }

  /** Creates the preprocessor for a video whose first picture has this shape. */
  createPreprocessor(first: PictureShape, size: Size): Preprocessor {
    const { frameRate, options: { resize = "error", filter } } = this.#request;
    return new Preprocessor(this.#native, first, size, {
      resize,
      filter: filter ?? null,
      color: this.color(size.height),
      background: this.#background,
      isConstant: !supportsVariableRate(this.info),
      timeBase: this.#context.clock.timeBase,
      frameRate,
    });
  }

  #encoderRequest(input: PreprocessorOutput, isOpaque: () => boolean): EncoderRequest {
    const { safety: { isCrashSafe } } = this.#context;
    const container = this.info.name;
    return encoderRequest(this.#request.options, {
      input,
      isOpaque,
      isCrashSafe,
      container,
      pass: this.pass,
    });
  }

  #settingsContext({ shape: { layout } }: PreprocessorOutput): SettingsContext {
    return settingsContext(this.#request.options, this.info, this.color(layout.height), this.#background);
  }

  #chooseEncoder(input: PreprocessorOutput, isOpaque: () => boolean = () => false): ChosenEncoder {
    return chooseEncoder(
      this.#native,
      this.#request.codec,
      this.#encoderRequest(input, isOpaque),
      this.#settingsContext(input),
      (encoder) => this.#requireContainerFits(encoder, input),
    );
  }

  #requireContainerFits(encoder: EncoderInfo, { frameRate }: PreprocessorOutput): void {
    requireVideoCodecSupport(this.#native, this.info, encoder);
    this.#context.feeds?.requireSupport(encoder);
    requireTimecodeSupport(this.info, this.#request.options, frameRate);
    if (this.frameColor.isDisplayP3) requirePrimariesSupport(this.info);
  }

  /** The encoder's input for frames of a size in the default format, as they are without filters. */
  #trialInput({ width, height }: Size): PreprocessorOutput {
    const format = requireInputFormat(this.#context.formats, defaultInputFormat);
    const layout = frameLayout(format, width, height);
    const { frameRate } = this.#request, { timeBase } = this.#context.clock;
    return { shape: { layout, meaning: meaningOf(format, this.color(height)) }, timeBase, frameRate };
  }

  /**
   * Opens an encoder before frames are known. A refusal proves nothing where the size is unknown, so other
   * sizes are tried. `null` where filters may make frames that it takes, or an encoder of few sizes works
   * with none of them: they run with the first frame.
   */
  #chooseTrial(): ChosenEncoder | null {
    const { width, height, filter, logLevel } = this.#request.options;
    if (filter !== undefined) checkFilters(this.#native, filter);
    const sizes = trialSizes.map((size) => ({ width: width ?? size.width, height: height ?? size.height }));
    const isSizeKnown = filter === undefined && width !== undefined && height !== undefined;
    if (isSizeKnown) return this.#chooseEncoder(this.#trialInput(sizes[0]!));
    setLogLevel(this.#native, "quiet");
    let isSizeRefused = false;
    for (const size of sizes) {
      try {
        return this.#chooseEncoder(this.#trialInput(size));
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        if (filter !== undefined && certainCodes.has(error.code)) throw error;
        isSizeRefused = error.cause instanceof AvError && knowsFewSizes(this.#request.codec);
      }
    }
    setLogLevel(this.#native, logLevel);
    return filter !== undefined || isSizeRefused ? null : this.#chooseEncoder(this.#trialInput(sizes[0]!));
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
    // Filters make frames of a constant rate for containers that take nothing else: MXF asks for their unit.
    const isConstant = !supportsVariableRate(this.info);
    const request = {
      ...{ parameters, settings, url: this.url, stage } as const,
      timeBase: isConstant ? invert(settings.frameRate) : this.#context.clock.timeBase,
    } as const;
    using muxer = this.createMuxer({ ...request, hasCover: false });
    if (!this.info.opensFilesItself) this.#writeHeaderToMemory(muxer, request);
    this.#context.feeds?.tryHeaders((info) => {
      const asked = { ...request, info, url: "", stage: "direct", hasCover: false } as const;
      using other = this.createMuxer(asked);
      this.#writeHeaderToMemory(other, asked);
    });
    this.#answer = askVideoContainer(this.#native, this.info, this.#request.options, {
      ...request,
      cover: this.#context.cover,
      hasSize: this.#hasSize,
      namesOthers: !this.frameColor.bringsHdr,
      createMuxer: (info, namesKeys) =>
        this.createMuxer({ ...request, url: "", info, namesKeys, stage: "direct", audioTracks: null }),
    });
    if (this.info.opensFilesItself) return;
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
      if (audioTracks === null) throw unsupportedCodecError(this.#native, muxer.info, encoder, error.message);
      // If the container takes the video alone, it refuses the audio.
      using video = this.createMuxer({ ...request, audioTracks: null, hasCover: false });
      this.#writeHeaderToMemory(video, { ...request, audioTracks: null });
      throw audioTracks.unsupportedError(error.message);
    }
  }

  /** The URL of the file. */
  get url(): string {
    return muxerUrl(this.info, this.#request.path);
  }

  /** Creates a muxer with all streams and options. */
  createMuxer(request: MuxerRequest): Muxer {
    const { namesKeys = this.#answer.namesKeys } = request;
    return createMuxer(this.#native, this.#request, this.#context, this.info, { ...request, namesKeys });
  }

  /** Asks the container once more where what it keeps depends on the size. */
  #withSize(trial: ChosenEncoder): ChosenEncoder {
    if (!this.#hasSize && this.#request.options.sampleAspectRatio !== undefined) {
      this.#hasSize = true;
      this.#requireHeader(trial);
    }
    return trial;
  }

  /**
   * The trial's encoder if it fits these frames, or else another one: not every candidate supports every
   * size. Throws where filters lost what must be kept of frames in the format `given`.
   */
  openEncoder(
    input: PreprocessorOutput,
    first: Pixels,
    given: PixelFormatInfo,
  ): { encoder: Encoder; settings: EncoderSettings } {
    requireKept(this.#request.options, given, input.shape.layout.format);
    const trial = this.#trial;
    this.#trial = null;
    const isFirstOpaque = (): boolean => isOpaque(this.#native, first, input.shape.layout);
    if (trial !== null) {
      try {
        const request = this.#encoderRequest(input, isFirstOpaque);
        const context = this.#settingsContext(input);
        const wanted = resolveSettings(this.#native, trial.encoder.info, request, context);
        if (isSameSettings(wanted, trial.settings)) {
          this.#choice = describeChoice(trial, given, this.info, this.#request);
          return this.#withSize(trial);
        }
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
      }
      trial.encoder[Symbol.dispose]();
    }
    this.#hasSize = true;
    const chosen = this.#chooseFitting(input, isFirstOpaque);
    this.#choice = describeChoice(chosen, given, this.info, this.#request);
    return chosen;
  }

  /** An encoder for frames. HDR metadata that frames bring is left out where there is no place for it. */
  #chooseFitting(input: PreprocessorOutput, isOpaque: () => boolean): ChosenEncoder {
    const chosen = this.#chooseEncoder(input, isOpaque);
    try {
      this.#requireHeader(chosen);
      return chosen;
    } catch (error) {
      if (!(error instanceof UnsupportedError && this.frameColor.bringsHdr)) throw error;
      this.frameColor.dropHdr();
      return this.#chooseFitting(input, isOpaque);
    }
  }
}
