/**
 * Subtitles of a file, as they are in its packets: no decoder of FFmpeg stands between, each release's
 * changes plain text in its own way.
 *
 * @module
 */
import { execFileSync } from "node:child_process";

/** A text and the time of its display, in seconds. */
export interface ReadCue {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A track of subtitles as ffprobe tells it. */
export interface ProbedSubtitles {
  readonly index: number;
  readonly codec_name: string;
  readonly duration?: string;
  readonly disposition: { readonly default: number; readonly forced: number };
  readonly tags?: Readonly<Record<string, string>>;
}

function ask(path: string, ...options: string[]): Record<string, unknown> {
  return JSON.parse(execFileSync("ffprobe", [
    ...["-v", "error", ...options, "-of", "json", path],
  ], { encoding: "utf8", maxBuffer: 2 ** 28 }));
}

/** All tracks of subtitles of a file. */
export function probeSubtitles(path: string): ProbedSubtitles[] {
  return ask(path, "-select_streams", "s", "-show_streams").streams as ProbedSubtitles[];
}

/** The bytes of a dump in hexadecimal digits. */
function dumped(data: string): Uint8Array {
  const digits = data.split("\n").map((line) => line.slice(line.indexOf(":") + 1, 50).replaceAll(" ", ""));
  return Uint8Array.from(digits.join("").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** How each codec's packets are read, to the text without its styles. */
const readers: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  mov_text: (bytes) => utf8(bytes.subarray(2, 2 + (bytes[0]! << 8 | bytes[1]!))),
  subrip: (bytes) => utf8(bytes).replace(/<\/?[biu]>/g, ""),
  webvtt: (bytes) =>
    utf8(bytes).replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&"),
  ass: (bytes) =>
    utf8(bytes).split(",").slice(8).join(",").replace(/(?<!\\)\{[^}]*\}/g, "").replaceAll("\\N", "\n")
      .replace(/\\([{}])/g, "$1").replaceAll("\u2060", ""),
};

function utf8(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/**
 * The cues of a track that have a text, in seconds after the first frame: containers begin with what audio
 * has before 0.
 */
export function cuesOf(path: string, track = 0): ReadCue[] {
  const { streams, packets } = ask(path, "-show_streams", "-show_packets", "-show_data") as {
    streams: readonly (ProbedSubtitles & { readonly codec_type: string })[];
    packets: readonly Record<string, string>[];
  };
  const ofType = (type: string) => streams.filter(({ codec_type }) => codec_type === type);
  const packetsOf = (index: number) => packets.filter(({ stream_index }) => Number(stream_index) === index);
  const { codec_name, index } = ofType("subtitle")[track]!;
  const from = Math.min(...packetsOf(ofType("video")[0]!.index).map(({ pts_time }) => Number(pts_time)));
  return packetsOf(index)
    .map(({ pts_time, duration_time, data }) => ({
      text: readers[codec_name]!(dumped(data!)),
      start: Number(pts_time) - from,
      end: Number(pts_time) - from + Number(duration_time),
    }))
    .filter(({ text }) => text !== "");
}

/** A track as the ffmpeg program converts it to a file of another notation. */
export function convertSubtitles(path: string, format: "srt" | "webvtt" | "ass", track = 0): string {
  return execFileSync("ffmpeg", [
    ...["-v", "error", "-i", path, "-map", `0:s:${track}`, "-f", format, "-"],
  ], { encoding: "utf8" });
}
