/**
 * Footage to write: real where it is at hand, made by ffmpeg elsewhere.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RawFrame } from "../../mod.ts";
import type { TemporaryFolder } from "./media.ts";

/** A clip as raw RGBA frames, and as a lossless file to compare with. */
export interface Footage {
  readonly width: number;
  readonly height: number;
  readonly frameRate: "30000/1001";
  readonly frameCount: number;
  /** The path of all frames as raw RGBA. */
  readonly rgba: string;
  /** The path of the clip as it was before it became RGBA. */
  readonly reference: string;
}

/** NASA's clip, which a working folder may have beside the project. */
export const realClip: string = fileURLToPath(
  new URL("../../../shared/media/nasa_13013.mp4", import.meta.url),
);

/** What stands in for it: smooth shapes, fine detail and motion. */
function madeClip(): string {
  const help = execFileSync("ffmpeg", ["-v", "quiet", "-h", "filter=gradients"], { encoding: "utf8" });
  // Older gradients move at a speed of their own.
  const speed = /^\s+speed\s/m.test(help) ? ":speed=0.02" : "";
  return `gradients=size=480x270:rate=30000/1001${speed}:nb_colors=5:seed=1[sky];` +
    "color=white:size=40x40:rate=30000/1001[box];[sky][box]overlay=x='mod(n*4,440)':y=110,format=yuv420p";
}

/** Decodes the first frames of the clip into a folder. */
export function prepareFootage(folder: TemporaryFolder, frameCount: number): Footage {
  const reference = folder.file("reference.mkv");
  const rgba = folder.file("frames.rgba");
  const input = existsSync(realClip) ? ["-i", realClip, "-map", "0:v:1"] : ["-f", "lavfi", "-i", madeClip()];
  const quiet = ["-v", "error", "-y"];
  execFileSync("ffmpeg", [...quiet, ...input, "-frames:v", `${frameCount}`, "-c:v", "ffv1", reference]);
  execFileSync("ffmpeg", [...quiet, "-i", reference, "-f", "rawvideo", "-pix_fmt", "rgba", rgba]);
  return { width: 480, height: 270, frameRate: "30000/1001", frameCount, rgba, reference };
}

/** Reads the frames one after another. The buffer is used again: whoever keeps a frame copies it. */
export function* readFrames({ rgba, width, height }: Footage): Generator<RawFrame> {
  const file = openSync(rgba, "r");
  try {
    const data = new Uint8ClampedArray(width * height * 4);
    while (readSync(file, data) === data.length) yield { data, width, height };
  } finally {
    closeSync(file);
  }
}

/** ffmpeg's own verdict: the average PSNR of a file against the clip, frame by frame in yuv420p, in dB. */
export function averagePsnr(path: string, { reference }: Footage): number {
  const aligned = "settb=1001/30000,setpts=N,format=yuv420p";
  const { stderr } = spawnSync("ffmpeg", [
    ...["-v", "info", "-nostats", "-i", path, "-i", reference],
    ...["-lavfi", `[0:v:0]${aligned}[a];[1:v:0]${aligned}[b];[a][b]psnr`, "-f", "null", "-"],
  ], { encoding: "utf8" });
  const average = /PSNR .*average:([\d.]+|inf)/.exec(stderr)?.[1];
  if (average === undefined) throw new Error(`ffmpeg told no PSNR: ${stderr}`);
  return average === "inf" ? Infinity : Number(average);
}
