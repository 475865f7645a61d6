/**
 * What a file says of its video before anything is decoded.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { pixelFormatById, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { fileSeconds, formatNames, type InputStream } from "../../libav/reading/input_stream.ts";
import type { Rational } from "../../libav/rational.ts";
import type { ChapterPlace } from "../../libav/streams/stream_parameters.ts";
import { displayMatrixOne, sideData } from "../../libav/streams/stream_tags.ts";
import { isTextCodec } from "../../subtitles/read_cue.ts";
import { findIntervals, type FrameIntervals } from "../../video/reading/frame_intervals.ts";
import { reducedFraction } from "../../video/frame_rate.ts";
import {
  assumedMeaning,
  convertedColor,
  convertedMeaning,
  streamColor,
} from "../../video/reading/read_color.ts";
import { meaningSaid } from "../../video/color.ts";
import { HlsDemuxer } from "./http/hls_demuxer.ts";
import { InputClock, type MediaInput } from "./media_input.ts";
import { reading } from "./reading_error.ts";
import type { SourceAudioTrack, SourceInfo, SourceSubtitleTrack } from "./reading_types.ts";

/** How much is looked at for the rate: so many packets, but no more bytes than that. */
const rateScan = { packets: 600, bytes: 64 * 2 ** 20 } as const;
/** How many frames a header may count more or less than a rate says. */
const countTolerance = 1.5;
/** How many of the frames may be missing. */
const maxMissing = 0.1;

/** What is known of a stream without an attached picture. */
function tagsOf({ demuxer }: MediaInput, stream: InputStream): {
  codec: string;
  language: string | null;
  title: string | null;
  isDefault: boolean;
} {
  const { language = null, title = null } = demuxer.tags(stream.index);
  const { codecName: codec, disposition: { isDefault } } = stream;
  return { codec, language: language === "und" ? null : language, title, isDefault };
}

function audioTrack(input: MediaInput, stream: InputStream): SourceAudioTrack {
  return { ...tagsOf(input, stream), ...stream.audioShape };
}

function subtitleTrack(input: MediaInput, stream: InputStream): SourceSubtitleTrack {
  const { disposition: { isForced }, codecName } = stream;
  return { ...tagsOf(input, stream), isForced, isText: isTextCodec(codecName) };
}

/** Degrees clockwise by which players rotate the picture. */
export function rotationOf(
  { demuxer }: Pick<MediaInput, "demuxer">,
  { index }: InputStream,
): 0 | 90 | 180 | 270 {
  const bytes = demuxer.sideData(index, sideData.displayMatrix);
  if (bytes === null) return 0;
  const [a, b] = new Int32Array(bytes.buffer);
  const degrees = Math.atan2(b! / displayMatrixOne, a! / displayMatrixOne) * 180 / Math.PI;
  return (Math.round(degrees / 90) * 90 + 360) % 360 as 0 | 90 | 180 | 270;
}

/** The times of the first frames in the order of display, and whether they are all. */
function firstTimes(native: Native, input: MediaInput, stream: InputStream, label: string): {
  times: bigint[];
  isAll: boolean;
} {
  const times = new Set<bigint>();
  using packet = new NativePacket(native);
  let bytes = 0, lastDecodeTime: bigint | null = null;
  input.demuxer.readOnly(stream.index);
  const isAll = reading(label, "read", () => {
    for (let count = 0; count < rateScan.packets && bytes < rateScan.bytes;) {
      if (!input.demuxer.read(packet)) return true;
      const { pts, dts, streamIndex } = packet;
      const time = pts === NativePacket.noTime ? dts : pts;
      if (streamIndex === stream.index && time !== NativePacket.noTime && !packet.isDiscarded) {
        times.add(time);
        bytes += packet.size;
        lastDecodeTime = dts === NativePacket.noTime ? null : dts;
        count++;
      }
      packet.unref();
    }
    return false;
  });
  // What comes later is shown after it is decoded.
  const known = isAll || lastDecodeTime === null
    ? [...times]
    : [...times].filter((time) => time <= lastDecodeTime!);
  return { times: known.sort((one, other) => Number(one - other)), isAll };
}

/** Whether the number of frames in a header is that of a rate. */
function isCounted({ frameCount, durationTicks, timeBase }: InputStream, rate: Rational): boolean {
  if (frameCount === 0 || durationTicks === null) return true;
  const expected = Number(durationTicks) * timeBase.num * rate.num / (timeBase.den * rate.den);
  return frameCount <= expected + countTolerance &&
    frameCount >= expected * (1 - maxMissing) - countTolerance;
}

/** The rate of the frames. */
function intervalsOf(
  native: Native,
  input: MediaInput,
  stream: InputStream,
  label: string,
): FrameIntervals | null {
  const { times, isAll } = firstTimes(native, input, stream, label);
  const found = findIntervals(times, stream.timeBase, stream.suggestedRates);
  if (found === null || found.rate === null || isAll || isCounted(stream, found.rate)) return found;
  return { ...found, rate: null };
}

function originSeconds({ origin: { ticks, timeBase: { num, den } } }: MediaInput): number {
  return Number(ticks) * num / den;
}

/** The chapters, by the time of the video. */
export function chaptersOf(input: MediaInput): ChapterPlace[] {
  const shift = originSeconds(input);
  return input.demuxer.chapters.map(({ title, start, end }) => ({
    title,
    start: start - shift,
    end: end - shift,
  }));
}

/** How long the video is, in seconds; `null` where the file does not say it. */
export function durationOf(native: Native, input: MediaInput, stream: InputStream): number | null {
  const { startTicks, durationTicks } = stream;
  if (input.demuxer instanceof HlsDemuxer) return input.demuxer.wholeSeconds;
  if (durationTicks === null) {
    return fileSeconds(native, input.demuxer, originSeconds(input));
  }
  const clock = new InputClock(stream, input.origin);
  return startTicks === null ? clock.length(durationTicks) : clock.seconds(startTicks + durationTicks);
}

/**
 * Finds out what a file says. `output` is the format of the frames, `null` for their own. Of a live stream no
 * packet is read: it would be lost.
 */
export function describeSource(
  native: Native,
  input: MediaInput,
  stream: InputStream,
  output: PixelFormatInfo | null,
  label: string,
  isLive = false,
): SourceInfo {
  const { demuxer } = input;
  const { width, height, format: id } = stream.shape;
  const own = pixelFormatById(native, id);
  const format = output ?? own;
  const said = streamColor(native, stream);
  const facts = {
    width,
    height,
    format: format?.name ?? "",
    color: said,
    rotation: rotationOf(input, stream),
    sampleAspectRatio: reduced(demuxer.sampleAspectRatio(stream.index)) ?? { num: 1, den: 1 },
    codec: stream.codecName,
    container: formatNames(native, demuxer),
    duration: durationOf(native, input, stream),
    tellsEnd: demuxer instanceof HlsDemuxer,
    isResumed: false,
    lacksAudio: demuxer instanceof HlsDemuxer && demuxer.hasOtherAudio &&
      input.streamsOf("audio").length === 0,
    audioTracks: input.streamsOf("audio").map((each) => audioTrack(input, each)),
    subtitleTracks: input.streamsOf("subtitle").map((each) => subtitleTrack(input, each)),
    chapters: chaptersOf(input),
    metadata: demuxer.metadata,
  };
  if (own !== null && format !== null) {
    const expected = assumedMeaning(own, height);
    const meaning = own.isRgb
      ? expected
      : meaningSaid({ matrix: said.matrix ?? null, range: said.range ?? null }, expected);
    const converted = own.id === format.id ? meaning : convertedMeaning(meaning, own, format, height);
    facts.color = convertedColor(said, format, converted);
  }
  if (isLive) {
    const [rate] = stream.suggestedRates;
    return { ...facts, frameRate: reduced(rate ?? null), frameIntervals: null };
  }
  const intervals = intervalsOf(native, input, stream, label);
  return {
    ...facts,
    frameRate: intervals?.rate ?? null,
    frameIntervals: intervals === null ? null : { least: intervals.least, greatest: intervals.greatest },
  };
}

function reduced(ratio: Rational | null): Rational | null {
  return ratio === null ? null : reducedFraction(ratio.num, ratio.den);
}
