/**
 * Rotation, pixel shape, HDR metadata and tags of a file: what is asked for, and which containers keep it.
 *
 * Nothing is dropped silently: what a container or codec would lose is refused when the writer opens. The tables were measured, with
 * the ffmpeg and ffprobe programs of FFmpeg 4.3, 5.1, 7.1 and 9.0 alike.
 *
 * @module
 */
import { profileOf } from "../codecs/encoder_settings.ts";
import { UnsupportedError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import type { MuxerInfo } from "../libav/muxer.ts";
import { type Rational, rationalText } from "../libav/rational.ts";
import type { ChromaLocation, StreamTags } from "../libav/stream_tags.ts";
import { shown } from "../shown.ts";
import type { ColorDescription } from "../video/color.ts";
import { displayVolume } from "../video/hdr.ts";
import { checkTimecode, isTimecodeTrack } from "./timecode.ts";

/** Degrees clockwise by which players turn the picture. */
export type Rotation = 0 | 90 | 180 | 270;

/** The shape of a pixel, its width over its height: `"4/3"`, `"4:3"` or `{ num: 4, den: 3 }`. */
export type SampleAspectRatio = `${number}/${number}` | `${number}:${number}` | { num: number; den: number };

/** What a writer asks its container to keep. */
export interface TagRequest {
  readonly rotation?: Rotation;
  readonly sampleAspectRatio?: Rational;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Which tags come back from a container. */
interface TagRules {
  /** The only keys that do; absent: every one but those that it loses. */
  readonly keeps?: readonly string[];
  /** Keys that do not, or under another name. */
  readonly loses?: readonly string[];
  /** The letters of a key that does. */
  readonly letters?: RegExp;
  /** What values of these keys must look like. */
  readonly forms?: Readonly<Record<string, { readonly pattern: RegExp; readonly example: string }>>;
  /** The most bytes of UTF-8 of a value that does. */
  readonly maxBytes?: number;
}

/** The mp4 family writes brands by itself, and a place as coordinates: latitude and longitude (movenc.c; ISO 6709). */
const mp4Rules: TagRules = {
  loses: ["major_brand", "minor_version", "compatible_brands"],
  forms: {
    location: { pattern: /^[+-]\d{2}\.\d{4}[+-]\d{3}\.\d{4}\/$/, example: "+48.8577+002.2950/" },
  },
};

/** Keys that Matroska has other elements for, or another name; a key there is written without spaces (matroskaenc.c, matroska.c). */
const matroskaRules: TagRules = {
  loses: ["stereo_mode", "encoding_tool", "duration", "part_number", "lead_performer"],
  letters: /^[^ ]+$/,
};

/** Comments of Xiph's formats (https://xiph.org/vorbis/doc/v-comment.html), and those that are read under another name (vorbiscomment.c). */
const vorbisRules: TagRules = {
  loses: ["description", "albumartist", "tracknumber", "discnumber"],
  letters: /^[ -<>-}]+$/,
};

/** Fields of FLV's onMetaData (flvenc.c); readers stop at texts of 1024 bytes (flvdec.c). */
const flvRules: TagRules = {
  loses: [
    ...["width", "height", "videodatarate", "framerate", "videocodecid", "audiodatarate", "audiosamplerate"],
    ...["audiosamplesize", "stereo", "audiocodecid", "duration", "onmetadata", "datasize", "lasttimestamp"],
    ...["totalframes", "hasaudio", "hasvideo", "hascuepoints", "hasmetadata", "haskeyframes", "filesize"],
  ],
  maxBytes: 1023,
};

/** What has a name of its own in NUT (nut.c); readers stop at texts of 1024 bytes, and at names of 256 (nutdec.c). */
const nutRules: TagRules = {
  loses: [
    ...["author", "creationtime", "x-creationtime", "sourcefilename", "x-language", "x-disposition"],
    ...["x-replaces", "x-depends", "x-uses", "x-usesfont"],
  ],
  letters: /^.{1,60}$/su,
  maxBytes: 1023,
};

/** What has a name of its own in ASF (asf.c): a text there takes up to 65535 bytes of UTF-16. */
const asfRules: TagRules = {
  loses: ["author", "description", "creation_time", "xmp"],
  letters: /^(?!wm\/)/i,
  maxBytes: 32_766,
};

const tagRules: Readonly<Record<string, TagRules>> = {
  mp4: mp4Rules,
  mov: mp4Rules,
  ipod: mp4Rules,
  f4v: mp4Rules,
  ismv: mp4Rules,
  // libavformat writes some more, but reads none of them.
  "3gp": { keeps: ["creation_time"] },
  "3g2": { keeps: ["creation_time"] },
  avif: { keeps: ["creation_time"] },
  matroska: matroskaRules,
  webm: matroskaRules,
  // What RIFF's INFO list has a chunk for, and every release reads under the same name (riff.c, avidec.c).
  avi: {
    keeps: ["title", "artist", "comment", "date", "copyright", "genre", "track", "encoded_by", "language"],
  },
  flv: flvRules,
  nut: nutRules,
  asf: asfRules,
  ogg: vorbisRules,
  ogv: vorbisRules,
  // Of the service (ETSI EN 300 468, 6.2.33), whose descriptor has 255 bytes for both.
  mpegts: { keeps: ["service_name", "service_provider"], maxBytes: 120 },
};

/** Containers that people know, for hints. */
const commonContainers = ["mp4", "mov", "matroska", "webm", "avi", "flv", "nut"] as const;

/** Keys of texts that iTunes has atoms for, and so mp4 without a table of keys of its own (movenc.c, mov_write_ilst_tag). */
const itunesKeys: readonly string[] = [
  ...["title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright"],
  ...["grouping", "lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords"],
  // These have places of their own.
  ...["location", "creation_time"],
];

/** Keys of numbers that iTunes has atoms for: one byte is read back, two of tracks and discs. */
const itunesNumbers: Readonly<Record<string, RegExp>> = {
  episode_sort: /^(?:0|[1-9]\d?)$/,
  season_number: /^(?:0|[1-9]\d?)$/,
  media_type: /^(?:0|[1-9]\d?)$/,
  hd_video: /^\d$/,
  compilation: /^[01]$/,
  gapless_playback: /^[01]$/,
  track: /^[1-9]\d{0,3}(\/[1-9]\d{0,3})?$/,
  disc: /^[1-9]\d{0,3}(\/[1-9]\d{0,3})?$/,
};

/** Keys that QuickTime has atoms for, as far as they are read back (movenc.c, mov_write_udta_tag; mov.c). */
const quickTimeKeys: readonly string[] = [
  ...["title", "artist", "album", "date", "comment", "genre", "copyright", "make", "model", "location"],
  "creation_time",
];
/** Such an atom counts its bytes with 16 bits. */
const maxQuickTimeBytes = 65_535;

/** Containers that keep a rotation with every release: the matrix of their track header (ISO/IEC 14496-12, 8.3.2). */
const turnsPicture: readonly string[] = ["mp4", "mov", "ipod", "3gp", "3g2", "psp", "f4v", "ismv"];
/** Containers that newer releases write it into: whether this one does shows in the header. */
const mayTurnPicture: readonly string[] = ["matroska", "webm"];

/** Containers that keep the shape of a pixel for any codec. */
const keepsPixelShape: readonly string[] = [
  ...["mp4", "mov", "ipod", "3gp", "3g2", "f4v", "ismv", "matroska", "webm", "avi", "nut", "asf"],
  ...["ogg", "ogv", "yuv4mpegpipe"],
];
/** Codecs that keep it themselves, and the largest number that each takes (as libavcodec's encoders write it). */
const codedPixelShape: Readonly<Record<string, number>> = {
  h264: 4096,
  hevc: 65_535,
  mpeg4: 255,
  mjpeg: 65_535,
  png: 65_535,
  apng: 65_535,
};

/** Containers that keep HDR metadata for any codec: the boxes mdcv and clli, the element Colour. */
const keepsHdr: readonly string[] = ["mp4", "mov", "matroska", "webm"];

/** The bounds of libavcodec's option. */
const maxAspect = 10;
/** The most that a C `int` holds. */
const maxInt = 2 ** 31 - 1;

const isText = (text: string): boolean => text !== "" && !text.includes("\0") && text.isWellFormed();

/** Throws a `TypeError` unless every tag is a text under a key of its own. */
export function checkMetadata(metadata: Readonly<Record<string, unknown>>): void {
  const keys = new Set<string>();
  for (const [key, value] of Object.entries(metadata)) {
    const mustBe = "must be a text of whole characters, not empty and without NUL";
    if (!isText(key)) {
      throw new TypeError(`Cannot use the option metadata: its key ${shown(key)} ${mustBe}`);
    }
    if (typeof value !== "string" || !isText(value)) {
      throw new TypeError(`Cannot use the tag ${shown(key)}: it is ${shown(value)}, but ${mustBe}`);
    }
    if (keys.has(key.toLowerCase())) {
      throw new TypeError(
        `Cannot use the tag ${
          shown(key)
        } twice: upper and lower case make no difference, leave one of them out`,
      );
    }
    keys.add(key.toLowerCase());
    if (key.toLowerCase() === "creation_time") checkTime(key, value);
    checkTimecode(key, value);
  }
}

/** Containers count the seconds since 1904 or 2001 for it. */
function checkTime(key: string, value: string): void {
  const isTime = /^(?:19[7-9]|2\d\d)\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value);
  if (isTime && !Number.isNaN(Date.parse(value))) return;
  throw new TypeError(
    `Cannot use the tag ${shown(key)}: it is ${
      shown(value)
    }, but must be a time since 1970 such as "2024-05-06T07:08:09Z"`,
  );
}

/** The fraction that an aspect ratio means, in lowest terms. Throws a `TypeError` or `RangeError` where it means none. */
export function parseSampleAspectRatio(ratio: SampleAspectRatio): Rational {
  const example = 'give its width over its height as "4/3" or { num: 4, den: 3 }';
  const refuse = (why: string): never => {
    throw new RangeError(`Cannot use the sample aspect ratio ${shown(ratio)}: ${why}; ${example}`);
  };
  const fraction = readFraction(ratio);
  if (fraction === null) {
    throw new TypeError(
      `Cannot use the sample aspect ratio ${shown(ratio)}: it is no fraction; ${example}`,
    );
  }
  const { num, den } = fraction;
  if (!Number.isInteger(num) || !Number.isInteger(den)) refuse("both parts must be whole numbers");
  if (num <= 0 || den <= 0) refuse("it must be above 0");
  const divisor = greatestCommonDivisor(num, den);
  const reduced = { num: num / divisor, den: den / divisor };
  if (reduced.num > maxInt || reduced.den > maxInt) refuse(`its parts must not exceed ${maxInt}`);
  if (num > maxAspect * den || den > maxAspect * num) {
    refuse(`one side of a pixel can be ${maxAspect} times the other at most`);
  }
  return reduced;
}

function readFraction(ratio: unknown): Rational | null {
  if (typeof ratio === "string") {
    const parts = /^(\d+)[/:](\d+)$/.exec(ratio);
    return parts === null ? null : { num: Number(parts[1]), den: Number(parts[2]) };
  }
  if (typeof ratio !== "object" || ratio === null) return null;
  const { num, den } = ratio as Partial<Rational>;
  return typeof num === "number" && typeof den === "number" ? { num, den } : null;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** What a muxer is told of the stream. */
export function streamTags(
  { rotation = 0, sampleAspectRatio }: TagRequest,
  { masteringDisplay, contentLight }: Pick<ColorDescription, "masteringDisplay" | "contentLight">,
  chromaLocation: ChromaLocation | null,
): StreamTags {
  return {
    rotation,
    sampleAspectRatio: sampleAspectRatio ?? null,
    chromaLocation,
    masteringDisplay: masteringDisplay === undefined ? null : displayVolume(masteringDisplay),
    contentLight: contentLight ?? null,
  };
}

/** Throws an {@linkcode UnsupportedError} for the first thing asked for that a container is known not to keep, whatever its codec. */
export function requireContainerKeepsTags({ name }: MuxerInfo, { rotation = 0, metadata }: TagRequest): void {
  if (rotation !== 0 && !turnsPicture.includes(name) && !mayTurnPicture.includes(name)) {
    throw rotationLost(name, rotation);
  }
  for (const [key, value] of Object.entries(metadata ?? {})) {
    const loss = tagLoss(name, key, value);
    if (loss === null) continue;
    const keepers = commonContainers.filter((other) => tagLoss(other, key, value) === null);
    throw new UnsupportedError(`Cannot write the tag ${shown(key)} into ${name}: ${loss}`, {
      code: "TAG_NOT_FOR_CONTAINER",
      operation: `write the tag ${key} into ${name}`,
      hint: keepers.length === 0 ? null : `Containers that keep it: ${keepers.join(", ")}`,
    });
  }
}

/** Why a tag does not come back from a container; `null` where it does. */
function tagLoss(container: string, key: string, value: string): string | null {
  const name = key.toLowerCase();
  if (name === "encoder" || name.startsWith("encoder-")) return "FFmpeg writes its own name there";
  if (!Object.hasOwn(tagRules, container)) return "no tag comes back from it";
  const { keeps, loses = [], letters, forms = {}, maxBytes = Infinity } = tagRules[container]!;
  if (keeps !== undefined && !keeps.includes(name)) return `it keeps only ${keeps.join(", ")}`;
  if (loses.includes(name)) return "it has another meaning or another name there";
  if (letters !== undefined && !letters.test(key)) return "the key has letters that it does not keep";
  const bytes = byteLength(value);
  if (bytes > maxBytes) return `the text has ${bytes} bytes, but it keeps ${maxBytes} at most`;
  const form = Object.hasOwn(forms, name) ? forms[name]! : null;
  if (form === null || form.pattern.test(value)) return null;
  return `it keeps it in a form such as ${shown(form.example)} only`;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

function rotationLost(container: string, rotation: Rotation): UnsupportedError {
  const isNewer = mayTurnPicture.includes(container);
  return new UnsupportedError(
    `Cannot write the rotation ${rotation} into ${container}: ${
      isNewer ? "this FFmpeg is too old to write it there" : "it has no place for it"
    }`,
    {
      code: "ROTATION_NOT_FOR_CONTAINER",
      operation: `write a rotation into ${container}`,
      hint: `Containers that keep it: mp4, mov${isNewer ? ", or this one from FFmpeg 7.1 on" : ""}`,
    },
  );
}

/** Whether only the header shows that this FFmpeg writes the rotation. */
export function isRotationUncertain({ name }: MuxerInfo, { rotation = 0 }: TagRequest): boolean {
  return rotation !== 0 && mayTurnPicture.includes(name);
}

/** Throws an {@linkcode UnsupportedError} where a header is no longer with the rotation than without. */
export function requireRotationWritten(
  { name }: MuxerInfo,
  { rotation = 0 }: TagRequest,
  bytesWith: number | null,
  bytesWithout: number | null,
): void {
  if (bytesWith === bytesWithout) throw rotationLost(name, rotation);
}

/** Throws an {@linkcode UnsupportedError} where neither the container nor the codec keeps the pixel shape or the HDR metadata. */
export function requireStreamKeepsTags(
  { name }: MuxerInfo,
  encoder: EncoderInfo,
  { sampleAspectRatio }: TagRequest,
  { masteringDisplay, contentLight }: Partial<ColorDescription>,
): void {
  if (sampleAspectRatio !== undefined && !keepsShape(name, encoder.codecName, sampleAspectRatio)) {
    throw new UnsupportedError(
      `Cannot write the sample aspect ratio ${
        rationalText(sampleAspectRatio)
      } into ${name} with ${encoder.codecName}: neither has a place for it`,
      {
        code: "ASPECT_NOT_FOR_CONTAINER",
        operation: `write a sample aspect ratio into ${name}`,
        hint: "Containers that keep it: mp4, mov, matroska, webm, avi, nut",
      },
    );
  }
  if (masteringDisplay === undefined && contentLight === undefined) return;
  if (keepsHdr.includes(name) || profileOf(encoder).hdrSyntax !== undefined) return;
  throw new UnsupportedError(
    `Cannot write HDR metadata into ${name} with ${encoder.name}: neither has a place for it`,
    {
      code: "HDR_NOT_FOR_CONTAINER",
      operation: `write HDR metadata into ${name}`,
      hint: `Containers that keep it: ${keepsHdr.join(", ")}`,
    },
  );
}

function keepsShape(container: string, codec: string, { num, den }: Rational): boolean {
  if (num === den || keepsPixelShape.includes(container)) return true;
  return Object.hasOwn(codedPixelShape, codec) && Math.max(num, den) <= codedPixelShape[codec]!;
}

/**
 * Whether a container of the mp4 family keeps a tag only under a key of its own (`movflags use_metadata_tags`). Then none has an
 * atom that iTunes or QuickTime knows.
 */
export function needsNamedKeys(container: string, metadata: Readonly<Record<string, string>> = {}): boolean {
  if (tagRules[container] !== mp4Rules) return false;
  return Object.entries(metadata).some(([key, value]) => {
    const name = key.toLowerCase();
    if (tagLoss(container, key, value) !== null || isTimecodeTrack(container, key)) return false;
    if (container === "mov") return !quickTimeKeys.includes(name) || byteLength(value) > maxQuickTimeBytes;
    return !itunesKeys.includes(name) &&
      !(Object.hasOwn(itunesNumbers, name) && itunesNumbers[name]!.test(value));
  });
}

/** Languages that QuickTime has a number for, which libavformat knows by other letters (isom.c) and would else leave out. */
const quickTimeLanguages: Readonly<Record<string, string>> = {
  ...{ fre: "fra", deu: "ger", nld: "dut", swe: "sve", ell: "gre", isl: "ice", zho: "chi", gle: "iri" },
  ...{ sqi: "alb", rum: "ron", cze: "ces", slo: "slk", mkd: "mac", eus: "baq", cym: "wel", fas: "per" },
};

/** The tags of a track beside the video: its language, and what players list it as. */
export function trackTags(
  { name }: MuxerInfo,
  language: string | undefined,
  title: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...(language === undefined
      ? {}
      : { language: name === "mov" ? quickTimeLanguages[language] ?? language : language }),
    // The mp4 family keeps names of tracks under the other key.
    ...(title === undefined ? {} : { title, handler_name: title }),
  };
}
