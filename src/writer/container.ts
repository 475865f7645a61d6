/**
 * The container of a file: from its name or by request, and what avwriter sets in it.
 *
 * @module
 */
import { extname } from "@std/path";
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { CodecInfo, EncoderInfo } from "../libav/encoder.ts";
import {
  type Muxer,
  muxerByFileName,
  muxerByName,
  type MuxerInfo,
  muxers,
  muxerTakes,
} from "../libav/muxer.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import type { Rational } from "../libav/rational.ts";
import type { OptionValue } from "../libav/options.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import { needsNamedKeys } from "./tags.ts";

/** Containers that people know, and their extensions: named in hints before rarer ones. */
const wellKnown: Readonly<Record<string, string>> = {
  mp4: "mp4",
  mov: "mov",
  matroska: "mkv",
  webm: "webm",
  avi: "avi",
  mpegts: "ts",
  flv: "flv",
  mxf: "mxf",
  nut: "nut",
  gif: "gif",
  webp: "webp",
  apng: "apng",
};

/** Muxers of the ISO base media family that play from the start of the file on, if moov stands there. */
const movFamily: readonly string[] = ["mp4", "mov", "ipod", "3gp", "3g2", "psp", "f4v"];

const operation = "choose the container";

/** The muxer for a path: the one of that name, or the one that the extension means. */
export function chooseMuxer(native: Native, path: string, format: string | undefined): MuxerInfo {
  if (format !== undefined) {
    const muxer = muxerByName(native, format);
    if (muxer !== null) return muxer;
    throw new UnsupportedError(
      `Cannot write the format ${shown(format)}: FFmpeg has no muxer of that name`,
      {
        code: "MUXER_NOT_FOUND",
        operation,
        hint: didYouMean(format, [...Object.keys(wellKnown), ...muxers(native).map(({ name }) => name)]),
      },
    );
  }
  const muxer = muxerByExtension(
    native,
    path,
    'Use an extension such as .mp4, .mkv or .webm, or the option format, such as "matroska"',
  );
  if (muxer.name === "image2") {
    throw new UnsupportedError(
      `Cannot tell how to write ${shown(path)}: its extension is that of single images`,
      {
        code: "MUXER_NOT_FOUND",
        operation,
        hint:
          'For a file each frame, use format "image2" and a path such as "frame%04d.png"; for an animation, .gif, .webp or .apng',
      },
    );
  }
  return muxer;
}

/** The muxer that a path's extension means; `hint` is for a path that has none. */
export function muxerByExtension(native: Native, path: string, hint: string): MuxerInfo {
  // A dot at the end of a name is no extension.
  const extension = extname(path).replace(/^\.$/, "");
  // Only the extension is shown to libavformat: it would take other parts of a name for a pattern.
  const muxer = extension === "" ? null : muxerByFileName(native, `file${extension}`);
  if (muxer === null) throw unknownExtension(native, path, extension, hint);
  return muxer;
}

function unknownExtension(native: Native, path: string, extension: string, hint: string): UnsupportedError {
  const known = [...Object.values(wellKnown), ...muxers(native).flatMap(({ extensions }) => extensions)];
  const problem = extension === ""
    ? "it has no extension"
    : `no container has the extension ${shown(extension)}`;
  const question = extension === "" ? null : didYouMean(extension.slice(1), known);
  return new UnsupportedError(`Cannot tell the container of ${shown(path)}: ${problem}`, {
    code: "MUXER_NOT_FOUND",
    operation,
    hint: question ?? hint,
  });
}

/** What plays from MPEG streams: libavformat writes any other codec as well, as private data or as what it is not (mpegtsenc.c, mpegenc.c). */
const programStream = ["mpeg1video", "mpeg2video", "mpeg4", "h264"];
const onlyCodecs: Readonly<Record<string, readonly string[]>> = {
  mpegts: ["h264", "hevc", "vvc", "mpeg1video", "mpeg2video", "mpeg4", "jpeg2000", "cavs", "vc1", "dirac"],
  mpeg: programStream,
  vob: programStream,
  svcd: programStream,
  dvd: programStream,
  vcd: ["mpeg1video"],
  // Their segments are MPEG streams, or they have a codec or a purpose of their own, and take all the same.
  hls: ["h264", "hevc", "mpeg1video", "mpeg2video"],
  roq: ["roq"],
  filmstrip: ["rawvideo"],
  jacosub: [],
  fifo_test: [],
  // It answers for its first codec only, and takes all that it knows a label for (mxfenc.c).
  mxf: ["mpeg2video", "dnxhd", "prores", "h264", "dvvideo", "jpeg2000"],
};

/** What muxers write, but no reader gives back whole (each was tried with FFmpeg 5.1). WTV keeps no codec's own header. */
const lostIn: Readonly<Record<string, readonly string[]>> = {
  matroska: ["gif", "qtrle", "a64_multi", "a64_multi5"],
  wtv: ["utvideo", "huffyuv", "ffvhuff", "wmv2", "mjpeg", "theora", "asv1", "asv2", "zlib"],
};

function takes(
  native: Native,
  muxer: MuxerInfo,
  encoder: EncoderInfo,
  manner: "usual" | "anything",
): boolean | null {
  if (Object.hasOwn(onlyCodecs, muxer.name)) return onlyCodecs[muxer.name]!.includes(encoder.codecName);
  // Sound, subtitles or data alone: some of these take video all the same, and nothing reads it.
  if (muxer.videoCodecId === 0 && !muxer.opensFilesItself) {
    return muxerTakes(native, muxer, encoder.codecId, "usual") === true;
  }
  if (lostIn[muxer.name]?.includes(encoder.codecName)) return false;
  return muxerTakes(native, muxer, encoder.codecId, manner);
}

/** Throws an {@linkcode UnsupportedError} that names containers for the codec where this one is known not to take it. */
export function requireContainerTakes(native: Native, muxer: MuxerInfo, encoder: EncoderInfo): void {
  if (takes(native, muxer, encoder, "anything") !== false) return;
  throw containerRefuses(native, muxer, encoder, null);
}

/** What readers find sound in: libavformat writes other codecs there, too, as private data. */
const onlySound: Readonly<Record<string, readonly string[]>> = {
  mpegts: ["aac", "mp2", "mp3", "ac3", "eac3", "opus", "dts"],
  mxf: ["pcm_s16le", "pcm_s24le"],
};

/** Sound that libavformat writes only when told that it may: before 6.1, FLAC in mp4 (movenc.c), which browsers play. */
export function isExperimental({ name }: MuxerInfo, codec: string): boolean {
  return movFamily.includes(name) && codec === "flac";
}

/** Sound that newer releases write (ISO/IEC 23003-5, from 7.0 on), but few players know there: it is not copied unasked. */
export function isRareSound({ name }: MuxerInfo, codec: string): boolean {
  return movFamily.includes(name) && name !== "mov" && codec.startsWith("pcm_");
}

/** Whether a container takes sound of a codec; `null`: nobody can tell before it is tried. */
export function takesSound(
  native: Native,
  muxer: MuxerInfo,
  { codecId, codecName }: CodecInfo,
): boolean | null {
  if (muxer.soundCodecId === 0) return false;
  return onlySound[muxer.name]?.includes(codecName) ?? muxerTakes(native, muxer, codecId, "usual");
}

/** Throws an {@linkcode UnsupportedError} where a container is known not to take what an encoder of sound makes. */
export function requireContainerTakesSound(native: Native, muxer: MuxerInfo, encoder: EncoderInfo): void {
  if (takesSound(native, muxer, encoder) !== false) return;
  const problem = muxer.soundCodecId !== 0 ? "does not take it" : "has no sound";
  throw refusal(native, muxer, encoder, problem, (other) => takesSound(native, other, encoder));
}

/** Throws an {@linkcode UnsupportedError} for a muxer whose path is a list of other targets: nobody could check them. */
export function requireOneTarget(muxer: MuxerInfo): void {
  if (muxer.name !== "tee") return;
  throw new UnsupportedError("Cannot write the format tee: its path is a list of targets", {
    code: "MANY_TARGETS",
    operation,
    hint: "Make one writer for each target",
  });
}

/** Containers of raw video that tell the pixel format by the stream's four-character code. */
const taggedRaw: readonly string[] = ["nut", "avi", "mov", "matroska"];

/** Raw pixel formats that come back as they were: the others' codes mean something else to readers (each was tried with FFmpeg 5.1). */
const readableRaw: Readonly<Record<string, string>> = {
  mov:
    "uyvy422 yuyv422 rgb24 bgr24 argb rgba abgr bgra 0rgb rgb0 0bgr bgr0 gray16be rgb48be rgb565be rgb565le " +
    "rgb555be rgb555le",
  avi:
    "yuv420p yuv422p yuv410p yuv411p yuvj420p yuvj422p nv12 nv21 gray uyvy422 yuyv422 yvyu422 uyyvyy411 bgr24 " +
    "rgba bgra rgb0 bgr0 rgb555le",
};

/** Throws an {@linkcode UnsupportedError} where the container can't name the pixel format of raw video or VP9: nothing could read it. */
export function requireNamedPixels(muxer: Muxer, encoder: EncoderInfo, format: PixelFormatInfo): void {
  const { name } = muxer.info;
  requireNamedChroma(name, encoder, format);
  if (encoder.codecName !== "rawvideo" || !taggedRaw.includes(name)) return;
  const readable = readableRaw[name]?.split(" ");
  if (muxer.streamTag(0) !== 0 && (readable?.includes(format.name) ?? true)) return;
  throw new UnsupportedError(
    `Cannot write raw ${format.name} into ${name}: it has no code for that pixel format`,
    {
      code: "PIXEL_FORMAT",
      operation,
      hint: `Use another pixelFormat${
        readable === undefined ? "" : ` (${readable.join(", ")})`
      }, or the codec ffv1`,
    },
  );
}

/** For VP9 in mp4, libavformat leaves the description empty where chroma is subsampled down only (vpcc.c), and no reader takes the file. */
function requireNamedChroma(container: string, { codecName }: EncoderInfo, format: PixelFormatInfo): void {
  const isDownOnly = format.log2ChromaWidth === 0 && format.log2ChromaHeight > 0;
  if (codecName !== "vp9" || !isDownOnly || !movFamily.includes(container)) return;
  throw new UnsupportedError(
    `Cannot write VP9 in ${format.name} into ${container}: it has no name for that pixel format`,
    {
      code: "PIXEL_FORMAT",
      operation,
      hint: "Use another pixelFormat, such as yuv444p, or the container matroska",
    },
  );
}

/**
 * Frames a second that containers can tell apart. GIF counts in hundredths of a second, and browsers show frames of one hundredth
 * for ten; FFmpeg reads AVI as having at most 600 (avidec.c).
 */
const maxRates: Readonly<Record<string, number>> = { gif: 50, avi: 600 };
/** GIF shows a frame for 65535 hundredths at the most. */
const minRates: Readonly<Record<string, number>> = { gif: 100 / 65535 };

/** Ticks of a container's clock that two frames must be apart, and the last be shown. */
export function leastTicks({ name }: MuxerInfo): number {
  return name === "gif" ? 2 : 1;
}

/** The steps between times that readers of MPEG-TS can tell from steps back: half of what its clock of 33 bits counts (ISO/IEC 13818-1). */
const mostTransportTicks = 2 ** 32;

/** Ticks of a container's clock that two frames may be apart; `null` where any number will do. */
export function mostTicks({ name }: MuxerInfo): number | null {
  // movenc.c takes steps of 31 bits, flvenc.c times of 31.
  if (movFamily.includes(name) || name === "flv") return 2 ** 31 - 1;
  return ["mpegts", "hls"].includes(name) ? mostTransportTicks : null;
}

/** Throws an {@linkcode UnsupportedError} where a container can't give each frame of this rate a time of its own. */
export function requireContainerKeepsTimes(
  muxer: MuxerInfo,
  { num, den }: Rational,
  timeBase: Rational | null,
): void {
  const most = maxRates[muxer.name] ?? (timeBase === null ? Infinity : timeBase.den / timeBase.num);
  const least = minRates[muxer.name] ?? 0;
  if (num / den <= most && num / den >= least) return;
  const [problem, hint] = num / den > most
    ? [`it tells at most ${most} apart`, `Use at most ${most} frames per second`]
    : ["it shows no frame for so long", `Use at least ${least} frames per second`];
  throw new UnsupportedError(`Cannot write ${num}/${den} frames per second into ${muxer.name}: ${problem}`, {
    code: "RATE_NOT_FOR_CONTAINER",
    operation,
    hint: `${hint}, or another container`,
  });
}

/** The error for a codec and a container that do not go together; `words` are libav's, where it had any. */
export function containerRefuses(
  native: Native,
  muxer: MuxerInfo,
  encoder: EncoderInfo,
  words: string | null,
): UnsupportedError {
  const problem = `does not take it${words === null ? "" : ` (${words})`}`;
  return refusal(native, muxer, encoder, problem, (other) => takes(native, other, encoder, "usual"));
}

/** The same, with the well-known containers that do take the codec. */
function refusal(
  native: Native,
  muxer: MuxerInfo,
  { codecName, name }: EncoderInfo,
  problem: string,
  isTakenBy: (other: MuxerInfo) => boolean | null,
): UnsupportedError {
  const others = Object.keys(wellKnown).filter((candidate) => {
    const other = muxerByName(native, candidate);
    return other !== null && other.name !== muxer.name && isTakenBy(other) === true;
  });
  return new UnsupportedError(
    `Cannot write ${codecName} (made by ${name}) into ${muxer.name}: the container ${problem}`,
    {
      code: "CODEC_NOT_FOR_CONTAINER",
      operation: `write ${codecName} into ${muxer.name}`,
      hint: others.length === 0 ? null : `Containers that take ${codecName}: ${others.join(", ")}`,
    },
  );
}

/** Containers without AVFMT_VARIABLE_FPS (libavformat/avformat.h) that give each frame a time of its own all the same. */
const variableRate: readonly string[] = [...movFamily, "asf", "asf_stream"];

/** Whether frames may come at any time (WebP's encoder keeps the times itself, as it counts them), not only at a constant rate. */
export function takesVariableRate(muxer: MuxerInfo): boolean {
  return muxer.name !== "webp" && (muxer.takesVariableRate || variableRate.includes(muxer.name));
}

/** Throws an {@linkcode UnsupportedError} where a container knows frames at a constant rate only. */
export function requireVariableRate(muxer: MuxerInfo, timing: string): void {
  if (takesVariableRate(muxer)) return;
  throw new UnsupportedError(
    `Cannot write ${muxer.name} with timing ${shown(timing)}: its frames come at a constant rate`,
    {
      code: "RATE_NOT_FOR_CONTAINER",
      operation,
      hint: 'Use timing "constant", or one of mp4, mov, matroska, webm, mpegts, flv, nut',
    },
  );
}

/** Muxers whose files are made of pieces of fixed length, each with what all streams have in it (mxfenc.c, gxfenc.c). */
export function interleavesItself({ name }: MuxerInfo): boolean {
  return ["mxf", "mxf_d10", "mxf_opatom", "gxf"].includes(name);
}

/** What a muxer writes: the file in one go, the file as it is while it is recorded, or the ordinary one made of that at the end. */
export type Stage = "direct" | "recording" | "finished";

/** Whether what is written is no more than the way to the file that was asked for. */
export function isOnTheWay(muxer: MuxerInfo, stage: Stage): boolean {
  return stage === "recording" && needsFragments(muxer);
}

/** Whether a container must be recorded in fragments, lest a kill leave a file without an index. */
export function needsFragments({ name }: MuxerInfo): boolean {
  return movFamily.includes(name);
}

/** The option that decides how the mp4 family lays out its file: who gives one of these in it wants no other layout. */
export function choosesLayout(given: Readonly<Record<string, OptionValue>> | undefined): boolean {
  return /frag|empty_moov|delay_moov|dash|cmaf|isml/.test(String(given?.movflags ?? "")) ||
    ["frag_duration", "frag_size", "min_frag_duration", "moov_size"].some((name) =>
      Object.hasOwn(given ?? {}, name)
    );
}

/**
 * Ticks per second of a movie's own clock, fine enough for other streams beside the video. Edit lists count in it: in FFmpeg's
 * thousandths of a second the last frame would be cut short.
 */
export function movieTimescale({ den }: Rational): number {
  let ticks = den;
  while (ticks < 10_000) ticks *= 2;
  return ticks;
}

/** Has no track of subtitles marked as a default one that is none: Matroska's muxer does so with the first (4.3 and 4.4). */
export function keepSubtitlesUnchosen({ options }: Muxer): void {
  if (options.has("default_mode")) options.setField("default_mode", "infer_no_subs");
}

/** What a kill may cost beside the encoder's delay: the data that Matroska's muxer gathers before it writes them. */
const gatheredMs = 150;

type Defaults = Readonly<Record<string, OptionValue>>;

function defaultsOf({ name }: MuxerInfo, timeBase: Rational, stage: Stage): Defaults {
  // Without it these number their tracks at random: the same frames would not give the same file.
  const exact: Defaults = ["matroska", "webm", "ogg", "oga", "ogv", "opus"].includes(name)
    ? { fflags: "+bitexact" }
    : {};
  const flush: Defaults = stage === "recording" ? { flush_packets: 1 } : {};
  if (!movFamily.includes(name)) return { ...exact, ...flush, ...clusters(name, stage) };
  const layout: Defaults = stage === "recording"
    ? { movflags: "+delay_moov+frag_custom" }
    : { movflags: "+faststart" };
  return { ...flush, ...layout, ...videoTimescale(timeBase), movie_timescale: movieTimescale(timeBase) };
}

/**
 * Has frames of a constant rate be few enough ticks long where they are shown for minutes: readers keep 28 bits of the time from decoding a
 * picture to showing it (mov.c), which is up to 32 frames.
 */
function videoTimescale({ num, den }: Rational): Defaults {
  const mostFrameTicks = 2 ** 28 / 32;
  // movenc.c makes finer what has less than 10000 ticks a second.
  if (num / den * 20_000 <= mostFrameTicks) return {};
  return { video_track_timescale: den * Math.max(1, Math.floor(mostFrameTicks / num)) };
}

/** Whether a container is Matroska, which WebM is a part of. */
export function isMatroska({ name }: Pick<MuxerInfo, "name">): boolean {
  return name === "matroska" || name === "webm";
}

function clusters(name: string, stage: Stage): Defaults {
  return isMatroska({ name }) && stage === "recording" ? { cluster_time_limit: gatheredMs } : {};
}

/** The muxer's options: good defaults, as far as it knows them, then those given, and what the file's tags need. */
export function muxerOptions(
  { info, options }: Muxer,
  timeBase: Rational,
  stage: Stage,
  given: Readonly<Record<string, OptionValue>> | undefined,
  metadata?: Readonly<Record<string, string>>,
): Readonly<Record<string, OptionValue>> {
  const defaults = Object.entries(defaultsOf(info, timeBase, stage)).filter(([name]) => options.has(name));
  const chosen = { ...Object.fromEntries(defaults), ...(isOnTheWay(info, stage) ? {} : given) };
  if (!needsNamedKeys(info.name, metadata)) return chosen;
  return { ...chosen, movflags: `${chosen.movflags ?? ""}+use_metadata_tags` };
}

/** The four-character code of a codec in a container, where libavformat's default does not play everywhere. */
export function codecTag(muxer: MuxerInfo, encoder: EncoderInfo, codec: string): string | null {
  // QuickTime and Safari play HEVC under hvc1 only.
  if (encoder.codecName === "hevc" && movFamily.includes(muxer.name)) return "hvc1";
  if (codec === "xvid" && muxer.name === "avi") return "XVID";
  return null;
}
