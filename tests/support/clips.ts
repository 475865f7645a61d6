/**
 * Clips, most of them made by the ffmpeg program, and what it decodes from them.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createFileWriter } from "../../mod.ts";

/** Runs the ffmpeg program. */
function ffmpeg(options: readonly string[]): string {
  return execFileSync("ffmpeg", ["-y", "-v", "error", ...options], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** Makes a file of moving test bars. Options come after the inputs. */
export function makeClip(path: string, rate: string, seconds: number, ...options: string[]): string {
  const source = `testsrc2=size=160x120:rate=${rate}:duration=${seconds}`;
  ffmpeg(["-f", "lavfi", "-i", source, ...options, path]);
  return path;
}

/** Has the ffmpeg program make a file of others. */
export function convertClip(path: string, ...options: string[]): string {
  ffmpeg([...options, path]);
  return path;
}

/** Arguments by which the ffmpeg program reads files one after the other; writes their list to a path. */
export function joinedInput(list: string, paths: readonly string[], ...options: readonly string[]): string[] {
  writeFileSync(list, paths.map((path) => `file '${path}'\n`).join(""));
  return ["-f", "concat", "-safe", "0", ...options, "-i", list];
}

/** The hash of each frame of a video stream, as the ffmpeg program decodes them. */
export function frameHashes(path: string, stream = 0, ...options: string[]): string[] {
  return ffmpeg(["-i", path, "-map", `0:v:${stream}`, ...options, "-f", "framemd5", "-"])
    .split("\n").filter((line) => /^\d/.test(line)).map((line) => line.split(",").at(-1)!.trim());
}

/** The hash of a frame's bytes. */
export function hashOf(data: Uint8Array): string {
  return createHash("md5").update(data).digest("hex");
}

/** Writes a video of one colour a frame, each at its time in seconds. Returns its path. */
export async function unevenClip(path: string, times: readonly number[]): Promise<string> {
  await using writer = await createFileWriter("ffv1", path, 25, { timing: "timestamps" });
  for (const [index, timestamp] of times.entries()) {
    const data = new Uint8Array(64 * 64 * 4).fill(index * 40);
    await writer.write({ data, width: 64, height: 64 }, { timestamp });
  }
  return path;
}
