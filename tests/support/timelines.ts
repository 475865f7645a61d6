/**
 * Timelines crossed with all that they meet in a file, and what comes of each.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadNative } from "../../ffi/mod.ts";
import { createFileWriter, type Timing, type WriterOptions } from "../../mod.ts";
import { seeded } from "./chance.ts";
import { barFrame, lightOptions } from "./media.ts";

/** Pictures a second that the writer is told. */
export const nominalRate = 30;

const sampleRate = 48_000;

/** When frames are shown, in seconds from the first. */
const paces = {
  even: () => Array.from({ length: 24 }, (_, index) => index / 24),
  uneven: () => {
    const random = seeded(7);
    let next = 0;
    return Array.from({ length: 60 }, () => {
      const time = next;
      next += 1 / (20 + 20 * random() / 2 ** 32);
      return time;
    });
  },
  pauses: () => Array.from({ length: 40 }, (_, index) => index / 30 + Math.floor(index / 10) * 2),
  sparse: () => [0, 8.68, 16.64, 24.03],
} as const;

/** How frames are timed. */
export const timings = ["constant", ...Object.keys(paces) as (keyof typeof paces)[]] as const;
/** When the first one is shown, in seconds. */
export const starts = [0, 1, 100, 90_000] as const;
/** What lies beside. */
export const audioKinds = ["none", "samples", "silent", "file"] as const;
/** Containers, and how many ticks a second each counts in at least. */
export const containers = {
  mp4: { codec: "h264", ticks: 90_000, tellsEnd: true },
  mov: { codec: "h264", ticks: 90_000, tellsEnd: true },
  mkv: { codec: "h264", ticks: 1000, tellsEnd: true },
  webm: { codec: "vp9", ticks: 1000, tellsEnd: true },
  ts: { codec: "h264", ticks: 90_000, tellsEnd: false },
  flv: { codec: "h264", ticks: 1000, tellsEnd: false },
} as const;

/** One file to write. */
export interface TimeCase {
  readonly container: keyof typeof containers;
  readonly timing: typeof timings[number];
  readonly start: typeof starts[number];
  readonly audio: typeof audioKinds[number];
  /** Frames out of order; `null`: as the encoder likes. */
  readonly bFrames: 0 | null;
  readonly crashSafe: boolean;
}

/** All of them. */
export function allTimeCases(): TimeCase[] {
  const cases: TimeCase[] = [];
  for (const container of Object.keys(containers) as (keyof typeof containers)[]) {
    for (const timing of timings) {
      for (const start of starts) {
        for (const audio of audioKinds) {
          for (const bFrames of [null, 0] as const) {
            for (const crashSafe of [true, false]) {
              const isThere = (timing !== "constant" || start === 0) &&
                (container !== "webm" || bFrames === null);
              if (isThere) cases.push({ container, timing, start, audio, bFrames, crashSafe });
            }
          }
        }
      }
    }
  }
  return cases;
}

/** The name of a case. */
export function nameOf({ container, timing, start, audio, bFrames, crashSafe }: TimeCase): string {
  const order = bFrames === 0 ? "without B-frames" : "with B-frames";
  return `${container}, ${timing} from ${start} s, audio ${audio}, ${order}, ${
    crashSafe ? "crash-safe" : "direct"
  }`;
}

/** When the frames of a case are shown, in seconds. */
export function wantedTimes({ timing, start }: TimeCase): number[] {
  if (timing === "constant") return Array.from({ length: 40 }, (_, index) => index / nominalRate);
  return paces[timing]().map((time) => start + time);
}

/** What the case's audio option is; `file` is a file with audio. */
function audioOption(audio: TimeCase["audio"], file: string): Pick<WriterOptions, "audio"> {
  if (audio === "none") return {};
  return { audio: audio === "silent" ? { from: { silence: true } } : audio === "file" ? { from: file } : {} };
}

/** Writes the file of a case, with samples in step with the frames. */
export async function writeTimeCase(
  path: string,
  test: TimeCase,
  thread: "main" | "worker",
  file: string,
): Promise<void> {
  const { container, timing, audio, bFrames, crashSafe } = test;
  const times = wantedTimes(test);
  const isTimed = timing !== "constant";
  const writerTiming: Timing = isTimed ? "timestamps" : "constant";
  await using writer = await createFileWriter(containers[container].codec, path, nominalRate, {
    timing: writerTiming,
    crashSafe,
    thread,
    preset: "ultrafast",
    ...lightOptions(containers[container].codec),
    ...(container === "webm" || bFrames === 0 ? {} : { encoderOptions: { bf: 3, "b-pyramid": "normal" } }),
    ...(bFrames === 0 ? { encoderOptions: { bf: 0 } } : {}),
    ...audioOption(audio, file),
  });
  let end = times[0]!;
  for (const [index, time] of times.entries()) {
    await writer.write(barFrame(index, 64, 48), isTimed ? { timestamp: time } : undefined);
    if (audio !== "samples") continue;
    const until = times[index + 1] ?? time + 1 / nominalRate;
    const data = new Float32Array(Math.round((until - end) * sampleRate)).fill(0.1);
    if (data.length > 0) await writer.writeAudio({ data, sampleRate, channels: 1 }, { timestamp: end });
    end += data.length / sampleRate;
  }
  await writer.close();
}

/** What a file tells of the times in it, in seconds. */
export interface FileTimes {
  readonly frames: readonly number[];
  /** How long the video is, or the file where no stream tells. */
  readonly duration: number;
  /** Whether each packet is decoded later than the one before, and none after it is shown. */
  readonly isOrdered: boolean;
}

/** Reads the times of a file with ffprobe. */
export function readTimes(path: string): FileTimes {
  const { stdout, stderr } = spawnSync("ffprobe", [
    ...["-v", "error", "-analyzeduration", "100M", "-probesize", "100M", "-select_streams", "v:0"],
    ...["-show_entries", "frame=best_effort_timestamp_time:packet=pts_time,dts_time"],
    ...["-show_entries", "stream=duration:format=duration", "-of", "json", path],
  ], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (stderr.trim() !== "") throw new Error(`ffprobe ${path}: ${stderr}`);
  const { packets_and_frames = [], streams: [stream], format } = JSON.parse(stdout);
  const items = packets_and_frames as readonly Record<string, string>[];
  const frames = items.filter(({ type }) => type === "frame").map((frame) =>
    Number(frame.best_effort_timestamp_time)
  );
  const packets = items.filter(({ type }) => type === "packet");
  let last = -Infinity;
  const isOrdered = packets.every(({ pts_time, dts_time }) => {
    if (dts_time === undefined) return true;
    const isLater = Number(dts_time) > last - 1e-9 && Number(dts_time) <= Number(pts_time) + 1e-9;
    last = Number(dts_time);
    return isLater;
  });
  return { frames, duration: Number(stream?.duration ?? format.duration), isOrdered };
}

/**
 * When the first packet of the first stream of a type (ffprobe's `a`, `v`, `s`) is shown or heard, in
 * seconds.
 */
export function firstPacketTime(path: string, type: string): number {
  const text = execFileSync("ffprobe", [
    ...[
      "-v",
      "error",
      "-select_streams",
      `${type}:0`,
      "-show_entries",
      "packet=pts_time",
      "-of",
      "csv=p=0",
      path,
    ],
  ], { encoding: "utf8", maxBuffer: 2 ** 28 });
  return Number.parseFloat(text);
}

/**
 * When the packets of all streams of a file are decoded, in seconds, in the order in which they stand in it.
 */
export function packetTimes(path: string): number[] {
  const text = execFileSync("ffprobe", [
    ...["-v", "error", "-show_entries", "packet=pts_time,dts_time", "-of", "json", path],
  ], { encoding: "utf8", maxBuffer: 2 ** 28 });
  const packets = JSON.parse(text).packets as readonly { pts_time: string; dts_time?: string }[];
  return packets.map(({ pts_time, dts_time }) => Number(dts_time ?? pts_time));
}

/** Before FFmpeg 4.4, mp4's edit lists, which tell where a video starts, count in thousandths of a second. */
function ticksOf({ container, start }: TimeCase): number {
  const isCoarse = loadNative().avcodecMajor === 58 && start > 0 && ["mp4", "mov"].includes(container);
  return isCoarse ? 1000 : containers[container].ticks;
}

/** What is wrong with the times of a file; empty where nothing is. */
export function judgeTimes(test: TimeCase, { frames, duration, isOrdered }: FileTimes): string[] {
  const wanted = wantedTimes(test);
  const { tellsEnd } = containers[test.container];
  if (frames.length !== wanted.length) return [`${frames.length} frames instead of ${wanted.length}`];
  // ts and flv have no time before 0: all of the file is later by what comes before the first frame.
  const shift = tellsEnd ? 0 : frames[0]! - wanted[0]!;
  const complaints = isOrdered ? [] : ["packets are out of order"];
  if (!tellsEnd && (shift < -1e-3 || shift > 2)) complaints.push(`the first frame is ${shift} s late`);
  // ffprobe prints six decimals.
  const most = 0.5 / ticksOf(test) + 2e-6;
  const worst = Math.max(...frames.map((time, index) => Math.abs(time - shift - wanted[index]!)));
  if (!(worst <= most)) complaints.push(`a frame is ${worst} s off, ${most} s at most`);
  const length = wanted.at(-1)! + 1 / nominalRate;
  const lengths = [length, length - wanted[0]!];
  if (tellsEnd && !lengths.some((one) => Math.abs(duration - one) <= 0.001 + audioSlack(test))) {
    complaints.push(`it is ${duration} s long instead of ${length} s`);
  }
  return complaints;
}

/**
 * Matroska tells one length for the whole file, which ends with the last packet of audio: a packet of AAC or
 * Opus is 20 to 24 ms long.
 */
function audioSlack({ container, audio }: TimeCase): number {
  if (audio === "none" || !["mkv", "webm"].includes(container)) return 0;
  // What is copied from a WAV file comes in larger packets.
  return audio === "file" ? 0.1 : 0.024;
}

let tone: Uint8Array | undefined;

/** Makes a WAV file with half a minute of a tone. */
export function makeTone(path: string): void {
  if (tone !== undefined) return writeFileSync(path, tone);
  execFileSync("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", "sine=frequency=440:duration=30", path]);
  tone = readFileSync(path);
}
