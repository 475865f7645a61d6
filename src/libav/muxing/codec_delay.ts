/**
 * The delay of audio encoders in Matroska, which says it in its header and has each block later by as much
 * (RFC 9559, CodecDelay).
 *
 * Before FFmpeg 7.0, its muxer says it of Opus alone, and has no block later (matroskaenc.c): audio is then
 * heard too early, and what comes before 0 makes all else later.
 *
 * @module
 */
import { cString, type Native } from "../../../ffi/mod.ts";
import { mediaTypes } from "../media_types.ts";
import type { StreamRequest } from "../streams/stream_parameters.ts";

/** Whether the muxer knows the delay of every encoder, and has blocks later by it. */
const known = new WeakMap<Native, boolean>();

/**
 * The same; `headerBytes` gives the length of the header of a stream of MP3 whose encoder has a delay of so
 * many samples.
 */
export function delaysBlocks(native: Native, headerBytes: (padding: number) => number | null): boolean {
  const answer = known.get(native);
  if (answer !== undefined) return answer;
  // The trial itself needs no answer.
  known.set(native, true);
  const isDelayed = headerBytes(0) !== headerBytes(480);
  known.set(native, isDelayed);
  return isDelayed;
}

/** A stream of MP3 whose encoder has a delay. */
export function delayedStream(native: Native, padding: number): StreamRequest {
  const { fields } = native;
  const sampleRate = 48_000;
  return {
    describeInto: (parameters) => {
      fields.set(parameters, "AVCodecParameters", "codec_type", mediaTypes.audio);
      fields.set(parameters, "AVCodecParameters", "codec_id", idOfCodec(native, "mp3"));
      fields.set(parameters, "AVCodecParameters", "sample_rate", sampleRate);
      fields.set(parameters, "AVCodecParameters", "initial_padding", padding);
    },
    timeBase: { num: 1, den: sampleRate },
    frameRate: null,
    tag: null,
  };
}

/** libavcodec's number of a codec. */
export function idOfCodec({ codecNames, fields }: Native, name: string): number {
  const descriptor = codecNames().avcodec_descriptor_get_by_name(cString(name));
  return fields.get(descriptor, "AVCodecDescriptor", "id");
}
