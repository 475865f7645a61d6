/**
 * A program that closes a recording on a slow disk, and tells how its thread fared meanwhile: run by tests
 * under strace. Its last line on stdout is a JSON report.
 *
 * @module
 */
import { statSync } from "node:fs";
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { noise } from "./chance.ts";
import { LoopWatch } from "./event_loop.ts";

/** What is done. */
export interface SlowCloseRequest {
  readonly path: string;
  readonly thread: "worker" | "main";
  readonly frames: number;
  /** When it is aborted, in milliseconds after `close` was called; `null`: not at all. */
  readonly abortMs: number | null;
}

/** What happened. */
export interface SlowCloseReport {
  /** Bytes of the recording before `close`. */
  readonly recordedBytes: number;
  /** How long `close` took. */
  readonly closeMs: number;
  /** The longest time in which no timer ran. */
  readonly longestMs: number;
  /** What `onProgress` told of `finished` during `close`. */
  readonly finished: readonly number[];
  /** How long the abort took, and the name of the error of `close`. */
  readonly abortedMs: number | null;
  readonly error: string | null;
}

async function run({ path, thread, frames, abortMs }: SlowCloseRequest): Promise<SlowCloseReport> {
  let isClosing = false;
  const finished: number[] = [];
  const [width, height] = [640, 360];
  const controller = new AbortController();
  const writer = await createFileWriter("mjpeg", path, 30, {
    thread,
    signal: controller.signal,
    onProgress: (stats) => void (isClosing && finished.push(stats.finished)),
  });
  const data = noise(width * height * 4, 1);
  for (let index = 0; index < frames; index++) await writer.write({ data, width, height });
  const recordedBytes = statSync(path).size;
  isClosing = true;
  const beganMs = performance.now();
  using watch = new LoopWatch();
  let abortedMs: number | null = null;
  if (abortMs !== null) setTimeout(() => (abortedMs = performance.now(), controller.abort()), abortMs);
  const error = await writer.close().then(() => null, (error) => String(error.name));
  const endMs = performance.now();
  await writer.abort();
  const aborted = abortedMs === null ? null : performance.now() - abortedMs;
  return {
    recordedBytes,
    closeMs: endMs - beganMs,
    longestMs: watch.longestMs,
    finished,
    abortedMs: aborted,
    error,
  };
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]!))));
