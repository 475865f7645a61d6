/**
 * What a recording in segments is asked to be, and what is told of each segment.
 *
 * @module
 */

/**
 * Which segments are kept.
 *
 * @example
 * ```ts
 * import type { SegmentLimits } from "@avwriter/avwriter";
 *
 * const keep: SegmentLimits = { seconds: 86_400, freeBytes: 10e9 };
 * ```
 */
export interface SegmentLimits {
  /** Segments that ended longer ago are removed, in seconds. */
  readonly seconds?: number;
  /**
   * The oldest are removed while all together have more bytes. The newest finished one stays, also where it
   * has more alone.
   */
  readonly bytes?: number;
  /**
   * The oldest are removed while the disk has fewer free bytes. Without it, a full disk ends the recording.
   * Under Deno it needs `--allow-sys=statfs`.
   */
  readonly freeBytes?: number;
}

/**
 * A recording in files that follow each other.
 *
 * @example Files of an hour, of which those of the last week are kept
 * ```ts
 * import type { SegmentOptions } from "@avwriter/avwriter";
 *
 * const segments: SegmentOptions = {
 *   name: "%Y/%m/%d/%H.mp4",
 *   seconds: 3600,
 *   align: "clock",
 *   keep: { seconds: 7 * 86_400 },
 * };
 * ```
 */
export interface SegmentOptions {
  /**
   * The names of the files in the writer's folder, with `/` for folders in it: `"%Y/%m/%d/%H-%M-%S.mp4"`.
   * `%Y %m %d %H %M %S` are parts of the local time at which a segment begins, `%f` its microseconds, `%s`
   * the seconds since 1970, `%%` a percent sign. Where there is such a file, `-2`, `-3` and so on are added.
   */
  readonly name: string;
  /** How long a segment is, in seconds. */
  readonly seconds?: number;
  /**
   * A segment ends once it has so many bytes. It gets as much longer as the encoder holds at that moment.
   */
  readonly bytes?: number;
  /**
   * What `seconds` count from: the `"start"` of the recording, or midnight by the local `"clock"`. Default:
   * `"start"`.
   */
  readonly align?: "clock" | "start";
  /**
   * Whether a frame of another size begins a segment of that size. Default: `false`, where `resize` says what
   * it gets. Not together with `width`, `height`, `resize` or `filter`.
   */
  readonly newSize?: boolean;
  /** Which segments are kept, those of earlier recordings among them. Default: all. */
  readonly keep?: SegmentLimits;
  /**
   * Records events only: so many seconds before each call of `recordEvent` are kept in memory, as packets.
   */
  readonly preRollSeconds?: number;
}

/**
 * A finished segment.
 *
 * @example
 * ```ts
 * import type { Segment } from "@avwriter/avwriter";
 *
 * function tell({ path, start, end, frames }: Segment): void {
 *   console.log(`${path}: ${frames} frames from ${start.toISOString()} to ${end.toISOString()}`);
 * }
 * tell({ path: "/a.mp4", start: new Date(0), end: new Date(1000), frames: 25 });
 * ```
 */
export interface Segment {
  /** Its absolute path. */
  readonly path: string;
  /** When its first frame was shown. */
  readonly start: Date;
  /** Until when its last frame was shown. */
  readonly end: Date;
  /** How many frames it has. */
  readonly frames: number;
}

/** Is told of finished segments. */
export type SegmentListener = (segment: Segment) => void;
