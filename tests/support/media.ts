/**
 * The judges: the ffmpeg and ffprobe programs, run on files that avwriter wrote, and frames to write.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileWriter, type RawFrame, type VideoWriter, type WriterOptions } from "../../mod.ts";

/** A temporary folder that is removed at the end of its scope. */
export class TemporaryFolder implements Disposable {
  /** The folder's path. */
  readonly path: string = mkdtempSync(join(tmpdir(), "avwriter-"));

  /** The path of a file in it. */
  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The first video stream of a file, as ffprobe describes it after reading every frame. */
export interface ProbedStream {
  codec_name: string;
  codec_tag_string: string;
  width: number;
  height: number;
  pix_fmt: string;
  r_frame_rate: string;
  avg_frame_rate: string;
  has_b_frames: number;
  color_range?: string;
  color_space?: string;
  color_transfer?: string;
  color_primaries?: string;
  /** Seconds, of the stream or else of the file. */
  duration: number;
  /** Frames that were really decoded. */
  frames: number;
}

/** Describes the first video stream of a file; fails where ffprobe or the decoder prints anything. */
export function probe(path: string): ProbedStream {
  const { stdout, stderr, status } = spawnSync("ffprobe", [
    ...["-v", "warning", "-count_frames", "-select_streams", "v:0", "-show_streams", "-show_format"],
    ...["-of", "json", path],
  ], { encoding: "utf8" });
  if (status !== 0 || stderr.trim() !== "") throw new Error(`ffprobe ${path}: ${stderr}`);
  const { streams: [stream], format } = JSON.parse(stdout);
  return {
    ...stream,
    duration: Number(stream.duration ?? format.duration),
    frames: Number(stream.nb_read_frames),
  };
}

/**
 * The presentation times of a file's frames in seconds; `options` are ffprobe's, `-skip_frame nokey` for key
 * frames alone.
 */
export function frameTimes(path: string, options: readonly string[] = []): number[] {
  const text = execFileSync("ffprobe", [
    ...options,
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time"],
    ...["-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "").map((line) => Number.parseFloat(line));
}

let everyFrameOnce: readonly string[] | undefined;

/** The times of key frames in a file, in seconds. */
export function keyFrameTimes(path: string): number[] {
  return frameTimes(path, ["-skip_frame", "nokey"]);
}

/**
 * The option of the ffmpeg program at hand that neither repeats nor drops frames: older ones know another
 * name of it.
 */
export function asTheyAre(): readonly string[] {
  if (everyFrameOnce === undefined) {
    const help = execFileSync("ffmpeg", ["-v", "quiet", "-h", "long"], { encoding: "utf8" });
    everyFrameOnce = [/^-fps_mode\b/m.test(help) ? "-fps_mode" : "-vsync", "passthrough"];
  }
  return everyFrameOnce;
}

/** Decodes a file with the ffmpeg program into raw frames of a pixel format. */
export function decode(path: string, pixelFormat: string, filters?: string): Uint8Array {
  const bytes = execFileSync("ffmpeg", [
    ...["-v", "error", "-i", path, "-map", "0:v:0", ...asTheyAre()],
    ...(filters === undefined ? [] : ["-vf", filters]),
    ...["-f", "rawvideo", "-pix_fmt", pixelFormat, "-"],
  ], { maxBuffer: 2 ** 31 });
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Fails where two buffers differ, and says where first. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: ${actual.length} bytes instead of ${expected.length}`);
  }
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  if (at >= 0) throw new Error(`${what}: byte ${at} is ${actual[at]} instead of ${expected[at]}`);
}

/** Peak signal-to-noise ratio of two buffers of 8-bit samples in dB. */
export function psnr(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) throw new Error(`lengths differ: ${one.length} and ${other.length}`);
  let squares = 0;
  for (let index = 0; index < one.length; index++) squares += (one[index]! - other[index]!) ** 2;
  return squares === 0 ? Infinity : 10 * Math.log10(255 * 255 * one.length / squares);
}

/** A frame that tells its index: a gray ramp with a white bar that moves with it. */
export function barFrame(index: number, width = 160, height = 90): RawFrame & { data: Uint8Array } {
  const data = new Uint8Array(width * height * 4);
  const bar = (index * 4) % width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 4;
      const isBar = x >= bar && x < bar + 8;
      data[at] = isBar ? 255 : 40 + (x * 128 / width);
      data[at + 1] = isBar ? 255 : 40 + (y * 128 / height);
      data[at + 2] = isBar ? 255 : 120;
      data[at + 3] = 255;
    }
  }
  return { data, width, height };
}

/**
 * Options with which small pictures are encoded at once. The threads of VP8 and VP9 wait for each other in
 * loops: where processors are busy, they take thirty times as long.
 */
export function lightOptions(codec: string): WriterOptions {
  return /vp[89]|libvpx/.test(codec) ? { preset: "8", encoderOptions: { threads: 1 } } : {};
}

/** Writes frames into a file; returns the pixel format of the video. */
export async function writeFrames(
  path: string,
  codec: string,
  frames: readonly RawFrame[],
  options?: WriterOptions,
): Promise<string> {
  const writer = await createFileWriter(codec, path, 25, options);
  for (const frame of frames) await writer.write(frame);
  await writer.close();
  return writer.encoder!.pixelFormat;
}

/** Writes bar frames and closes the writer. */
export async function writeBars(
  writer: VideoWriter,
  count: number,
  width?: number,
  height?: number,
): Promise<void> {
  for (let index = 0; index < count; index++) await writer.write(barFrame(index, width, height));
  await writer.close();
}
