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
import { type Rational, rationalText } from "../libav/rational.ts";
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
  readonly #reader: FrameReader;
  #converter: { readonly from: PictureShape; readonly converter: Converter } | null = null;
  readonly #times: PictureTimes;

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
    const filters = isConstant ? withConstantRate(native, description, input) : description;
    this.#graph = owned.use(new FilterGraph(native, filters, input));
    const output = requireUsable(native, this.#graph.output, description);
    this.#times = { timeBase: output.timeBase, frameRate: output.frameRate ?? frameRate };
    this.#filtered = owned.use(new NativeFrame(native));
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
  }

  #drain(take: PictureSink): void {
    const frame = this.#filtered;
    const { timeBase: { num, den } } = this.#times;
    while (this.#graph.receive(frame)) {
      const ticks = frame.pts;
      const stamp = {
        ticks,
        seconds: Number(ticks) * num / den,
        timestamp: null,
        duration: null,
        keyFrame: frame.isForcedKeyFrame,
      };
      take(frame, this.#reader.read(frame), stamp);
      frame.unref();
    }
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
    this.#converter?.converter[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
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

/** The same filters, with one more that makes the frame rate constant. */
function withConstantRate(native: Native, description: string, input: FilterInput): string {
  using graph = new FilterGraph(native, description, input);
  return `${description},fps=${rationalText(graph.output.frameRate ?? input.frameRate)}`;
}
