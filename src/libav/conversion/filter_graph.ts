/**
 * AVFilterGraph: a graph of filters with one way in and one way out.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError, OptionError } from "../../errors.ts";
import { shown } from "../../shown.ts";
import { codeName, endOfStream, errorText, isAgain } from "../failure.ts";
import { type ColorNumbers, colorNumbers, type NativeFrame } from "../native_frame.ts";
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
  readonly frameRate: Rational;
  /**
   * What luma and chroma mean, by libav's names: in the frames that come in, and wherever filters make some
   * from RGB.
   */
  readonly color: FilterColor;
}

/** A colour description, by libav's names. */
export interface FilterColor {
  readonly matrix: string;
  readonly range: string;
  readonly primaries: string;
  readonly transfer: string;
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

/** What RGB means to libav: no matrix, and full range. */
const rgb = { matrix: "gbr", range: "pc" } as const;

/** The names of matrices in the options of ffmpeg's scale filter, where they have another one. */
const scaleMatrixNames: Readonly<Record<string, string>> = {
  bt470bg: "bt470",
  bt2020nc: "bt2020",
  bt2020c: "bt2020",
};

/** The name of a matrix in the options of ffmpeg's scale filter. */
export function scaleFilterMatrix({ matrix }: Pick<FilterColor, "matrix">): string {
  return scaleMatrixNames[matrix] ?? matrix;
}

/**
 * Whether a description leaves a label without its other end. As in FFmpeg's own descriptions, `[in]` is then
 * where frames come in, and `[out]` where they go: a chain may begin with a filter that has no input.
 */
function isOpen(description: string, label: string): boolean {
  const unquoted = description.replace(/\\.|'[^']*'/gs, "");
  // Space around a name is no part of it.
  return (unquoted.split(new RegExp(`\\[\\s*${label}\\s*\\]`)).length - 1) % 2 === 1;
}

/** A description with filters before it: a chain without labels, which makes what its `[in]` gets. */
export function withFiltersBefore(filters: readonly string[], description: string): string {
  if (filters.length === 0) return description;
  return `${filters.join(",")}${isOpen(description, "in") ? "[in];" : ","}${description}`;
}

/** A graph whose filters exist, but do not know yet what frames they get. */
class ParsedGraph extends Owned {
  /** libav's functions. */
  protected readonly native: Native;
  readonly #description: string;

  /** `head` is what comes before the description: options, and a source of frames named `source`. */
  constructor(native: Native, description: string, head: string) {
    const avfilter = native.avfilter();
    super("a filter graph", avfilter.avfilter_graph_alloc(), (graph) => {
      avfilter.avfilter_graph_free(new PointerCell(graph).buffer);
    });
    this.native = native;
    this.#description = description;
    // With its ends in the description, a graph has no open pads and needs no AVFilterInOut.
    const input = isOpen(description, "in") ? "" : "[in]", output = isOpen(description, "out") ? "" : "[out]";
    const result = avfilter.avfilter_graph_parse2(
      this.address,
      cString(`${head}[in];${input}${description}${output};[out]buffersink@sink`),
      new PointerCell().buffer,
      new PointerCell().buffer,
    );
    this.checkDescription(result, "FILTER_SYNTAX");
  }

  /** Throws, and frees the graph, where libav refuses the description. */
  protected checkDescription(result: number, code: "FILTER_SYNTAX" | "FILTER_CONFIG"): void {
    if (result >= 0) return;
    const words = errorText(this.native, result);
    this[Symbol.dispose]();
    throw new OptionError(`Cannot make the filter graph ${shown(this.#description)}: ${words}`, {
      code,
      operation: "make a filter graph",
      hint:
        'libavfilter prints details to stderr at every logLevel except "quiet"; ffmpeg -filters lists the filters. Where filters have several inputs, [in] is the one that gets the frames, and [out] what is written',
    });
  }
}

/**
 * Throws an {@linkcode OptionError} where a description is not valid. Nothing runs: which frames the filters
 * take is found out with the first one.
 */
export function checkFilters(native: Native, description: string): void {
  const head = "buffer@source=video_size=16x16:pix_fmt=rgba:time_base=1/25";
  new ParsedGraph(native, description, head)[Symbol.dispose]();
}

/** Whether a source of frames has options for their colour: FFmpeg 7.0 and newer. */
function sourceTakesColor(native: Native): boolean {
  const avfilter = native.avfilter();
  const graph = avfilter.avfilter_graph_alloc();
  const kind = avfilter.avfilter_get_by_name(cString("buffer"));
  const filter = avfilter.avfilter_graph_alloc_filter(graph, kind, cString("probe"));
  const found = native.avutil.av_opt_find(filter, cString("colorspace"), null, 0, searchChildren);
  avfilter.avfilter_graph_free(new PointerCell(graph).buffer);
  return found !== NULL;
}

/** The source of frames, and options for every conversion that libavfilter puts between filters. */
function headOf(
  { format, width, height, timeBase, frameRate, color }: FilterInput,
  takesColor: boolean,
): string {
  const source = [
    `video_size=${width}x${height}`,
    `pix_fmt=${format.name}`,
    `time_base=${rationalText(timeBase)}`,
    `frame_rate=${rationalText(frameRate)}`,
  ];
  if (takesColor) {
    const { matrix, range } = format.isRgb ? rgb : color;
    source.push(`colorspace=${matrix}`, `range=${range}`);
  }
  // Without them, conversions from RGB make BT.601, whatever the frames say.
  const conversions = [
    "flags=bicubic+accurate_rnd+full_chroma_int",
    `out_color_matrix=${scaleFilterMatrix(color)}`,
    // Limited range is what conversions make of RGB anyway, but for gray, which is full by nature.
    ...(color.range === "pc" ? ["out_range=pc"] : []),
  ];
  return `sws_${conversions.join(":")};buffer@source=${source.join(":")}`;
}

/**
 * A description whose scale filters keep a matrix that they name: FFmpeg before 7.0 sets the options of
 * conversions after those of a filter, unless that has flags of its own.
 */
function withOwnMatrices(description: string): string {
  return description.replace(
    /\bscale(@[^=]*)?=('[^']*'|[^,;[])*/g,
    (filter) => filter.includes("flags") ? filter : filter.replace("out_color_matrix=", "flags=bicubic:$&"),
  );
}

/** The sink of a graph's frames before their rate is made constant. */
const filteredSink = "buffersink@filtered";

/** The same filters, with more that make the frame rate constant, and a sink before these. */
function withConstantRate(description: string, rate: Rational): string {
  const [filtered, timed] = ["[avwriter_filtered]", "[avwriter_timed]"];
  const next = isOpen(description, "out") ? ";[out]" : ",";
  return `${description}${next}split${filtered}${timed};${filtered}${filteredSink};${timed}fps=${
    rationalText(rate)
  }`;
}

/** Runs frames through filters. */
export class FilterGraph extends ParsedGraph {
  readonly #source: Address;
  readonly #sink: Address;
  /** Gets the frames before their rate is made constant; NULL where it is not. */
  readonly #filtered: Address;
  /** What each frame that is sent says of itself. */
  readonly #color: ColorNumbers;

  /**
   * Makes a graph from a description in libavfilter's syntax. Throws an {@linkcode OptionError} where it is
   * not valid, or does not take such frames. With a constant rate, its frames are repeated or left out for
   * it, and {@linkcode receiveFiltered} must be called, too.
   */
  constructor(native: Native, description: string, input: FilterInput, constantRate: Rational | null = null) {
    const avfilter = native.avfilter();
    const takesColor = sourceTakesColor(native);
    const filters = takesColor ? description : withOwnMatrices(description);
    const chain = constantRate === null ? filters : withConstantRate(filters, constantRate);
    super(native, chain, headOf(input, takesColor));
    // Older releases convert RGB to what the frame says, where a filter has options of its own.
    const color = input.format.isRgb && takesColor ? { ...input.color, ...rgb } : input.color;
    this.#color = colorNumbers(native, color);
    this.checkDescription(avfilter.avfilter_graph_config(this.address, NULL), "FILTER_CONFIG");
    this.#source = avfilter.avfilter_graph_get_filter(this.address, cString("buffer@source"));
    this.#sink = avfilter.avfilter_graph_get_filter(this.address, cString("buffersink@sink"));
    this.#filtered = avfilter.avfilter_graph_get_filter(this.address, cString(filteredSink));
  }

  /** The output. */
  get output(): FilterOutput {
    const avfilter = this.native.avfilter();
    const frameRate = unpackRational(avfilter.av_buffersink_get_frame_rate(this.#sink));
    return {
      format: avfilter.av_buffersink_get_format(this.#sink),
      width: avfilter.av_buffersink_get_w(this.#sink),
      height: avfilter.av_buffersink_get_h(this.#sink),
      timeBase: unpackRational(avfilter.av_buffersink_get_time_base(this.#sink)),
      frameRate: frameRate.num > 0 && frameRate.den > 0 ? frameRate : null,
    };
  }

  /** Sends a frame into the graph, described as its input. */
  send(frame: NativeFrame): void {
    frame.describe(this.#color);
    this.#check(
      this.native.avfilter().av_buffersrc_add_frame_flags(this.#source, frame.address, keepReference),
    );
  }

  /** Ends the stream. Filters that extend it learn the end of the last frame. */
  end(ticks: bigint): void {
    this.#check(this.native.avfilter().av_buffersrc_close(this.#source, ticks, 0));
  }

  /** The unit of the timestamps of {@linkcode receiveFiltered}. */
  get filteredTimeBase(): Rational {
    return unpackRational(this.native.avfilter().av_buffersink_get_time_base(this.#filtered));
  }

  /** Receives a frame into an empty one; `false` where the graph needs more input or has ended. */
  receive(frame: NativeFrame): boolean {
    return this.#receiveFrom(this.#sink, frame);
  }

  /** Receives a frame as it was before the rate is made constant; `false` where there is none. */
  receiveFiltered(frame: NativeFrame): boolean {
    return this.#filtered !== NULL && this.#receiveFrom(this.#filtered, frame);
  }

  #receiveFrom(sink: Address, frame: NativeFrame): boolean {
    const result = this.native.avfilter().av_buffersink_get_frame(sink, frame.address);
    if (result === endOfStream || isAgain(result)) return false;
    this.#check(result);
    return true;
  }

  #check(result: number): void {
    if (result >= 0) return;
    throw new AvError(`Cannot filter a frame: ${errorText(this.native, result)}`, {
      code: codeName(result),
      operation: "filter a frame",
    });
  }
}
