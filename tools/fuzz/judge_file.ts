/**
 * Judges the file of a case by other programs.
 *
 * @module
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { WriterOptions } from "../../mod.ts";
import { type Complaint, complaint } from "./allowances.ts";
import type { FuzzCase, Outcome } from "./case_types.ts";
import { readings, usualReading } from "./containers.ts";
import {
  judgeAudio,
  judgeDuration,
  judgeKeyFrames,
  judgeOrder,
  judgeTimes,
  type WrittenCase,
} from "./judge_times.ts";
import { judgeTags } from "./judge_tags.ts";
import type { Prober } from "./probe.ts";
import { run } from "./programs.ts";

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
      "-noautoscale",
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
  const { stream, audio, said, tags } = await prober.probe(path, reading.args ?? [], isOneFile);
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
  complaints.push(...judgeTimes(written, stream), ...judgeOrder(written, stream));
  complaints.push(...judgeKeyFrames(written, stream));
  if (isOneFile) complaints.push(...judgeTags(written, tags));
  complaints.push(...judgeAudio(written, stream, audio), ...judgeDuration(written, stream));
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
  const { summary, written, dropped } = outcome;
  if (summary === null) return [];
  const path = join(folder, test.name);
  const options = test.options as WriterOptions;
  if (options.filter === undefined && summary.frames + dropped !== written) {
    return [
      complaint(
        "frames",
        `the summary says ${summary.frames} frames, but ${written} were taken and ${dropped} dropped`,
      ),
    ];
  }
  if (summary.frames === 0) {
    if (written === 0 || !existsSync(path) || test.isThereBefore) return [];
    return [complaint("file", "there is a file, though there is no frame")];
  }
  const reading = readings[summary.format] ?? usualReading;
  return await judgeWritten({ test, outcome, summary, options, reading }, path, prober);
}
