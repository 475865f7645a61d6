/**
 * AVFilterGraph: a graph of filters with one way in and one way out.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError, OptionError } from "../../errors.ts";
import { shown } from "../../shown.ts";
import { codeName, endOfStream, errorText, isAgain } from "../failure.ts";
import type { NativeFrame } from "../native_frame.ts";
import { Owned } from "../owned.ts";
import type { PixelFormatInfo } from "../pixel_format.ts";
import { type Rational, rationalText, unpackRational } from "../rational.ts";

/** AV_BUFFERSRC_FLAG_KEEP_REF, libavfilter/buffersrc.h: the frame stays the caller's. */
const keepReference = 8;

/** The input of a graph. */
export interface FilterInput {
  /** The pixel format of the frames. */
  readonly format: PixelFormatInfo;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The unit of the frames' timestamps. */
  readonly timeBase: Rational;
  /** Frames per second, for filters that use it. */
  readonly frameRate?: Rational;
  /** What luma and chroma mean, by libav's names. */
  readonly meaning?: { readonly matrix: string; readonly range: string };
}

/** The output of a graph. */
export interface FilterOutput {
  /** libavutil's number of the pixel format. */
  readonly format: number;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The unit of the frames' timestamps. */
  readonly timeBase: Rational;
  /** Frames per second; `null` where the filters do not keep a rate. */
  readonly frameRate: Rational | null;
}

/** AV_OPT_SEARCH_CHILDREN, libavutil/opt.h. */
const searchChildren = 1;

/** Runs frames through filters. */
export class FilterGraph extends Owned {
  readonly #native: Native;
  readonly #source: Address;
  readonly #sink: Address;

  /**
   * Makes a graph from a description in libavfilter's syntax. Throws an {@linkcode OptionError} where it is
   * not valid.
   */
  constructor(native: Native, description: string, input: FilterInput) {
    const avfilter = native.avfilter();
    super("a filter graph", avfilter.avfilter_graph_alloc(), (graph) => {
      avfilter.avfilter_graph_free(new PointerCell(graph).buffer);
    });
    this.#native = native;
    // With its ends in the description, a graph has no open pads and needs no AVFilterInOut.
    const source = `buffer@source=${this.#sourceArguments(input)}`;
    const result = avfilter.avfilter_graph_parse2(
      this.address,
      cString(`${source}[in];[in]${description}[out];[out]buffersink@sink`),
      new PointerCell().buffer,
      new PointerCell().buffer,
    );
    this.#checkDescription(result, description, "FILTER_SYNTAX");
    this.#checkDescription(avfilter.avfilter_graph_config(this.address, NULL), description, "FILTER_CONFIG");
    this.#source = avfilter.avfilter_graph_get_filter(this.address, cString("buffer@source"));
    this.#sink = avfilter.avfilter_graph_get_filter(this.address, cString("buffersink@sink"));
  }

  #sourceArguments({ format, width, height, timeBase, frameRate, meaning }: FilterInput): string {
    const options = [
      `video_size=${width}x${height}`,
      `pix_fmt=${format.name}`,
      `time_base=${rationalText(timeBase)}`,
      ...(frameRate === undefined ? [] : [`frame_rate=${rationalText(frameRate)}`]),
    ];
    // Newer releases need it before the first frame.
    if (meaning !== undefined && !format.isRgb && this.#sourceTakes("colorspace")) {
      options.push(`colorspace=${meaning.matrix}`, `range=${meaning.range}`);
    }
    return options.join(":");
  }

  #sourceTakes(option: string): boolean {
    const avfilter = this.#native.avfilter();
    const kind = avfilter.avfilter_get_by_name(cString("buffer"));
    const filter = avfilter.avfilter_graph_alloc_filter(this.address, kind, cString("probe"));
    const found = this.#native.avutil.av_opt_find(filter, cString(option), null, 0, searchChildren);
    avfilter.avfilter_free(filter);
    return found !== NULL;
  }

  /** The output. */
  get output(): FilterOutput {
    const avfilter = this.#native.avfilter();
    const frameRate = unpackRational(avfilter.av_buffersink_get_frame_rate(this.#sink));
    return {
      format: avfilter.av_buffersink_get_format(this.#sink),
      width: avfilter.av_buffersink_get_w(this.#sink),
      height: avfilter.av_buffersink_get_h(this.#sink),
      timeBase: unpackRational(avfilter.av_buffersink_get_time_base(this.#sink)),
      frameRate: frameRate.num > 0 && frameRate.den > 0 ? frameRate : null,
    };
  }

  /** Sends a frame into the graph. */
  send(frame: NativeFrame): void {
    this.#check(
      this.#native.avfilter().av_buffersrc_add_frame_flags(this.#source, frame.address, keepReference),
    );
  }

  /** Ends the stream. Filters that extend it learn the end of the last frame. */
  end(ticks: bigint): void {
    this.#check(this.#native.avfilter().av_buffersrc_close(this.#source, ticks, 0));
  }

  /** Receives a frame into an empty one; `false` where the graph needs more input or has ended. */
  receive(frame: NativeFrame): boolean {
    const result = this.#native.avfilter().av_buffersink_get_frame(this.#sink, frame.address);
    if (result === endOfStream || isAgain(result)) return false;
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

  #checkDescription(result: number, description: string, code: "FILTER_SYNTAX" | "FILTER_CONFIG"): void {
    if (result >= 0) return;
    const words = errorText(this.#native, result);
    this[Symbol.dispose]();
    throw new OptionError(`Cannot make the filter graph ${shown(description)}: ${words}`, {
      code,
      operation: "make a filter graph",
      hint:
        'libavfilter prints details to stderr at every logLevel except "quiet"; ffmpeg -filters lists the filters',
    });
  }
}
