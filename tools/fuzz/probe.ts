/**
 * What ffprobe says of a file, once for all files with the same bytes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { run } from "./programs.ts";

/** A video stream as ffprobe tells it, after every frame was decoded. */
export interface Probed {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** When each frame is shown, in seconds; `null` where the file does not tell. */
  readonly times: readonly (number | null)[];
  /** Length in seconds, of the stream or else of the file; `null` where neither tells. */
  readonly duration: number | null;
  /** The packets of the video, in the order of the file. */
  readonly packets: readonly PacketTimes[];
}

/** The times of a packet, in seconds. */
export interface PacketTimes {
  readonly decoded: number | null;
  readonly shown: number | null;
  readonly duration: number;
  /** Whether it is marked as a key frame. */
  readonly isKey: boolean;
}

/** A stream of audio. */
export interface ProbedAudio {
  readonly codec: string;
  readonly packets: readonly PacketTimes[];
}

/** What was found, and what was said. */
export interface ProbeResult {
  /** The video stream; `null` where there is none. */
  readonly stream: Probed | null;
  /** The streams of audio. */
  readonly audio: readonly ProbedAudio[];
  /** Lines on stderr at level "error", or what else went wrong. */
  readonly said: readonly string[];
  /** What the file says of itself. */
  readonly tags: FileTags;
}

/** What a file says of itself and of its picture. */
export interface FileTags {
  /** The tags of file, programs and video, by their keys in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly chapters: readonly { readonly title: string; readonly start: number }[];
  /** The width of a pixel over its height; `null` where nothing tells. */
  readonly pixelShape: number | null;
  readonly fieldOrder: string | null;
}

const noTags: FileTags = { metadata: {}, chapters: [], pixelShape: null, fieldOrder: null };

const wanted = "frame=stream_index,best_effort_timestamp:packet=stream_index,pts,dts,duration,flags:" +
  "stream=index,codec_type,codec_name,width,height,duration,time_base,sample_aspect_ratio,field_order:" +
  "format=duration:format_tags:stream_tags:program_tags:chapter=start_time:chapter_tags";

function seconds(text: unknown): number | null {
  const value = Number.parseFloat(String(text));
  return Number.isFinite(value) ? value : null;
}

/** A stream as ffprobe prints it. */
interface PrintedStream {
  readonly index: number;
  readonly codec_type: string;
  readonly codec_name: string;
  readonly width: number;
  readonly height: number;
  readonly duration?: string;
  readonly time_base: string;
  readonly sample_aspect_ratio?: string;
  readonly field_order?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A packet or a frame as ffprobe prints it. */
interface PrintedItem {
  readonly type: string;
  readonly stream_index: number;
  readonly pts?: number;
  readonly dts?: number;
  readonly duration?: number;
  readonly flags?: string;
  readonly best_effort_timestamp?: number;
}

function itemsOf(
  items: readonly PrintedItem[],
  type: string,
  { index }: PrintedStream,
): readonly PrintedItem[] {
  return items.filter((item) => item.type === type && item.stream_index === index);
}

/** Printed seconds have six places, which is not enough for some. */
function toSeconds({ time_base: timeBase }: PrintedStream): (ticks: number | undefined) => number | null {
  const [num, den] = timeBase.split("/").map(Number) as [number, number];
  return (ticks) => ticks === undefined ? null : ticks * num / den;
}

function packetsOf(items: readonly PrintedItem[], stream: PrintedStream): PacketTimes[] {
  const inSeconds = toSeconds(stream);
  return itemsOf(items, "packet", stream).map(({ pts, dts, duration, flags }) => ({
    decoded: inSeconds(dts),
    shown: inSeconds(pts),
    duration: inSeconds(duration) ?? 0,
    isKey: flags?.startsWith("K") ?? false,
  }));
}

async function probe(path: string, args: readonly string[]): Promise<ProbeResult> {
  const { code, stdout, stderr } = await run("ffprobe", [
    ...["-analyzeduration", "100M", "-probesize", "100M"],
    ...["-v", "error", "-show_frames", "-show_packets", "-show_streams", "-show_format"],
    ...["-show_programs", "-show_chapters"],
    ...["-show_entries", wanted, "-of", "json", ...args, `file:${path}`],
  ]);
  const said = [...new Set(stderr.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];
  if (code !== 0) {
    return { stream: null, audio: [], said: [`ffprobe ended with ${code}`, ...said], tags: noTags };
  }
  const told = JSON.parse(stdout);
  const { streams, packets_and_frames: items = [], format } = told;
  const all: readonly PrintedStream[] = streams;
  const audio = all.filter(({ codec_type: type }) => type === "audio").map((stream) => ({
    codec: stream.codec_name,
    packets: packetsOf(items, stream),
  }));
  const [video, ...others] = all.filter(({ codec_type: type }) => type === "video");
  if (video === undefined || others.length > 0) {
    return {
      stream: null,
      audio,
      said: [`${others.length + (video ? 1 : 0)} video streams`, ...said],
      tags: noTags,
    };
  }
  const { codec_name: codec, width, height, duration } = video;
  const inSeconds = toSeconds(video);
  return {
    stream: {
      codec,
      width,
      height,
      times: itemsOf(items, "frame", video).map(({ best_effort_timestamp: ticks }) => inSeconds(ticks)),
      duration: seconds(duration) ?? seconds(format.duration),
      packets: packetsOf(items, video),
    },
    audio,
    said,
    tags: tagsOf(told, video),
  };
}

/** What ffprobe prints tags of. */
interface PrintedTags {
  readonly tags?: Readonly<Record<string, string>>;
}

function tagsOf(
  { format, programs = [], chapters = [] }: {
    readonly format: PrintedTags;
    readonly programs?: readonly PrintedTags[];
    readonly chapters?: readonly (PrintedTags & { readonly start_time: string })[];
  },
  video: PrintedStream,
): FileTags {
  const all = [video, ...programs, format].flatMap(({ tags = {} }) => Object.entries(tags));
  const [num, den] = (video.sample_aspect_ratio ?? "").split(":").map(Number);
  return {
    metadata: Object.fromEntries(all.map(([key, value]) => [key.toLowerCase(), value])),
    chapters: chapters.map(({ start_time: start, tags }) => ({
      title: tags?.title ?? "",
      start: Number(start),
    })),
    pixelShape: num !== undefined && den !== undefined && num > 0 && den > 0 ? num / den : null,
    fieldOrder: video.field_order ?? null,
  };
}

/** Probes files; the same bytes under the same extension are probed once. */
export class Prober {
  readonly #known = new Map<string, Promise<ProbeResult>>();

  /** Probes a file, with arguments for how it is to be read. */
  probe(path: string, args: readonly string[], isOneFile: boolean): Promise<ProbeResult> {
    if (!isOneFile) return probe(path, args);
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
    const key = JSON.stringify([hash, extname(path), args]);
    if (!this.#known.has(key)) this.#known.set(key, probe(path, args));
    return this.#known.get(key)!;
  }
}
