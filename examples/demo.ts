/**
 * Draws an animation and writes it to a video file, or does so with a video or a folder of images of your
 * own.
 *
 *     deno task demo                      an animation, into out/avwriter-demo.mp4
 *     deno task demo INPUT [OUTPUT]       a video file, or a folder of images (30 per second, sorted by name)
 *
 * The output's extension chooses the codec. Runs on Bun as well: `bun examples/demo.ts`.
 *
 * @module
 */
import { existsSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import process from "node:process";
import {
  AvError,
  type Codec,
  createFileWriter,
  type FrameRate,
  type WriterOptions,
  type WriterStats,
} from "../mod.ts";
import { Animation } from "./demo/animation.ts";
import { DemoError, type Footage, openImages, openVideo } from "./demo/media.ts";

const outputFolder = "out";

/** What goes well into a file of that kind; for others H.264. */
const codecs: Readonly<Record<string, Codec>> = {
  ".webm": "vp9",
  ".mkv": "ffv1",
  ".mov": "prores",
  ".avi": "mpeg4",
  ".gif": "gif",
  ".webp": "webp",
};

/** Lines of progress where stderr is no terminal. */
const progressLines = 5;
/** Frames between two such lines where the number of frames is not known. */
const progressFrames = 300;

function openInput(path: string): Footage {
  if (!existsSync(path)) throw new DemoError(`There is no file or folder ${path}`);
  return statSync(path).isDirectory() ? openImages(path) : openVideo(path);
}

function drawn(animation: Animation): Footage {
  return {
    frameRate: animation.framesPerSecond,
    frames: animation.frames,
    *read() {
      const { width, height } = animation;
      for (let index = 0; index < animation.frames; index++) {
        yield { data: animation.draw(index), width, height };
      }
    },
  };
}

/** The default place for a video of that name. */
function outputFor(name: string): string {
  mkdirSync(outputFolder, { recursive: true });
  return join(outputFolder, `${name}.mp4`);
}

/** Tells progress: one line that is updated on a terminal, a few lines elsewhere. */
function progressPrinter(frames: number | null): (stats: WriterStats) => void {
  const started = performance.now();
  let next = 1;
  return (stats) => {
    const rate = stats.frames / (performance.now() - started) * 1000;
    const done = frames === null
      ? `${stats.frames} frames`
      : `${Math.floor(100 * Math.min(1, stats.frames / frames))} %, ${stats.frames} of ${frames} frames`;
    const line = `Writing: ${done}, ${rate.toFixed(1)} frames per second`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${line}`);
    } else if (stats.frames >= next * (frames === null ? progressFrames : frames / progressLines)) {
      process.stderr.write(`${line}\n`);
      next++;
    }
  };
}

function rateText(rate: FrameRate): string {
  if (typeof rate !== "object") return String(rate);
  return rate.den === 1 ? String(rate.num) : `${rate.num}/${rate.den}`;
}

async function write(footage: Footage, output: string, options: WriterOptions): Promise<void> {
  const codec = codecs[extname(output).toLowerCase()] ?? "h264";
  const { frameRate, frames } = footage;
  const started = performance.now();
  await using writer = await createFileWriter(codec, output, frameRate, {
    ...options,
    onProgress: progressPrinter(frames),
  });
  try {
    for await (const frame of footage.read()) await writer.write(frame);
  } catch (error) {
    await writer.abort(error);
    throw error;
  }
  const summary = await writer.close();
  const rate = summary.frames / (performance.now() - started) * 1000;
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(`Wrote ${relative(process.cwd(), summary.path)}`);
  console.log(`  container  ${summary.format}`);
  console.log(`  encoder    ${summary.encoder} (${writer.encoder?.codec}, ${writer.encoder?.pixelFormat})`);
  console.log(`  size       ${summary.width}x${summary.height}`);
  console.log(`  frames     ${summary.frames} at ${rateText(frameRate)} per second`);
  console.log(`  seconds    ${Number(summary.seconds.toFixed(3))}`);
  console.log(`  bytes      ${summary.bytes}`);
  console.log(`  speed      ${rate.toFixed(1)} frames per second`);
}

async function main([input, output, ...more]: string[]): Promise<void> {
  if (more.length > 0) throw new DemoError("Usage: demo [INPUT [OUTPUT]]");
  if (input === undefined) {
    // Dark gradients need the quality, and smooth folds no more search than this.
    await write(drawn(new Animation()), outputFor("avwriter-demo"), { quality: "high", preset: "veryfast" });
    return;
  }
  const footage = openInput(input);
  const target = output ?? outputFor(basename(input, extname(input)));
  if (existsSync(target) && realpathSync(input) === realpathSync(target)) {
    throw new DemoError(`Cannot write to ${target}: it is the input itself`);
  }
  await write(footage, target, {});
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // A frame of another size is the person's mistake too; everything else is a mistake in here, and worth a
  // stack trace.
  const isExpected = error instanceof DemoError || error instanceof AvError || error instanceof RangeError;
  if (!isExpected) throw error;
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.error(error.message);
  process.exitCode = 1;
}
