/**
 * The frame rates that containers take.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { Rational } from "../libav/rational.ts";
import { shown } from "../shown.ts";
import type { LatePolicy, Timing } from "../video/frame_timing.ts";
import { containerOperation, movFamily } from "./known_containers.ts";

/**
 * Frames a second that containers can tell apart. GIF counts in hundredths of a second, and browsers show
 * frames of one hundredth for ten; FFmpeg reads AVI as having at most 600 (avidec.c).
 */
const maxRates: Readonly<Record<string, number>> = { gif: 50, avi: 600 };
/** The longest that GIF shows a frame, in hundredths of a second (GIF89a, Graphic Control Extension). */
export const maxGifDelay = 65_535;
/**
 * Frames a second that containers need at least. FLV tells up to 8388 s from decoding a picture to showing it
 * (CompositionTime), which may be a dozen frames.
 */
const minRates: Readonly<Record<string, number>> = { gif: 100 / maxGifDelay, flv: 1 / 600 };

/** Ticks of a container's clock that two frames must be apart, and the last be shown. */
export function minTicks({ name }: MuxerInfo): number {
  return name === "gif" ? 2 : 1;
}

/**
 * The steps between times that readers of MPEG-TS can tell from steps back: half of what its clock of 33 bits
 * counts (ISO/IEC 13818-1).
 */
const maxTransportTicks = 2 ** 32;

/** Ticks of a container's clock that two frames may be apart; `null` where any number will do. */
export function maxTicks({ name }: MuxerInfo): number | null {
  // movenc.c takes steps below 2^31 - 1, flvenc.c times of 31 bits.
  if (movFamily.includes(name)) return 2 ** 31 - 2;
  if (name === "flv") return 2 ** 31 - 1;
  if (name === "gif") return maxGifDelay;
  return ["mpegts", "hls"].includes(name) ? maxTransportTicks : null;
}

/**
 * Throws an {@linkcode UnsupportedError} where a container cannot give each frame of this rate its own time.
 */
export function requireFrameRateSupport(
  muxer: MuxerInfo,
  { num, den }: Rational,
  timeBase: Rational | null,
): void {
  const most = maxRates[muxer.name] ?? (timeBase === null ? Infinity : timeBase.den / timeBase.num);
  const longest = timeBase === null ? Infinity : (maxTicks(muxer) ?? Infinity) * timeBase.num / timeBase.den;
  const least = minRates[muxer.name] ?? 1 / longest;
  if (num / den <= most && num / den >= least) return;
  const [problem, hint] = num / den > most
    ? [`it supports at most ${most}`, `Use at most ${most} frames per second`]
    : ["it cannot show a frame for that long", `Use at least ${least} frames per second`];
  throw new UnsupportedError(`Cannot write ${num}/${den} frames per second into ${muxer.name}: ${problem}`, {
    code: "RATE_NOT_FOR_CONTAINER",
    operation: containerOperation,
    hint: `${hint}, or another container`,
  });
}

/**
 * Containers without AVFMT_VARIABLE_FPS (libavformat/avformat.h) that give each frame a time of its own all
 * the same.
 */
const variableRate: readonly string[] = [...movFamily, "asf", "asf_stream"];

/**
 * Whether frames may come at any time (WebP's encoder keeps the times itself, as it counts them), not only at
 * a constant rate.
 */
export function supportsVariableRate(muxer: MuxerInfo): boolean {
  return muxer.name !== "webp" && (muxer.supportsVariableRate || variableRate.includes(muxer.name));
}

/** Throws an {@linkcode UnsupportedError} where a container does not support what decides frames' times. */
export function requireTimingSupport(
  muxer: MuxerInfo,
  frameRate: Rational,
  { timing = "constant", latePolicy = "block", live = false }: {
    readonly live?: boolean;
    readonly timing?: Timing;
    readonly latePolicy?: LatePolicy;
  },
): void {
  if (timing === "constant" && latePolicy === "block") return requireFrameRateSupport(muxer, frameRate, null);
  if (supportsVariableRate(muxer)) return;
  const [option, other] = timing === "constant"
    ? ['latePolicy "drop"', 'latePolicy "block"']
    : [`timing ${shown(timing)}`, 'timing "constant"'];
  throw new UnsupportedError(
    `Cannot write ${muxer.name} with ${option}: its frames come at a constant rate`,
    {
      code: "RATE_NOT_FOR_CONTAINER",
      operation: containerOperation,
      hint: `Use ${other}${
        live ? " without live" : ""
      }, or one of mp4, mov, matroska, webm, mpegts, flv, nut`,
    },
  );
}
