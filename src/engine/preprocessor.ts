/**
 * What happens to pictures before they are converted for the encoder: they get the video's size, and go
 * through filters.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { OptionError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { Size } from "../size.ts";
import type { PictureShape, Pixels } from "../video/pixels.ts";
import type { ResizeMode } from "../video/resizer.ts";
import { SizeFitter } from "../video/size_fitter.ts";
import { FilterStage, type PictureSink, type PictureTimes } from "../video/filter_stage.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { Rgb } from "../video/background.ts";
import type { ColorDescription } from "../video/color.ts";

/** What a preprocessor does. */
export interface PreprocessorRequest extends PictureTimes {
  /** How pictures of another size are resized. */
  readonly resize: ResizeMode | "error";
  /** Filters in libavfilter's syntax; `null` for none. */
  readonly filter: string | null;
  /** Whether the filters must output a constant frame rate. */
  readonly isConstant: boolean;
  /** The colour of pictures in the filters. */
  readonly color: ColorDescription;
  /** What lies behind transparent pictures where the filters take none. */
  readonly background: Rgb;
}

/** The output of a preprocessor. */
export interface PreprocessorOutput extends PictureTimes {
  readonly shape: PictureShape;
}

/** Turns pictures of any size and shape into those for the encoder's converter: resizes and filters them. */
export class Preprocessor implements Disposable {
  readonly #native: Native;
  readonly #request: PreprocessorRequest;
  readonly #fitter: SizeFitter;
  readonly #filters: FilterStage | null;
  /** The size of the video, which the first filtered picture has. */
  #filtered: Size | null = null;
  /** Resizes filtered pictures of another size. */
  #refitter: SizeFitter | null = null;

  /**
   * For a video of this size and a first picture of this shape. Throws where the filters cannot be made for
   * it.
   */
  constructor(native: Native, first: PictureShape, size: Size, request: PreprocessorRequest) {
    const { resize, filter } = request;
    this.#native = native;
    this.#request = request;
    using owned = new DisposableStack();
    const mode = resize as ResizeMode;
    this.#fitter = owned.use(new SizeFitter(native, { size, mode, mustBeReadable: filter !== null }));
    const video = this.#fitter.shapeOf(first);
    this.#filters = filter === null
      ? null
      : owned.use(new FilterStage(native, video, { ...request, description: filter }));
    owned.move();
  }

  /** The timing of the output: the video's own, or that of the filters. */
  get times(): PictureTimes {
    return this.#filters?.times ?? this.#request;
  }

  /** Takes a picture, and passes on what comes of it, now or with a later one. */
  write(pixels: Pixels, shape: PictureShape, stamp: FrameStamp, take: PictureSink): void {
    this.#fitter.fit(pixels, shape, (fitted, fittedShape) => {
      if (this.#filters === null) return take(fitted, fittedShape, stamp);
      this.#filters.write(fitted, fittedShape, stamp, this.#keepSize(take));
    });
  }

  /** Passes on what the filters still hold. The last frame ends at this tick. */
  flush(endTicks: bigint, take: PictureSink): void {
    this.#filters?.flush(endTicks, this.#keepSize(take));
  }

  /** Filters may change the size of pictures from frame to frame, but a video has one. */
  #keepSize(take: PictureSink): PictureSink {
    return (pixels, shape, stamp) => {
      const { width, height } = shape.layout;
      const size = this.#filtered ??= { width, height };
      if (width === size.width && height === size.height) return take(pixels, shape, stamp);
      const fitter = this.#refitter ??= this.#refit(size, { width, height });
      fitter.fit(pixels, shape, (fitted, fittedShape) => take(fitted, fittedShape, stamp));
    };
  }

  #refit(size: Size, { width, height }: Size): SizeFitter {
    const { resize, filter } = this.#request;
    if (resize !== "error") {
      return new SizeFitter(this.#native, { size, mode: resize, mustBeReadable: false });
    }
    throw new OptionError(
      `Cannot write a ${width}x${height} picture of the filter ${
        shown(filter)
      }: this video is ${size.width}x${size.height}`,
      {
        code: "FILTER_SIZE",
        operation: "filter a frame",
        hint: 'End the filter with a scale of one size, or use resize "contain", "cover" or "fill"',
      },
    );
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#refitter?.[Symbol.dispose]();
    this.#filters?.[Symbol.dispose]();
    this.#fitter[Symbol.dispose]();
  }
}
