import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { recoverFile } from "../mod.ts";
import { missingEncoders } from "./support/features.ts";
import { TemporaryFolder } from "./support/media.ts";
import { runUntilKilled } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";
import { readTimes } from "./support/timelines.ts";

const { isLong, testBoth } = testsOf(import.meta.url);

/** A recording that is killed. */
interface Recorded {
  readonly container: "mp4" | "mov" | "mkv" | "webm" | "ts" | "flv";
  /** Pictures a second; the writer is told 30. */
  readonly pace: number;
  /** What lies beside; `unfed` is a track that never gets a sample. */
  readonly audio: "none" | "samples" | "silent" | "unfed";
  /** B-frames: as the encoder likes, or none. */
  readonly order: "usual" | "0";
  /** At a constant rate, the writer is told the pace. */
  readonly timing: "wallclock" | "timestamps" | "constant";
  /** How many frames are written before nothing happens any more; absent: no end. */
  readonly frames?: number;
}

const quick: readonly Recorded[] = [
  { container: "mp4", pace: 1, audio: "samples", order: "usual", timing: "wallclock" },
  { container: "mp4", pace: 15, audio: "silent", order: "usual", timing: "timestamps" },
  { container: "mkv", pace: 2, audio: "samples", order: "usual", timing: "wallclock" },
  { container: "mkv", pace: 30, audio: "samples", order: "0", timing: "timestamps" },
  { container: "mp4", pace: 1, audio: "none", order: "usual", timing: "constant" },
  { container: "mp4", pace: 10, audio: "unfed", order: "usual", timing: "wallclock", frames: 5 },
  { container: "webm", pace: 10, audio: "samples", order: "usual", timing: "wallclock", frames: 12 },
];

/** Recordings that stop, and constant rates. */
const special: readonly Recorded[] = (["mp4", "mkv", "ts", "flv"] as const).flatMap((container) => [
  { container, pace: 1, audio: "samples", order: "usual", timing: "constant" },
  { container, pace: 5, audio: "none", order: "usual", timing: "constant" },
  // FLV can't begin before it knows when each track does.
  ...(container === "flv"
    ? []
    : [{ container, pace: 10, audio: "unfed", order: "usual", timing: "wallclock", frames: 5 } as const]),
  { container, pace: 10, audio: "samples", order: "usual", timing: "timestamps", frames: 12 },
]);

/** Each pace in each container, with the rest in turn. */
const paced: readonly Recorded[] = (["mp4", "mov", "mkv", "webm", "ts", "flv"] as const).flatMap((
  container,
  row,
) =>
  [0.4, 1, 2, 15, 30].flatMap((pace, column) =>
    [0, 1].map((half): Recorded => ({
      container,
      pace,
      audio: (["none", "samples", "silent"] as const)[(row + column + half) % 3]!,
      order: (row + column + half) % 2 === 0 || container === "webm" ? "usual" : "0",
      timing: half === 0 ? "wallclock" : "timestamps",
    }))
  )
);

/** A picture that was written: when it was to be, and when it was, in seconds. */
interface Written {
  readonly seconds: number;
  readonly doneSeconds: number;
}

/** A kill may cost so much, in seconds. */
const mostLost = 2;
/**
 * A picture that is stamped when `write` is called comes so much later to the program that tells of it, at
 * most: a busy machine is slow.
 */
const tellingSeconds = 0.25;

const script = fileURLToPath(new URL("support/paced.ts", import.meta.url));

/** What is wrong with the frames of a killed recording; empty where nothing is. */
function judge(
  { container, pace, timing }: Recorded,
  path: string,
  written: readonly Written[],
  killedSeconds: number,
): string[] {
  const due = written.filter(({ doneSeconds }) => doneSeconds < killedSeconds - mostLost).length;
  const { frames } = readTimes(path);
  if (frames.length < due) return [`${frames.length} of ${due} frames can be read`];
  const isShifted = container === "ts" || container === "flv";
  const shift = isShifted ? frames[0]! : 0;
  // What was cut off between frames out of order may lack some at its end.
  return frames.slice(0, due).flatMap((time, index) => {
    const wanted = timing !== "wallclock" ? index / pace : written[index]!.seconds - written[0]!.seconds;
    const most = timing !== "wallclock" ? 0.0006 : tellingSeconds;
    return Math.abs(time - shift - wanted) <= most
      ? []
      : [`frame ${index} is at ${time - shift} instead of ${wanted}`];
  });
}

async function recordAndKill(folder: TemporaryFolder, recorded: Recorded, index: number): Promise<string[]> {
  const { container, pace, audio, order, timing, frames = "" } = recorded;
  const path = folder.file(`${index}.${container}`);
  const codec = container === "webm" ? "vp8" : "h264";
  const killMs = Math.max(4300, 2500 / pace) + (index * 371) % 900;
  const { lines, seconds } = await runUntilKilled(
    script,
    [path, codec, `${pace}`, audio, order, timing, `${frames}`],
    killMs,
  );
  const written = lines.map((line) => JSON.parse(line) as Written);
  const killed = seconds + written[0]!.doneSeconds;
  const complaints = judge(recorded, path, written, killed);
  await recoverFile(path);
  return [...complaints, ...judge(recorded, path, written, killed).map((text) => `recovered: ${text}`)];
}

/** Each records in a process of its own, so many at once. */
const atOnce = 4;

for (const container of ["mp4", "mov", "mkv", "webm", "ts", "flv"] as const) {
  const recordings = (isLong ? [...paced, ...special] : quick).filter((one) => one.container === container);
  if (recordings.length === 0) continue;
  testBoth(
    `crashSafe: what was written into ${container} at any pace, up to two seconds before a kill, plays at its times, and recoverFile keeps them`,
    { skip: missingEncoders("libx264", "libvpx") },
    async () => {
      using folder = new TemporaryFolder();
      const complaints: Record<string, string[]> = {};
      for (let at = 0; at < recordings.length; at += atOnce) {
        await Promise.all(
          recordings.slice(at, at + atOnce).map(async (recorded, index) => {
            const found = await recordAndKill(folder, recorded, at + index);
            if (found.length > 0) complaints[JSON.stringify(recorded)] = found;
          }),
        );
      }
      assertEquals(complaints, {});
    },
  );
}
