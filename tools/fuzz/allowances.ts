/**
 * What judges find that is no fault of avwriter's: each with its reason. Data, and one function.
 *
 * @module
 */

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
  | "content"
  | "file";

/** Something that is wrong with a case. */
export interface Complaint {
  readonly kind: ComplaintKind;
  readonly text: string;
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
    kinds: ["play"],
    pattern: /^printed at quiet: (?:x264 \[error\]: \w+ profile doesn't support [^\n]*\s*)+$/,
    why: "x264 prints it by itself when it is told the profile, before it is told how much to print",
  },
  {
    kinds: ["duration"],
    muxers: ["mp4", "mov", "3gp", "3g2", "ipod", "psp", "f4v", "ismv"],
    options: ["movflags", "frag_duration", "frag_size", "min_frag_duration"],
    why: "fragments that were asked for tell when frames begin",
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
    kinds: ["frames", "times", "duration"],
    options: ["output_ts_offset", "live", "fragment_index", "avoid_negative_ts", "gifimage", "flags2"],
    why: "these options ask for other times, or for no length",
  },
  {
    kinds: ["decode"],
    encoders: ["zlib"],
    pattern: /Decoded size differs/,
    why: "FFmpeg's decoder says so of any picture whose sides are no multiples of four, and decodes it",
  },
];

/** Whether one of a list is among others; an absent list has them all. */
function has(list: readonly string[] | undefined, names: readonly (string | null)[]): boolean {
  return list === undefined || names.some((name) => name !== null && list.includes(name));
}

/** Leaves out what is allowed. */
export function withoutAllowed(complaints: readonly Complaint[], context: ComplaintContext): Complaint[] {
  const applying = allowances.filter(({ muxers, encoders, options }) =>
    has(muxers, [context.muxer]) && has(encoders, [context.encoder]) && has(options, context.options)
  );
  return complaints.filter(({ kind, text }) =>
    !applying.some(({ kinds, pattern }) => kinds.includes(kind) && (pattern?.test(text) ?? true))
  );
}
