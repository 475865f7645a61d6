/**
 * The engine: frames in, a file out. Synchronous, and it knows no thread.
 *
 * @module
 */
import { checkWritable, type Native, removeFile } from "../../ffi/mod.ts";
import { chooseEncoder, type ChosenEncoder } from "../codecs/choose_encoder.ts";
import type { EncoderRequest } from "../codecs/encoder_settings.ts";
import type { Codec } from "../codecs/families.ts";
import { type EncoderSettings, openEncoder, resolveSettings } from "../codecs/open_encoder.ts";
import { AvError, UnsupportedError, WriteError } from "../errors.ts";
import type { Encoder } from "../libav/encoder.ts";
import { Muxer, type MuxerInfo } from "../libav/muxer.ts";
import { Packet } from "../libav/packet.ts";
import { pixelFormatByName, type PixelFormatInfo, pixelFormatNames } from "../libav/pixel_format.ts";
import { invert, type Rational } from "../libav/rational.ts";
import { didYouMean } from "../nearest.ts";
import { defaultColor, parseColor } from "../video/color.ts";
import { type Converter, createConverter, frameLayout } from "../video/converter.ts";
import { checkShape, type FrameLayout, type RawFrame, viewPlanes } from "../video/raw_frame.ts";
import {
  chooseMuxer,
  codecTag,
  containerRefuses,
  muxerOptions,
  requireContainerKeepsTimes,
  requireContainerTakes,
  requireNamedPixels,
} from "./container.ts";
import { silenceBelow } from "./log.ts";
import type { CheckedOptions, WriterStats } from "./options.ts";
import { describeSession } from "./report.ts";

/** Where, what and how a session writes: checked already. */
export interface SessionRequest {
  /** A codec family or an encoder's name. */
  readonly codec: Codec;
  /** The absolute path of the file. */
  readonly path: string;
  /** Frames per second. */
  readonly frameRate: Rational;
  /** The options. */
  readonly options: CheckedOptions;
}

/** The encoder that a writer uses, and why. */
export interface EncoderChoice {
  /** libavcodec's name of the encoder: `"libx264"`. */
  readonly name: string;
  /** libavcodec's name of the codec: `"h264"`. */
  readonly codec: string;
  /** The pixel format that it gets. */
  readonly pixelFormat: string;
  /** Candidates that were passed over, and why. */
  readonly rejected: readonly { readonly name: string; readonly reason: string }[];
}

/** What a finished file holds. */
export interface WriteSummary {
  /** The absolute path of the file. */
  readonly path: string;
  /** The container, by libavformat's name. */
  readonly format: string;
  /** The encoder, by libavcodec's name. */
  readonly encoder: string;
  /** Width in pixels; 0 where no frame was written, and so no file. */
  readonly width: number;
  /** Height in pixels; 0 where no frame was written. */
  readonly height: number;
  /** Frames written. */
  readonly frames: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** Size of the file in bytes; of the encoded video, where the container is not one file. */
  readonly bytes: number;
}

/** How one frame is to be written. */
export interface FrameTiming {
  /** The frame becomes a key frame, where the codec has them. Default `false`. */
  keyFrame?: boolean;
}

/** The size that a trial uses where the real one comes with the first frame. */
const trialSize = { width: 640, height: 360 } as const;
/** The pixel format that a trial assumes of the frames to come: ImageData's. */
const trialFormat = "rgba";
/** What happens to odd sizes unless `oddSize` says otherwise. */
const defaultOddSize = "pad";

/** What is open from the first frame on. */
interface Pipeline {
  readonly layout: FrameLayout;
  readonly converter: Converter;
  readonly encoder: Encoder;
  readonly muxer: Muxer;
  readonly packet: Packet;
  /** The quantizer that each frame carries. */
  readonly frameQuality: number;
}

/** One file being written. */
export class WriterSession {
  readonly #native: Native;
  readonly #request: SessionRequest;
  readonly #muxerInfo: MuxerInfo;
  readonly #url: string;
  /** The open encoder of the trial, for the first frame to use if it fits. */
  #trial: ChosenEncoder | null;
  #choice: EncoderChoice;
  #pipeline: Pipeline | null = null;
  #hasFile = false;
  #frames = 0;
  #packets = 0;
  #bytes = 0;

  /**
   * Checks all that can be known before the first frame: the file can be written, the container is known, an encoder opens
   * with these options and the container takes its stream. The disk stays as it was.
   */
  constructor(native: Native, request: SessionRequest) {
    this.#native = native;
    this.#request = request;
    this.#url = `file:${request.path}`;
    // A trial's chatter would be told again when it is in earnest.
    silenceBelow(native, request.options.logLevel === "info" ? "warning" : request.options.logLevel);
    this.#muxerInfo = chooseMuxer(native, request.path, request.options.format);
    requireContainerKeepsTimes(this.#muxerInfo, request.frameRate);
    requireWritable(request.path, this.#muxerInfo);
    this.#trial = this.#chooseEncoder();
    this.#choice = choiceOf(this.#trial);
    try {
      this.#tryHeader(this.#trial);
    } catch (error) {
      this.#trial.encoder[Symbol.dispose]();
      throw error;
    }
  }

  /** The encoder in use. Its pixel format may change with the first frame's. */
  get choice(): EncoderChoice {
    return this.#choice;
  }

  /** Progress so far. */
  get stats(): WriterStats {
    return {
      frames: this.#frames,
      bytes: this.#bytes,
      seconds: this.#seconds,
      dropped: 0,
      duplicated: 0,
      queued: this.#frames - this.#packets,
    };
  }

  /** Writes one frame. A wrong frame throws a `TypeError` or `RangeError` and changes nothing; any other error ends the session. */
  write(frame: RawFrame, { keyFrame = false }: FrameTiming = {}): void {
    silenceBelow(this.#native, this.#request.options.logLevel);
    checkShape(frame);
    const layout = this.#layoutOf(frame);
    const planes = viewPlanes(frame, layout);
    const pipeline = this.#pipeline ??= this.#open(layout);
    this.#guard(() => {
      const picture = pipeline.converter.convert(planes);
      picture.stamp(BigInt(this.#frames), keyFrame, pipeline.frameQuality);
      pipeline.encoder.send(picture);
      this.#frames++;
      this.#drain(pipeline);
    });
  }

  /** Ends the stream, finishes the file and tells what is in it. Without a frame there is no file, and an existing one is as it was. */
  finish(): WriteSummary {
    silenceBelow(this.#native, this.#request.options.logLevel);
    const pipeline = this.#pipeline;
    if (pipeline === null) return this.#summary(0);
    let fileBytes: number | null = null;
    this.#guard(() => {
      pipeline.encoder.send(null);
      this.#drain(pipeline);
      pipeline.muxer.writeTrailer();
      fileBytes = pipeline.muxer.outputBytes;
      pipeline.muxer.closeOutput();
    });
    return this.#summary(fileBytes ?? this.#bytes);
  }

  /** Stops and removes the file that was begun. */
  abort(): void {
    this[Symbol.dispose]();
    if (this.#hasFile) removeFile(this.#request.path);
    this.#hasFile = false;
  }

  /** After a failure: makes what was recorded so far as playable as it can be. */
  salvage(): void {
    try {
      this.#pipeline?.muxer.writeTrailer();
    } catch {
      // The first error is the one to report.
    }
    this[Symbol.dispose]();
  }

  /** Frees all native objects. */
  [Symbol.dispose](): void {
    this.#trial?.encoder[Symbol.dispose]();
    this.#trial = null;
    const pipeline = this.#pipeline;
    if (pipeline === null) return;
    this.#pipeline = null;
    pipeline.encoder[Symbol.dispose]();
    pipeline.converter[Symbol.dispose]();
    pipeline.muxer[Symbol.dispose]();
    pipeline.packet[Symbol.dispose]();
  }

  get #seconds(): number {
    const { num, den } = this.#request.frameRate;
    return this.#frames * den / num;
  }

  #summary(bytes: number): WriteSummary {
    const { width = 0, height = 0 } = this.#pipeline?.layout ?? {};
    return {
      path: this.#request.path,
      format: this.#muxerInfo.name,
      encoder: this.#choice.name,
      width,
      height,
      frames: this.#frames,
      seconds: this.#seconds,
      bytes,
    };
  }

  #layoutOf(frame: RawFrame): FrameLayout {
    const known = this.#pipeline?.layout;
    const { width, height, format = trialFormat } = frame;
    if (known?.width === width && known.height === height && known.format.name === format) return known;
    const { options } = this.#request;
    const expected = known ?? { width: options.width ?? width, height: options.height ?? height };
    if (expected.width !== width || expected.height !== height) {
      throw new RangeError(
        `Cannot write a ${width}x${height} frame: this video is ${expected.width}x${expected.height}; scale the frame first`,
      );
    }
    if (known !== undefined) {
      throw new TypeError(
        `Cannot write a ${format} frame: this video's frames are ${known.format.name} since the first; give all frames in one format`,
      );
    }
    return frameLayout(this.#native, requireInputFormat(this.#native, format), width, height);
  }

  #encoderRequest(source: PixelFormatInfo, width: number, height: number): EncoderRequest {
    const { options, frameRate } = this.#request;
    const isTalkative = options.logLevel === "info" || options.logLevel === "debug";
    return { ...options, container: this.#muxerInfo.name, frameRate, width, height, source, isTalkative };
  }

  #context(height: number) {
    const { options } = this.#request;
    return {
      globalHeader: this.#muxerInfo.wantsGlobalHeader,
      color: options.color === undefined ? defaultColor(height) : parseColor(options.color, height),
      oddSize: options.oddSize ?? defaultOddSize,
    };
  }

  #chooseEncoder(): ChosenEncoder {
    const { options, codec } = this.#request;
    const width = options.width ?? trialSize.width;
    const height = options.height ?? trialSize.height;
    const source = pixelFormatByName(this.#native, trialFormat)!;
    return chooseEncoder(
      this.#native,
      codec,
      this.#encoderRequest(source, width, height),
      this.#context(height),
      (encoder) => requireContainerTakes(this.#native, this.#muxerInfo, encoder),
    );
  }

  /** Writes the header into memory: only the muxer itself knows all that it refuses. */
  #tryHeader({ encoder, settings }: ChosenEncoder): void {
    using muxer = this.#createMuxer(encoder, settings);
    if (this.#muxerInfo.opensFilesItself) return;
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      throw containerRefuses(this.#native, this.#muxerInfo, encoder.info, error.message);
    }
  }

  #createMuxer(encoder: Encoder, settings: EncoderSettings): Muxer {
    const { options, codec } = this.#request;
    const muxer = new Muxer(this.#native, this.#muxerInfo, this.#url);
    try {
      const { timeBase, frameRate } = settings;
      muxer.addStream(encoder, timeBase, frameRate, codecTag(this.#muxerInfo, encoder.info, codec));
      requireNamedPixels(muxer, encoder.info, settings.format);
      for (const [name, value] of Object.entries(muxerOptions(this.#muxerInfo, options.formatOptions))) {
        muxer.options.set(name, value);
      }
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  /** Opens everything for frames of this layout; the file last, so that a failure leaves an existing one as it was. */
  #open(layout: FrameLayout): Pipeline {
    const { encoder, settings } = this.#openEncoder(layout);
    const owned = new DisposableStack();
    try {
      owned.use(encoder);
      const converter = owned.use(
        createConverter(this.#native, this.#visiblePart(layout, settings), settings),
      );
      const packet = owned.use(new Packet(this.#native));
      const muxer = owned.use(this.#createMuxer(encoder, settings));
      this.#guard(() => {
        muxer.openFile(this.#url);
        this.#hasFile = !this.#muxerInfo.opensFilesItself;
        muxer.writeHeader();
      });
      describeSession(this.#native, this.#request, layout, settings, this.#choice, this.#muxerInfo);
      owned.move();
      return { layout, converter, encoder, muxer, packet, frameQuality: encoder.frameQuality };
    } catch (error) {
      owned.dispose();
      throw error;
    }
  }

  /** The part of the frames that is encoded: all of them, or all but an odd column or row that is cropped. */
  #visiblePart(layout: FrameLayout, { width, height }: EncoderSettings): FrameLayout {
    return frameLayout(
      this.#native,
      layout.format,
      Math.min(layout.width, width),
      Math.min(layout.height, height),
    );
  }

  /** The trial's encoder where it fits these frames, or another one of the same name. */
  #openEncoder(layout: FrameLayout): { encoder: Encoder; settings: EncoderSettings } {
    const { encoder, settings } = this.#trial!;
    const { width, height, format } = layout;
    const request = this.#encoderRequest(format, width, height);
    const wanted = resolveSettings(this.#native, encoder.info, request, this.#context(height));
    if (JSON.stringify(wanted, plain) === JSON.stringify(settings, plain)) {
      this.#trial = null;
      return { encoder, settings };
    }
    const opened = openEncoder(this.#native, wanted);
    encoder[Symbol.dispose]();
    this.#trial = null;
    this.#choice = { ...this.#choice, pixelFormat: wanted.format.name };
    return { encoder: opened, settings: wanted };
  }

  #drain({ encoder, muxer, packet }: Pipeline): void {
    const { frameRate } = this.#request;
    while (encoder.receive(packet)) {
      const index = this.#packets++;
      this.#bytes += packet.size;
      if (packet.duration === 0n) packet.duration = 1n;
      packet.repairDecodeTime(index - encoder.reorderDelay);
      packet.rescale(invert(frameRate), muxer.timeBase);
      muxer.write(packet);
    }
  }

  /** Turns libav's words into a {@linkcode WriteError} about this file. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof AvError) || error instanceof UnsupportedError) throw error;
      throw new WriteError(
        `Cannot ${error.operation} while writing ${this.#request.path}: ${error.message}`,
        {
          code: error.code,
          operation: error.operation,
          hint: hints[error.code] ?? null,
          cause: error,
        },
      );
    }
  }
}

/** What to do about system errors. */
const hints: Readonly<Record<string, string>> = {
  ENOSPC: "Free some space, or write to another disk",
  EACCES: "Choose a place that you may write to",
  EFBIG: "Raise the limit on file sizes, or write to another disk",
};

/** JSON for comparing settings: addresses are bigints. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

function choiceOf({ settings, rejected }: ChosenEncoder): EncoderChoice {
  const { encoder, format } = settings;
  return { name: encoder.name, codec: encoder.codecName, pixelFormat: format.name, rejected };
}

function requireInputFormat(native: Native, name: string): PixelFormatInfo {
  const format = name.includes("\0") ? null : pixelFormatByName(native, name);
  if (format === null) {
    const question = didYouMean(name, pixelFormatNames(native));
    throw new RangeError(
      `Cannot write a frame of the format ${JSON.stringify(name)}: FFmpeg knows no pixel format of that name${
        question === null ? "" : `. ${question}`
      }`,
    );
  }
  if (format.isOpaque) {
    throw new RangeError(
      `Cannot write a frame of the format ${name}: its pixels can't be given in memory byte by byte`,
    );
  }
  return format;
}

/** What a failure to open the file means, and what to do about it. */
const openFailures: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  ENOENT: ["its folder does not exist", "Create the folder first"],
  ENOTDIR: ["a part of the path is a file, not a folder", "Choose another path"],
  EISDIR: ["it is a folder", "Add a file name"],
  EACCES: ["permission denied", "Choose a place that you may write to"],
  EPERM: ["the system does not permit it", "Choose a place that you may write to"],
  EROFS: ["the file system is read-only", "Choose another place"],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter name"],
  ETXTBSY: ["it is a program that is running", "Choose another path"],
};

function requireWritable(path: string, muxer: MuxerInfo): void {
  // A pattern is no file; what a muxer opens itself is checked when it does.
  if (muxer.opensFilesItself) return;
  try {
    checkWritable(path);
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    // Deno's NotCapable has no code: it says all there is to say.
    if (typeof code !== "string") throw cause;
    const [problem, hint] = openFailures[code] ?? [(cause as Error).message, null];
    throw new WriteError(`Cannot write ${JSON.stringify(path)}: ${problem}`, {
      code,
      operation: `open ${path} for writing`,
      hint,
      cause,
    });
  }
}
