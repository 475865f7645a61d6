/**
 * Frames of a case, by chance.
 *
 * @module
 */
import type { FrameSpec, FuzzCase, Value } from "./case_types.ts";
import type { Catalog } from "./catalog.ts";
import { generatePieces, type Pieces } from "./generate_audio.ts";
import { generateTimes } from "./generate_timeline.ts";
import type { Random } from "./random.ts";
import { bufferKinds, oddBufferKinds, oddFormats, oddSides, usualFormats } from "./tables.ts";

/** What frames are chosen for. */
export interface FrameContext {
  readonly random: Random;
  readonly catalog: Catalog;
  /** How probable it is that a choice makes no sense. */
  readonly oddness: number;
  /** The size of the video. */
  readonly size: readonly [width: number, height: number];
  /** The options of the writer. */
  readonly options: Readonly<Record<string, Value>>;
  /** How long a frame is shown at the nominal rate, in seconds. */
  readonly frameSeconds: number;
}

/** The most frames of a case. */
export const mostFrames = 60;
/** The most pixels that all frames of a case have together. */
const maxPixelCount = 6_000_000;

function frameCount({ random, size: [width, height] }: FrameContext): number {
  const count = random.weighted([
    [4, 0],
    [12, 1],
    [12, 2],
    [36, random.integer(3, 6)],
    [24, random.integer(7, 12)],
    [12, random.integer(13, mostFrames)],
  ]);
  return Math.min(count, Math.max(1, Math.floor(maxPixelCount / (width * height))));
}

function format({ random, catalog, oddness }: FrameContext): Value | undefined {
  if (random.chance(oddness / 2)) return random.pick(oddFormats);
  return random.weighted<Value | undefined>([
    [40, undefined],
    [35, random.pick(usualFormats)],
    [25, random.pick(catalog.pixelFormats)],
  ]);
}

function side(context: FrameContext, usual: number): Value {
  const { random, oddness, options: { resize } } = context;
  if (random.chance(oddness / 10)) return random.pick(oddSides);
  const varies = resize !== undefined && resize !== "error" && random.chance(0.4);
  if (varies) return random.integer(1, Math.min(2 * usual + 8, 400));
  return random.chance(oddness / 10) ? usual + 1 : usual;
}

/** The second argument of `write`, for a frame that is shown at a time. */
function timing({ random, oddness, options }: FrameContext, time: number): Value | undefined {
  const timing: Record<string, Value> = {};
  if (random.chance(0.1)) timing["keyFrame"] = random.chance(0.7);
  const isTimed = options["timing"] === "timestamps";
  if (isTimed !== random.chance(oddness / 10)) {
    // Silence is as long as the video, and takes its time.
    const far = options["audio"] === undefined ? 1e5 : 100;
    const off = random.chance(oddness / 5) ? random.pick([-0.05, 1e-7, 1e-4, far, -1000]) : 0;
    timing["timestamp"] = random.chance(oddness / 5)
      ? random.pick<Value>([-1, 1e9, null, "1", { $: "NaN" }])
      : time + off;
    if (random.chance(0.2)) {
      timing["duration"] = random.chance(oddness)
        ? random.pick<Value>([0, -1, 1e9, "1", { $: "NaN" }])
        : random.pick([0.04, 1, 0.001, 7.5]);
    }
  }
  if (random.chance(oddness / 20)) return random.pick<Value>([null, 5, [], { timestmp: 1 }, { keyFrame: 1 }]);
  return Object.keys(timing).length === 0 ? undefined : timing;
}

/** When the frames are shown, in seconds, as far as that is known. */
function timesOf(context: FrameContext, count: number): number[] {
  const { random, options, frameSeconds } = context;
  if (options["timing"] === "timestamps") {
    return generateTimes({ random, count, options, hasAudio: options["audio"] !== undefined });
  }
  const seconds = options["timing"] === "wallclock" ? 0.005 : frameSeconds;
  return Array.from({ length: count }, (_, index) => index * seconds);
}

/** When frames were captured, in milliseconds from the first; `null`: when they are written. */
function momentsOf({ random, oddness, options }: FrameContext, count: number): readonly number[] | null {
  if (options["timing"] !== "wallclock" || random.chance(0.5)) return null;
  let since = 0;
  const step = random.pick([1, 16.7, 33.3, 100]);
  return Array.from({ length: count }, () => {
    const moment = since;
    since += random.chance(oddness / 5) ? 0 : step * (0.6 + 0.8 * random.fraction());
    return moment;
  });
}

/** The audio of a case, between its frames. */
function piecesOf(
  { random, oddness, options: { audio, timing } }: FrameContext,
  times: readonly number[],
): Pieces {
  const isGiven = audio !== undefined || random.chance(oddness / 20);
  return isGiven
    ? generatePieces({ random, oddness, audio: audio ?? {}, timing, times })
    : { before: [], after: [] };
}

/** The frames of a case, mostly alike, as a video's are, and the audio between them. */
export function generateFrames(context: FrameContext): Pick<FuzzCase, "frames" | "audioAfter"> {
  const { random, oddness, size: [width, height] } = context;
  const usualFormat = format(context);
  const content = random.pick(["noise", "flat", "ramp", "ramp"] as const);
  const usualBuffer = random.weighted(bufferKinds);
  const hasGaps = random.chance(0.15);
  const isApart = random.chance(0.2);
  const offset = random.chance(0.15) ? random.integer(1, 40) : 0;
  const isBeyondDepth = random.chance(0.1);
  const times = timesOf(context, frameCount(context));
  const moments = momentsOf(context, times.length);
  const { before, after } = piecesOf(context, times);
  const frames = times.map((time, index): FrameSpec => {
    const audio = before[index] ?? [];
    const given = random.chance(oddness / 10) ? format(context) : usualFormat;
    const buffer = random.chance(oddness / 10) ? random.pick(oddBufferKinds) : usualBuffer;
    const missing = random.chance(oddness / 8) ? random.pick([1, 3, 100, 1e6, -1, -7]) : 0;
    const when = timing(context, time);
    return {
      width: side(context, width),
      height: side(context, height),
      ...(given === undefined ? {} : { format: given }),
      content,
      fill: random.bits(),
      ...(hasGaps ? { gaps: [0, 1, 2, 3].map(() => random.pick([0, 1, 5, 16, 64])) } : {}),
      ...(random.chance(oddness / 12)
        ? { strides: random.pick<Value>([[], [1], [2 ** 31], ["4"], [-64], [1e9], 64]) }
        : {}),
      ...(isApart ? { isApart } : {}),
      buffer,
      ...(offset > 0 ? { offset } : {}),
      ...(missing === 0 ? {} : { missing }),
      ...(isBeyondDepth ? { isBeyondDepth } : {}),
      ...(when === undefined ? {} : { timing: when }),
      ...(moments === null ? {} : { capturedMs: moments[index]! }),
      ...(random.chance(0.02) ? { waitMs: random.integer(1, 5) } : {}),
      ...(audio.length === 0 ? {} : { audio }),
    };
  });
  return { frames, ...(after.length === 0 ? {} : { audioAfter: after }) };
}
