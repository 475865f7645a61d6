/**
 * `avwriter probe`.
 *
 * @module
 */
import { filePath } from "../file_path.ts";
import { UsageError } from "./arguments.ts";
import { type Command, printResult, rounded, table } from "./command.ts";
import { type ProbedStream, probeFile } from "./probe.ts";

function describe({ type, codec, seconds, tags, ...stream }: ProbedStream): string[] {
  const { width, height, pixelFormat, frameRate, rotation, sampleRate, channels, isCover } = stream;
  const shape = type === "video"
    ? [
      ...[`${width}x${height}`, pixelFormat ?? "", isCover ? "cover" : rateOf(frameRate ?? null)],
      rotation ? `rotated by ${rotation} degrees` : "",
    ]
    : type === "audio"
    ? [`${sampleRate} Hz`, channels === 1 ? "1 channel" : `${channels} channels`]
    : [];
  const length = seconds === null || isCover ? "" : `${rounded(seconds)} s`;
  return [
    String(stream.index),
    type,
    codec,
    [...shape, tags.language === "und" ? "" : tags.language, length].filter(Boolean).join(", "),
  ];
}

function rateOf(rate: { readonly num: number; readonly den: number } | null): string {
  if (rate === null) return "";
  return `${rate.den === 1 ? rate.num : `${rate.num}/${rate.den}`} fps`;
}

/** What is in a file. */
export const probeCommand: Command = {
  usage: "FILE",
  summary: "tell what is in a media file",
  help: "Lists the streams, chapters and tags, by the file's headers and first packets. Nothing is decoded.",
  options: {},
  // deno-lint-ignore require-await
  async run(context): Promise<number> {
    const { rest: [path, ...more] } = context.parsed;
    if (path === undefined || more.length > 0) throw new UsageError("probe needs one file");
    const file = probeFile(filePath(path, "read"));
    const { seconds, streams, chapters, tags } = file;
    printResult(context, file, [
      `${path}${seconds === null ? "" : `: ${rounded(seconds)} s`}`,
      ...table(streams.map(describe)),
      ...chapters.map(({ title, start, end }) => `chapter ${rounded(start)} to ${rounded(end)} s: ${title}`),
      ...Object.entries(tags).map(([name, value]) => `${name}: ${value}`),
    ]);
    return 0;
  },
};
