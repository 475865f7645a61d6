/**
 * What happens to pictures before they are converted for the encoder: they get the video's size, and go
 * through filters.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { OptionError } from "../errors.ts";
import { FilterGraph, type FilterInput, type FilterOutput } from "../libav/conversion/filter_graph.ts";
import { type ColorNumbers, colorNumbers, NativeFrame } from "../libav/native_frame.ts";
import { pixelFormatById } from "../libav/pixel_format.ts";
import { type Rational, rationalText } from "../libav/rational.ts";
import { shown } from "../shown.ts";
import { meaningSaid } from "../video/color.ts";
import type { Converter } from "../video/conversion/converter.ts";
import { createConverter } from "../video/conversion/create_converter.ts";
import { FormatUnpacker } from "../video/conversion/unpacker.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import { frameLayout, type PictureShape, type Pixels, sameShape, Staging } from "../video/pixels.ts";
import { type ResizeMode, Resizer } from "../video/resizer.ts";

/** What a preprocessor does. */
export interface PreprocessorRequest {
  /** How pictures of another size are resized. */
  readonly resize: ResizeMode | "error";
  /** Filters in libavfilter's syntax; `null` for none. */
  readonly filter: string | null;
  /** Whether the filters must output a constant frame rate. */
  readonly isConstant: boolean;
  /** The unit of the frames' times. */
  readonly timeBase: Rational;
  /** The nominal rate. */
  readonly frameRate: Rational;
}

/** Takes the next picture. */
export type PictureSink = (pixels: Pixels, shape: PictureShape, stamp: FrameStamp) => void;

/** The output of a preprocessor. */
export interface PreprocessorOutput {
  readonly shape: PictureShape;
  readonly timeBase: Rational;
  readonly frameRate: Rational;
}

/** Turns pictures of any size and shape into those for the encoder's converter: resizes and filters them. */
export class Preprocessor implements Disposable {
  readonly #native: Native;
  readonly #request: PreprocessorRequest;
  readonly #width: number;
  readonly #height: number;
  /** The shape of the first picture, once it has the video's size. */
  readonly #video: PictureShape;
  readonly #filters: FilterStage | null;
  #unpacker: { readonly from: PictureShape; readonly unpacker: FormatUnpacker } | null = null;
  #resizer: { readonly from: PictureShape; readonly resizer: Resizer } | null = null;

  /**
   * For a video of this size and a first picture of this shape. Throws where the filters cannot be made for
   * it.
   */
  constructor(
    native: Native,
    first: PictureShape,
    { width, height }: { readonly width: number; readonly height: number },
    request: PreprocessorRequest,
  ) {
    this.#native = native;
    this.#request = request;
    this.#width = width;
    this.#height = height;
    try {
      const readable = this.#readable(first);
      this.#video = this.#fits(first) ? readable : this.#resizerFor(readable).shape;
      this.#filters = request.filter === null
        ? null
        : new FilterStage(native, this.#video, request, request.filter);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** The shape and timing of the output: the video's own, or that of the filters. */
  get output(): PreprocessorOutput {
    const { timeBase, frameRate } = this.#request;
    return this.#filters?.output ?? { shape: this.#video, timeBase, frameRate };
  }

  /** Takes a picture, and passes on what comes of it, now or with a later one. */
  write(pixels: Pixels, shape: PictureShape, stamp: FrameStamp, take: PictureSink): void {
    if (this.#readable(shape) !== shape) {
      const unpacker = this.#unpackerFor(shape);
      return this.#resize(unpacker.convert(pixels), unpacker.shape, stamp, take);
    }
    this.#resize(pixels, shape, stamp, take);
  }

  #resize(pixels: Pixels, shape: PictureShape, stamp: FrameStamp, take: PictureSink): void {
    if (this.#fits(shape)) return this.#filter(pixels, shape, stamp, take);
    const resizer = this.#resizerFor(shape);
    this.#filter(resizer.convert(pixels), resizer.shape, stamp, take);
  }

  /**
   * The readable shape of a picture that is to be scaled or filtered in a format that cannot be. The encoder
   * may take that format as it is.
   */
  #readable(shape: PictureShape): PictureShape {
    const { format } = shape.layout;
    const isAsItIs = this.#request.filter === null && this.#fits(shape);
    return isAsItIs || !FormatUnpacker.isNeeded(this.#native, format, shape.layout.width)
      ? shape
      : this.#unpackerFor(shape).shape;
  }

  #unpackerFor(from: PictureShape): FormatUnpacker {
    if (this.#unpacker === null || !sameShape(this.#unpacker.from, from)) {
      const unpacker = new FormatUnpacker(this.#native, from);
      this.#unpacker?.unpacker[Symbol.dispose]();
      this.#unpacker = { from, unpacker };
    }
    return this.#unpacker.unpacker;
  }

  /** Passes on what the filters still hold. The last frame ends at this tick. */
  flush(endTicks: bigint, take: PictureSink): void {
    this.#filters?.flush(endTicks, take);
  }

  #fits({ layout }: PictureShape): boolean {
    return layout.width === this.#width && layout.height === this.#height;
  }

  #filter(pixels: Pixels, shape: PictureShape, stamp: FrameStamp, take: PictureSink): void {
    if (this.#filters === null) take(pixels, shape, stamp);
    else this.#filters.write(pixels, shape, stamp, take);
  }

  #resizerFor(from: PictureShape): Resizer {
    if (this.#resizer === null || !sameShape(this.#resizer.from, from)) {
      const mode = this.#request.resize as ResizeMode;
      const resizer = new Resizer(this.#native, from, this.#width, this.#height, mode);
      this.#resizer?.resizer[Symbol.dispose]();
      this.#resizer = { from, resizer };
    }
    return this.#resizer.resizer;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#filters?.[Symbol.dispose]();
    this.#resizer?.resizer[Symbol.dispose]();
    this.#unpacker?.unpacker[Symbol.dispose]();
  }
}

/** A filter graph for pictures of one shape. */
class FilterStage implements Disposable {
  readonly #native: Native;
  readonly #input: PictureShape;
  readonly #graph: FilterGraph;
  readonly #staging: Staging;
  readonly #filtered: NativeFrame;
  readonly #color: ColorNumbers;
  #converter: { readonly from: PictureShape; readonly converter: Converter } | null = null;
  #shape: PictureShape;
  readonly #times: Pick<PreprocessorOutput, "timeBase" | "frameRate">;

  constructor(
    native: Native,
    input: PictureShape,
    { timeBase, frameRate, isConstant }: PreprocessorRequest,
    description: string,
  ) {
    const { layout: { format, width, height }, meaning } = input;
    this.#native = native;
    this.#input = input;
    const ends = { format, width, height, timeBase, frameRate, meaning };
    this.#graph = new FilterGraph(
      native,
      isConstant ? constant(native, description, ends) : description,
      ends,
    );
    this.#staging = new Staging(native, input.layout);
    this.#filtered = new NativeFrame(native);
    this.#color = colorNumbers(native, meaning);
    const output = this.#graph.output;
    this.#times = { timeBase: output.timeBase, frameRate: output.frameRate ?? frameRate };
    this.#shape = this.#shapeOf(output, description);
  }

  get output(): PreprocessorOutput {
    return { shape: this.#shape, ...this.#times };
  }

  write(pixels: Pixels, shape: PictureShape, { ticks, keyFrame }: FrameStamp, take: PictureSink): void {
    const frame = sameShape(shape, this.#input)
      ? this.#staging.stage(pixels)
      : this.#converterFor(shape).convert(pixels);
    const { layout: { format } } = this.#input;
    if (!format.isRgb) frame.describe(this.#color);
    frame.stamp(ticks, keyFrame, 0);
    this.#graph.send(frame);
    this.#drain(take);
  }

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
      this.#followFrame(frame);
      take(frame, this.#shape, stamp);
      frame.unref();
    }
  }

  /** Filters may change the matrix or range from frame to frame. */
  #followFrame(frame: NativeFrame): void {
    const { layout, meaning } = this.#shape;
    const said = meaningSaid(frame.meaning, meaning);
    if (said.matrix !== meaning.matrix || said.range !== meaning.range) {
      this.#shape = { layout, meaning: said };
    }
  }

  #converterFor(from: PictureShape): Converter {
    if (this.#converter === null || !sameShape(this.#converter.from, from)) {
      const { layout: { format, width, height }, meaning } = this.#input;
      const converter = createConverter(this.#native, from, { format, width, height, color: meaning });
      this.#converter?.converter[Symbol.dispose]();
      this.#converter = { from, converter };
    }
    return this.#converter.converter;
  }

  #shapeOf({ format: id, width, height, timeBase }: FilterOutput, description: string): PictureShape {
    // vf_framerate.c counts in a unit that is too small for a fraction of 32 bits at the highest rates.
    if (timeBase.num <= 0) {
      this[Symbol.dispose]();
      throw new OptionError(
        `Cannot use the filter ${shown(description)}: it has no unit of time for this frame rate`,
        { code: "FILTER_CONFIG", operation: "make a filter graph", hint: "Give a frame rate that is usual" },
      );
    }
    const format = pixelFormatById(this.#native, id);
    if (format === null || format.isHardware) {
      this[Symbol.dispose]();
      throw new OptionError(
        `Cannot use the filter ${shown(description)}: it ends in frames in a device's memory`,
        {
          code: "HARDWARE_FRAMES",
          operation: "make a filter graph",
          hint: "Add hwdownload and format to it",
        },
      );
    }
    return { layout: frameLayout(format, width, height), meaning: this.#input.meaning };
  }

  [Symbol.dispose](): void {
    this.#converter?.converter[Symbol.dispose]();
    this.#filtered[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
    this.#graph[Symbol.dispose]();
  }
}

/** The same filters, with one more that makes the frame rate constant. */
function constant(native: Native, description: string, ends: FilterInput & { frameRate: Rational }): string {
  using graph = new FilterGraph(native, description, ends);
  return `${description},fps=${rationalText(graph.output.frameRate ?? ends.frameRate)}`;
}
