/**
 * Pictures through libavfilter's filters.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { OptionError } from "../errors.ts";
import { FilterGraph, type FilterInput, type FilterOutput } from "../libav/conversion/filter_graph.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import { pixelFormatById, type PixelFormatInfo } from "../libav/pixel_format.ts";
import { type Rational, rescale } from "../libav/rational.ts";
import { shown } from "../shown.ts";
import type { Rgb } from "./background.ts";
import { type ColorDescription, meaningOf } from "./color.ts";
import type { Converter } from "./conversion/converter.ts";
import { createConverter } from "./conversion/create_converter.ts";
import { formatWithTwin, opaqueTwin } from "./conversion/blending/opaque_formats.ts";
import { FrameReader } from "./frame_reader.ts";
import type { FrameStamp } from "./frame_timing.ts";
import { frameLayout, type PictureShape, type Pixels, sameShape, Staging } from "./pixels.ts";

/** Takes the next picture. */
export type PictureSink = (pixels: Pixels, shape: PictureShape, stamp: FrameStamp) => void;

/** The unit of the pictures' times, and how many there are in a second. */
export interface PictureTimes {
  readonly timeBase: Rational;
  readonly frameRate: Rational;
}

/** What a {@linkcode FilterStage} does. */
export interface FilterRequest extends PictureTimes {
  /** Filters in libavfilter's syntax. */
  readonly description: string;
  /** What luma and chroma mean, in the pictures that come in and wherever filters make some from RGB. */
  readonly color: ColorDescription;
  /** What lies behind transparent pictures where the filters take none. */
  readonly background: Rgb;
  /** Whether a constant frame rate must come out. */
  readonly isConstant: boolean;
}

const operation = "make a filter graph";

/** Filters for pictures of one size and format. */
export class FilterStage implements Disposable {
  readonly #native: Native;
  /** What the filters get: pictures that mean something else are converted to it. */
  readonly #input: PictureShape;
  readonly #background: Rgb;
  readonly #graph: FilterGraph;
  readonly #staging: Staging;
  readonly #filtered: NativeFrame;
  /** The last picture before the rate is made constant. */
  readonly #last: NativeFrame;
  /** The tick of the picture that was passed on last. */
  #passed: bigint | null = null;
  readonly #reader: FrameReader;
  #converter: { readonly from: PictureShape; readonly converter: Converter } | null = null;
  readonly #times: PictureTimes;
  readonly #inputTimeBase: Rational;
  /** The tick of the last picture before the rate is made constant, in a unit of its own. */
  #lastTicks: bigint | null = null;

  /** For pictures of this size and format. Throws where the filters do not take them. */
  constructor(native: Native, { layout: given }: PictureShape, request: FilterRequest) {
    const { description, color, background, timeBase, frameRate, isConstant } = request;
    const { width, height } = given;
    const inputOf = (format: PixelFormatInfo): FilterInput => ({
      ...{ format, width, height, timeBase, frameRate },
      color: { ...color, ...meaningOf(format, color) },
    });
    const format = takenFormat(native, description, inputOf(given.format));
    const layout = frameLayout(format, width, height);
    this.#native = native;
    this.#background = background;
    this.#input = { layout, meaning: meaningOf(format, color) };
    this.#reader = new FrameReader(native, (format) => meaningOf(format, color));
    using owned = new DisposableStack();
    const input = inputOf(format);
    const constantRate = isConstant ? rateOf(native, description, input) : null;
    this.#graph = owned.use(new FilterGraph(native, description, input, constantRate));
    const output = requireUsable(native, this.#graph.output, description);
    this.#times = { timeBase: output.timeBase, frameRate: output.frameRate ?? frameRate };
    this.#inputTimeBase = timeBase;
    this.#filtered = owned.use(new NativeFrame(native));
    this.#last = owned.use(new NativeFrame(native));
    this.#staging = owned.use(new Staging(native, layout));
    owned.move();
  }

  /** The unit of the filtered pictures' times, and their rate. */
  get times(): PictureTimes {
    return this.#times;
  }

  /** Takes a picture, and passes on what comes of it, now or with a later one. */
  write(pixels: Pixels, shape: PictureShape, { ticks, keyFrame }: FrameStamp, take: PictureSink): void {
    const frame = sameShape(shape, this.#input)
      ? this.#staging.stage(pixels)
      : this.#converterFor(shape).convert(pixels);
    frame.stamp(ticks, keyFrame, 0);
    this.#graph.send(frame);
    this.#drain(take);
  }

  /** Passes on what the filters still hold. The last frame ends at this tick. */
  flush(endTicks: bigint, take: PictureSink): void {
    this.#graph.end(endTicks);
    this.#drain(take);
    this.#passLost(endTicks, take);
  }

  #drain(take: PictureSink): void {
    const frame = this.#filtered;
    while (this.#graph.receive(frame)) {
      this.#pass(frame, frame.pts, take);
      frame.unref();
    }
    while (this.#graph.receiveFiltered(frame)) {
      this.#lastTicks = frame.pts;
      this.#last.unref();
      this.#last.refer(frame);
      frame.unref();
    }
  }

  #pass(frame: NativeFrame, ticks: bigint, take: PictureSink): void {
    const { timeBase: { num, den } } = this.#times;
    const stamp = {
      ticks,
      seconds: Number(ticks) * num / den,
      timestamp: null,
      duration: null,
      keyFrame: frame.isForcedKeyFrame,
    };
    this.#passed = ticks;
    take(frame, this.#reader.read(frame), stamp);
  }

  /**
   * Passes on the last picture where the rate is made constant and libav lost it: before FFmpeg 7.0, filters
   * of several inputs do not say when their output ends, so that the last frame ends as it begins.
   */
  #passLost(endTicks: bigint, take: PictureSink): void {
    if (this.#lastTicks === null) return;
    const { timeBase } = this.#times;
    const lastBase = this.#graph.filteredTimeBase;
    const first = rescale(this.#lastTicks, lastBase, timeBase);
    if (this.#passed !== null && this.#passed >= first) return;
    const end = rescale(endTicks, this.#inputTimeBase, timeBase);
    // A frame that begins and ends in the same slot is left out.
    const begin = Number(this.#lastTicks) * lastBase.num / lastBase.den;
    const isShort = begin < Number(endTicks) * this.#inputTimeBase.num / this.#inputTimeBase.den;
    if (isShort && end <= first) return;
    for (let ticks = first; ticks === first || ticks < end; ticks++) this.#pass(this.#last, ticks, take);
  }

  #converterFor(from: PictureShape): Converter {
    if (this.#converter === null || !sameShape(this.#converter.from, from)) {
      const { layout: { format, width, height }, meaning } = this.#input;
      const target = { format, width, height, color: meaning, background: this.#background };
      const converter = createConverter(this.#native, from, target);
      this.#converter?.converter[Symbol.dispose]();
      this.#converter = { from, converter };
    }
    return this.#converter.converter;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    // The graph may refer to the converter's frames.
    this.#graph[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
    this.#last[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#converter?.converter[Symbol.dispose]();
  }
}

/** Throws an {@linkcode OptionError} for filters whose output is of no use. */
function requireUsable(native: Native, output: FilterOutput, description: string): FilterOutput {
  const subject = `Cannot use the filter ${shown(description)}`;
  // vf_framerate.c counts in a unit that is too small for a fraction of 32 bits at the highest rates.
  if (output.timeBase.num <= 0) {
    const hint = "Give a frame rate that is usual";
    throw new OptionError(`${subject}: it has no unit of time for this frame rate`, {
      ...{ code: "FILTER_CONFIG", operation, hint },
    });
  }
  if (pixelFormatById(native, output.format)?.isHardware ?? true) {
    const hint = "Add hwdownload and format to it";
    throw new OptionError(`${subject}: it ends in frames in a device's memory`, {
      ...{ code: "HARDWARE_FRAMES", operation, hint },
    });
  }
  return output;
}

/** Filters that make use of alpha, and may give pictures without. */
const alphaFilters =
  /\b(?:overlay|alphaextract|alphamerge|extractplanes|premultiply|unpremultiply|maskedmerge|blend)/;

/**
 * The format in which pictures go into the filters: without alpha where the filters would drop it, so that
 * transparent pictures are laid over the background before.
 */
function takenFormat(native: Native, description: string, input: FilterInput): PixelFormatInfo {
  const { format } = input;
  if (!format.hasAlpha || format.isPalette || alphaFilters.test(description)) return format;
  using graph = new FilterGraph(native, description, input);
  if (pixelFormatById(native, graph.output.format)?.hasAlpha ?? true) return format;
  const blendable = formatWithTwin(native, format);
  return opaqueTwin(native, blendable)!;
}

/** The frame rate that filters make. */
function rateOf(native: Native, description: string, input: FilterInput): Rational {
  using graph = new FilterGraph(native, description, input);
  return graph.output.frameRate ?? input.frameRate;
}
