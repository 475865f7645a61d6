/**
 * Judges the file of a case by other programs.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { join } from "@std/path";
import { parseFrameRate } from "../../src/video/frame_rate.ts";
import type { WriterOptions, WriteSummary } from "../../mod.ts";
import type { Complaint, ComplaintKind } from "./allowances.ts";
import type { FuzzCase, Outcome } from "./case_types.ts";
import { type Reading, readings, usualReading } from "./containers.ts";
import type { Probed, Prober } from "./probe.ts";
import { run } from "./programs.ts";
import { revive } from "./special_values.ts";

/** What rounding to a printed microsecond may cost. */
const printedSeconds = 2e-6;
/** What floating-point numbers lose of long times. */
const relativeError = 1e-6;

/** A case that came to a file. */
interface WrittenCase {
  readonly test: FuzzCase;
  readonly outcome: Outcome;
  readonly summary: WriteSummary;
  readonly options: WriterOptions;
  readonly reading: Reading;
}

function complaint(kind: ComplaintKind, text: string): Complaint {
  return { kind, text };
}

/** When each frame must be shown, in seconds; `null` where nobody knows beforehand. */
function expectedTimes({ test, outcome, options, summary }: WrittenCase): number[] | null {
  const { timing = "constant", filter } = options;
  if (filter !== undefined || timing === "wallclock") return null;
  if (timing === "timestamps") return outcome.times === null ? null : [...outcome.times];
  const { num, den } = parseFrameRate(revive(test.fps) as number);
  return Array.from({ length: summary.frames }, (_, index) => index * den / num);
}

function tickOf({ tick = 0, ticks }: Reading, codec: string): number {
  return ticks?.[codec] ?? tick;
}

function isNear(found: number, expected: number, tick: number): boolean {
  return Math.abs(found - expected) <= tick + printedSeconds + Math.abs(expected) * relativeError;
}

/** Times count from the first frame's: some containers start at another time. */
function judgeTimes(written: WrittenCase, { times, codec }: Probed): Complaint[] {
  const { reading: { noTimes } } = written;
  const tick = tickOf(written.reading, codec);
  if (noTimes !== undefined) return [];
  if (times.includes(null)) return [complaint("times", `frame ${times.indexOf(null)} has no time`)];
  const unordered = times.findIndex((time, index) => index > 0 && !(time! > times[index - 1]!));
  if (unordered >= 0) {
    return [
      complaint("times", `frame ${unordered} is shown at ${times[unordered]}, after ${times[unordered - 1]}`),
    ];
  }
  const expected = expectedTimes(written);
  if (expected === null || expected.length !== times.length) return [];
  for (const [index, time] of times.entries()) {
    const since = time! - times[0]!;
    const wanted = expected[index]! - expected[0]!;
    if (!isNear(since, wanted, tick)) {
      return [complaint("times", `frame ${index} is shown ${since} s after the first instead of ${wanted}`)];
    }
  }
  return [];
}

/**
 * Lengths count from the first frame in some containers, and in some from zero where the first frame comes
 * later.
 */
function judgeDuration(written: WrittenCase, { duration, times, codec }: Probed): Complaint[] {
  const { summary: { seconds }, options: { filter }, reading: { openEnd, noDuration, noStart } } = written;
  const tick = tickOf(written.reading, codec);
  if (noDuration !== undefined) return [];
  if (duration === null) return [complaint("duration", "the file tells no length")];
  const start = times[0] ?? 0;
  const delay = expectedTimes(written)?.[0] ?? written.outcome.times?.[0] ?? 0;
  const lengths = [seconds, seconds - start, seconds + start, seconds - delay];
  if (lengths.some((length) => isNear(duration, length, tick))) return [];
  // Without the last frame's length, any end after its begin will do.
  const least = (times.at(-1) ?? 0) - start;
  // Nobody knows when filters begin.
  const isOpen = openEnd !== undefined || noStart !== undefined && filter !== undefined;
  if (isOpen && duration >= least - tick && duration <= seconds + start) return [];
  return [complaint("duration", `${duration} s from ${start} s instead of ${seconds} s`)];
}

/** Lossless files must give back what was written. */
async function judgeContent(
  { outcome: { content }, reading: { args = [] } }: WrittenCase,
  path: string,
): Promise<Complaint[]> {
  if (content === null) return [];
  const { stdout, stderr } = await run("ffmpeg", [
    ...[
      "-v",
      "error",
      ...args,
      "-i",
      `file:${path}`,
      "-map",
      "0:v:0",
      "-vsync",
      "passthrough",
      "-autoscale",
      "0",
    ],
    ...["-c:v", "rawvideo", "-pix_fmt", content.format, "-f", "hash", "-hash", "sha256", "-"],
  ]);
  const found = /SHA256=([0-9a-f]{64})/i.exec(stdout)?.[1]?.toLowerCase();
  if (found === content.sha256) return [];
  return [
    complaint(
      "content",
      `lossless ${content.format} came back as something else (${found ?? stderr.trim()})`,
    ),
  ];
}

async function judgeWritten(written: WrittenCase, path: string, prober: Prober): Promise<Complaint[]> {
  const { summary, reading, outcome: { isOneFile } } = written;
  if (isOneFile && !existsSync(path)) {
    return [complaint("file", "there is no file, though the writer closed well")];
  }
  const complaints: Complaint[] = [];
  if (isOneFile && summary.bytes !== statSync(path).size) {
    complaints.push(
      complaint("bytes", `the summary says ${summary.bytes} bytes, the file has ${statSync(path).size}`),
    );
  }
  if (reading.unreadable !== undefined) return complaints;
  const { stream, said } = await prober.probe(path, reading.args ?? [], isOneFile);
  if (said.length > 0) complaints.push(complaint("decode", said.join("\n").slice(0, 800)));
  if (stream === null) return complaints;
  if (stream.times.length !== summary.frames) {
    complaints.push(complaint("frames", `${stream.times.length} frames instead of ${summary.frames}`));
  }
  if (stream.width !== summary.width || stream.height !== summary.height) {
    complaints.push(
      complaint("size", `${stream.width}x${stream.height} instead of ${summary.width}x${summary.height}`),
    );
  }
  complaints.push(...judgeTimes(written, stream), ...judgeDuration(written, stream));
  complaints.push(...await judgeContent(written, path));
  return complaints;
}

/** What is wrong with the file of a case in its folder; empty where nothing is, or no file is due. */
export async function judgeFile(
  test: FuzzCase,
  outcome: Outcome,
  folder: string,
  prober: Prober,
): Promise<Complaint[]> {
  const { summary, written } = outcome;
  if (summary === null) return [];
  const path = join(folder, test.name);
  const options = test.options as WriterOptions;
  if (options.filter === undefined && summary.frames !== written) {
    return [complaint("frames", `the summary says ${summary.frames} frames, but ${written} were taken`)];
  }
  if (summary.frames === 0) {
    if (written === 0 || !existsSync(path) || test.isThereBefore) return [];
    return [complaint("file", "there is a file, though there is no frame")];
  }
  const reading = readings[summary.format] ?? usualReading;
  return await judgeWritten({ test, outcome, summary, options, reading }, path, prober);
}
