/**
 * A program that repairs a recording on a slow disk, and tells how its thread fared meanwhile: run by tests
 * under strace. Its last line on stdout is a JSON report.
 *
 * @module
 */
import process from "node:process";
import { recoverFile } from "../../mod.ts";
import { LoopWatch } from "./event_loop.ts";

/** What is done. */
export interface SlowRecoverRequest {
  readonly path: string;
  readonly output?: string;
  /** When it is aborted, in milliseconds after the call; `null`: not at all. */
  readonly abortMs: number | null;
}

/** What happened. */
export interface SlowRecoverReport {
  /** Frames that were saved; `null` where it failed. */
  readonly frames: number | null;
  /** Whether the error is the reason of the abort. */
  readonly isReason: boolean;
  readonly tookMs: number;
  /** How long after the abort it ended. */
  readonly abortedMs: number | null;
  /** The longest time in which no timer ran. */
  readonly longestMs: number;
  readonly finished: readonly number[];
}

async function run({ path, output, abortMs }: SlowRecoverRequest): Promise<SlowRecoverReport> {
  const finished: number[] = [];
  const controller = new AbortController();
  const reason = new Error("enough");
  const beganMs = performance.now();
  using watch = new LoopWatch();
  let abortMoment: number | null = null;
  if (abortMs !== null) {
    setTimeout(() => {
      abortMoment = performance.now();
      controller.abort(reason);
    }, abortMs);
  }
  let frames: number | null = null, isReason = false;
  try {
    const summary = await recoverFile(path, {
      ...(output === undefined ? {} : { output }),
      signal: controller.signal,
      onProgress: (progress) => void finished.push(progress.finished),
    });
    frames = summary.frames;
  } catch (error) {
    isReason = error === reason;
    if (!isReason) throw error;
  }
  const endMs = performance.now();
  const abortedMs = abortMoment === null ? null : endMs - abortMoment;
  return { frames, isReason, tookMs: endMs - beganMs, abortedMs, longestMs: watch.longestMs, finished };
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]!))));
