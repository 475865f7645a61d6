/**
 * Options of streams in segments that players choose from: HLS and DASH.
 *
 * @module
 */
import { type Check, checkOptionTable, object, parseBits, refuseOption } from "../../option_checks.ts";
import type { QualityLevel } from "../../codecs/encoder_traits.ts";

/**
 * One size of a ladder, of {@linkcode AdaptiveOptions}.
 *
 * @example
 * ```ts
 * import type { LadderStep } from "@avwriter/avwriter";
 *
 * const ladder: LadderStep[] = [
 *   { width: 1280, height: 720, bitrate: "3M" },
 *   { width: 640, height: 360, bitrate: "800k" },
 * ];
 * if (ladder.length !== 2) throw new Error("not as given");
 * ```
 */
export interface LadderStep {
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Average bits per second, as the writer's option. */
  bitrate?: number | string;
  /** The most bits per second, as the writer's option. */
  maxBitrate?: number | string;
  /** In place of a bit rate, as the writer's option. */
  quality?: QualityLevel | number;
}

/**
 * How a stream is divided into segments, for {@linkcode createStreamWriter} with the format `"hls"` or
 * `"dash"`.
 *
 * @example
 * ```ts
 * import { type AdaptiveOptions, createStreamWriter } from "@avwriter/avwriter";
 *
 * const adaptive: AdaptiveOptions = { segmentSeconds: 1, windowSegments: 5 };
 * const path = `${await Deno.makeTempDir()}/index.m3u8`;
 * await using writer = await createStreamWriter("h264", path, 30, { adaptive });
 * await writer.write(new ImageData(320, 180));
 * ```
 */
export interface AdaptiveOptions {
  /** The length of a segment, in seconds: each begins with a key frame. Default: 2. */
  segmentSeconds?: number;
  /**
   * How many segments are listed: older ones are removed, a window later, as players may still be at them.
   * Default: all, so that the stream can be watched from its beginning, also after its end.
   */
  windowSegments?: number;
  /**
   * The length of the parts of a segment that HLS players get before it is complete (Low-Latency HLS), in
   * seconds, such as 0.2. Default: there are none.
   */
  partSeconds?: number;
  /**
   * The time on the wall of the first frame. Default: when it is written. HLS playlists tell it where this is
   * given, or with `windowSegments` or `partSeconds`.
   */
  startDate?: Date;
  /**
   * The sizes that the video is encoded in, the best first: players choose by what their network can do. Each
   * frame is written once. Default: one, of the writer's own size.
   */
  ladder?: readonly LadderStep[];
}

const seconds: Check = (value) =>
  typeof value === "number" && value >= 0.1 && value <= 3600 ? null : "seconds from 0.1 to 3600";
const whole = (what: string): Check => (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? null : `a whole number of ${what} above 0`;

const checks: { readonly [Name in keyof Required<AdaptiveOptions>]: Check } = {
  segmentSeconds: seconds,
  windowSegments: whole("segments"),
  partSeconds: seconds,
  startDate: (value) => value instanceof Date && !Number.isNaN(value.getTime()) ? null : "a valid Date",
  ladder: (value) => Array.isArray(value) && value.length > 0 ? null : "a list of { width, height, bitrate }",
};

const bits: Check = (value) => parseBits(value) === null ? 'bits per second, or a string such as "4M"' : null;
const stepChecks: { readonly [Name in keyof Required<LadderStep>]: Check } = {
  width: whole("pixels"),
  height: whole("pixels"),
  bitrate: bits,
  maxBitrate: bits,
  // The writer's own check follows.
  quality: () => null,
};

const step = object("an object such as { width: 1280, height: 720, bitrate: 3_000_000 }");

/** Options that were checked. */
export interface CheckedAdaptive extends Required<Pick<AdaptiveOptions, "segmentSeconds">> {
  readonly windowSegments: number | null;
  readonly partSeconds: number | null;
  readonly startMs: number | null;
  /** The sizes; one that leaves all to the writer's options where there is no ladder. */
  readonly steps: readonly Partial<LadderStep>[];
}

/** Throws a `TypeError` that names an invalid option, whose name begins with `prefix`. */
export function checkAdaptive(
  given: AdaptiveOptions,
  format: "hls" | "dash",
  prefix = "adaptive.",
): CheckedAdaptive {
  const options = checkOptionTable(given, checks, prefix);
  const { segmentSeconds = 2, windowSegments, partSeconds, startDate, ladder } = options;
  if (partSeconds !== undefined) {
    if (format === "dash") refuseOption(`${prefix}partSeconds`, partSeconds, 'left out with "dash"');
    if (partSeconds > segmentSeconds / 2) {
      refuseOption(`${prefix}partSeconds`, partSeconds, `half of segmentSeconds (${segmentSeconds}) or less`);
    }
  }
  const steps = ladder?.map((given, index) => {
    const name = `${prefix}ladder[${index}]`;
    const expected = step(given);
    if (expected !== null) refuseOption(name, given, expected);
    const checked = checkOptionTable(given, stepChecks, `${name}.`);
    for (const side of ["width", "height"] as const) {
      if (checked[side] === undefined) {
        refuseOption(`${name}.${side}`, undefined, stepChecks[side](undefined)!);
      }
    }
    return checked;
  });
  return {
    segmentSeconds,
    windowSegments: windowSegments ?? null,
    partSeconds: partSeconds ?? null,
    startMs: startDate?.getTime() ?? null,
    steps: steps ?? [{}],
  };
}
