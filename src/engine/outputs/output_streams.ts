/**
 * The streams of an encode, for an output in another thread.
 *
 * @module
 */
import { type Address, address, type Native, PointerCell } from "../../../ffi/mod.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { OptionValue } from "../../libav/options.ts";
import { type Rational, unpackRational } from "../../libav/rational.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { mediaTypes } from "../../libav/media_types.ts";

/** A stream. */
export interface OutputStream {
  /** What the encoder makes. */
  readonly parameters: CodecParameters;
  /** The unit of its packets' times. */
  readonly timeBase: Rational;
  /** Frames per second; `null` where it varies, and for audio. */
  readonly frameRate: Rational | null;
  /** What it has. */
  readonly kind: "video" | "audio" | "other";
}

/** A stream on its way between threads: its parameters are an address. */
interface SentStream {
  readonly parameters: string;
  readonly timeBase: Rational;
  readonly frameRate: Rational | null;
}

interface SentStreams {
  readonly streams: readonly SentStream[];
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** Describes the streams of a muxer with packets, and its options, for another thread. */
export function describeStreams({ avcodec, fields }: Native, muxer: Muxer): string {
  const streams: SentStream[] = Array.from({ length: muxer.streamCount }, (_, index) => {
    const stream = muxer.stream(index);
    const parameters = avcodec.avcodec_parameters_alloc();
    avcodec.avcodec_parameters_copy(parameters, fields.get(stream, "AVStream", "codecpar"));
    const rate = unpackRational(fields.get(stream, "AVStream", "avg_frame_rate"));
    const frameRate = rate.num > 0 && rate.den > 0 ? rate : null;
    return { parameters: String(parameters), timeBase: muxer.timeBase(index), frameRate };
  });
  return JSON.stringify({ streams, options: muxer.options.allChosen } satisfies SentStreams);
}

function kindOf(mediaType: number): OutputStream["kind"] {
  return mediaType === mediaTypes.video ? "video" : mediaType === mediaTypes.audio ? "audio" : "other";
}

/** The streams of an encode, which the output owns. */
export class OutputStreams implements Disposable {
  /** The streams, by number. The first one is the video. */
  readonly streams: readonly OutputStream[];
  /** Options of the muxer that were chosen for its format. */
  readonly options: Readonly<Record<string, OptionValue>>;

  /** Takes over what another thread has described. */
  constructor(native: Native, text: string) {
    const { streams, options } = JSON.parse(text) as SentStreams;
    this.options = options;
    this.streams = streams.map(({ parameters: at, timeBase, frameRate }) => {
      const given: Address = address(BigInt(at));
      const parameters = CodecParameters.copyOf(native, given);
      native.avcodec.avcodec_parameters_free(new PointerCell(given).buffer);
      const type = native.fields.get(parameters.address, "AVCodecParameters", "codec_type");
      return { parameters, timeBase, frameRate, kind: kindOf(type) };
    });
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    for (const { parameters } of this.streams) parameters[Symbol.dispose]();
  }
}
