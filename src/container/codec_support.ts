/**
 * The codecs and pixel formats that containers take.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { CodecInfo, EncoderInfo } from "../libav/encoder.ts";
import type { Muxer } from "../libav/muxer.ts";
import { isMatroska, muxerByName, type MuxerInfo, muxerSupportsCodec } from "../libav/muxer_info.ts";
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { containerOperation, movFamily, wellKnownContainers } from "./known_containers.ts";

/**
 * The codecs that play from MPEG streams. libavformat writes any other codec too, as private data or with a
 * wrong type (mpegtsenc.c, mpegenc.c).
 */
const programStream = ["mpeg1video", "mpeg2video", "mpeg4", "h264"];
const supportedVideoCodecs: Readonly<Record<string, readonly string[]>> = {
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

/**
 * Codecs that muxers write, but no reader gives back intact (each was tried with FFmpeg 5.1). WTV does not
 * keep a codec's own header.
 */
const unreadableCodecs: Readonly<Record<string, readonly string[]>> = {
  matroska: ["gif", "qtrle", "a64_multi", "a64_multi5"],
  wtv: ["utvideo", "huffyuv", "ffvhuff", "wmv2", "mjpeg", "theora", "asv1", "asv2", "zlib"],
};

/** Whether a container supports a codec of video; `null`: only a trial can tell. */
export function supportsVideoCodec(
  native: Native,
  muxer: MuxerInfo,
  encoder: CodecInfo,
  strictness: "normal" | "experimental",
): boolean | null {
  if (muxer.parts !== undefined) return supportsVideoCodec(native, muxer.parts, encoder, strictness);
  if (Object.hasOwn(supportedVideoCodecs, muxer.name)) {
    return supportedVideoCodecs[muxer.name]!.includes(encoder.codecName);
  }
  // Audio, subtitles or data only: some of these muxers take video nevertheless, and nothing reads it.
  if (muxer.videoCodecId === 0 && !muxer.opensFilesItself) {
    return muxerSupportsCodec(native, muxer, encoder.codecId, "normal") === true;
  }
  if (unreadableCodecs[muxer.name]?.includes(encoder.codecName)) return false;
  return muxerSupportsCodec(native, muxer, encoder.codecId, strictness);
}

/**
 * Throws an {@linkcode UnsupportedError} that lists containers for the codec where this one does not support
 * it.
 */
export function requireVideoCodecSupport(native: Native, muxer: MuxerInfo, encoder: EncoderInfo): void {
  if (supportsVideoCodec(native, muxer, encoder, "experimental") !== false) return;
  throw unsupportedCodecError(native, muxer, encoder, null);
}

/** The audio codecs that readers find: libavformat writes others too, as private data. */
const supportedAudioCodecs: Readonly<Record<string, readonly string[]>> = {
  mpegts: ["aac", "mp2", "mp3", "ac3", "eac3", "opus", "dts"],
  mxf: ["pcm_s16le", "pcm_s24le"],
  // FFmpeg 8.1 ends the process with others, such as PCM (flvenc.c, write_codec_fourcc).
  flv: ["aac", "mp3", "opus", "flac", "ac3", "eac3"],
};

/** Audio codecs that a muxer takes, and that come back at other times, broken, or not at all. */
const unreadableAudioCodecs: Readonly<Record<string, readonly string[]>> = {
  avi: ["vorbis", "flac"],
  wav: ["aac", "vorbis"],
};

/**
 * Whether libavformat writes an audio codec only as experimental: FLAC in mp4 before 6.1 (movenc.c), which
 * browsers play.
 */
export function isExperimentalAudioCodec({ name }: MuxerInfo, codec: string): boolean {
  return movFamily.includes(name) && codec === "flac";
}

/**
 * Whether a container supports an audio codec only since recently (ISO/IEC 23003-5, FFmpeg 7.0): few players
 * know it there, so it is not copied by default.
 */
export function isRareAudioCodec({ name }: MuxerInfo, codec: string): boolean {
  return movFamily.includes(name) && name !== "mov" && codec.startsWith("pcm_");
}

/** Whether a container supports an audio codec; `null`: only a trial can tell. */
export function supportsAudioCodec(
  native: Native,
  muxer: MuxerInfo,
  codec: CodecInfo,
  strictness: "normal" | "experimental" = "normal",
): boolean | null {
  if (muxer.parts !== undefined) return supportsAudioCodec(native, muxer.parts, codec, strictness);
  const { codecId, codecName } = codec;
  if (muxer.audioCodecId === 0) return false;
  if (unreadableAudioCodecs[muxer.name]?.includes(codecName)) return false;
  return supportedAudioCodecs[muxer.name]?.includes(codecName) ??
    muxerSupportsCodec(native, muxer, codecId, strictness);
}

/** Throws an {@linkcode UnsupportedError} where a container does not support an encoder's audio codec. */
export function requireAudioCodecSupport(native: Native, muxer: MuxerInfo, encoder: EncoderInfo): void {
  if (supportsAudioCodec(native, muxer, encoder) !== false) return;
  const problem = (muxer.parts ?? muxer).audioCodecId !== 0 ? "does not take it" : "has no audio";
  throw unsupportedError(
    native,
    muxer,
    encoder,
    problem,
    (other) => supportsAudioCodec(native, other, encoder),
  );
}

/** Subtitles that readers of MPEG-TS find: libavformat writes others too, as private data. */
const streamSubtitles: readonly string[] = ["dvb_subtitle", "dvb_teletext"];

/** Whether a container supports a codec of subtitles. */
export function supportsSubtitleCodec(
  native: Native,
  muxer: MuxerInfo,
  { codecId, codecName }: CodecInfo,
): boolean {
  if (muxer.isBareStream) return false;
  if (muxer.name === "mpegts") return streamSubtitles.includes(codecName);
  return muxerSupportsCodec(native, muxer, codecId, "normal") ?? isMatroska(muxer);
}

/** Containers of raw video that tell the pixel format by the stream's four-character code. */
const fourccContainers: readonly string[] = ["nut", "avi", "mov", "matroska"];

/**
 * Raw pixel formats that come back as they were: the others' codes mean something else to readers (each was
 * tried with FFmpeg 5.1).
 */
const readableRawFormats: Readonly<Record<string, string>> = {
  mov:
    "uyvy422 yuyv422 rgb24 bgr24 argb rgba abgr bgra 0rgb rgb0 0bgr bgr0 gray16be rgb48be rgb565be rgb565le " +
    "rgb555be rgb555le",
  avi:
    "yuv420p yuv422p yuv410p yuv411p yuvj420p yuvj422p nv12 nv21 gray uyvy422 yuyv422 yvyu422 uyyvyy411 bgr24 " +
    "rgba bgra rgb0 bgr0 rgb555le",
};

/**
 * Throws an {@linkcode UnsupportedError} where the container can't name the pixel format of raw video or VP9:
 * nothing could read it.
 */
export function requirePixelFormatSupport(muxer: Muxer, encoder: EncoderInfo, format: PixelFormatInfo): void {
  const { name } = muxer.info;
  requireVp9ChromaSupport(name, encoder, format);
  if (encoder.codecName !== "rawvideo" || !fourccContainers.includes(name)) return;
  const readable = readableRawFormats[name]?.split(" ");
  if (muxer.streamTag(0) !== 0 && (readable?.includes(format.name) ?? true)) return;
  throw new UnsupportedError(
    `Cannot write raw ${format.name} into ${name}: it has no code for that pixel format`,
    {
      code: "PIXEL_FORMAT",
      operation: containerOperation,
      hint: `Use another pixelFormat${
        readable === undefined ? "" : ` (${readable.join(", ")})`
      }, or the codec ffv1`,
    },
  );
}

/**
 * For VP9 in mp4, libavformat leaves the description empty where chroma is subsampled down only (vpcc.c), and
 * no reader takes the file.
 */
function requireVp9ChromaSupport(
  container: string,
  { codecName }: EncoderInfo,
  format: PixelFormatInfo,
): void {
  const isDownOnly = format.log2ChromaWidth === 0 && format.log2ChromaHeight > 0;
  if (codecName !== "vp9" || !isDownOnly || !movFamily.includes(container)) return;
  throw new UnsupportedError(
    `Cannot write VP9 in ${format.name} into ${container}: it has no name for that pixel format`,
    {
      code: "PIXEL_FORMAT",
      operation: containerOperation,
      hint: "Use another pixelFormat, such as yuv444p, or the container matroska",
    },
  );
}

/** The error for a codec that a container does not support. `words` are libav's, where it had any. */
export function unsupportedCodecError(
  native: Native,
  muxer: MuxerInfo,
  encoder: EncoderInfo,
  words: string | null,
): UnsupportedError {
  const problem = `does not take it${words === null ? "" : ` (${words})`}`;
  return unsupportedError(
    native,
    muxer,
    encoder,
    problem,
    (other) => supportsVideoCodec(native, other, encoder, "normal"),
  );
}

/** The same, with the well-known containers that support the codec. */
function unsupportedError(
  native: Native,
  muxer: MuxerInfo,
  { codecName, name }: EncoderInfo,
  problem: string,
  isTakenBy: (other: MuxerInfo) => boolean | null,
): UnsupportedError {
  const others = Object.keys(wellKnownContainers).filter((candidate) => {
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

/**
 * The four-character code of a codec in a container, where libavformat's default does not play everywhere.
 */
export function codecTag(muxer: MuxerInfo, encoder: EncoderInfo, codec: string): string | null {
  // QuickTime and Safari play HEVC under hvc1 only.
  if (encoder.codecName === "hevc" && movFamily.includes(muxer.name)) return "hvc1";
  if (codec === "xvid" && muxer.name === "avi") return "XVID";
  return null;
}
