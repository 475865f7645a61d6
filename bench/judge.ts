/**
 * Looks at every file that was made, so that nobody wins by doing less.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { type BenchCase, frameRate } from "./cases.ts";
import { readyFrames, type Sources } from "./content.ts";

/** How good pictures must be, as PSNR in dB. */
interface Tolerance {
  /** Pictures that are better than this are equally good: nobody sees a difference. */
  readonly best: number;
  /** How much worse than the limit's they may be, all together and the worst of them. */
  readonly average: number;
  readonly worst: number;
}

/**
 * Where the encoder's pixel format or the matrix is not that of the limit's frames, it makes a difference
 * whether pixels are converted once or twice.
 */
const tolerances = {
  sameFormat: { best: 60, average: 0.5, worst: 3 },
  otherFormat: { best: 50, average: 1, worst: 3 },
} as const;

/** FFmpeg's scaler, as it is by default, leaves 48 dB where it makes another matrix. */
const otherProgram = { average: 4, worst: 5 } as const;

/** Worse than this it is another picture, whatever the limit's is like. */
const floorDecibels = 25;

function toleranceFor(benchCase: BenchCase): Tolerance {
  const { setting: { pixelFormat }, input } = benchCase;
  const { format } = readyFrames(benchCase);
  const isOther = format !== pixelFormat || input === "jpg" || (input === "yuv420p" && input !== format);
  return !isOther ? tolerances.sameFormat : tolerances.otherFormat;
}

/** What is in a file. */
export interface Verdict {
  readonly bytes: number;
  /** Frames that were decoded. */
  readonly frames: number;
  /** PSNR in dB against the frames that were encoded, all together and of the worst one. */
  readonly average: number;
  readonly worst: number;
}

/** Runs a judge; fails where it complains of anything. */
function run(program: string, parameters: readonly string[]): { stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, [...parameters], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`${program} failed: ${stderr.trim().split("\n").at(-1)}`);
  return { stdout, stderr };
}

/** How many pictures a file has, as its container tells it packet by packet. */
function packetCount(path: string): number {
  const { stdout, stderr } = run("ffprobe", [
    ...["-v", "error", "-count_packets", "-select_streams", "v:0"],
    ...["-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", path],
  ]);
  if (stderr !== "") throw new Error(`ffprobe complains: ${stderr.trim()}`);
  return Number.parseInt(stdout, 10);
}

/** Tells one encoded picture stream from another, whatever the container adds. */
function streamHash(path: string): string {
  const parameters = ["-v", "error", "-i", path, "-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"];
  return createHash("sha256").update(run("ffmpeg", parameters).stdout).digest("hex");
}

/** Decodes a file and compares it, frame by frame, with what was encoded. */
function compare(path: string, benchCase: BenchCase, sources: Sources): Omit<Verdict, "bytes"> {
  const { size } = benchCase;
  const { source, format } = readyFrames(benchCase);
  const range = format === "yuvj420p" ? "pc" : "tv";
  const aligned = `settb=1/${frameRate},setpts=N`;
  const { stderr } = run("ffmpeg", [
    ...["-v", "info", "-nostats", "-nostdin", "-i", path, "-stream_loop", "-1"],
    ...["-f", "rawvideo", "-pixel_format", format, "-video_size", `${size.width}x${size.height}`],
    ...["-framerate", `${frameRate}`, "-i", sources[source]!],
    "-lavfi",
    `[0:v:0]scale=out_range=${range}:flags=bicubic+accurate_rnd,format=${format},${aligned}[made];` +
    `[1:v:0]${aligned}[wanted];[made][wanted]psnr=shortest=1`,
    ...["-f", "null", "-"],
  ]);
  const said = /PSNR .*average:(\S+) min:(\S+)/.exec(stderr);
  const frames = [...stderr.matchAll(/frame=\s*(\d+)/g)].at(-1)?.[1];
  if (said === null || frames === undefined) throw new Error(`ffmpeg told no PSNR: ${stderr.slice(-400)}`);
  const { best } = toleranceFor(benchCase);
  const decibels = (text: string): number => Math.min(best, text === "inf" ? Infinity : Number(text));
  return { frames: Number(frames), average: decibels(said[1]!), worst: decibels(said[2]!) };
}

/** Judges the files of one case. A stream that was seen before is not decoded again. */
export class Judge {
  readonly #case: BenchCase;
  readonly #sources: Sources;
  readonly #seen = new Map<string, Omit<Verdict, "bytes">>();

  /** Takes the case, and the frames that were to be encoded. */
  constructor(benchCase: BenchCase, sources: Sources) {
    this.#case = benchCase;
    this.#sources = sources;
  }

  /** Judges a file; throws where it does not have all frames, or can't be read without a complaint. */
  judge(path: string): Verdict {
    const packets = packetCount(path);
    const hash = streamHash(path);
    const verdict = this.#seen.get(hash) ?? compare(path, this.#case, this.#sources);
    this.#seen.set(hash, verdict);
    const { frames } = this.#case;
    if (packets !== frames || verdict.frames !== frames) {
      throw new Error(`it has ${packets} packets and ${verdict.frames} pictures instead of ${frames}`);
    }
    return { ...verdict, bytes: statSync(path).size };
  }
}

/** What is wrong with a peer's file beside the limit's; `null` where it is as good. */
export function complaint(
  benchCase: BenchCase,
  isOtherProgram: boolean,
  verdict: Verdict,
  limit: Verdict,
): string | null {
  const { input, setting } = benchCase;
  const isScaled = isOtherProgram && (input === "jpg" || setting.color !== undefined);
  const tolerance = isScaled ? otherProgram : toleranceFor(benchCase);
  if (verdict.worst < floorDecibels) return `its worst picture has ${verdict.worst.toFixed(2)} dB`;
  for (const [which, pictures] of [["average", "pictures are"], ["worst", "worst picture is"]] as const) {
    const loss = limit[which] - verdict[which];
    if (loss > tolerance[which]) return `its ${pictures} ${loss.toFixed(2)} dB worse than the limit's`;
  }
  return null;
}
