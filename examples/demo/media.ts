/**
 * A person's own material as frames: a video, or a folder of images, decoded by the ffmpeg program.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { extname, join } from "node:path";
import type { FrameRate, RawFrame } from "../../mod.ts";

/** A mistake of the person who runs the demo, or something missing: its message says all. */
export class DemoError extends Error {
  /** The class's name. */
  override name = "DemoError";
}

/** Frames to write. */
export interface Footage {
  /** Frames per second. */
  readonly frameRate: FrameRate;
  /** How many frames there are, as far as is known before they are read. */
  readonly frames: number | null;
  /** The frames in order. A frame's memory may be used again for the next one. */
  read(): AsyncIterable<RawFrame> | Iterable<RawFrame>;
}

const imageExtensions = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".tga", ".ppm", ".pgm"];
const imageFramesPerSecond = 30;
/** How many images are decoded at once. */
const imagesAhead = 4;
/** Above this, a rate is a container's clock and not a rate of pictures. */
const highestFrameRate = 240;

/** A folder's images, sorted as a person would: `2.png` before `10.png`. */
export function openImages(folder: string): Footage {
  const { compare } = new Intl.Collator("en", { numeric: true });
  const names = readdirSync(folder)
    .filter((name) => imageExtensions.includes(extname(name).toLowerCase()))
    .sort(compare);
  if (names.length === 0) {
    throw new DemoError(`There is no image in ${folder}: it needs files such as 1.png or 1.jpg`);
  }
  return {
    frameRate: imageFramesPerSecond,
    frames: names.length,
    read: () => readImages(names.map((name) => join(folder, name))),
  };
}

/** Decodes some images ahead of the one in use: each takes a run of the ffmpeg program. */
async function* readImages(paths: readonly string[]): AsyncGenerator<RawFrame> {
  const waiting: Promise<RawFrame>[] = [];
  let first: RawFrame | undefined;
  for (const [index, path] of paths.entries()) {
    for (const next of paths.slice(index + waiting.length, index + imagesAhead)) {
      const image = readImage(next);
      // Its turn to be waited for comes, unless an earlier one fails.
      image.catch(() => {});
      waiting.push(image);
    }
    const frame = await waiting.shift()!;
    first ??= frame;
    if (frame.width !== first.width || frame.height !== first.height) {
      throw new DemoError(
        `Cannot use ${path}: it is ${frame.width}x${frame.height}, but the first image is ${first.width}x${first.height}`,
      );
    }
    yield frame;
  }
}

async function readImage(path: string): Promise<RawFrame> {
  // Its name is a name, and not a pattern of names.
  const input = ["-f", "image2", "-pattern_type", "none", "-i", `file:${path}`, "-frames:v", "1"];
  for await (const frame of decode(path, input, "rgba")) return frame;
  throw unreadable(path, "");
}

/** The best video stream of a file, at its exact rate. */
export function openVideo(path: string): Footage {
  const { stream, num, den, seconds } = probe(path);
  const input = ["-i", `file:${path}`, "-map", `0:${stream}`, "-r", `${num}/${den}`];
  return {
    frameRate: { num, den },
    frames: seconds === null ? null : Math.round(seconds * num / den),
    // Alpha only where there is some.
    read: () => decode(path, input, "rgb24|rgba"),
  };
}

/** A stream, as ffprobe describes it. */
interface ProbedStream {
  readonly index: number;
  readonly width: number;
  readonly height: number;
  readonly r_frame_rate: string;
  readonly avg_frame_rate: string;
  readonly duration?: string;
}

interface Probed {
  readonly stream: number;
  readonly num: number;
  readonly den: number;
  readonly seconds: number | null;
}

function probe(path: string): Probed {
  const { error, status, stdout, stderr } = spawnSync("ffprobe", [
    ...[
      "-v",
      "error",
      "-select_streams",
      "V",
      "-show_streams",
      "-show_format",
      "-of",
      "json",
      `file:${path}`,
    ],
  ], { encoding: "utf8" });
  if (error !== undefined) throw notStarted("ffprobe", error);
  if (status !== 0) throw unreadable(path, stderr);
  const { streams, format } = JSON.parse(stdout) as {
    streams: ProbedStream[];
    format: { duration?: string };
  };
  const [best] = streams.sort((one, other) => other.width * other.height - one.width * one.height);
  if (best === undefined) throw new DemoError(`There is no video in ${path}`);
  for (const rate of [best.r_frame_rate, best.avg_frame_rate]) {
    const [num = 0, den = 0] = rate.split("/").map(Number);
    if (!(num / den > 0 && num / den <= highestFrameRate)) continue;
    const seconds = Number(best.duration ?? format.duration);
    return { stream: best.index, num, den, seconds: Number.isFinite(seconds) ? seconds : null };
  }
  throw new DemoError(`The frame rate of ${path} is not known`);
}

/** Runs ffmpeg, which turns its input into frames, each in a PAM file of its own, one after another. */
async function* decode(path: string, input: readonly string[], formats: string): AsyncGenerator<RawFrame> {
  const output = ["-vf", `format=${formats}`, "-f", "image2pipe", "-c:v", "pam", "-"];
  const child = spawn("ffmpeg", ["-v", "error", "-nostdin", ...input, ...output], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => said += text);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", (error) => reject(notStarted("ffmpeg", error)));
    child.on("close", resolve);
  });
  // Waited for below; a program that can't be started must not count as unhandled before that.
  ended.catch(() => {});
  let frames = 0;
  try {
    for await (const frame of readPam(child.stdout)) {
      frames++;
      yield frame;
    }
    if (await ended !== 0 || frames === 0) throw unreadable(path, said);
  } finally {
    child.kill();
  }
}

/** Reads PAM files: lines of text with the size, then the pixels. */
async function* readPam(stream: AsyncIterable<Uint8Array>): AsyncGenerator<RawFrame> {
  let header = "";
  let frame: RawFrame | null = null;
  let pixels = new Uint8Array(0);
  let filled = 0;
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length;) {
      if (frame === null) {
        header += String.fromCharCode(chunk[at++]!);
        if (!header.endsWith("ENDHDR\n")) continue;
        const { width, height, depth } = parsePamHeader(header);
        if (pixels.length !== width * height * depth) pixels = new Uint8Array(width * height * depth);
        frame = { data: pixels, width, height, format: depth === 4 ? "rgba" : "rgb24" };
        header = "";
        filled = 0;
      }
      const part = chunk.subarray(at, at + pixels.length - filled);
      pixels.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < pixels.length) continue;
      yield frame;
      frame = null;
    }
  }
}

function parsePamHeader(header: string): { width: number; height: number; depth: number } {
  const [width, height, depth] = ["WIDTH", "HEIGHT", "DEPTH"].map((name) =>
    Number(new RegExp(`^${name} (\\d+)$`, "m").exec(header)?.[1])
  ) as [number, number, number];
  return { width, height, depth };
}

function notStarted(program: string, error: Error): DemoError {
  const reason = (error as { code?: unknown }).code === "ENOENT" ? "it is not installed" : error.message;
  return new DemoError(`Cannot run the ${program} program, which reads your material: ${reason}`);
}

/** The first thing that ffmpeg said is the cause, and the rest follows from it. */
function unreadable(path: string, said: string): DemoError {
  const reason = said.split("\n")[0]!.replace(/^\[.*?\] /, "") || "ffmpeg found no picture in it";
  return new DemoError(`Cannot read ${path}: ${reason}`);
}
