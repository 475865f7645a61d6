/**
 * Playlists of HLS (RFC 8216), read.
 *
 * @module
 */
import { AvError } from "../../../errors.ts";
import type { ByteRange } from "./http_input.ts";

/** What every playlist begins with. */
export const playlistMark = "#EXTM3U";

/** A resource, or a part of one. */
export interface Resource {
  readonly uri: string;
  /** `null`: all of it. */
  readonly range: ByteRange | null;
}

/** What a segment is encrypted with, by AES-128 in CBC mode. */
export interface SegmentKey {
  readonly uri: string;
  /** The initialization vector; `null`: the number of the segment. */
  readonly iv: Uint8Array | null;
}

/** A resource that may be encrypted. */
export interface EncryptedResource extends Resource {
  /** `null`: it is not encrypted. */
  readonly key: SegmentKey | null;
}

/** A piece of the video. */
export interface MediaSegment extends EncryptedResource {
  /** How long it is, in seconds. */
  readonly seconds: number;
  /** Whether times and codecs may be others than in the segment before. */
  readonly isDiscontinuous: boolean;
  /** What comes before it in its file: headers. */
  readonly map: EncryptedResource | null;
  /** Whether the server has nothing for it. */
  readonly isGap: boolean;
}

/** The segments of one video. */
export interface MediaPlaylist {
  readonly type: "media";
  /** The number of the first segment. */
  readonly sequence: number;
  /** How many discontinuities there were before the first segment; `null` where the server does not tell. */
  readonly discontinuities: number | null;
  /** About how long a segment is, in seconds. */
  readonly targetSeconds: number;
  /** Whether no segment is to come. */
  readonly isEnded: boolean;
  readonly segments: readonly MediaSegment[];
}

/** One version of a video. */
export interface Variant {
  readonly uri: string;
  /** Bits per second. */
  readonly bandwidth: number;
  /** Width times height of its frames; 0 where it is not known. */
  readonly pixels: number;
  readonly hasVideo: boolean;
  /** The playlist of its audio, where that has its own. */
  readonly audioUri: string | null;
}

/** The versions of a video. */
export interface MasterPlaylist {
  readonly type: "master";
  readonly variants: readonly Variant[];
}

/** The longest line, in characters. */
const maxLineLength = 65536;
/** How codecs of audio begin (RFC 6381): what has no other has no video. */
const audioCodec = /^(?:mp4a|ac-3|ec-3|ac-4|opus|fLaC|flac|alac|mp3|dts)/;

function invalid(problem: string): AvError {
  return new AvError(`its playlist ${problem}`, { code: "INVALIDDATA", operation: "read a playlist" });
}

/** The attributes of a tag: `BANDWIDTH=1280000,CODECS="avc1.4d401f,mp4a.40.2"`. */
function attributesOf(text: string): Readonly<Record<string, string>> {
  const attributes: [name: string, value: string][] = [];
  const find = (mark: string, from: number): number => {
    const index = text.indexOf(mark, from);
    return index < 0 ? text.length : index;
  };
  for (let at = 0; at < text.length;) {
    const begin = find("=", at) + 1;
    const isQuoted = text[begin] === '"';
    const end = isQuoted ? find('"', begin + 1) : find(",", begin);
    attributes.push([text.slice(at, begin - 1).trim(), text.slice(isQuoted ? begin + 1 : begin, end).trim()]);
    at = find(",", end) + 1;
  }
  return Object.fromEntries(attributes);
}

function wholeNumber(text: string | undefined, name: string): number {
  const number = /^\d+$/.test(text ?? "") ? Number(text) : NaN;
  if (Number.isSafeInteger(number)) return number;
  throw invalid(`has a ${name} that is no number`);
}

/** A range such as `1000@200`; without its offset, it begins where the one before it ends. */
function rangeOf(text: string, before: number | null): ByteRange {
  const [length, offset] = text.split("@");
  const start = offset === undefined ? before : wholeNumber(offset, "BYTERANGE");
  if (start === null) throw invalid("has a BYTERANGE without an offset");
  const range = { offset: start, length: wholeNumber(length, "BYTERANGE") };
  if (range.length === 0) throw invalid("has an empty BYTERANGE");
  return range;
}

/** Reads a playlist. Throws an `AvError` where it is none, or its segments are encrypted in other ways. */
export function parsePlaylist(text: string): MediaPlaylist | MasterPlaylist {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (lines[0] !== playlistMark) throw invalid("is none");
  if (lines.some(({ length }) => length > maxLineLength)) {
    throw invalid(`has a line of more than ${maxLineLength} characters`);
  }
  return lines.some((line) => line.startsWith("#EXT-X-STREAM-INF:")) ? parseMaster(lines) : parseMedia(lines);
}

function parseMaster(lines: readonly string[]): MasterPlaylist {
  const variants: Variant[] = [];
  const audioOf = audioGroups(lines);
  let attributes: Readonly<Record<string, string>> | null = null;
  for (const line of lines) {
    const [tag, value] = parted(line);
    if (tag === "#EXT-X-STREAM-INF") attributes = attributesOf(value);
    else if (!line.startsWith("#") && attributes !== null) {
      const { AUDIO, BANDWIDTH, RESOLUTION = "", CODECS } = attributes;
      const [width = 0, height = 0] = /^\d+x\d+$/.test(RESOLUTION) ? RESOLUTION.split("x").map(Number) : [];
      const codecs = CODECS?.split(",").map((codec) => codec.trim());
      variants.push({
        ...{ uri: line, bandwidth: wholeNumber(BANDWIDTH, "BANDWIDTH"), pixels: width * height },
        audioUri: AUDIO === undefined ? null : audioOf.get(AUDIO)?.uri ?? null,
        hasVideo: codecs === undefined || !codecs.every((codec) => audioCodec.test(codec)),
      });
      attributes = null;
    }
  }
  return { type: "master", variants };
}

/** The default audio of each group, or its first; without an address where it is in the variant itself. */
function audioGroups(lines: readonly string[]): Map<string, { uri: string | null; isDefault: boolean }> {
  const groups = new Map<string, { uri: string | null; isDefault: boolean }>();
  for (const [tag, value] of lines.map(parted)) {
    const { TYPE, URI, DEFAULT, "GROUP-ID": group } = tag === "#EXT-X-MEDIA" ? attributesOf(value) : {};
    if (TYPE !== "AUDIO" || group === undefined) continue;
    const isDefault = DEFAULT === "YES", before = groups.get(group);
    if (before === undefined || isDefault && !before.isDefault) {
      groups.set(group, { uri: URI ?? null, isDefault });
    }
  }
  return groups;
}

/**
 * The best variant with video of at most so many bits per second; where all have more, the one with the
 * least. Throws where there is none.
 */
export function chooseVariant({ variants }: MasterPlaylist, maxBitrate: number): Variant {
  const [least, ...others] = variants.filter(({ hasVideo }) => hasVideo)
    .sort((one, other) => one.bandwidth - other.bandwidth || one.pixels - other.pixels);
  if (least === undefined) throw invalid("has no variant with video");
  return others.findLast(({ bandwidth }) => bandwidth <= maxBitrate) ?? least;
}

function parted(line: string): [tag: string, value: string] {
  const colon = line.indexOf(":");
  return colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
}

/** What tags say of the next segment. */
interface Pending {
  seconds: number | null;
  range: string | null;
  isDiscontinuous: boolean;
  isGap: boolean;
}

const nothing = (): Pending => ({ seconds: null, range: null, isDiscontinuous: false, isGap: false });

function parseMedia(lines: readonly string[]): MediaPlaylist {
  const segments: MediaSegment[] = [];
  let sequence = 0, discontinuities: number | null = null;
  let targetSeconds: number | null = null, isEnded = false;
  let key: SegmentKey | null = null, map: EncryptedResource | null = null, next = nothing();
  for (const line of lines) {
    const [tag, value] = parted(line);
    if (tag === "#EXTINF") next.seconds = secondsOf(value);
    else if (tag === "#EXT-X-BYTERANGE") next.range = value;
    else if (tag === "#EXT-X-DISCONTINUITY") next.isDiscontinuous = true;
    else if (tag === "#EXT-X-GAP") next.isGap = true;
    else if (tag === "#EXT-X-MAP") map = mapOf(value, key);
    else if (tag === "#EXT-X-KEY") key = keyOf(value);
    else if (tag === "#EXT-X-MEDIA-SEQUENCE") sequence = wholeNumber(value, "MEDIA-SEQUENCE");
    else if (tag === "#EXT-X-DISCONTINUITY-SEQUENCE") {
      discontinuities = wholeNumber(value, "DISCONTINUITY-SEQUENCE");
    } else if (tag === "#EXT-X-TARGETDURATION") targetSeconds = wholeNumber(value, "TARGETDURATION");
    else if (tag === "#EXT-X-ENDLIST") isEnded = true;
    else if (!line.startsWith("#")) {
      segments.push(segmentOf({ uri: line, key }, next, map, segments.at(-1)));
      next = nothing();
    }
  }
  if (targetSeconds === null) throw invalid("has no TARGETDURATION: it is none of HLS");
  return { type: "media", sequence, discontinuities, targetSeconds, isEnded, segments };
}

function secondsOf(value: string): number {
  const seconds = Number.parseFloat(value);
  if (seconds >= 0 && seconds < 1e6) return seconds;
  throw invalid("has an EXTINF that is no number of seconds");
}

function mapOf(value: string, key: SegmentKey | null): EncryptedResource {
  const { URI, BYTERANGE } = attributesOf(value);
  if (URI === undefined) throw invalid("has an EXT-X-MAP without a URI");
  if (key !== null && key.iv === null) throw invalid("has an encrypted EXT-X-MAP without an IV");
  return { uri: URI, range: BYTERANGE === undefined ? null : rangeOf(BYTERANGE, 0), key };
}

function keyOf(value: string): SegmentKey | null {
  const { METHOD = "", URI, IV, KEYFORMAT = "identity" } = attributesOf(value);
  if (METHOD === "NONE") return null;
  if (METHOD !== "AES-128" || KEYFORMAT !== "identity") {
    throw new AvError(`its segments are encrypted (${METHOD}, ${KEYFORMAT})`, {
      code: "ENCRYPTED",
      operation: "read a playlist",
    });
  }
  if (URI === undefined) throw invalid("has an EXT-X-KEY without a URI");
  if (IV === undefined) return { uri: URI, iv: null };
  const digits = /^0x([0-9a-f]{1,32})$/i.exec(IV)?.[1];
  if (digits === undefined) throw invalid("has an EXT-X-KEY whose IV is no number of 128 bits");
  return { uri: URI, iv: Uint8Array.fromHex(digits.padStart(32, "0")) };
}

function segmentOf(
  { uri, key }: Pick<EncryptedResource, "uri" | "key">,
  { seconds, range, isDiscontinuous, isGap }: Pending,
  map: EncryptedResource | null,
  before: MediaSegment | undefined,
): MediaSegment {
  if (seconds === null) throw invalid("has a segment without EXTINF: it is none of HLS");
  const end = before?.uri === uri && before.range !== null ? before.range.offset + before.range.length : null;
  return {
    ...{ uri, key, seconds, isDiscontinuous, map, isGap },
    range: range === null ? null : rangeOf(range, end),
  };
}
