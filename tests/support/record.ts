/**
 * Recordings that something happens to: the program that makes them, run in a process of its own, and the
 * judges of what is left.
 *
 * The program tells each frame as soon as it is written, on a line of its own.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync, writeSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { createFileWriter, type FrameRate, type RawFrame, type WriterOptions } from "../../mod.ts";
import { noise } from "./chance.ts";
import { barFrame, decode } from "./media.ts";

/** What the program is asked to record. */
export interface RecordRequest {
  readonly codec: string;
  readonly path: string;
  readonly fps: FrameRate;
  readonly width: number;
  readonly height: number;
  /** Frames to write before `close`. */
  readonly frames: number;
  /** Frames a second by the clock on the wall; default: as fast as it goes. */
  readonly pace?: number;
  /** Bars alone, or noise below them, which makes a large file. Default: `"bars"`. */
  readonly content?: "bars" | "noise";
  readonly options?: WriterOptions;
}

/** A line that the program prints. */
export type RecordLine =
  | { readonly did: "open" | "closing" | "closed" }
  | { readonly did: "write"; readonly frame: number }
  | ({ readonly did: "fail" } & RecordFailure);

/** What a call of the writer rejected with. */
export interface RecordFailure {
  readonly type: string;
  readonly code: string | null;
  readonly message: string;
}

/** Noise that no encoder makes small: longer than what any compares with. */
const noisyBytes = noise(100_003, 1);

/** A frame that tells its index by its bar, the half below full of noise, another in each frame. */
export function noisyFrame(index: number, width: number, height: number): RawFrame & { data: Uint8Array } {
  const frame = barFrame(index, width, height);
  const { data } = frame;
  let from = index * 7919 % noisyBytes.length;
  for (let at = width * Math.ceil(height / 2) * 4; at < data.length; from = 0) {
    const part = noisyBytes.subarray(from, from + data.length - at);
    data.set(part, at);
    at += part.length;
  }
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return frame;
}

/**
 * How many of the last pictures may be missing where a stream was cut: those coded out of order, between two
 * that are there.
 */
const maxReorderFrames = 3;

/** What is known of a file before it is played. */
export interface PlayRequest {
  readonly width: number;
  readonly fps: number;
  /**
   * The recording was cut off: of the last frames, which are coded out of order, some may be missing between
   * others.
   */
  readonly isCut?: boolean;
}

/** What a file plays. */
export interface Played {
  readonly frames: number;
  /** When the last frame ends. */
  readonly seconds: number;
}

/**
 * Plays a file of bars and tells how many frames it has: from the first on, each at its time, none left out.
 * Fails where the decoder complains of anything.
 */
export function play(path: string, { width, fps, isCut = false }: PlayRequest): Played {
  const indexes = cleanFrameTimes(path).map((time) => Math.round(time * fps));
  const shown = shownBars(path, width);
  const last = indexes.at(-1) ?? -1;
  const gaps = indexes.filter((index, at) => index !== (at === 0 ? 0 : indexes[at - 1]! + 1));
  const mayHaveGap = (index: number): boolean => isCut && last - index <= maxReorderFrames;
  if (shown.length !== indexes.length || !gaps.every(mayHaveGap)) {
    throw new Error(
      `${path} shows ${shown.length} frames at ${indexes.length} times, with gaps before ${gaps}`,
    );
  }
  const wrong = shown.findIndex((bar, at) => bar !== indexes[at]! % (width / 4));
  if (wrong >= 0) throw new Error(`${path} shows bar ${shown[wrong]} as frame ${indexes[wrong]}`);
  return { frames: shown.length, seconds: (last + 1) / fps };
}

/**
 * The most that a kill or a failing disk may cost, in seconds: what the encoder holds back, and what the
 * muxer gathers.
 */
const mostLost = 2;

/**
 * Plays what is left of a recording of which so many frames were written, and fails where more than the last
 * two seconds are lost; `null` where there is no whole frame, which only a short recording may lack.
 */
export function playRest(
  path: string,
  written: number,
  { width, fps }: Omit<PlayRequest, "isCut">,
): Played | null {
  let rest: Played | null;
  try {
    rest = sizeOf(path) === 0 ? null : play(path, { width, fps, isCut: true });
  } catch (error) {
    // The last is what ffmpeg says of a file with a header and no frame of the video.
    const isUnreadable =
      /: (End of file|Invalid data found when processing input)$|Cannot determine format of input stream/
        .test(String(error));
    if (!isUnreadable || written >= mostLost * fps) throw error;
    rest = null;
  }
  const frames = rest?.frames ?? 0;
  // A frame that was written may not have been told yet.
  if (frames > written + 1 || written - frames > mostLost * fps) {
    throw new Error(`${path} plays ${frames} of ${written} frames, at ${fps} a second`);
  }
  return rest;
}

/** The size of a file in bytes; 0 where there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The times of a file's frames; fails where ffprobe complains of anything. */
function cleanFrameTimes(path: string): number[] {
  const { stdout, stderr } = spawnSync("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time"],
    ...["-of", "csv=p=0", path],
  ], { encoding: "utf8" });
  if (stderr !== "") throw new Error(`ffprobe complains of ${stderr.trim()}`);
  return stdout.split("\n").filter((line) => line !== "").map(Number.parseFloat);
}

/** The place of the bar in each picture of a file. */
export function shownBars(path: string, width: number): number[] {
  const cells = width / 4;
  const rows = decode(path, "gray", `crop=iw:8:0:8,scale=${cells}:1:flags=area`);
  return Array.from(
    { length: rows.length / cells },
    (_, index) => rows.subarray(index * cells, (index + 1) * cells).findIndex((gray) => gray > 205),
  );
}

/** The length of a file in seconds, as its container tells it; `NaN` where it does not. */
export function toldSeconds(path: string): number {
  return Number.parseFloat(
    execFileSync("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path], {
      encoding: "utf8",
    }),
  );
}

/** All packets of a file, as text: their times, sizes and sums. */
export function packetSums(path: string): string {
  return execFileSync(
    "ffmpeg",
    ["-v", "error", "-i", path, "-map", "0", "-c", "copy", "-f", "framemd5", "-"],
    {
      encoding: "utf8",
    },
  );
}

/**
 * Fails unless a file is an ordinary one: mp4 and mov with moov in front and no fragments, Matroska with an
 * index.
 */
export function assertOrdinary(path: string): void {
  const found = path.endsWith(".mkv") ? matroskaElements(path) : boxes(path);
  const isOrdinary = path.endsWith(".mkv")
    ? found.includes(cues)
    : found.indexOf("moov") < found.indexOf("mdat") && !found.some((name) => fragmented.includes(name));
  if (!isOrdinary) throw new Error(`${path} is no ordinary file: it has ${found}`);
}

/** Boxes of a file in fragments (ISO/IEC 14496-12). */
const fragmented: readonly string[] = ["moof", "mfra", "sidx", "moov/mvex"];

/**
 * The boxes of an mp4 or mov file, and with a slash those inside its moov; fails where they do not fit into
 * it.
 */
export function boxes(path: string): string[] {
  const data = readFileSync(path);
  return walkBoxes(new DataView(data.buffer, data.byteOffset, data.length));
}

function walkBoxes(data: DataView): string[] {
  const found: string[] = [];
  for (let at = 0; at < data.byteLength;) {
    const name = String.fromCharCode(
      ...Array.from({ length: 4 }, (_, index) => data.getUint8(at + 4 + index)),
    );
    const size = data.getUint32(at) === 1 ? Number(data.getBigUint64(at + 8)) : data.getUint32(at);
    if (size < 8 || at + size > data.byteLength) {
      throw new Error(`the box ${name} at ${at} has ${size} bytes`);
    }
    found.push(name);
    if (name === "moov") {
      const inner = new DataView(data.buffer, data.byteOffset + at + 8, size - 8);
      found.push(...walkBoxes(inner).map((box) => `moov/${box}`));
    }
    at += size;
  }
  return found;
}

/** IDs of Matroska's elements (RFC 9559). */
const ebml = "1a45dfa3", segment = "18538067", cues = "1c53bb6b";

/** The IDs of the elements inside a Matroska file's Segment; fails where they do not fit into it. */
function matroskaElements(path: string): string[] {
  const data = readFileSync(path);
  let at = 0;
  const number = (keepsMarker: boolean): number => {
    const first = data[at]!;
    const length = Math.clz32(first) - 23;
    let value = keepsMarker ? first : first & (0xff >> length);
    for (let index = 1; index < length; index++) value = value * 256 + data[at + index]!;
    at += length;
    return value;
  };
  const element = (): { id: string; end: number } => {
    const id = number(true).toString(16);
    const size = number(false);
    return { id, end: at + size };
  };
  const header = element();
  at = header.end;
  const { id, end } = element();
  if (header.id !== ebml || id !== segment || end !== data.length) {
    throw new Error(`${path} has ${header.id}, then ${id} up to ${end} of ${data.length} bytes`);
  }
  const found: string[] = [];
  while (at < end) {
    const inner = element();
    found.push(inner.id);
    at = inner.end;
  }
  if (at !== end) throw new Error(`the last element of ${path} ends at ${at} of ${end} bytes`);
  return found;
}

// Synchronous: what was printed before a kill is read after it.
const print = (line: RecordLine): void => void writeSync(1, `${JSON.stringify(line)}\n`);

async function record(request: RecordRequest): Promise<void> {
  const { codec, path, fps, width, height, frames, pace, content = "bars", options } = request;
  const writer = await createFileWriter(codec, path, fps, options);
  print({ did: "open" });
  const start = performance.now();
  for (let index = 0; index < frames; index++) {
    const waitMs = pace === undefined ? 0 : start + index * 1000 / pace - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    await writer.write((content === "noise" ? noisyFrame : barFrame)(index, width, height));
    print({ did: "write", frame: index });
  }
  print({ did: "closing" });
  await writer.close();
  print({ did: "closed" });
}

if (import.meta.main) {
  try {
    await record(JSON.parse(process.argv[2]!));
  } catch (error) {
    const { constructor, code, message } = error as Error & { code?: unknown };
    print({ did: "fail", type: constructor.name, code: typeof code === "string" ? code : null, message });
  }
}
