import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createFrameSource,
  createVideoNode,
  type VideoNode,
  type VideoWriter,
} from "../mod.ts";
import { numberedBytes, upTo, Watcher } from "./support/drawn.ts";
import { assertSameBytes, decode, probe, TemporaryFolder } from "./support/media.ts";
import { missingEncoders } from "./support/features.ts";
import { testsOf } from "./support/test.ts";

const { isAll, isLong, testBoth } = testsOf(import.meta.url);

const [width, height, rate, count] = [64, 48, 25, 24];
const bytes = width * height * 4;

/** Swaps two components of the pixels, but for those that tell the index. */
function swapper(one: number, other: number): Promise<VideoNode> {
  return createVideoNode((pixels) => {
    for (let at = 4; at < pixels.length; at += 4) {
      [pixels[at + one], pixels[at + other]] = [pixels[at + other]!, pixels[at + one]!];
    }
  });
}

/** A frame of blue, green and red, without transparent pixels. */
function given(index: number): Uint8Array<ArrayBuffer> {
  return numberedBytes(index, bytes).map((value, at) => at % 4 === 3 ? 255 : value);
}

/** A frame as both nodes leave it: blue, green, red become red, blue, green. */
function swapped(index: number): Uint8Array {
  const before = given(index);
  return before.map((value, at) => at < 4 || at % 4 === 3 ? value : before[at % 4 === 0 ? at + 2 : at - 1]!);
}

function histogramOf(pixels: Uint8Array, component: number): Uint32Array<ArrayBuffer> {
  const histogram = new Uint32Array(256);
  for (let at = component; at < pixels.length; at += 4) histogram[pixels[at]!]!++;
  return histogram;
}

/** A node that draws the histogram of a component into the picture, and keeps what it counted. */
async function histogrammer(component: number): Promise<{ node: VideoNode; counted: Uint32Array[] }> {
  const counted: Uint32Array[] = [];
  const node = await createVideoNode((pixels) => {
    const histogram = histogramOf(pixels, component);
    counted.push(histogram);
    pixels.subarray(4).forEach((_, at) => pixels[4 + at] = histogram[at % 256]!);
  });
  return { node, counted };
}

/** The first frame of each 0.4 s. */
const everySoOften = "select=isnan(prev_selected_t)+gte(t-prev_selected_t\\,0.39)";
const snapshots = [0, 10, 20];

/**
 * How many runs; from which on resident memory is level; and how many MB it may grow from there to the last.
 * Before, the heaps of the runtime's threads grow to their usual size, although nothing stays in them.
 */
const [runs, levelFrom, maxGrowth] = isAll ? [150, 100, 20] : isLong ? [20, 15, 30] : [1, 0, 0];
/** The fewest MB of so many runs count: which threads have not ended yet differs from one to the next. */
const lookedAt = isAll ? 10 : 5;

/** One run of the pipeline; judges what came out of it. */
async function run(folder: TemporaryFolder, isJudged: boolean): Promise<void> {
  const frames = upTo(count).map((index) => ({ data: given(index), width, height, format: "bgra" }));
  await using source = await createFrameSource(frames, { frameRate: rate });
  await using redToGreen = await swapper(1, 2);
  await using greenToBlue = await swapper(0, 1);
  const [red, green] = [await histogrammer(2), await histogrammer(1)];
  const writers: VideoWriter[] = [];
  for (const name of ["a.mkv", "b.mkv"]) {
    const encoder = { preset: "ultrafast", pixelFormat: "gbrp", quality: "lossless" } as const;
    writers.push(await createFileWriter("hevc", folder.file(name), source.frameRate!, encoder));
  }
  const png = await createFileWriter("png", folder.file("%d.png"), "5/2", { format: "image2" });
  await using seldom = await createVideoNode(everySoOften);
  const [between, drawn] = [new Watcher(), new Watcher()];

  red.node.attach(drawn);
  seldom.attach(png);
  const targets = [...writers, seldom, red.node, green.node];
  const attached = targets.map((target) => greenToBlue.attach(target));
  redToGreen.attach(greenToBlue);
  redToGreen.attach(between);
  await source.attach(redToGreen).finished;
  await Promise.all(attached.map(({ finished }) => finished));
  await source.detach(redToGreen);

  for (const { received, written, dropped, state } of attached) {
    assertEquals([received, written, dropped, state], [count, count, 0, "ended"]);
  }
  for (const writer of writers) assertEquals((await writer.close()).frames, count);
  assertEquals([between.indices, drawn.indices], [upTo(count), upTo(count)]);
  assertEquals((await png.close()).frames, snapshots.length);
  for (const index of upTo(count)) {
    assertEquals(red.counted[index], histogramOf(swapped(index), 2));
    assertEquals(green.counted[index], histogramOf(swapped(index), 1));
  }
  if (!isJudged) return;
  const expected = upTo(count).map(swapped);
  const all = new Uint8Array(count * bytes);
  expected.forEach((frame, index) => all.set(frame, index * bytes));
  for (const name of ["a.mkv", "b.mkv"]) {
    assertEquals(probe(folder.file(name)).codec_name, "hevc");
    assertEquals(probe(folder.file(name)).avg_frame_rate, `${rate}/1`);
    assertSameBytes(decode(folder.file(name), "bgra"), all, name);
  }
  for (const [at, index] of snapshots.entries()) {
    assertSameBytes(decode(folder.file(`${at + 1}.png`), "bgra"), expected[index]!, `snapshot ${at + 1}`);
  }
}

testBoth(
  "attach: GIFT-Grab's complex pipeline: chained nodes, two HEVC writers, PNGs and histograms, runs over and over",
  { skip: missingEncoders("libx265") },
  async () => {
    using folder = new TemporaryFolder();
    const resident: number[] = [];
    for (let index = 0; index < runs; index++) {
      await run(folder, [0, levelFrom - 1, runs - 1].includes(index));
      resident.push(Math.round(process.memoryUsage().rss / 2 ** 20));
    }
    if (!isLong) return;
    const level = Math.min(...resident.slice(levelFrom - lookedAt, levelFrom));
    const growth = Math.min(...resident.slice(-lookedAt)) - level;
    assert(growth < maxGrowth, `grew by ${growth} MB: ${resident.join(" ")}`);
    console.log(`resident after each run, MB: ${resident.join(" ")}`);
  },
);
