/**
 * A stream of a file as plain data, from which another thread makes the same stream in another file.
 *
 * @module
 */
import { type Address, type Native, NULL } from "../../../ffi/mod.ts";
import type { Demuxer } from "../demuxer.ts";
import type { PacketSideData } from "../native_packet.ts";
import { packRational, type Rational } from "../rational.ts";
import { setHeaders } from "./stream_parameters.ts";
import { addSideData, setTags } from "./stream_tags.ts";

/** AV_CHANNEL_ORDER_*, libavutil/channel_layout.h. */
const channelOrders = { unspecified: 0, custom: 2 } as const;

/** What is known of a stream. Its numbers are those of the loaded libraries only. */
export interface DescribedStream {
  /** AVCodecParameters, without what it points to. */
  readonly parameters: Uint8Array<ArrayBuffer>;
  /** The codec's headers; empty where it has none. */
  readonly headers: Uint8Array<ArrayBuffer>;
  readonly sideData: readonly PacketSideData[];
  readonly timeBase: Rational;
  readonly frameRate: Rational | null;
  readonly sampleAspectRatio: Rational | null;
  readonly disposition: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Sizes of the struct before fields were appended within a major of libavcodec. */
const earlySizes = [
  { field: "ch_layout", major: 59, bytes: 144 },
  { field: "coded_side_data", major: 60, bytes: 176 },
] as const;

/** How many bytes of AVCodecParameters this version has. */
function parametersBytes({ avcodecMajor, fields }: Native): number {
  const early = earlySizes.find(({ field, major }) =>
    major === avcodecMajor && !fields.has("AVCodecParameters", field)
  );
  return early?.bytes ?? fields.size("AVCodecParameters");
}

/** The four-character code of pictures that are not encoded, which devices do not tell. */
export function rawTag({ copying, fields }: Native, { parameters }: DescribedStream): number {
  const view = new DataView(parameters.buffer);
  const tag = view.getUint32(fields.offset("AVCodecParameters", "codec_tag"), true);
  const format = view.getInt32(fields.offset("AVCodecParameters", "format"), true);
  return tag === 0 ? copying().avcodec_pix_fmt_to_codec_tag(format) : tag;
}

/** Describes a stream of an open file. */
export function describeStream(native: Native, demuxer: Demuxer, index: number): DescribedStream {
  const parameters = new Uint8Array(parametersBytes(native));
  native.memory.read(demuxer.parameters(index), parameters);
  return {
    parameters,
    headers: demuxer.headers(index),
    sideData: demuxer.allSideData(index),
    timeBase: demuxer.timeBase(index),
    frameRate: demuxer.frameRate(index),
    sampleAspectRatio: demuxer.sampleAspectRatio(index),
    disposition: native.fields.get(demuxer.streams[index]!, "AVStream", "disposition"),
    tags: demuxer.tags(index),
  };
}

/** Fills a new AVCodecParameters as described; `headers` may replace the described ones. */
export function fillParameters(
  native: Native,
  to: Address,
  { parameters, headers: own }: DescribedStream,
  headers: Uint8Array = own,
): void {
  const { fields, memory } = native;
  memory.write(to, parameters);
  fields.set(to, "AVCodecParameters", "extradata", NULL);
  fields.set(to, "AVCodecParameters", "extradata_size", 0);
  if (fields.has("AVCodecParameters", "coded_side_data")) {
    fields.set(to, "AVCodecParameters", "coded_side_data", NULL);
    fields.set(to, "AVCodecParameters", "nb_coded_side_data", 0);
  }
  if (fields.has("AVCodecParameters", "ch_layout")) {
    const layout = fields.addressOf(to, "AVCodecParameters", "ch_layout");
    // It points to memory of the file that was read.
    if (fields.get(layout, "AVChannelLayout", "order") === channelOrders.custom) {
      fields.set(layout, "AVChannelLayout", "order", channelOrders.unspecified);
      fields.set(layout, "AVChannelLayout", "u", NULL as never);
    }
  }
  if (headers.length > 0) memory.write(setHeaders(native, to, headers.length), headers);
}

/** Gives an output stream what is described besides the codec. */
export function fillStream(native: Native, stream: Address, described: DescribedStream): void {
  const { fields, memory } = native;
  const { sampleAspectRatio, disposition, tags, sideData } = described;
  fields.set(stream, "AVStream", "disposition", disposition);
  if (sampleAspectRatio !== null) {
    const parameters = fields.get(stream, "AVStream", "codecpar");
    // libavformat refuses a stream where the two differ (mux.c).
    fields.set(stream, "AVStream", "sample_aspect_ratio", packRational(sampleAspectRatio));
    fields.set(parameters, "AVCodecParameters", "sample_aspect_ratio", packRational(sampleAspectRatio));
  }
  setTags(native, fields.addressOf(stream, "AVStream", "metadata"), tags);
  for (const { type, bytes } of sideData) {
    const data = addSideData(native, stream, type, bytes.length);
    if (bytes.length > 0) memory.write(data, bytes);
  }
}
