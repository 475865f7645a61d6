/**
 * The streams of an encode, for an output in another thread.
 *
 * @module
 */
import { type Address, address, type Native, PointerCell } from "../../../ffi/mod.ts";
import type { Chapter } from "../../container/chapters.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { OptionValue } from "../../libav/options.ts";
import { type Rational, unpackRational } from "../../libav/rational.ts";
import { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import { type StreamTags, tagsOf } from "../../libav/streams/stream_tags.ts";
import { mediaTypes } from "../../libav/media_types.ts";

/** A stream. */
export interface OutputStream {
  /** What the encoder makes. */
  readonly parameters: CodecParameters;
  /** The unit of its packets' times. */
  readonly timeBase: Rational;
  /** Frames per second; `null` where it varies, and for audio. */
  readonly frameRate: Rational | null;
  /** Its tags: a title, a language. */
  readonly metadata: Readonly<Record<string, string>>;
  /** AV_DISPOSITION_*: whether it is the default. */
  readonly disposition: number;
  /** How pictures are to be shown; of the video only. */
  readonly tags?: StreamTags;
  /** What it has. */
  readonly kind: "video" | "audio" | "other";
}

/** What an encode tells beside its streams. */
export interface OutputDescription {
  /** How pictures are to be shown. */
  readonly tags: StreamTags;
  readonly chapters: readonly Chapter[];
}

/** A stream on its way between threads: its parameters are an address. */
type SentStream = Omit<OutputStream, "parameters" | "kind"> & { readonly parameters: string };

interface SentStreams {
  readonly streams: readonly SentStream[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly chapters: readonly Chapter[];
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** Describes the streams of a muxer with packets, and its options, for another thread. */
export function describeStreams(native: Native, muxer: Muxer, description: OutputDescription): string {
  const { avcodec, fields } = native;
  const streams: SentStream[] = Array.from({ length: muxer.streamCount }, (_, index) => {
    const stream = muxer.stream(index);
    const parameters = avcodec.avcodec_parameters_alloc();
    avcodec.avcodec_parameters_copy(parameters, fields.get(stream, "AVStream", "codecpar"));
    const rate = unpackRational(fields.get(stream, "AVStream", "avg_frame_rate"));
    const frameRate = rate.num > 0 && rate.den > 0 ? rate : null;
    return {
      ...{ parameters: String(parameters), timeBase: muxer.timeBase(index), frameRate },
      metadata: tagsOf(native, fields.get(stream, "AVStream", "metadata")),
      disposition: fields.get(stream, "AVStream", "disposition"),
      ...(index === 0 ? { tags: description.tags } : {}),
    };
  });
  const metadata = tagsOf(native, fields.get(muxer.address, "AVFormatContext", "metadata"));
  const { chapters } = description;
  const sent: SentStreams = { streams, metadata, chapters, options: muxer.options.allChosen };
  return JSON.stringify(sent);
}

function kindOf(mediaType: number): OutputStream["kind"] {
  return mediaType === mediaTypes.video ? "video" : mediaType === mediaTypes.audio ? "audio" : "other";
}

/** The streams of an encode, which the output owns. */
export class OutputStreams implements Disposable {
  /** The streams, by number. The first one is the video. */
  readonly streams: readonly OutputStream[];
  /** The tags of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly chapters: readonly Chapter[];
  /** Options of the muxer that were chosen for its format. */
  readonly options: Readonly<Record<string, OptionValue>>;

  /** Takes over what another thread has described. */
  constructor(native: Native, text: string) {
    const { streams, metadata, chapters, options } = JSON.parse(text) as SentStreams;
    this.metadata = metadata;
    this.chapters = chapters;
    this.options = options;
    this.streams = streams.map(({ parameters: at, ...told }) => {
      const given: Address = address(BigInt(at));
      const parameters = CodecParameters.copyOf(native, given);
      native.avcodec.avcodec_parameters_free(new PointerCell(given).buffer);
      const type = native.fields.get(parameters.address, "AVCodecParameters", "codec_type");
      return { ...told, parameters, kind: kindOf(type) };
    });
  }

  /** Adds one of them, or (`null`) all, to a muxer, and the tags of the file; `into` fills its parameters. */
  addTo(muxer: Muxer, only: number | null, into: (index: number, parameters: Address) => void): void {
    for (const [index, stream] of this.streams.entries()) {
      if (only !== null && index !== only) continue;
      const { timeBase, frameRate, metadata, disposition, tags } = stream;
      muxer.addStream({
        describeInto: (to) => into(index, to),
        // Codec tags are the format's own, and were chosen with the description.
        ...{ timeBase, frameRate, tag: null, metadata, disposition },
        ...(tags === undefined ? {} : { tags }),
      });
    }
    muxer.setMetadata(this.metadata);
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    for (const { parameters } of this.streams) parameters[Symbol.dispose]();
  }
}
