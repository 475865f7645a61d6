/**
 * Timecodes (SMPTE ST 12-1): the number of a video's first frame, as hours, minutes, seconds and frames.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { type Rational, rationalText } from "../libav/rational.ts";
import { shown } from "../shown.ts";
import type { Timing } from "../video/frame_timing.ts";

/** The key of a timecode among a file's tags. */
const timecodeKey = "timecode";
/** Hours, minutes, seconds, the separator, and frames: three digits from 100 frames per second on. */
const form = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d)([:;])(\d{2,3})$/;

/** Containers that make a track of it (movenc.c). */
const timecodeTrackContainers: readonly string[] = ["mp4", "mov"];
/** That track has a byte for the frames in a second (QuickTime File Format, timecode sample description). */
const maxTrackRate = 255;
/** Drop-frame rates: two numbers are skipped at the start of a minute, for each 30 frames per second. */
const dropRates: Readonly<Record<string, number>> = { "30000/1001": 2, "60000/1001": 4 };

/** Whether a container has the timecode as a track, not as a tag. */
export function isTimecodeTrack(container: string, key: string): boolean {
  return key.toLowerCase() === timecodeKey && timecodeTrackContainers.includes(container);
}

/**
 * Splits tags into those of the file and those of its video. The timecode of a track belongs to the video
 * alone, or mp4's muxer looks for one in each picture.
 */
export function splitTimecode(
  container: string,
  metadata: Readonly<Record<string, string>>,
): Readonly<Record<"file" | "video", Record<string, string>>> {
  const entries = Object.entries(metadata);
  const isOfVideo = ([key]: readonly [string, string]): boolean => isTimecodeTrack(container, key);
  return {
    file: Object.fromEntries(entries.filter((entry) => !isOfVideo(entry))),
    video: Object.fromEntries(entries.filter(isOfVideo)),
  };
}

/** Throws a `TypeError` where the timecode tag is not a timecode. */
export function checkTimecode(key: string, value: string): void {
  if (key.toLowerCase() !== timecodeKey || form.test(value)) return;
  throw new TypeError(
    `Cannot use the tag ${shown(key)}: it is ${
      shown(value)
    }, but must be hours, minutes, seconds and frames such as "01:00:00:00", or "01:00:00;00" with numbers left out`,
  );
}

/** The part of a writer's options that a timecode depends on. */
interface TimecodeRequest {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly timing?: Timing;
}

/**
 * Throws an {@linkcode UnsupportedError} where no frame of the rate has that timecode, or the container's
 * track cannot hold it.
 */
export function requireTimecodeSupport(
  { name }: MuxerInfo,
  { metadata = {}, timing = "constant" }: TimecodeRequest,
  frameRate: Rational,
): void {
  const given = Object.entries(metadata).find(([key]) => key.toLowerCase() === timecodeKey);
  if (given === undefined) return;
  const problem = timing === "constant"
    ? rateProblem(name, given[1], frameRate)
    : timecodeTrackContainers.includes(name)
    ? [`frames of timing ${shown(timing)} have no numbers`, 'Leave it out, or use timing "constant" or mkv']
    : null;
  if (problem === null) return;
  const [why, hint] = problem;
  throw new UnsupportedError(`Cannot write the timecode ${shown(given[1])} into ${name}: ${why}`, {
    code: "TIMECODE",
    operation: `write a timecode into ${name}`,
    hint,
  });
}

/** What is wrong with a timecode at a rate, and a hint; `null` where it is valid. */
function rateProblem(
  container: string,
  timecode: string,
  frameRate: Rational,
): readonly [problem: string, hint: string] | null {
  const [, , minute, second, mark, frame] = form.exec(timecode)!;
  const perSecond = Math.round(frameRate.num / frameRate.den);
  const rate = `${rationalText(frameRate)} frames per second`;
  if (perSecond < 1 || timecodeTrackContainers.includes(container) && perSecond > maxTrackRate) {
    return [`there is none at ${rate}`, `Leave it out, or use 1 to ${maxTrackRate} frames per second`];
  }
  if (Number(frame) >= perSecond) {
    return [
      `at ${rate} frames count from 0 to ${perSecond - 1}`,
      `Use at most ${perSecond - 1} for the frame`,
    ];
  }
  if (mark === ":") return null;
  const dropped = dropRates[rationalText(frameRate)];
  if (dropped === undefined) {
    return [
      `numbers are left out at 30000/1001 and 60000/1001 frames per second, not at ${rate}`,
      'Use ":" before the frame',
    ];
  }
  // Every tenth minute skips no numbers.
  if (second !== "00" || Number(frame) >= dropped || Number(minute) % 10 === 0) return null;
  return ["it is one of the numbers that are left out", `Use ${dropped} for the frame at least`];
}
