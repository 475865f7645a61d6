/**
 * What commands that write a video have in common.
 *
 * @module
 */
import { extname, runtime } from "../../ffi/mod.ts";
import type { WriteSummary } from "../engine/session_types.ts";
import { filePath } from "../file_path.ts";
import { isOneFile } from "../same_file.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import { numberOption, type OptionKinds, type Parsed, textOption, UsageError } from "./arguments.ts";
import { type CommandContext, printResult, rounded } from "./command.ts";

/** The codec for a file, by its extension. */
const codecs: Readonly<Record<string, string>> = {
  ...{ ".mp4": "h264", ".m4v": "h264", ".mov": "h264", ".mkv": "h264", ".ts": "h264", ".flv": "h264" },
  ...{
    ".webm": "vp9",
    ".avi": "mpeg4",
    ".gif": "gif",
    ".webp": "webp",
    ".apng": "apng",
    ".ogv": "libtheora",
  },
};

const silent: readonly string[] = [".gif", ".webp", ".apng"];

/** Whether the container of a file, by its extension, has no place for audio. */
export function isSilent(path: string): boolean {
  return silent.includes(extname(path).toLowerCase());
}

/** The options of what is written. */
export const outputOptions: OptionKinds = {
  ...{ codec: "value", quality: "value", bitrate: "value", width: "value", height: "value" },
  ...{ hardware: "value", overwrite: "flag" },
};

/** Help for them. */
export const outputHelp: readonly string[] = [
  "  --codec NAME             h264, hevc, av1, vp9, prores, ffv1, gif, or an encoder",
  "  --quality Q              low, medium, high, lossless, or the encoder's own number",
  "  --bitrate B              in place of a quality: 4M",
  "  --width W, --height H    the video's size; that of the first picture",
  "  --hardware WHICH         whether a device encodes: off, auto, require",
  "  --overwrite              replace a file that exists",
];

/** The codec that is asked for, or that of the extension. */
export function codecOf(path: string, parsed: Parsed): string {
  const codec = textOption(parsed, "codec") ?? codecs[extname(path).toLowerCase()];
  if (codec !== undefined) return codec;
  throw new UsageError(
    `The name ${path} does not tell a codec: give --codec, such as --codec h264`,
  );
}

/** The writer's options. The writer checks their values. */
export function writerOptionsOf(parsed: Parsed): WriterOptions {
  const quality = textOption(parsed, "quality");
  const options = {
    ...{ width: numberOption(parsed, "width"), height: numberOption(parsed, "height") },
    ...{ resize: textOption(parsed, "resize"), bitrate: textOption(parsed, "bitrate") },
    hardware: textOption(parsed, "hardware"),
    quality: quality === undefined || Number.isNaN(Number(quality)) ? quality : Number(quality),
  };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as WriterOptions;
}

/** Throws where a file would be replaced that nobody said may be. */
export function requireFree(path: string, parsed: Parsed): void {
  if (parsed.options.has("overwrite") || runtime().realPath(filePath(path)) === undefined) return;
  throw new UsageError(`${path} exists: give --overwrite to replace it`);
}

/** Throws where a file would be written that is read at the same time, also by another name. */
export function requireOther(source: string | URL, output: string): void {
  if (!isOneFile(filePath(source), filePath(output))) return;
  throw new UsageError(`${output} is the source: give another name`);
}

/** Tells what was written. */
export function printSummary(context: CommandContext, summary: WriteSummary, writer: VideoWriter): void {
  const { frames, bytes, seconds } = summary;
  const told = `${summary.path}: ${frames} frames, ${rounded(seconds)} s, ${bytes} bytes`;
  printResult(context, { ...summary, encoder: writer.encoder?.name ?? null }, [told]);
}
