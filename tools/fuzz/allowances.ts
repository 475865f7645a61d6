/**
 * What judges find that is no fault of avwriter's: each with its reason. Data, and one function.
 *
 * @module
 */

import type { WriterOptions } from "../../mod.ts";
import { parseFrameRate } from "../../src/video/frame_rate.ts";
import type { FuzzCase, Value } from "./case_types.ts";
import { revive } from "./special_values.ts";

/** What a complaint is about. */
export type ComplaintKind =
  | "death"
  | "play"
  | "decode"
  | "frames"
  | "size"
  | "bytes"
  | "duration"
  | "times"
  | "order"
  | "audio"
  | "content"
  | "keys"
  | "tags"
  | "file";

/** Something that is wrong with a case. */
export interface Complaint {
  readonly kind: ComplaintKind;
  readonly text: string;
}

/** Makes a complaint. */
export function complaint(kind: ComplaintKind, text: string): Complaint {
  return { kind, text };
}

/** A complaint that is let pass. */
export interface Allowance {
  readonly kinds: readonly ComplaintKind[];
  /** For these muxers; absent: all. */
  readonly muxers?: readonly string[];
  /** For these encoders; absent: all. */
  readonly encoders?: readonly string[];
  /** For cases that give one of these encoder or muxer options. */
  readonly options?: readonly string[];
  /** For such cases only. */
  readonly when?: (test: FuzzCase) => boolean;
  /** What is said; absent: anything. */
  readonly pattern?: RegExp;
  /** Why it is no fault of avwriter's. */
  readonly why: string;
}

/** What a complaint is about, as far as an allowance asks. */
export interface ComplaintContext {
  readonly muxer: string | null;
  readonly encoder: string | null;
  readonly options: readonly string[];
  readonly test: FuzzCase;
}

/** Muxers that are libavformat's mov under other names. */
const movFamily = ["mp4", "mov", "3gp", "3g2", "ipod", "psp", "f4v", "ismv"] as const;

/** How long a frame is shown at a rate, in seconds; 0 where it is none. */
function frameSeconds(fps: Value): number {
  try {
    const { num, den } = parseFrameRate(revive(fps) as number);
    return den / num;
  } catch {
    return 0;
  }
}

/** Whether frames come at a constant rate so slow that each is longer than so many seconds. */
function isSlower(test: FuzzCase, secondsPerFrame: number): boolean {
  return (optionsOf(test).timing ?? "constant") === "constant" && frameSeconds(test.fps) > secondsPerFrame;
}

/** Whether frames are given times after the first six hours. */
function isLate({ frames }: FuzzCase): boolean {
  return frames.some(({ timing }) => Number((timing as { timestamp?: unknown })?.timestamp) > 21_000);
}

function optionsOf({ options }: FuzzCase): WriterOptions {
  return (options ?? {}) as WriterOptions;
}

/** All that is let pass. */
export const allowances: readonly Allowance[] = [
  {
    kinds: ["decode"],
    muxers: ["mpegts"],
    pattern: /^ffprobe ended with 1\n[^\n]*: End of file$/,
    why: "FFmpeg's demuxer wants to see more packets than a file of a few tiny frames has",
  },
  {
    kinds: ["decode"],
    encoders: ["libtheora"],
    pattern: /Invalid frame dimensions/,
    why: "FFmpeg's decoder takes no picture of less than 18 pixels (vp3.c)",
  },
  {
    kinds: ["frames", "times"],
    encoders: ["libtheora"],
    when: (test) => optionsOf(test).bitrate !== undefined || optionsOf(test).encoderOptions !== undefined,
    why: "under a bit rate, its rate control repeats a picture by an empty packet, which readers leave out",
  },
  {
    kinds: ["decode", "frames"],
    encoders: ["tiff"],
    pattern: /rps \d+ invalid|^0 frames/,
    why: "FFmpeg's decoder takes no strip of all rows of a small picture whose chroma has a quarter of them",
  },
  {
    kinds: ["times"],
    muxers: ["webm"],
    when: (test) => JSON.stringify(optionsOf(test).audio ?? null).includes("vorbis"),
    pattern: /^frame 0 is shown at 0\.00\d s instead of 0$/,
    why:
      "browsers take no block before 0: all streams are later by the delay of Vorbis, which WebM can't tell",
  },
  {
    kinds: ["play"],
    encoders: ["libaom-av1"],
    options: ["denoise-noise-level"],
    pattern: /^printed at quiet: (?:Not enough flat blocks[^\n]*\s*)+$/,
    why: "libaom prints it by itself",
  },
  {
    kinds: ["play"],
    pattern:
      /^printed at quiet: (?:x264 \[error\]: (?:\w+ profile doesn't support|invalid profile:) [^\n]*\s*)+$/,
    why: "x264 prints it by itself when it is told the profile, before it is told how much to print",
  },
  {
    kinds: ["duration", "times", "order", "audio"],
    muxers: movFamily,
    options: ["movflags", "frag_duration", "frag_size", "min_frag_duration"],
    why:
      "fragments that were asked for tell when frames begin; libavformat adds up lengths from one to the next",
  },
  {
    kinds: ["times"],
    muxers: ["mxf"],
    encoders: ["libx264"],
    why: "FFmpeg's reader mixes up the times of B-frames, in files of the ffmpeg program as well",
  },
  {
    kinds: ["frames"],
    encoders: ["speedhq"],
    pattern: /^0 frames/,
    why: "FFmpeg's decoder silently drops small pictures (of 32x32, but not of 64x48)",
  },
  {
    kinds: ["decode", "frames"],
    encoders: ["utvideo"],
    pattern: /Not enough data for frame information|^0 frames/,
    why: "FFmpeg's decoder takes no frame of a few bytes, which those of a few pixels have",
  },
  {
    kinds: ["decode"],
    encoders: ["h261"],
    pattern: /^\[h261 @ \w+\] warning: first frame is no keyframe$/,
    why: "FFmpeg's decoder says so of every stream, for the codec has no mark for key frames",
  },
  {
    kinds: ["decode", "frames"],
    encoders: ["cfhd"],
    pattern: /Invalid lowpass width|^0 frames/,
    why: "FFmpeg's decoder does not take what its encoder makes of narrow pictures (16x4096)",
  },
  {
    kinds: ["frames", "times", "order", "audio", "duration"],
    options: ["output_ts_offset", "live", "fragment_index", "avoid_negative_ts", "gifimage", "flags2"],
    why: "these options ask for other times, or for no length",
  },
  {
    kinds: ["decode", "frames", "times", "duration"],
    options: ["drop-threshold", "skip_factor", "skip_threshold"],
    why: "they ask for frames to be left out, which may be all of them",
  },
  {
    kinds: ["decode"],
    encoders: ["mjpeg"],
    options: ["ps"],
    pattern: /error (?:dc|y=)/,
    why: "FFmpeg's encoder takes it for the size of packets to cut pictures into, which JPEG has none of",
  },
  {
    kinds: ["decode", "duration"],
    muxers: ["nut"],
    options: ["write_index"],
    pattern: /read_timestamp failed|^0 s /,
    why: "FFmpeg's reader looks for a file's length in its index, and complains where none was wanted",
  },
  {
    kinds: ["decode"],
    muxers: movFamily,
    options: ["ism_lookahead"],
    pattern: /moov atom not found/,
    why: "FFmpeg's muxer fills in what only ismv has a place for, and writes over the begin of other files",
  },
  {
    kinds: ["times", "duration"],
    muxers: movFamily,
    options: ["video_track_timescale"],
    why: "it asks for a coarser unit of times",
  },
  {
    kinds: ["duration"],
    muxers: ["nut"],
    options: ["write_index"],
    why: "without the index that they ask to leave out, readers guess where the file ends",
  },
  {
    kinds: ["duration"],
    muxers: ["gif"],
    when: ({ fps }) => frameSeconds(fps) > 655.35,
    why: "GIF shows no frame for longer, and so not the last one either",
  },
  {
    kinds: ["duration"],
    muxers: ["gif"],
    options: ["final_delay"],
    why: "it says how long the last frame is shown",
  },
  {
    kinds: ["duration"],
    muxers: movFamily,
    encoders: ["libx264", "libx264rgb", "libx265"],
    when: (test) => {
      const { crashSafe, timing = "constant", filter } = optionsOf(test);
      return crashSafe === false && (timing !== "constant" || filter !== undefined);
    },
    why:
      "decode times of B-frames at a variable rate add up to the length in the second pass of crash-safe files only",
  },
  {
    kinds: ["decode", "frames", "content"],
    encoders: ["utvideo"],
    when: ({ frames }) => frames.some(({ content }) => content === "noise"),
    pattern: /Incorrect slice size|^\d+ frames instead of|came back as something else/,
    why: "FFmpeg's encoder has no room to fill up the last word of what can't be compressed, and cuts it off",
  },
  {
    kinds: ["frames", "content"],
    encoders: ["huffyuv", "ffvhuff"],
    when: ({ frames }) => frames.some(({ width, height }) => height === 1 && Number(width) > 4096),
    pattern: /^0 frames|came back as something else/,
    why:
      "FFmpeg's encoder finds its buffer too small for one row of so many pixels, and leaves it out without a word",
  },
  {
    kinds: ["keys"],
    encoders: ["rpza"],
    why: "FFmpeg's encoder marks no frame but the first of the video, also where it is opened again",
  },
  {
    kinds: ["decode", "tags"],
    muxers: movFamily,
    when: (test) => optionsOf(test).chapters !== undefined && (isSlower(test, 3600) || isLate(test)),
    why: "movenc.c counts chapters in 32 bits of a ten-millionth of a second: those after six hours are lost",
  },
  {
    kinds: ["times"],
    muxers: ["flv"],
    when: (test) => isSlower(test, 900),
    why: "it keeps by how much frames are out of order in 24 bits of milliseconds",
  },
  {
    kinds: ["times"],
    muxers: ["mpegts"],
    when: (test) => isSlower(test, 3600),
    why:
      "its clock goes round after 26.5 hours (ISO/IEC 13818-1), and readers take longer times for earlier ones",
  },
  {
    kinds: ["frames", "times", "duration"],
    muxers: movFamily,
    encoders: ["libx264", "libx264rgb", "libx265"],
    when: (test) => isSlower(test, 3000),
    why:
      "FFmpeg's reader takes no frame to be out of order by so long (mov.c), in files of the ffmpeg program as well",
  },
  {
    kinds: ["decode"],
    encoders: ["zlib"],
    pattern: /Decoded size differs/,
    why: "FFmpeg's decoder says so of any picture whose sides are not a multiples of four, and decodes it",
  },
];

/** Whether one of a list is among others; an absent list has them all. */
function has(list: readonly string[] | undefined, names: readonly (string | null)[]): boolean {
  return list === undefined || names.some((name) => name !== null && list.includes(name));
}

/** Leaves out what is allowed. */
export function withoutAllowed(complaints: readonly Complaint[], context: ComplaintContext): Complaint[] {
  const applying = allowances.filter(({ muxers, encoders, options, when }) =>
    has(muxers, [context.muxer]) && has(encoders, [context.encoder]) && has(options, context.options) &&
    (when?.(context.test) ?? true)
  );
  return complaints.filter(({ kind, text }) =>
    !applying.some(({ kinds, pattern }) => kinds.includes(kind) && (pattern?.test(text) ?? true))
  );
}
