/**
 * Frames through libavfilter's filters, in the thread that calls.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { fineTimeBase } from "../../engine/frame_clock.ts";
import { checkFilters } from "../../libav/conversion/filter_graph.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatByName } from "../../libav/pixel_format.ts";
import type { Rational } from "../../libav/rational.ts";
import { black } from "../../video/background.ts";
import { type ColorDescription, defaultColor, meaningOf } from "../../video/color.ts";
import { FilterStage } from "../../video/filter_stage.ts";
import { parseFrameRate } from "../../video/frame_rate.ts";
import type { FrameStamp } from "../../video/frame_timing.ts";
import { frameLayout, type PictureShape, type Pixels } from "../../video/pixels.ts";
import { frameBytes, tightPlanes } from "../../video/raw_frame.ts";

/** A frame on its way to or from the filters. */
export interface FilterFrame {
  /** All planes, one after another, with tightly packed rows. */
  readonly bytes: ArrayBuffer;
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly timestamp: number;
  readonly duration: number | null;
  readonly isDiscontinuous: boolean;
  readonly color: Partial<ColorDescription>;
}

/** The rate of frames whose length is not known: only filters that count frames look at it. */
const unknownRate: Rational = { num: 25, den: 1 };
/** More frames than any filter holds. */
const maxKnownTimes = 1024;

/** When a frame that came in is shown. */
type InputTimes = Pick<FilterFrame, "timestamp" | "duration" | "isDiscontinuous">;

/** Filters for frames of one form. */
class OpenStage implements Disposable {
  readonly #native: Native;
  readonly #shape: PictureShape;
  readonly #color: ColorDescription;
  readonly #given: Partial<ColorDescription>;
  readonly #timeBase: Rational;
  readonly #frameRate: Rational;
  /** How long the first frame is shown. */
  readonly #duration: number | null;
  readonly #stage: FilterStage;
  /** The exact times of frames that came in, by their ticks. */
  readonly #times = new Map<bigint, InputTimes>();
  #end = 0n;

  constructor(native: Native, description: string, first: FilterFrame) {
    const { format, width, height, duration, color } = first;
    this.#native = native;
    const layout = frameLayout(pixelFormatByName(native, format)!, width, height);
    this.#given = color;
    this.#color = { ...defaultColor(height), ...color };
    this.#shape = { layout, meaning: meaningOf(layout.format, this.#color) };
    this.#duration = duration;
    this.#frameRate = duration === null ? unknownRate : parseFrameRate(1 / duration);
    this.#timeBase = fineTimeBase(this.#frameRate);
    this.#stage = new FilterStage(native, this.#shape, {
      ...{ description, color: this.#color, background: black, isConstant: false },
      ...{ timeBase: this.#timeBase, frameRate: this.#frameRate },
    });
  }

  /** Whether a frame is of the form of the first one. */
  takes({ format, width, height, color }: FilterFrame): boolean {
    const { layout } = this.#shape;
    return layout.format.name === format && layout.width === width && layout.height === height &&
      color.matrix === this.#given.matrix && color.range === this.#given.range;
  }

  write(frame: FilterFrame): FilterFrame[] {
    const ticks = this.#ticks(frame.timestamp);
    const { timestamp, duration, isDiscontinuous } = frame;
    this.#times.set(ticks, { timestamp, duration, isDiscontinuous });
    if (this.#times.size > maxKnownTimes) this.#times.delete(this.#times.keys().next().value!);
    this.#end = ticks + this.#ticks(duration ?? this.#frameRate.den / this.#frameRate.num);
    const { layout } = this.#shape;
    const planes = tightPlanes(new Uint8Array(frame.bytes), layout);
    const stamp = { ticks, seconds: timestamp, timestamp: null, duration: null, keyFrame: false };
    const made: FilterFrame[] = [];
    this.#stage.write(planes, this.#shape, stamp, (...picture) => void made.push(this.#made(...picture)));
    return made;
  }

  flush(): FilterFrame[] {
    const made: FilterFrame[] = [];
    this.#stage.flush(this.#end, (...picture) => void made.push(this.#made(...picture)));
    return made;
  }

  #made(pixels: Pixels, { layout, meaning }: PictureShape, { seconds }: FrameStamp): FilterFrame {
    const { format, width, height, planes } = layout;
    const bytes = new Uint8Array(frameBytes(layout));
    for (const [plane, { bytes: to }] of tightPlanes(bytes, layout).entries()) {
      const { rowBytes, rows } = planes[plane]!;
      const from = pixels as NativeFrame;
      this.#native.memory.readRows(to, from.planeAddress(plane), from.stride(plane), rowBytes, rows);
    }
    const { matrix, range } = format.isRgb ? this.#given : meaning;
    return {
      ...{ bytes: bytes.buffer, format: format.name, width, height, ...this.#timesAt(seconds) },
      color: { ...this.#given, ...(matrix === undefined ? {} : { matrix }), ...(range && { range }) },
    };
  }

  /** The times of the frame that came in at that time, where filters kept them. */
  #timesAt(seconds: number): InputTimes {
    const { frameRate } = this.#stage.times;
    const isRateKept = frameRate.num * this.#frameRate.den === frameRate.den * this.#frameRate.num;
    const known = this.#times.get(this.#ticks(seconds));
    const duration = isRateKept ? known?.duration ?? this.#duration : frameRate.den / frameRate.num;
    return {
      timestamp: known?.timestamp ?? seconds,
      duration,
      isDiscontinuous: known?.isDiscontinuous ?? false,
    };
  }

  #ticks(seconds: number): bigint {
    return BigInt(Math.round(seconds * this.#timeBase.den / this.#timeBase.num));
  }

  [Symbol.dispose](): void {
    this.#stage[Symbol.dispose]();
  }
}

/** Filters for frames of any form: those that change it begin anew. */
export class FrameFilter implements Disposable {
  readonly #native: Native;
  readonly #description: string;
  #open: OpenStage | null = null;

  /** Throws an `OptionError` where the description is not valid. */
  constructor(native: Native, description: string) {
    checkFilters(native, description);
    this.#native = native;
    this.#description = description;
  }

  /** Takes a frame; returns what comes of it and of those before. */
  write(frame: FilterFrame): FilterFrame[] {
    const before = this.#open?.takes(frame) === false ? this.flush() : [];
    const stage = this.#open ??= new OpenStage(this.#native, this.#description, frame);
    return [...before, ...stage.write(frame)];
  }

  /** What the filters still hold. The next frame begins anew. */
  flush(): FilterFrame[] {
    using stage = this.#open;
    this.#open = null;
    return stage?.flush() ?? [];
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = null;
  }
}
