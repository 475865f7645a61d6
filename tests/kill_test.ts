import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, ReadError, recoverFile, type WriterOptions } from "../mod.ts";
import { seeded } from "./support/chance.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { Recording } from "./support/processes.ts";
import {
  assertOrdinary,
  play,
  type Played,
  type PlayRequest,
  playRest,
  sizeOf,
  toldSeconds,
} from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { isLong, testBoth } = testsOf(import.meta.url);

const width = 320;
const height = 180;

/** A recording that was killed. */
interface Killed {
  readonly path: string;
  readonly fps: number;
  /** Frames whose `write` had resolved. */
  readonly written: number;
}

/** Records at the pace of a clock, and kills so many seconds after the first frame could be written. */
async function recordAndKill(path: string, fps: number, seconds: number): Promise<Killed> {
  using recording = new Recording({ codec: "h264", path, fps, width, height, frames: 100 * fps, pace: fps });
  await recording.reach("open");
  await sleep(seconds * 1000);
  await recording.kill();
  return { path, fps, written: recording.framesWritten };
}

/** Checks that `recoverFile` makes an ordinary file of what is left. */
async function checkRecovers(path: string, request: PlayRequest, rest: Played): Promise<void> {
  const summary = await recoverFile(path);
  assertEquals([summary.frames, summary.bytes], [rest.frames, sizeOf(path)]);
  assertEquals(play(path, request), rest);
  const told = toldSeconds(path);
  assert(Math.abs(told - rest.seconds) < 0.002, `it lasts ${rest.seconds} s, but tells ${told}`);
  assertOrdinary(path);
}

/** Checks that `recoverFile` refuses what no frame can be saved of, and leaves it as it is. */
async function checkRefused(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const before = readFileSync(path);
  await assertFails(() => recoverFile(path), { type: ReadError, says: [path, "The file is unchanged"] });
  assertSameBytes(readFileSync(path), before, "the file that nothing can be saved of");
}

/** Checks each recording; tells all that fail, and when they were killed. */
async function checkEach(recordings: readonly Killed[]): Promise<void> {
  const wrong: string[] = [];
  for (const killed of recordings) {
    const { path, fps, written } = killed;
    try {
      const rest = playRest(path, written, { width, fps });
      await (rest === null ? checkRefused(path) : checkRecovers(path, { width, fps, isCut: true }, rest));
    } catch (error) {
      wrong.push(`${path}, killed after ${written} frames: ${(error as Error).message}`);
    }
  }
  assertEquals(wrong, []);
}

for (const [index, extension] of (isLong ? ["mp4", "mkv", "mov"] : ["mp4", "mkv"]).entries()) {
  testBoth(
    `crashSafe: a recording into ${extension}, killed at any moment, plays up to two seconds before, and is recovered`,
    { skip: missingEncoders("libx264") },
    async () => {
      using folder = new TemporaryFolder();
      const next = seeded(index + 1);
      const [count, seconds] = isLong ? [10, 6] : [2, 3];
      const moments = Array.from({ length: count }, () => 0.3 + (seconds - 0.3) * next() / 2 ** 32);
      await checkEach(
        await Promise.all(
          moments.map((moment, number) => recordAndKill(folder.file(`${number}.${extension}`), 30, moment)),
        ),
      );
      assertEquals(readdirSync(folder.path).filter((name) => name.endsWith(".avwriter")), []);
    },
  );
}

// However slowly frames come, the encoder holds some back.
testBoth(
  "crashSafe: a recording of few frames a second, killed, plays up to two seconds before, and is recovered",
  { skip: missingEncoders("libx264") },
  async () => {
    using folder = new TemporaryFolder();
    const recordings = (isLong ? [10, 24, 25] : [24]).flatMap((fps) => [
      recordAndKill(folder.file(`${fps}.mp4`), fps, 3.2),
      recordAndKill(folder.file(`${fps}.mkv`), fps, 4),
    ]);
    await checkEach(await Promise.all(recordings));
  },
);

/** Encoders that look ahead, at rates and with threads that make much time of a few frames. */
const slowEncoders:
  readonly (readonly [encoder: string, extension: string, fps: number, threads?: number])[] = [
    ["libx264", "mp4", 10],
    ["libx264", "mp4", 24],
    ["libx264", "mp4", 30, 24],
    ["libx265", "mp4", 10],
    ["libvpx-vp9", "webm", 10],
  ];

for (const [encoder, extension, fps, threads] of isLong ? slowEncoders : slowEncoders.slice(0, 1)) {
  const many = threads === undefined ? "" : ` with ${threads} threads`;
  testBoth(`crashSafe: ${encoder}${many} holds back less than two seconds at ${fps} frames a second`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    // What waits for the encoder in another thread is not what it holds back.
    const options: WriterOptions = {
      thread: "main",
      ...(threads === undefined ? {} : { encoderOptions: { threads } }),
    };
    const writer = await createFileWriter(encoder, folder.file(`a.${extension}`), fps, options);
    let most = 0;
    for (let index = 0; index < 4 * fps; index++) {
      await writer.write(barFrame(index, 160, 90));
      most = Math.max(most, writer.stats.encoding);
    }
    await writer.abort();
    // The rest is what the muxer gathers.
    assert(most / fps <= 1.75, `${most} frames are ${most / fps} s`);
  });
}

/**
 * Kills a recording in `close`, when so much of the ordinary file is made, or lets it end where that was
 * missed; returns how many frames were written.
 */
async function killInClose(path: string, share: number): Promise<number> {
  const picture = { width: 1280, height: 720, fps: 30, frames: 25, content: "noise" } as const;
  using recording = new Recording({ codec: "mjpeg", path, ...picture });
  await recording.reach("closing");
  const companion = `${path}.avwriter`;
  while (!existsSync(companion) && !recording.hasEnded) await sleep(1);
  const whole = sizeOf(path);
  while (existsSync(companion) && sizeOf(companion) < whole * share) {
    // Nothing is awaited: the moment would be over.
  }
  if (recording.hasEnded) assertEquals(await recording.end(), null);
  else await recording.kill();
  return recording.framesWritten;
}

/** A later recording under the same name is as if there had been none before. */
async function recordAgain(path: string): Promise<void> {
  await writeBars(await createFileWriter("mpeg4", path, 30), 5, width, height);
  assertEquals(play(path, { width, fps: 30 }), { frames: 5, seconds: 5 / 30 });
  assertOrdinary(path);
}

testBoth(
  "crashSafe: a recording that is killed in close has all frames, and what it leaves hinders no later one",
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const wrong: string[] = [];
    let interrupted = 0;
    // The moment is short: on a busy machine it may be missed.
    const shares = isLong ? [0, 0.4, 0.8, 0.999, 1, 0.2, 0.6, 0.1, 0.5] : [0, 0.4, 0.2, 0.6, 0.1, 0.5];
    for (const share of shares) {
      if (share < 0.999 && interrupted >= (isLong ? 3 : 2)) continue;
      try {
        const frames = await killInClose(path, share);
        const request = { width: 1280, fps: 30 };
        const played = play(path, request);
        assertEquals(played, { frames, seconds: frames / 30 });
        if (existsSync(`${path}.avwriter`)) interrupted++;
        await (share === 0 ? recordAgain(path) : checkRecovers(path, request, played));
        assertEquals(readdirSync(folder.path), ["a.mp4"]);
      } catch (error) {
        wrong.push(`killed with ${share} of the ordinary file made: ${(error as Error).message}`);
      }
    }
    assertEquals(wrong, []);
    assert(interrupted >= 2, `only ${interrupted} kills came before close had ended`);
  },
);
