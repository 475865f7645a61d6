/**
 * The muxers of a build of libavformat, and what they say of themselves.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";

/** AVFMT_*, libavformat/avformat.h. */
const flag = { opensFilesItself: 0x1, globalHeader: 0x40, noTimestamps: 0x80, variableRate: 0x400 } as const;
/** FF_COMPLIANCE_*, libavcodec/defs.h: the codecs that a container is meant for, or all that it can hold. */
const compliance = { normal: 0, experimental: -2 } as const;

/** A muxer of the loaded libavformat. */
export interface MuxerInfo {
  /** The AVOutputFormat. */
  readonly format: Address;
  /** libavformat's name: `"mp4"`, `"matroska"`. */
  readonly name: string;
  /** The file name extensions that it is guessed from, without dots. */
  readonly extensions: readonly string[];
  /** Whether it opens its files itself, often several (image sequences, HLS). */
  readonly opensFilesItself: boolean;
  /** The muxer of its files, where it splits a recording into files of another container. */
  readonly parts?: MuxerInfo;
  /** Whether it writes a bare stream without a container, for a few codecs only. */
  readonly isBareStream: boolean;
  /** The number of its default video codec; 0 for none. */
  readonly videoCodecId: number;
  /** The number of its default audio codec; 0 for none. */
  readonly audioCodecId: number;
  /** Whether it supports a variable frame rate. */
  readonly supportsVariableRate: boolean;
  /** Whether it needs codec headers in its own header, not in the packets. */
  readonly wantsGlobalHeader: boolean;
}

function describeMuxer(native: Native, format: Address): MuxerInfo {
  const { fields, memory } = native;
  const flags = fields.get(format, "AVOutputFormat", "flags");
  const extensions = memory.text(fields.get(format, "AVOutputFormat", "extensions")) ?? "";
  return {
    format,
    name: memory.text(fields.get(format, "AVOutputFormat", "name")) ?? "",
    extensions: extensions.split(",").filter((extension) => extension !== ""),
    opensFilesItself: (flags & flag.opensFilesItself) !== 0,
    isBareStream: (flags & flag.noTimestamps) !== 0 && (flags & flag.opensFilesItself) === 0,
    videoCodecId: fields.get(format, "AVOutputFormat", "video_codec"),
    audioCodecId: fields.get(format, "AVOutputFormat", "audio_codec"),
    supportsVariableRate: (flags & flag.variableRate) !== 0,
    wantsGlobalHeader: (flags & flag.globalHeader) !== 0,
  };
}

/** The muxer of that exact name; `null` where libavformat has none. */
export function muxerByName(native: Native, name: string): MuxerInfo | null {
  const format = native.avformat.av_guess_format(cString(name), null, null);
  return format === NULL ? null : describeMuxer(native, format);
}

/** The muxer that libavformat guesses from a file name; `null` where its extension is not known. */
export function muxerByFileName(native: Native, fileName: string): MuxerInfo | null {
  const format = native.avformat.av_guess_format(null, cString(fileName), null);
  return format === NULL ? null : describeMuxer(native, format);
}

/** All muxers of the loaded libavformat. */
export function muxers(native: Native): MuxerInfo[] {
  const found: MuxerInfo[] = [];
  const position = new PointerCell();
  let format: Address;
  while ((format = native.avformat.av_muxer_iterate(position.buffer)) !== NULL) {
    found.push(describeMuxer(native, format));
  }
  return found;
}

/**
 * Whether a container supports a codec (`null`: libavformat cannot tell before it is tried): as one of those
 * that it is meant for, or in any way.
 */
export function muxerSupportsCodec(
  native: Native,
  muxer: MuxerInfo,
  codecId: number,
  strictness: keyof typeof compliance,
): boolean | null {
  if (muxer.isBareStream) return [muxer.videoCodecId, muxer.audioCodecId].includes(codecId);
  const answer = native.avformat.avformat_query_codec(muxer.format, codecId, compliance[strictness]);
  return answer < 0 ? null : answer > 0;
}

/** Whether a container is Matroska, which WebM is a part of. */
export function isMatroska({ name }: Pick<MuxerInfo, "name">): boolean {
  return name === "matroska" || name === "webm";
}
