/**
 * Judges what ffprobe tells of a file: frames, times, duration, size, pixel format and colour tags; and that
 * nothing is warned of.
 *
 * @module
 */
import { withoutAllowed } from "./allowances.ts";
import type { Case } from "./case_types.ts";
import { asTheyAre, decoderOptions, lines, run, textOf } from "./commands.ts";
import { containerFacts, timeError } from "./containers.ts";
import { webpFrames } from "./webp.ts";

/** What was measured. */
export interface ProbeVerdict {
  /** Frames that were decoded. */
  readonly frames: number;
  /** The greatest distance of a frame's time from where it should be, in seconds. */
  readonly worstTime: number;
  /** How far the duration is off, in seconds. */
  readonly durationError: number;
  readonly complaints: readonly string[];
}

/** What is read of a file, whoever reads it. */
interface Timeline {
  readonly times: readonly number[];
  readonly seconds: number;
  readonly complaints: readonly string[];
}

const tagNames = {
  matrix: "color_space",
  primaries: "color_primaries",
  transfer: "color_transfer",
  range: "color_range",
} as const;

type Tags = Readonly<Partial<Record<typeof tagNames[keyof typeof tagNames], string>>>;

/** What is asked of each frame; FFmpeg before 6.0 has another name for the duration. */
const frameEntries = [
  ...["best_effort_timestamp_time", "duration_time", "pkt_duration_time"],
  ...Object.values(tagNames),
] as const;

interface ProbedFrame extends Tags {
  readonly best_effort_timestamp_time?: string;
  readonly duration_time?: string;
  readonly pkt_duration_time?: string;
}

interface ProbedStream extends Tags {
  readonly width: number;
  readonly height: number;
  readonly pix_fmt: string;
  readonly codec_tag_string: string;
  readonly tags?: { readonly alpha_mode?: string };
  readonly r_frame_rate: string;
  readonly duration?: string;
}

async function probe(path: string, test: Case): Promise<Timeline> {
  const ended = await run("ffprobe", [
    ...["-v", "warning", "-count_frames", "-select_streams", "v:0", "-show_streams", "-show_format"],
    ...["-show_entries", `frame=${frameEntries.join(",")}`],
    ...["-of", "json", path],
  ]);
  const complaints = lines(ended.stderr).map((line) => `ffprobe: ${line}`);
  const { streams, frames = [], format } = JSON.parse(textOf(ended) || "{}");
  const stream: ProbedStream | undefined = streams?.[0];
  if (ended.code !== 0 || stream === undefined) {
    return { times: [], seconds: 0, complaints: [...complaints, `ffprobe ended with ${ended.code}`] };
  }
  const decoded: readonly ProbedFrame[] = frames;
  const times = decoded.map(({ best_effort_timestamp_time: time }) => Number(time));
  const last = decoded.at(-1);
  const end = (times.at(-1) ?? NaN) + Number(last?.duration_time ?? last?.pkt_duration_time);
  return {
    times,
    seconds: Number(stream.duration ?? format.duration ?? end),
    complaints: [...complaints, ...streamComplaints(stream, test), ...frameComplaints(stream, decoded[0])],
  };
}

function streamComplaints(stream: ProbedStream, test: Case): string[] {
  const complaints: string[] = [];
  const [width, height] = test.storedSize;
  if (stream.width !== width || stream.height !== height) {
    complaints.push(`the video is ${stream.width}x${stream.height} instead of ${width}x${height}`);
  }
  // libvpx's alpha is a second stream beside the first, which ffprobe's decoder does not read.
  const shown = test.decoder === undefined ? test.stored : test.stored.replace("yuva", "yuv");
  if (stream.pix_fmt !== shown) complaints.push(`it is ${stream.pix_fmt} instead of ${shown}`);
  if (shown !== test.stored && stream.tags?.alpha_mode !== "1") {
    complaints.push("it is not tagged as having alpha");
  }
  if (test.codecTag !== undefined && stream.codec_tag_string !== test.codecTag) {
    complaints.push(`its code is ${stream.codec_tag_string} instead of ${test.codecTag}`);
  }
  for (const [name, field] of Object.entries(tagNames)) {
    const wanted = test.tags[name as keyof typeof tagNames];
    const found = stream[field];
    if (wanted !== null && found !== wanted) {
      complaints.push(`${field} is ${found ?? "absent"} instead of ${wanted ?? "absent"}`);
    }
  }
  if (test.exactFps !== undefined) {
    const exact = test.exactFps.join("/");
    if (stream.r_frame_rate !== exact) {
      complaints.push(`the rate is ${stream.r_frame_rate} instead of ${exact}`);
    }
  }
  return complaints;
}

/** Two names of BT.601's matrix. */
const sameMatrix: Readonly<Record<string, string>> = { bt470bg: "smpte170m" };

/** Players go by what the decoder says of each frame: it must not contradict the stream. */
function frameComplaints(stream: ProbedStream, frame: ProbedFrame = {}): string[] {
  return Object.values(tagNames).flatMap((field) => {
    const [said, found] = [stream[field], frame[field]].map((name) => sameMatrix[name ?? ""] ?? name);
    if (said === undefined || found === undefined || said === found) return [];
    return [`the decoder says ${field} ${found}, the stream ${said}`];
  });
}

async function webpTimeline(path: string): Promise<Timeline> {
  const { frames, complaints } = await webpFrames(path);
  let milliseconds = 0;
  const times = frames.map((frame) => (milliseconds += frame.milliseconds) - frame.milliseconds);
  return { times: times.map((time) => time / 1000), seconds: milliseconds / 1000, complaints };
}

/** Decodes everything once more as players do: nothing may be printed. */
async function fullDecode(path: string, test: Case): Promise<string[]> {
  const ended = await run("ffmpeg", [
    "-v",
    "error",
    ...decoderOptions(test),
    "-i",
    path,
    ...asTheyAre,
    "-f",
    "null",
    "-",
  ]);
  const said = lines(ended.stderr).map((line) => `ffmpeg: ${line}`);
  return ended.code === 0 ? said : [...said, `ffmpeg ended with ${ended.code}`];
}

/** Compares what is read with what was written. */
export async function judgeProbe(path: string, test: Case): Promise<ProbeVerdict> {
  const isWebp = test.extension === "webp";
  const { times, seconds, complaints } = isWebp ? await webpTimeline(path) : await probe(path, test);
  const decoded = isWebp ? [] : await fullDecode(path, test);
  const facts = containerFacts(test.extension);
  const start = facts.startsLater === undefined ? 0 : times[0] ?? 0;
  const errors = times.map((time, index) => Math.abs(time - start - (test.expectedTimes[index] ?? NaN)));
  const worstTime = errors.reduce((worst, error) => error <= worst ? worst : error, 0);
  const durationError = Math.abs(seconds - test.expectedSeconds);
  const all = [...complaints, ...decoded];
  if (times.length !== test.frames) all.push(`${times.length} frames instead of ${test.frames}`);
  if (!(worstTime <= timeError(test))) all.push(`a frame's time is off by ${worstTime} s`);
  if (!(durationError <= facts.durationError)) all.push(`the duration is off by ${durationError} s`);
  return { frames: times.length, worstTime, durationError, complaints: withoutAllowed(test, all) };
}
