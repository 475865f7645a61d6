import { readdirSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, type RawFrame } from "../../../mod.ts";
import { listen, onsets } from "../../support/audio.ts";
import { missingEncoders } from "../../support/features.ts";
import { barFrame, decode, frameTimes, TemporaryFolder } from "../../support/media.ts";
import { missingReceiver, type Receiver, receivers } from "../../support/receivers.ts";
import { lastingPort } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

const fps = 30;
const minute = 60 * fps;
const minutes = 10;
const count = minutes * minute;
const samplesPerFrame = 48_000 / fps;

/** Frames that are bright, and samples that are loud, at the beginning of each ten seconds. */
const dark = Array.from({ length: fps }, (_, index) => barFrame(index, 1280, 720));
const bright: RawFrame = { data: new Uint8Array(1280 * 720 * 4).fill(255), width: 1280, height: 720 };
const isMarked = (index: number): boolean => index % (10 * fps) < 3;
const quiet = new Float32Array(samplesPerFrame);
const loud = Float32Array.from({ length: samplesPerFrame }, (_, n) => 0.8 * Math.sin(n / 8));

/** How many frames a recording has, and how much later than bright it is loud, each time, in milliseconds. */
function judged(path: string): { frames: number; lags: number[] } {
  const times = frameTimes(path);
  const gray = decode(path, "gray", "scale=1:1:flags=area");
  assertEquals(gray.length, times.length);
  const seen = times.filter((_, index) => gray[index]! > 200 && !(gray[index - 1]! > 200));
  const heard = onsets(listen(path));
  assertEquals(heard.length, minutes * 6, path);
  // Some may be seen late, or not at all, as frames were dropped.
  const lags = heard.flatMap((time) =>
    seen.filter((each) => Math.abs(each - time) < 1).map((each) => time - each)
  );
  return { frames: times.length, lags: lags.map((seconds) => seconds * 1000) };
}

/** The value in the middle. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

test("outputs: ten minutes of 720p with audio to a server of RTMP keep to the clock, in level memory", {
  skip: process.platform === "linux"
    ? missingEncoders("libx264", "aac") || missingReceiver("rtmp to nginx")
    : "it counts descriptors in /proc",
}, async () => {
  using folder = new TemporaryFolder();
  using receiver: Receiver = receivers["rtmp to nginx"](folder.path, await lastingPort());
  await receiver.start();
  const path = folder.file("own.mkv");
  const writer = await createFileWriter("libx264", path, fps, {
    ...{ live: true, timing: "constant", outputs: [receiver.address] },
    audio: { codec: "aac", channels: 1 },
  });
  const used = () => ({
    mb: process.memoryUsage.rss() / 2 ** 20,
    files: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
  });
  /** How late frames are let in, and have been sent, in milliseconds. */
  const late: number[] = [], sentLate: number[] = [];
  /** The least of each minute: more is there for a moment, and what is lost for good is in the least, too. */
  const usage: ReturnType<typeof used>[] = [];
  let beginMs = 0;
  for (let n = 0; n < count; n++) {
    await writer.write(isMarked(n) ? bright : dark[n % fps]!);
    const nowMs = performance.now();
    if (n === 0) beginMs = nowMs;
    late.push(nowMs - beginMs - n * 1000 / fps);
    const { dropped, outputs: [output] } = writer.stats as Required<typeof writer.stats>;
    sentLate.push(nowMs - beginMs - (dropped + output!.frames) * 1000 / fps);
    await writer.writeAudio({ data: isMarked(n) ? loud : quiet, sampleRate: 48_000, channels: 1 });
    if (n % fps > 0) continue;
    const now = used(), at = Math.floor(n / minute), before = usage[at] ?? now;
    usage[at] = {
      mb: Math.min(now.mb, before.mb),
      files: Math.min(now.files, before.files),
      threads: Math.min(now.threads, before.threads),
    };
  }
  const { dropped } = writer.stats;
  const { seconds } = await writer.close();
  const { state, frames, droppedFrames, droppedPackets, reconnects } = writer.stats.outputs![0]!;
  const [received] = await receiver.recorded();
  // A busy machine makes frames late, and none early: a clock that drifts has them all late, or early.
  const least = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[minute / 10]!;
  const drift = (times: readonly number[]): number =>
    least(times.slice(-minute)) - least(times.slice(0, minute));
  const files = [path, received!].map(judged);
  const figures = {
    ...{ drift: drift(late), sentDrift: drift(sentLate), last: least(late.slice(-minute)), dropped },
    lags: files.map(({ lags }) => [lags.length, median(lags.slice(0, 20)), median(lags.slice(-20))]),
    usage: usage.map(({ mb, files, threads }) => `${mb.toFixed(0)} MB, ${files} files, ${threads} threads`),
  };
  const told = JSON.stringify(figures);
  assert(Math.abs(figures.drift) < 20 && Math.abs(figures.last) < 20, told);
  // What was sent is counted in whole frames.
  assert(Math.abs(figures.sentDrift) < 20 + 1000 / fps, told);
  for (const [found, first, last] of figures.lags) {
    assert(found! > 40 && Math.abs(last! - first!) < 20, told);
  }
  const [early, end] = [usage[2]!, usage.at(-1)!];
  assert(end.mb - early.mb < 20 && end.files <= early.files && end.threads <= early.threads, told);
  assertEquals([state, frames + dropped, droppedFrames, droppedPackets], ["closed", count, 0, 0]);
  assertEquals([reconnects, ...files.map((file) => file.frames + dropped)], [0, count, count]);
  assert(Math.abs(seconds - count / fps) < 1e-6, told);
});
