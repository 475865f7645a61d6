/**
 * The options that a muxer gets.
 *
 * @module
 */
import type { Muxer } from "../libav/muxer.ts";
import { isMatroska, type MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import type { Rational } from "../libav/rational.ts";
import { animationOptions } from "./animation.ts";
import { movFamily } from "./known_containers.ts";

/** Muxers that write fixed-length units with data of all streams (mxfenc.c, gxfenc.c). */
export function interleavesItself({ name }: MuxerInfo): boolean {
  return ["mxf", "mxf_d10", "mxf_opatom", "gxf"].includes(name);
}

/**
 * Whether all streams begin at 0, whatever the times of their packets: AVI counts frames and bytes. What an
 * audio encoder begins with would make its track late.
 */
export function beginsAtZero({ name }: MuxerInfo): boolean {
  return name === "avi";
}

/**
 * What a muxer writes: the final file directly, a recording, the final file made from a recording, or a
 * recording that is the final file.
 */
export type Stage = "direct" | "recording" | "finished" | "kept";

/** Whether the written file is only an intermediate one. */
export function isIntermediate(muxer: MuxerInfo, stage: Stage): boolean {
  return stage === "recording" && needsFragments(muxer);
}

/**
 * Whether a container must be recorded in fragments, so that a crash does not leave a file without an index.
 */
export function needsFragments({ name }: MuxerInfo): boolean {
  return movFamily.includes(name);
}

/** Whether options choose the fragment layout of the mp4 family. Then no other layout is set. */
export function setsFragmentOptions(given: Readonly<Record<string, OptionValue>> | undefined): boolean {
  return /frag|empty_moov|delay_moov|dash|cmaf|isml/.test(String(given?.movflags ?? "")) ||
    ["frag_duration", "frag_size", "min_frag_duration", "moov_size"].some((name) =>
      Object.hasOwn(given ?? {}, name)
    );
}

/**
 * Ticks per second of a movie's own clock, fine enough for the other streams. Edit lists count in it: in
 * FFmpeg's milliseconds the last frame would be cut short.
 */
export function movieTimescale({ den }: Rational): number {
  let ticks = den;
  while (ticks < 10_000) ticks *= 2;
  return ticks;
}

/**
 * What a kill may cost beside the encoder's delay: the data that Matroska's muxer gathers before it writes
 * them.
 */
const fragmentMs = 150;

/** avwriter cuts the fragments. */
const fragmentFlags = "+delay_moov+frag_custom";

type Defaults = Readonly<Record<string, OptionValue>>;

/**
 * The delay of an audio encoder must not move the video, whose clock counts frames: avienc.c would make up
 * for it with an empty one, and all but the first come a frame late.
 */
const aviDefaults: Defaults = { avoid_negative_ts: "disabled" };

/** AIFF has chunks for a title and an author; all other tags, and covers, are in one of ID3v2. */
const aiffDefaults: Defaults = { write_id3v2: 1 };

/**
 * A finished playlist lists all segments, unless old ones are deleted: libavformat's default is the last
 * five.
 */
function playlistDefaults(given: Readonly<Record<string, OptionValue>> = {}): Defaults {
  return /delete_segments/.test(String(given.hls_flags ?? "")) ? {} : { hls_list_size: 0 };
}

/**
 * The rate of MPEG program streams, in bits per second. That of a quality is not known: from the encoder's
 * nominal one mpegenc.c would find, and print, that packets come too late. DVDs have this one; the others get
 * what it takes where it knows none.
 */
const muxRates: Readonly<Record<string, number>> = {
  mpeg: 2 ** 21 * 400,
  vob: 2 ** 21 * 400,
  svcd: 2 ** 21 * 400,
  dvd: 10_080_000,
};

function defaultsOf(
  { name }: MuxerInfo,
  timeBase: Rational,
  stage: Stage,
  { given, plays }: {
    readonly given: Readonly<Record<string, OptionValue>> | undefined;
    readonly plays: number;
  },
): Defaults {
  const isRecorded = stage === "recording" || stage === "kept";
  // Without it, these muxers number their tracks at random: the same frames would not give the same file.
  const exact: Defaults = ["matroska", "webm", "ogg", "oga", "ogv", "opus"].includes(name)
    ? { fflags: "+bitexact" }
    : {};
  const flush: Defaults = isRecorded ? { flush_packets: 1 } : {};
  if (name === "avi") return { ...flush, ...aviDefaults };
  if (name === "hls") return playlistDefaults(given);
  if (name === "aiff") return { ...flush, ...aiffDefaults };
  if (Object.hasOwn(muxRates, name)) return { ...flush, muxrate: muxRates[name]! };
  // Sizes of 64 bits where a file needs them.
  if (name === "wav") return { ...flush, rf64: "auto" };
  if (!movFamily.includes(name)) {
    return {
      ...exact,
      ...flush,
      ...matroskaDefaults(name, isRecorded),
      ...animationOptions({ name }, plays),
    };
  }
  const layout: Defaults = isRecorded ? { movflags: fragmentFlags } : { movflags: "+faststart" };
  return { ...flush, ...layout, ...videoTimescale(timeBase), movie_timescale: movieTimescale(timeBase) };
}

/**
 * Has frames of a constant rate be few enough ticks long where they are shown for minutes: readers keep 28
 * bits of the time from decoding a picture to showing it (mov.c), which is up to 32 frames.
 */
function videoTimescale({ num, den }: Rational): Defaults {
  const maxFrameTicks = 2 ** 28 / 32;
  // movenc.c makes finer what has less than 10000 ticks a second.
  if (num / den * 20_000 <= maxFrameTicks) return {};
  return { video_track_timescale: den * Math.max(1, Math.floor(maxFrameTicks / num)) };
}

function matroskaDefaults(name: string, isRecorded: boolean): Defaults {
  if (!isMatroska({ name })) return {};
  // The first tracks of video and audio are what players begin with; of subtitles, what is asked for.
  const tracks: Defaults = { default_mode: "infer_no_subs" };
  return isRecorded ? { ...tracks, cluster_time_limit: fragmentMs } : tracks;
}

/**
 * Options of a muxer whose output is no file, which no other ones take precedence over: a stream can't be
 * gone back in, and bytes in memory are not read again by a path.
 */
export function streamOptions({ options }: Muxer, kind: "stream" | "memory"): void {
  const [movflags, flvflags] = kind === "stream"
    ? ["+default_base_moof+skip_trailer-faststart", "+no_duration_filesize"]
    : ["-faststart", null];
  if (options.has("movflags")) options.setField("movflags", movflags);
  if (options.has("flvflags") && flvflags !== null) options.setField("flvflags", flvflags);
  if (options.has("cues_to_front")) options.setField("cues_to_front", 0);
  if (kind === "stream" && options.has("page_duration") && !options.isChosen("page_duration")) {
    options.setField("page_duration", fragmentMs * 1000);
  }
}

/**
 * The muxer's options: defaults that it knows, then the given ones. `namesKeys`: tags go under keys of their
 * own. An animation plays so many times, 0 for ever.
 */
export function muxerOptions(
  { info, options }: Muxer,
  timeBase: Rational,
  stage: Stage,
  given: Readonly<Record<string, OptionValue>> | undefined,
  namesKeys: boolean,
  plays = 0,
): Readonly<Record<string, OptionValue>> {
  const defaults = Object.entries(defaultsOf(info, timeBase, stage, { given, plays })).filter(([name]) =>
    options.has(name)
  );
  const chosen: Record<string, OptionValue> = {
    ...Object.fromEntries(defaults),
    ...(isIntermediate(info, stage) ? {} : given),
  };
  // What else is given goes with the fragments.
  if (stage === "kept" && needsFragments(info) && given?.movflags !== undefined) {
    chosen.movflags = `${fragmentFlags}+${String(given.movflags).replace(/^\+/, "")}`;
  }
  if (!namesKeys || !options.has("movflags")) return chosen;
  return { ...chosen, movflags: `${chosen.movflags ?? ""}+use_metadata_tags` };
}
