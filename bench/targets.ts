/**
 * What avwriter is meant to reach. Data only.
 *
 * @module
 */
import type { PeerName } from "./peers.ts";
import type { RuntimeName } from "./runtimes.ts";
import type { WayRowName } from "./way.ts";

/** A number that a target is about. */
export type Metric =
  /** The case's measure of a peer, divided by that of another one, in each round. */
  | { readonly ratio: readonly [PeerName, PeerName] }
  /** Milliseconds of a frame inside write(), on the caller's thread. */
  | { readonly writeMs: PeerName }
  /**
   * Milliseconds of CPU time of a frame in the caller's thread, with all that is done there from open to
   * close.
   */
  | { readonly callerMs: PeerName }
  /** The 99th percentile of the event loop's delay while frames are written, in milliseconds. */
  | { readonly loopMs: PeerName }
  /** Megabytes that resident memory grew by, without what is mapped from files. */
  | { readonly growthMegabytes: PeerName }
  /** Time of a pixel, divided by that in another case. */
  | { readonly perPixel: PeerName; readonly comparedWith: string };

/** What is wanted of a figure. */
interface Wanted {
  readonly what: string;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** A target for cases. */
export interface CaseTarget extends Wanted {
  /** The cases that it is for, by name. */
  readonly cases: RegExp;
  readonly runtime?: RuntimeName;
  readonly metric: Metric;
}

/** A target for the pixel kernels: how many times as fast as libswscale they are. */
export interface KernelTarget extends Wanted {
  readonly metric: "kernelGain";
}

/** A target for the way up to the encoder, by rows of its table. */
export interface WayTarget extends Wanted {
  readonly metric:
    /** Frames a second. */
    | { readonly framesPerSecond: WayRowName }
    /** CPU time of a pixel, divided by that of another row in each round. */
    | { readonly pixelOnWay: WayRowName; readonly comparedWith: WayRowName };
}

/** One target. */
export type Target = CaseTarget | KernelTarget | WayTarget;

/** All targets. */
export const targets: readonly Target[] = [
  {
    what: "RGBA, ultrafast: time to the limit's",
    cases: /^1080p\/rgba\/x264-ultrafast$/,
    metric: { ratio: ["avwriter", "limit"] },
    atMost: 1.15,
  },
  {
    what: "RGBA, ultrafast, acquired frames: time to the limit's, the drawing counted",
    cases: /^1080p\/rgba\/x264-ultrafast$/,
    metric: { ratio: ["acquired", "limit"] },
    atMost: 1.1,
  },
  {
    what: "RGBA, ultrafast, acquired frames: time to the limit's beside the same drawing",
    cases: /^1080p\/rgba\/x264-ultrafast$/,
    metric: { ratio: ["acquired", "limit-drawing"] },
    atMost: 1.1,
  },
  {
    what: "RGBA, ultrafast: times as fast as the ffmpeg program",
    cases: /^1080p\/rgba\/x264-ultrafast$/,
    metric: { ratio: ["ffmpeg-rgba", "avwriter"] },
    atLeast: 1.7,
  },
  {
    what: "RGBA, ultrafast: times as fast as ffmpeg through stdin",
    cases: /^1080p\/rgba\/x264-ultrafast$/,
    runtime: "deno",
    metric: { ratio: ["ffmpeg-stdin", "avwriter"] },
    atLeast: 3.3,
  },
  {
    what: "RGBA, ultrafast: times as fast as node-av",
    cases: /^1080p\/rgba\/x264-ultrafast$/,
    metric: { ratio: ["node-av", "avwriter"] },
    atLeast: 2.3,
  },
  {
    what: "RGBA, veryfast: time to the limit's",
    cases: /^1080p\/rgba\/x264-veryfast$/,
    metric: { ratio: ["avwriter", "limit"] },
    atMost: 1.1,
  },
  {
    what: "RGBA, medium: time to the limit's",
    cases: /^1080p\/rgba\/x264-medium$/,
    metric: { ratio: ["avwriter", "limit"] },
    atMost: 1.05,
  },
  {
    what: "yuv420p: time to the limit's",
    cases: /^\d+p\/yuv420p\//,
    metric: { ratio: ["avwriter", "limit"] },
    atMost: 1.03,
  },
  {
    what: "deep RGB, images and alpha: time to the ffmpeg program's with the same frames",
    cases: /\/(rgb48le|gbrp10le|png|jpg)\/|\/vp9-alpha$/,
    metric: { ratio: ["avwriter", "ffmpeg-same"] },
    atMost: 1,
  },
  {
    what: "the caller's thread: ms a frame in write()",
    cases: /^1080p\//,
    metric: { writeMs: "avwriter" },
    atMost: 1,
  },
  {
    what: "the caller's thread: CPU ms a frame, from open to close",
    cases: /^1080p\//,
    metric: { callerMs: "avwriter" },
    atMost: 1,
  },
  {
    what: "the event loop's delay while frames are written, p99 in ms",
    cases: /^1080p\//,
    metric: { loopMs: "avwriter" },
    atMost: 5,
  },
  {
    what: "kernels: times as fast as libswscale, at the least",
    metric: "kernelGain",
    atLeast: 5,
  },
  {
    what: "RGBA, ultrafast, 2160p: time of a pixel to that at 1080p",
    cases: /^2160p\/rgba\/x264-ultrafast$/,
    metric: { perPixel: "avwriter", comparedWith: "1080p/rgba/x264-ultrafast" },
    atMost: 1.1,
  },
  {
    what: "yuv420p, ultrafast, 2160p: time of a pixel to that at 1080p",
    cases: /^2160p\/yuv420p\/x264-ultrafast$/,
    metric: { perPixel: "avwriter", comparedWith: "1080p/yuv420p/x264-ultrafast" },
    atMost: 1.1,
  },
  ...(["rgba", "yuv420p"] as const).flatMap((input) =>
    (["360p", "4320p"] as const).map((size): CaseTarget => ({
      what: `${input === "rgba" ? "RGBA" : input}, ultrafast, ${size}: time of a pixel to that at 1080p`,
      cases: new RegExp(`^${size}/${input}/x264-ultrafast$`),
      metric: { perPixel: "avwriter", comparedWith: `1080p/${input}/x264-ultrafast` },
      atMost: 1.1,
    }))
  ),
  {
    what: "yuv420p: two and four writers to as many ffmpeg processes",
    cases: /^many-\d\/yuv420p$/,
    metric: { ratio: ["avwriter", "limit"] },
    atMost: 1.1,
  },
  {
    what: "RGBA: two and four writers to as many ffmpeg processes",
    cases: /^many-\d\/rgba$/,
    metric: { ratio: ["avwriter", "ffmpeg-rgba"] },
    atMost: 1.1,
  },
  {
    what: "yuv420p: sixteen writers to sixteen ffmpeg processes",
    cases: /^many\/yuv420p$/,
    metric: { ratio: ["avwriter", "limit"] },
    atMost: 1.1,
  },
  {
    what: "RGBA: sixteen writers to sixteen ffmpeg processes",
    cases: /^many\/rgba$/,
    metric: { ratio: ["avwriter", "ffmpeg-rgba"] },
    atMost: 1.1,
  },
  {
    what: "MB of growth from frame 1,000 to 20,000",
    cases: /^memory$/,
    metric: { growthMegabytes: "avwriter" },
    atMost: 2,
  },
  {
    what: "open to first frame, to the start of an ffmpeg process",
    cases: /^start$/,
    metric: { ratio: ["avwriter", "ffmpeg-version"] },
    atMost: 1.1,
  },
  ...(["1080p RGBA", "1080p RGBA, acquired"] as const).map((row): WayTarget => ({
    what: "the way up to the encoder: frames a second",
    metric: { framesPerSecond: row },
    atLeast: 400,
  })),
  ...(["360p RGBA", "2160p RGBA", "4320p RGBA"] as const).map((row): WayTarget => ({
    what: "the way up to the encoder: CPU time of a pixel to that at 1080p",
    metric: { pixelOnWay: row, comparedWith: "1080p RGBA" },
    atMost: 1.1,
  })),
];
