/**
 * Video that tells the number of each frame, with flashes and beeps, and the judge of what came of it.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { RawFrame, VideoWriter } from "../../mod.ts";
import { beeps, listen, onsets } from "./audio.ts";
import { decode, frameTimes } from "./media.ts";

const [width, height] = [256, 144];
/** Cells of the first row, each 16 pixels wide and high: the bits of the frame's number. */
const cells = 16;
/** The frames a second, and how many of a second are bright. */
const fps = 30, brightFrames = 3;

/** The rate of the audio, and how many samples are written beside a frame. */
const sampleRate = 48_000, samplesPerFrame = sampleRate / fps;

/** The most that the audio may be early or late: one packet of AAC, in seconds. */
export const packetSeconds: number = 1024 / sampleRate;

/** A frame that tells its number, and is bright in the first tenth of each second. */
export function countedFrame(index: number): RawFrame {
  const data = new Uint8Array(width * height * 4).fill(index % fps < brightFrames ? 235 : 20);
  for (let cell = 0; cell < cells; cell++) {
    const level = index >> cell & 1 ? 235 : 20;
    for (let y = 0; y < 16; y++) {
      const at = (y * width + cell * 16) * 4;
      data.fill(level, at, at + 64);
    }
  }
  return { data, width, height };
}

/** Writes so many frames with their audio at the pace of a clock, or as fast as the writer takes them. */
export async function writeCounted(
  writer: VideoWriter,
  count: number,
  { startSeconds = null, isPaced = true }: {
    /** The time of the first frame, for timing `"timestamps"`. */
    readonly startSeconds?: number | null;
    readonly isPaced?: boolean;
  } = {},
): Promise<void> {
  const beganMs = performance.now();
  for (let index = 0; index < count; index++) {
    const timestamp = startSeconds === null ? {} : { timestamp: startSeconds + index / fps };
    await writer.write(countedFrame(index), timestamp);
    const samples = beeps(index * samplesPerFrame, samplesPerFrame, sampleRate);
    await writer.writeAudio(samples, index === 0 ? timestamp : {});
    const waitMs = beganMs + (index + 1) * 1000 / fps - performance.now();
    if (isPaced && waitMs > 0) await sleep(waitMs);
  }
}

/** What a receiver has got. */
export interface Counted {
  /** The numbers of the frames, in the order of display. */
  readonly numbers: readonly number[];
  /**
   * The largest difference of two neighbours' times from the length of a frame, in seconds, from the second
   * frame on: to the first one, the ffmpeg program gives the time 0 where RTP has told it none.
   */
  readonly jitterSeconds: number;
  /** How many packets of audio there are. */
  readonly audioPackets: number;
  /** By how many seconds each beep comes later than its flash. */
  readonly offsets: readonly number[];
}

/** Reads a recording of what was written, whatever its first time is. */
export function readCounted(recorded: string): Counted {
  const path = `${recorded}.counted.mkv`;
  execFileSync("ffmpeg", [
    "-v",
    "error",
    "-y",
    "-i",
    recorded,
    "-map",
    "0:v",
    "-map",
    "0:a",
    "-c",
    "copy",
    path,
  ]);
  const levels = decode(path, "gray", `scale=${cells}:9:flags=area`);
  const pictures = Array.from(
    { length: levels.length / (cells * 9) },
    (_, index) => levels.subarray(index * cells * 9, (index + 1) * cells * 9),
  );
  const numbers = pictures.map((picture) =>
    Array.from({ length: cells }, (_, cell) => picture[cell]! > 128 ? 1 << cell : 0).reduce((sum, bit) =>
      sum + bit
    )
  );
  const times = frameTimes(path);
  const steps = times.slice(2).map((time, index) => Math.abs(time - times[index + 1]! - 1 / fps));
  const heard = onsets(listen(path));
  // A flash whose first frames were lost has no beginning.
  const flashes = numbers.flatMap((number, index) => number % fps === 0 ? [times[index]!] : []);
  const offsets = flashes.map((flash) =>
    heard.map((onset) => onset - flash).reduce(
      (best, next) => Math.abs(next) < Math.abs(best) ? next : best,
      Infinity,
    )
  );
  return { numbers, jitterSeconds: Math.max(0, ...steps), audioPackets: countAudio(path), offsets };
}

function countAudio(path: string): number {
  return Number(
    execFileSync("ffprobe", [
      ...["-v", "error", "-select_streams", "a:0", "-count_packets"],
      ...["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path],
    ], { encoding: "utf8" }).split("\n")[0],
  );
}
