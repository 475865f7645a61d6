/**
 * Which tags come back from which container, as data.
 *
 * The tables were measured, with the ffmpeg and ffprobe programs of FFmpeg 4.3, 5.1, 7.1 and 9.0 alike.
 *
 * @module
 */

/** Which tags a container keeps. */
interface TagRules {
  /** The only keys that it keeps; absent: every key except those that it loses. */
  readonly keeps?: readonly string[];
  /** Keys that it loses, or keeps under another name. */
  readonly loses?: readonly string[];
  /** The characters of keys that it keeps. */
  readonly letters?: RegExp;
  /** The form that values of these keys must have. */
  readonly forms?: Readonly<Record<string, { readonly pattern: RegExp; readonly example: string }>>;
  /** The most UTF-8 bytes of a value that it keeps. */
  readonly maxBytes?: number;
}

/**
 * The mp4 family writes brands by itself, and a place as coordinates: latitude and longitude (movenc.c; ISO
 * 6709).
 */
export const mp4Rules: TagRules = {
  loses: ["major_brand", "minor_version", "compatible_brands"],
  forms: {
    location: { pattern: /^[+-]\d{2}\.\d{4}[+-]\d{3}\.\d{4}\/$/, example: "+48.8577+002.2950/" },
  },
};

/**
 * Keys that Matroska has other elements for, or another name; a key there is written without spaces
 * (matroskaenc.c, matroska.c).
 */
const matroskaRules: TagRules = {
  loses: ["stereo_mode", "encoding_tool", "duration", "part_number", "lead_performer"],
  letters: /^[^ ]+$/,
};

/**
 * Comments of Xiph's formats (https://xiph.org/vorbis/doc/v-comment.html), and those that are read under
 * another name (vorbiscomment.c).
 */
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

/**
 * What has a name of its own in NUT (nut.c); readers stop at texts of 1024 bytes, and at names of 256
 * (nutdec.c).
 */
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

export const tagRules: Readonly<Record<string, TagRules>> = {
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

/** Well-known containers, for hints. */
export const tagContainers = ["mp4", "mov", "matroska", "webm", "avi", "flv", "nut"] as const;

/**
 * Keys of strings that iTunes has atoms for, so that mp4 needs no table of keys (movenc.c,
 * mov_write_ilst_tag).
 */
export const itunesKeys: readonly string[] = [
  ...["title", "artist", "album_artist", "composer", "album", "date", "comment", "genre", "copyright"],
  ...["grouping", "lyrics", "description", "synopsis", "show", "episode_id", "network", "keywords"],
  // These have their own places.
  ...["location", "creation_time"],
];

/** Keys of numbers that iTunes has atoms for: one byte is read back, two of tracks and discs. */
export const itunesNumbers: Readonly<Record<string, RegExp>> = {
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
export const quickTimeKeys: readonly string[] = [
  ...["title", "artist", "album", "date", "comment", "genre", "copyright", "make", "model", "location"],
  "creation_time",
];
/** Such an atom counts its bytes with 16 bits. */
export const maxQuickTimeBytes = 65_535;
