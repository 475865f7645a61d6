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
import { AvError, UnsupportedError } from "../errors.ts";
import type { Encoder } from "../libav/encoder.ts";
import { Muxer, type MuxerInfo } from "../libav/muxer.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { defaultColor, parseColor } from "../video/color.ts";
import { createConverter, frameLayout } from "../video/converter.ts";
import { defaultInputFormat, requireInputFormat } from "../video/input_format.ts";
import { shown } from "../shown.ts";
import {
  checkShape,
  type FrameLayout,
  type PlaneView,
  type RawFrame,
  viewPlanes,
} from "../video/raw_frame.ts";
import {
  chooseMuxer,
  codecTag,
  containerRefuses,
  muxerOptions,
  requireContainerKeepsTimes,
  requireContainerTakes,
  requireNamedPixels,
  requireOneTarget,
} from "./container.ts";
import { isTalkative, silenceBelow } from "./log.ts";
import type { WriterStats } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import { describeSession } from "./report.ts";
import type { EncoderChoice, FrameTiming, SessionRequest, WriteSummary } from "./session_types.ts";
import { requireWritable, requireWritableFolder, whileWriting } from "./target.ts";

/** The sizes that a trial takes, in turn, where the real one comes with the first frame: some old codecs know a few only. */
const trialSizes: readonly Size[] = [
  { width: 640, height: 360 },
  { width: 1920, height: 1080 },
  { width: 352, height: 288 },
  { width: 720, height: 576 },
];

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A frame that was checked, on its way into the pipeline. */
export interface CheckedFrame {
  readonly layout: FrameLayout;
  readonly planes: readonly PlaneView[];
  readonly keyFrame: boolean;
}

/** One file being written. */
export class WriterSession implements Disposable {
  readonly #native: Native;
  readonly #request: SessionRequest;
  readonly #muxerInfo: MuxerInfo;
  readonly #url: string;
  /** The open encoder of the trial, for the first frame to use if it fits. */
  #trial: ChosenEncoder | null;
  #choice: EncoderChoice;
  #layout: FrameLayout | null = null;
  #pipeline: Pipeline | null = null;
  /** Whether a file was begun that an abort must remove. */
  #hasFile = false;
  readonly #mayRemove: boolean;

  /**
   * Checks all that can be known before the first frame: the file can be written, the container is known, an encoder opens
   * with these options and the container takes its stream. The disk stays as it was.
   */
  constructor(native: Native, request: SessionRequest) {
    const { path, frameRate, options } = request;
    this.#native = native;
    this.#request = request;
    this.#url = `file:${path}`;
    // A trial's chatter would be told again when it is in earnest.
    silenceBelow(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#muxerInfo = chooseMuxer(native, path, options.format);
    requireContainerKeepsTimes(this.#muxerInfo, frameRate);
    this.#mayRemove = this.#requireTarget();
    const trial = this.#chooseTrial();
    try {
      this.#tryHeader(trial);
    } catch (error) {
      trial.encoder[Symbol.dispose]();
      throw error;
    }
    this.#trial = trial;
    this.#choice = describeChoice(trial);
  }

  /** The encoder in use. Its pixel format may change with the first frame's. */
  get choice(): EncoderChoice {
    return this.#choice;
  }

  /** Progress so far. */
  get stats(): WriterStats {
    const { frames = 0, packets = 0, bytes = 0 } = this.#pipeline ?? {};
    return {
      frames,
      bytes,
      seconds: this.#seconds(frames),
      dropped: 0,
      duplicated: 0,
      queued: frames - packets,
    };
  }

  /** Checks one frame, which changes nothing: whatever this throws is the caller's mistake. */
  check(frame: RawFrame, timing: FrameTiming = {}): CheckedFrame {
    const fields = checkShape(frame);
    const layout = this.#layoutOf(fields);
    return { layout, planes: viewPlanes(fields, layout), keyFrame: checkTiming(timing) };
  }

  /** Writes one frame. Whatever this throws ends the session. */
  write({ layout, planes, keyFrame }: CheckedFrame): void {
    silenceBelow(this.#native, this.#request.options.logLevel);
    const pipeline = this.#pipeline ??= this.#open(layout);
    whileWriting(this.#request.path, () => pipeline.write(planes, keyFrame));
  }

  /** Ends the stream, finishes the file and tells what is in it. Without a frame there is no file, and an existing one is as it was. */
  finish(): WriteSummary {
    silenceBelow(this.#native, this.#request.options.logLevel);
    const pipeline = this.#pipeline;
    const fileBytes = pipeline === null ? 0 : whileWriting(this.#request.path, () => pipeline.finish());
    const { frames, seconds, bytes } = this.stats;
    return {
      path: this.#request.path,
      format: this.#muxerInfo.name,
      encoder: this.#choice.name,
      width: this.#layout?.width ?? 0,
      height: this.#layout?.height ?? 0,
      frames,
      seconds,
      bytes: fileBytes ?? bytes,
    };
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
    this.#pipeline?.[Symbol.dispose]();
  }

  #seconds(frames: number): number {
    const { num, den } = this.#request.frameRate;
    return frames * den / num;
  }

  #layoutOf(frame: RawFrame): FrameLayout {
    const known = this.#layout;
    const { width, height, format = defaultInputFormat } = frame;
    if (known?.width === width && known.height === height && known.format.name === format) return known;
    const { options } = this.#request;
    const expected = known ?? { width: options.width ?? width, height: options.height ?? height };
    if (expected.width !== width || expected.height !== height) {
      throw new RangeError(
        `Cannot write a ${width}x${height} frame: this video is ${expected.width}x${expected.height}; scale the frame first`,
      );
    }
    const described = requireInputFormat(this.#native, format);
    if (known !== null) {
      throw new TypeError(
        `Cannot write a ${described.name} frame: this video's frames are ${known.format.name} since the first; give all frames in one format`,
      );
    }
    return frameLayout(this.#native, described, width, height);
  }

  #encoderRequest(source: PixelFormatInfo, width: number, height: number): EncoderRequest {
    const { options, frameRate } = this.#request;
    const container = this.#muxerInfo.name;
    return {
      ...options,
      container,
      frameRate,
      width,
      height,
      source,
      isTalkative: isTalkative(options.logLevel),
    };
  }

  #settingsContext(height: number): SettingsContext {
    const { color, oddSize = "pad" } = this.#request.options;
    return {
      globalHeader: this.#muxerInfo.wantsGlobalHeader,
      color: color === undefined ? defaultColor(height) : parseColor(color, height),
      oddSize,
    };
  }

  /** Throws unless the target can be written; returns whether an abort may remove it. */
  #requireTarget(): boolean {
    const { path } = this.#request;
    if (!this.#muxerInfo.opensFilesItself) return requireWritable(path);
    requireWritableFolder(path);
    requireOneTarget(this.#muxerInfo);
    return false;
  }

  #chooseEncoder(source: PixelFormatInfo, { width, height }: Size): ChosenEncoder {
    return chooseEncoder(
      this.#native,
      this.#request.codec,
      this.#encoderRequest(source, width, height),
      this.#settingsContext(height),
      (encoder) => requireContainerTakes(this.#native, this.#muxerInfo, encoder),
    );
  }

  /** Opens an encoder before the frames are known. Without a size, one that is refused proves nothing: others are tried. */
  #chooseTrial(): ChosenEncoder {
    const { width, height, logLevel } = this.#request.options;
    const source = requireInputFormat(this.#native, defaultInputFormat);
    const sizes = trialSizes.map((size) => ({ width: width ?? size.width, height: height ?? size.height }));
    if (width === undefined || height === undefined) {
      silenceBelow(this.#native, "quiet");
      for (const size of sizes) {
        try {
          return this.#chooseEncoder(source, size);
        } catch (error) {
          if (!(error instanceof UnsupportedError)) throw error;
        }
      }
      silenceBelow(this.#native, logLevel);
    }
    return this.#chooseEncoder(source, sizes[0]!);
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

  #createMuxer(encoder: Encoder, { timeBase, frameRate, format }: EncoderSettings): Muxer {
    const { options, codec } = this.#request;
    const muxer = new Muxer(this.#native, this.#muxerInfo, this.#url);
    try {
      muxer.addStream(encoder, timeBase, frameRate, codecTag(this.#muxerInfo, encoder.info, codec));
      requireNamedPixels(muxer, encoder.info, format);
      for (const [name, value] of Object.entries(muxerOptions(muxer, frameRate, options.formatOptions))) {
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
    using owned = new DisposableStack();
    const { encoder, settings } = this.#openEncoder(layout);
    owned.use(encoder);
    // An odd column or row that is cropped is left out of the copy.
    const width = Math.min(layout.width, settings.width);
    const height = Math.min(layout.height, settings.height);
    const visible = frameLayout(this.#native, layout.format, width, height);
    const converter = owned.use(createConverter(this.#native, visible, settings));
    const muxer = owned.use(this.#createMuxer(encoder, settings));
    whileWriting(this.#request.path, () => {
      muxer.openFile(this.#url);
      this.#hasFile = this.#mayRemove;
      muxer.writeHeader();
    });
    const pipeline = new Pipeline(this.#native, converter, encoder, muxer, settings.timeBase);
    owned.move();
    this.#layout = layout;
    if (isTalkative(this.#request.options.logLevel)) {
      console.error(
        describeSession(this.#native, this.#request, layout, settings, this.#choice, muxer),
      );
    }
    return pipeline;
  }

  /** The trial's encoder where it fits these frames, or else the one that does: not every candidate takes every size. */
  #openEncoder({ width, height, format }: FrameLayout): { encoder: Encoder; settings: EncoderSettings } {
    const trial = this.#trial!;
    this.#trial = null;
    const request = this.#encoderRequest(format, width, height);
    try {
      const wanted = resolveSettings(
        this.#native,
        trial.encoder.info,
        request,
        this.#settingsContext(height),
      );
      if (sameSettings(wanted, trial.settings)) return trial;
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
    }
    trial.encoder[Symbol.dispose]();
    const chosen = this.#chooseEncoder(format, { width, height });
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

function describeChoice({ settings: { encoder, format }, rejected }: ChosenEncoder): EncoderChoice {
  return { name: encoder.name, codec: encoder.codecName, pixelFormat: format.name, rejected };
}

/** Whether a frame must be a key frame. Throws a `TypeError` where the timing is none. */
function checkTiming(timing: FrameTiming): boolean {
  if (typeof timing !== "object" || timing === null || Array.isArray(timing)) {
    throw new TypeError(`Cannot write the frame: its timing is ${shown(timing)}, but must be { keyFrame }`);
  }
  for (const name of Object.keys(timing)) {
    if (name !== "keyFrame") {
      throw new TypeError(`Cannot write the frame: its timing has no ${shown(name)}, only keyFrame`);
    }
  }
  const { keyFrame = false } = timing;
  if (typeof keyFrame !== "boolean") {
    throw new TypeError(
      `Cannot write the frame: its keyFrame is ${shown(keyFrame)}, but must be true or false`,
    );
  }
  return keyFrame;
}
