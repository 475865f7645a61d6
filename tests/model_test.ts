/**
 * Random programs of a writer's calls end as a simple model says.
 *
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { join } from "node:path";
import * as fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { makeImages, play } from "./support/model/play.ts";
import { programs } from "./support/model/program.ts";
import { TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isAll, testBoth } = testsOf(import.meta.url);
const count = isAll ? 10_000 : 80;
/** One program in so many has its files decoded. */
const judgedEvery = 20;
/** How much memory may grow, in bytes: a ring, a writer's thread and its caches are within it. */
const growth = 64 * 2 ** 20;
/** The share of programs in which a runtime's heap may grow to the size that it keeps. */
const settling = isAll ? 0.25 : 0.5;

testBoth(`VideoWriter: ${count} random programs end as a model says`, async () => {
  using folder = new TemporaryFolder();
  const images = makeImages();
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  let played = 0;
  let settledBytes = 0;
  try {
    await fc.assert(
      fc.asyncProperty(programs, async (program) => {
        // What a crash leaves tells its program.
        writeFileSync(join(folder.path, "..", "avwriter-model-program.json"), JSON.stringify(program));
        // Each has a folder of its own: what a thread still does after an abort holds on to its path.
        const own = folder.file(`${played}`);
        mkdirSync(own);
        await play(program, own, images, played % judgedEvery === 0);
        rmSync(own, { recursive: true, force: true });
        assertEquals(unhandled, []);
        played++;
        if (played === Math.ceil(count * settling)) settledBytes = process.memoryUsage.rss();
      }),
      { numRuns: count, seed: 14, interruptAfterTimeLimit: 3_600_000, endOnFailure: true },
    );
  } finally {
    process.off("unhandledRejection", note);
  }
  assertEquals(played, count);
  const grown = process.memoryUsage.rss() - settledBytes;
  assert(grown < growth, `memory has grown by ${grown} bytes`);
});
