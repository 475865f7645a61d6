/**
 * AVFilterGraph: a graph of filters with one way in and one way out.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError, OptionError } from "../errors.ts";
import { codeName, errorText, isAgain } from "./failure.ts";
import type { Frame } from "./frame.ts";
import { Owned } from "./owned.ts";
import type { PixelFormatInfo } from "./pixel_format.ts";
import { type Rational, rationalText } from "./rational.ts";
import { shown } from "../shown.ts";

/** AV_BUFFERSRC_FLAG_KEEP_REF, libavfilter/buffersrc.h: the frame stays the caller's. */
const keepReference = 8;

/** What goes into a graph. */
export interface FilterInput {
  /** The pixel format of the frames. */
  readonly format: PixelFormatInfo;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The unit of the frames' timestamps. */
  readonly timeBase: Rational;
}

/** Runs frames through filters. */
export class FilterGraph extends Owned {
  readonly #native: Native;
  readonly #source: Address;
  readonly #sink: Address;

  /** Makes a graph of a description in libavfilter's syntax. Throws an {@linkcode OptionError} where it can't be made. */
  constructor(native: Native, description: string, input: FilterInput) {
    const avfilter = native.avfilter();
    super("a filter graph", avfilter.avfilter_graph_alloc(), (graph) => {
      avfilter.avfilter_graph_free(new PointerCell(graph).buffer);
    });
    this.#native = native;
    const { format, width, height, timeBase } = input;
    // With its ends in the description, a graph has no open pads and needs no AVFilterInOut.
    const source = `buffer@source=video_size=${width}x${height}:pix_fmt=${format.name}:time_base=${
      rationalText(timeBase)
    }`;
    const result = avfilter.avfilter_graph_parse2(
      this.address,
      cString(`${source}[in];[in]${description}[out];[out]buffersink@sink`),
      new PointerCell().buffer,
      new PointerCell().buffer,
    );
    this.#checkDescription(result, description);
    this.#checkDescription(avfilter.avfilter_graph_config(this.address, NULL), description);
    this.#source = avfilter.avfilter_graph_get_filter(this.address, cString("buffer@source"));
    this.#sink = avfilter.avfilter_graph_get_filter(this.address, cString("buffersink@sink"));
  }

  /** Sends a frame into the graph. */
  send(frame: Frame): void {
    this.#check(
      this.#native.avfilter().av_buffersrc_add_frame_flags(this.#source, frame.address, keepReference),
    );
  }

  /** Takes a frame out of the graph into an empty one; `false` where it wants more first. */
  receive(frame: Frame): boolean {
    const result = this.#native.avfilter().av_buffersink_get_frame(this.#sink, frame.address);
    if (isAgain(result)) return false;
    this.#check(result);
    return true;
  }

  #check(result: number): void {
    if (result >= 0) return;
    throw new AvError(`Cannot filter a frame: ${errorText(this.#native, result)}`, {
      code: codeName(result),
      operation: "filter a frame",
    });
  }

  #checkDescription(result: number, description: string): void {
    if (result >= 0) return;
    const words = errorText(this.#native, result);
    this[Symbol.dispose]();
    throw new OptionError(`Cannot make the filter graph ${shown(description)}: ${words}`, {
      code: codeName(result),
      operation: "make a filter graph",
    });
  }
}
