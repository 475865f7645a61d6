/**
 * What a recording in segments is asked to be, and what is told of each segment.
 *
 * @module
 */

/** Which segments are kept. */
export interface SegmentLimits {
  /** Segments that ended longer ago are removed, in seconds. */
  readonly seconds?: number;
  /** The oldest are removed while all together have more bytes. */
  readonly bytes?: number;
  /**
   * The oldest are removed while the disk has fewer free bytes. Without it, a full disk ends the recording.
   * Under Deno it needs `--allow-sys=statfs`.
   */
  readonly freeBytes?: number;
}

/** A recording in files that follow each other. */
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
  /** Which segments are kept, those of earlier recordings among them. Default: all. */
  readonly keep?: SegmentLimits;
  /**
   * Records events only: so many seconds before each call of `recordEvent` are kept in memory, as packets.
   */
  readonly preRollSeconds?: number;
}

/** A finished segment. */
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
