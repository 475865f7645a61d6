/**
 * The frames that everybody encodes: real moving pictures, made once into files of raw frames.
 *
 * Sixteen pictures that go forth and back, so that there is motion but no cut where they start again.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type BenchCase,
  bytesPerPixel,
  frameRate,
  type Input,
  isImage,
  type RawInput,
  type Size,
} from "./cases.ts";

/** Frames of one size, by what they are: a file of raw frames, or the pattern of the names of image files. */
export type Sources = Readonly<
  Record<"rgba" | "yuv420p", string> & Partial<Record<Input | typeof jpegAsYuv420p, string>>
>;

/** The name of what is made of the JPEG files. */
const jpegAsYuv420p = "jpg as yuv420p";

/** The frames that the limit gets, and that files are compared with. */
export function readyFrames(
  { setting, input }: Pick<BenchCase, "setting" | "input">,
): { readonly source: keyof Sources; readonly format: "yuv420p" | "yuvj420p" } {
  if (setting.pixelFormat === "yuvj420p") return { source: "yuvj420p", format: "yuvj420p" };
  return { source: input === "jpg" ? jpegAsYuv420p : "yuv420p", format: "yuv420p" };
}

/** Flags of FFmpeg's scaler: without them, a change of the matrix leaves 48 dB instead of 55. */
const accurateFlags = "bicubic+accurate_rnd+full_chroma_int";

const forthFrames = 16;
/** Frames in a file: neither of the turning points is shown twice. */
const loopFrames = forthFrames * 2 - 2;

/** NASA's clip, which a working folder may have beside the project. */
const realClip = fileURLToPath(new URL("../../shared/media/nasa_13013.mp4", import.meta.url));
/** Where in the clip most of the picture moves, in seconds. */
const realClipStart = 9;

/** Whether the real clip is there. */
export const hasRealClip: boolean = existsSync(realClip);

/** What stands in for it: smooth shapes, an edge that moves, and the noise of a camera. */
const madeClip = `gradients=size=480x270:rate=${frameRate}:nb_colors=5:seed=1[sky];` +
  `color=white:size=40x40:rate=${frameRate}[box];[sky][box]overlay=x='mod(n*4,440)':y=110,` +
  "noise=alls=6:allf=t:all_seed=1,format=yuv420p";

/** Forth and back again. */
const forthAndBack = `trim=end_frame=${forthFrames},split[forth][again];` +
  `[again]reverse,trim=start_frame=1:end_frame=${forthFrames - 1}[back];` +
  `[forth][back]concat=n=2,settb=1/${frameRate},setpts=N`;

const exact = "flags=lanczos+accurate_rnd+full_chroma_int";

function toRgba({ width, height, color }: Size): string[] {
  const input = hasRealClip
    ? ["-ss", `${realClipStart}`, "-i", realClip, "-map", "0:v:1"]
    : ["-f", "lavfi", "-i", madeClip];
  const colors = `in_color_matrix=${hasRealClip ? "bt709" : color.matrix}:in_range=tv:out_range=pc`;
  return [...input, "-vf", `scale=${width}:${height}:${colors}:${exact},format=rgba,${forthAndBack}`];
}

/**
 * The conversion that ffmpeg makes by default, told which matrix: the limit gets what the other peers get to.
 */
function toYuv({ color }: Size): string[] {
  return ["-vf", `scale=out_color_matrix=${color.matrix}:out_range=tv,format=yuv420p`];
}

/** The frames that were made first, read again. */
function rgbaAgain({ width, height }: Size, rgba: string): string[] {
  return [
    ...["-f", "rawvideo", "-pixel_format", "rgba", "-video_size", `${width}x${height}`],
    ...["-framerate", `${frameRate}`, "-i", rgba],
  ];
}

/** The frames of JPEG, which has its own range and matrix. */
const jpegFrames = ["-vf", "scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p"] as const;

/** How image files are made. */
const imageArguments = {
  png: ["-vf", "format=rgb24"],
  jpg: [...jpegFrames, "-q:v", "1"],
} as const;

/**
 * Writes a file of raw frames, and waits until the disk has it: what is in memory only would be written while
 * others measure.
 */
function make(size: Size, input: RawInput, path: string, parameters: readonly string[]): void {
  execFileSync("ffmpeg", [
    ...["-v", "error", "-nostdin", "-y", ...parameters],
    ...["-frames:v", `${loopFrames}`, "-f", "rawvideo", path],
  ], { stdio: ["ignore", "ignore", "inherit"] });
  const expected = size.width * size.height * bytesPerPixel[input] * loopFrames;
  const made = statSync(path).size;
  if (made !== expected) throw new Error(`ffmpeg made ${made} bytes of ${path} instead of ${expected}`);
  const file = openSync(path, "r+");
  fsyncSync(file);
  closeSync(file);
}

/** Makes the frames of one size in a folder: RGBA, yuv420p and what else is asked for. */
export function prepareSources(size: Size, folder: string, inputs: readonly Input[] = []): Sources {
  const rgba = join(folder, `${size.name}.rgba`), yuv420p = join(folder, `${size.name}.yuv420p`);
  make(size, "rgba", rgba, toRgba(size));
  const again = rgbaAgain(size, rgba);
  make(size, "yuv420p", yuv420p, [...again, ...toYuv(size)]);
  const made: Partial<Record<keyof Sources, string>> = { rgba, yuv420p };
  for (const input of inputs) {
    if (made[input] !== undefined) continue;
    const path = join(folder, `${size.name}.${input}`);
    if (isImage(input)) {
      mkdirSync(path);
      made[input] = join(path, `%03d.${input}`);
      execFileSync("ffmpeg", ["-v", "error", "-nostdin", ...again, ...imageArguments[input], made[input]]);
      if (input !== "jpg") continue;
      const ready = made[jpegAsYuv420p] = join(folder, `${size.name}.jpg.yuv420p`);
      const matrices = `in_color_matrix=bt601:in_range=pc:out_color_matrix=${size.color.matrix}:out_range=tv`;
      const filters = `scale=${matrices}:flags=${accurateFlags},format=yuv420p`;
      make(size, "yuv420p", ready, ["-f", "image2", "-i", made[input], "-vf", filters]);
    } else {
      make(size, input, path, [...again, ...(input === "yuvj420p" ? jpegFrames : ["-pix_fmt", input])]);
      made[input] = path;
    }
  }
  return { ...made, rgba, yuv420p };
}
