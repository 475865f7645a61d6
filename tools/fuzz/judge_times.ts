/**
 * Judges the times in the file of a case: of frames, of packets and of audio.
 *
 * @module
 */
import { parseFrameRate } from "../../src/video/frame_rate.ts";
import type { WriterOptions, WriteSummary } from "../../mod.ts";
import { type Complaint, complaint } from "./allowances.ts";
import type { ExpectedTrack, FuzzCase, Outcome } from "./case_types.ts";
import type { Reading } from "./containers.ts";
import type { PacketTimes, Probed, ProbedAudio } from "./probe.ts";
import { revive } from "./special_values.ts";

/** What rounding to a printed microsecond may cost. */
const printedSeconds = 2e-6;
/** What floating-point numbers lose of long times. */
const relativeError = 1e-9;
/** A container that counts from another time than the writer begins at most so much later, in seconds. */
const mostShift = 3;
/** Audio is corrected by less than this where its timestamps drift, in seconds. */
const driftSeconds = 0.11;

/** A case that came to a file. */
export interface WrittenCase {
  readonly test: FuzzCase;
  readonly outcome: Outcome;
  readonly summary: WriteSummary;
  readonly options: WriterOptions;
  readonly reading: Reading;
}

/** When each frame must be shown, in seconds; `null` where nobody knows beforehand. */
function expectedTimes({ test, outcome, options, summary }: WrittenCase): readonly number[] | null {
  const { timing = "constant", filter } = options;
  if (filter !== undefined || outcome.dropped > 0) return null;
  if (timing !== "constant") return outcome.times;
  const { num, den } = parseFrameRate(revive(test.fps) as number);
  return Array.from({ length: summary.frames }, (_, index) => index * den / num);
}

function tickOf({ tick = 0, ticks }: Reading, codec: string): number {
  return ticks?.[codec] ?? tick;
}

function isNear(found: number, expected: number, tolerance: number): boolean {
  return Math.abs(found - expected) <= tolerance + printedSeconds + Math.abs(expected) * relativeError;
}

/** Whether the container's clock may be another than usual. */
function hasOwnLayout({ options: { formatOptions } }: WrittenCase): boolean {
  return formatOptions !== undefined;
}

/**
 * Frames are at their times to half a tick; where containers start at another time, differences are to a
 * whole one.
 */
export function judgeTimes(written: WrittenCase, { times, codec }: Probed): Complaint[] {
  const { reading } = written;
  const tick = tickOf(reading, codec);
  if (reading.noTimes !== undefined) return [];
  if (times.includes(null)) return [complaint("times", `frame ${times.indexOf(null)} has no time`)];
  const unordered = times.findIndex((time, index) => index > 0 && !(time! > times[index - 1]!));
  if (unordered >= 0) {
    return [
      complaint("times", `frame ${unordered} is shown at ${times[unordered]}, after ${times[unordered - 1]}`),
    ];
  }
  const expected = expectedTimes(written);
  if (expected === null || expected.length !== times.length) return [];
  if (reading.clock === "own" && !hasOwnLayout(written)) {
    const wrong = times.findIndex((time, index) => !isNear(time!, expected[index]!, tick / 2));
    if (wrong < 0) return [];
    return [complaint("times", `frame ${wrong} is shown at ${times[wrong]} s instead of ${expected[wrong]}`)];
  }
  const shift = times[0]! - expected[0]!;
  if (reading.clock === "shifted" && !hasOwnLayout(written) && !(shift > -2 * tick && shift < mostShift)) {
    return [complaint("times", `the first frame is shown at ${times[0]} s instead of ${expected[0]}`)];
  }
  for (const [index, time] of times.entries()) {
    const since = time! - times[0]!;
    const wanted = expected[index]! - expected[0]!;
    if (!isNear(since, wanted, tick)) {
      return [complaint("times", `frame ${index} is shown ${since} s after the first instead of ${wanted}`)];
    }
  }
  return [];
}

/** Packets are decoded one after the other, and none after it is shown. */
export function judgeOrder({ reading }: WrittenCase, { packets }: Probed): Complaint[] {
  if (reading.clock === undefined || reading.noDecodeTimes !== undefined) return [];
  const complaints: Complaint[] = [];
  const late = packets.findIndex(({ decoded, shown }) =>
    decoded !== null && shown !== null && decoded > shown
  );
  if (late >= 0) {
    const { decoded, shown } = packets[late]!;
    complaints.push(complaint("order", `packet ${late} is decoded at ${decoded} and shown at ${shown}`));
  }
  const unordered = packets.findIndex(({ decoded }, index) =>
    index > 0 && !(decoded! > packets[index - 1]!.decoded!)
  );
  if (unordered >= 0) {
    const [last, next] = [packets[unordered - 1]!.decoded, packets[unordered]!.decoded];
    complaints.push(
      complaint("order", `packet ${unordered} is decoded at ${next}, the one before at ${last}`),
    );
  }
  return complaints;
}

/** When the audio that was written ends, in seconds; 0 where there is none. */
function audioEnd({ outcome: { audio } }: WrittenCase): number {
  return Math.max(0, ...audio.map(({ end }) => end ?? Infinity));
}

/**
 * Lengths count from the first frame in some containers, and in some from zero where the first frame comes
 * later.
 */
export function judgeDuration(written: WrittenCase, { duration, times, codec }: Probed): Complaint[] {
  const { summary: { seconds }, options: { filter }, reading: { openEnd, noDuration, noStart } } = written;
  const tick = tickOf(written.reading, codec);
  if (noDuration !== undefined) return [];
  if (duration === null) return [complaint("duration", "the file tells no length")];
  const start = times[0] ?? 0;
  const delay = expectedTimes(written)?.[0] ?? written.outcome.times?.[0] ?? 0;
  const lengths = [seconds, seconds - start, seconds + start, seconds - delay];
  if (lengths.some((length) => isNear(duration, length, tick))) return [];
  // Where only the whole file has a length, audio may end later, and by a packet even where it is as long as
  // the video.
  const hasAudio = written.outcome.audio.length > 0;
  const latest = hasAudio ? Math.max(seconds, audioEnd(written)) + audioSlack : seconds;
  if (hasAudio && duration >= Math.min(...lengths) - tick && duration <= latest + start) return [];
  // Without the last frame's length, any end after its begin will do.
  const least = (times.at(-1) ?? 0) - start;
  // Nobody knows when filters begin.
  const isOpen = openEnd !== undefined || noStart !== undefined && filter !== undefined;
  if (isOpen && duration >= least - tick && duration <= latest + start) return [];
  return [complaint("duration", `${duration} s from ${start} s instead of ${seconds} s`)];
}

/** Two packets of the longest kind: 4608 samples of FLAC, at 8000 Hz. */
const audioSlack = 0.2;

function mayBeEmpty({ begin, end }: ExpectedTrack): boolean {
  return begin === null || end === null || end - begin < 0.001;
}

/** The longest that a packet of a stream is, on average, in seconds. */
function packetSeconds(packets: readonly PacketTimes[]): number {
  const [first, last] = [packets[0]!.shown!, packets.at(-1)!.shown!];
  const even = packets.length > 1 ? (last - first) / (packets.length - 1) : 0;
  return Math.max(even, packets[0]!.duration);
}

/**
 * Tracks of audio begin and end where their samples do, to two packets: one that encoders need before the
 * first, and one that is filled up.
 */
export function judgeAudio(
  written: WrittenCase,
  { times }: Probed,
  found: readonly ProbedAudio[],
): Complaint[] {
  const { outcome: { audio }, reading: { clock, tick = 0 } } = written;
  // mp4 leaves tracks without a sample out.
  const least = audio.filter((track) => !mayBeEmpty(track)).length;
  if (found.length > audio.length || found.length < least) {
    return [complaint("audio", `${found.length} tracks of audio instead of ${audio.length}`)];
  }
  if (found.length < audio.length) return [];
  const expected = expectedTimes(written);
  if (clock === undefined || hasOwnLayout(written)) return [];
  if (clock === "shifted" && (expected === null || expected.length === 0)) return [];
  const shift = clock === "shifted" ? times[0]! - expected![0]! : 0;
  return audio.flatMap(({ begin, end }, index) => {
    const { packets } = found[index]!;
    if (packets.length === 0) {
      return mayBeEmpty({ begin, end })
        ? []
        : [complaint("audio", `track ${index} is empty instead of ${begin} to ${end} s`)];
    }
    const packet = packetSeconds(packets) + tick;
    const first = packets[0]!.shown! - shift;
    const last = packets.at(-1)!.shown! + packets.at(-1)!.duration - shift;
    const complaints: Complaint[] = [];
    if (begin !== null && !isNear(first, begin, 0.01 + 2 * packet)) {
      complaints.push(complaint("audio", `track ${index} begins at ${first} s instead of ${begin}`));
    }
    if (end !== null && !isNear(last, end, driftSeconds + 2 * packet)) {
      complaints.push(complaint("audio", `track ${index} ends at ${last} s instead of ${end}`));
    }
    const falling = packets.findIndex(({ decoded }, at) => at > 0 && !(decoded! > packets[at - 1]!.decoded!));
    if (falling >= 0) {
      complaints.push(
        complaint(
          "audio",
          `track ${index} goes from ${packets[falling - 1]!.decoded} s to ${packets[falling]!.decoded}`,
        ),
      );
    }
    return complaints;
  });
}

/** Frames are key frames where that is asked for. */
export function judgeKeyFrames(
  { outcome: { keyFrames }, options: { filter, encoderOptions }, summary }: WrittenCase,
  { packets }: Probed,
): Complaint[] {
  const shown = packets.map((packet) => packet.shown);
  if (filter !== undefined || encoderOptions !== undefined || shown.includes(null)) return [];
  if (packets.length !== summary.frames) return [];
  const inOrder = [...packets].sort((one, other) => one.shown! - other.shown!);
  const missing = keyFrames.filter((index) => !inOrder[index]!.isKey);
  return missing.length === 0 ? [] : [complaint("keys", `no key frames: ${missing.join(", ")}`)];
}
