/**
 * The command line of an ffmpeg program that encodes what comes through its standard input.
 *
 * @module
 */
import { extname } from "../../../ffi/mod.ts";
import { NULL } from "../../../ffi/mod.ts";
import { audioCandidates } from "../../audio/audio_families.ts";
import type { AviLayout } from "../../avi/layout.ts";
import { aviPixelFormats } from "../../avi/pixel_formats.ts";
import { encoderOptions, traitsOf } from "../../codecs/encoder_settings.ts";
import { movFamily } from "../../container/known_containers.ts";
import type { VideoFileRequest } from "../../engine/session_types.ts";
import type { EncoderInfo } from "../../libav/encoder.ts";
import { optionText, type OptionValue } from "../../libav/options.ts";
import { defaultColor, parseColor } from "../../video/color.ts";

/** What a program is told. */
export interface ProgramCommand {
  readonly args: readonly string[];
  /** The pixel format that the encoder gets; empty where that is the program's choice. */
  readonly pixelFormat: string;
}

/** The name that a container goes by, as far as the path or the option tells. */
export function containerName({ path, options: { format } }: VideoFileRequest): string {
  return format ?? extname(path).slice(1).toLowerCase();
}

/** The command line for a file with these streams. */
export function programCommand(
  request: VideoFileRequest,
  encoder: string,
  layout: AviLayout,
): ProgramCommand {
  const { path, options } = request;
  const { format, formatOptions = {}, metadata = {} } = options;
  const container = containerName(request);
  const video = videoArguments(request, encoder, layout);
  const isMov = movFamily.includes(container) || container === "m4v";
  const args = [
    ...["-hide_banner", "-nostdin", "-v", "error", "-y", "-f", "avi", "-i", "pipe:0", "-map", "0"],
    ...video.args,
    ...options.audio.flatMap((track, index) => audioArguments(track, index, container)),
    ...Object.entries(metadata).flatMap(([key, value]) => ["-metadata", `${key}=${value}`]),
    ...(isMov ? ["-movflags", "+faststart"] : []),
    ...(isMov && request.codec === "hevc" ? ["-tag:v", "hvc1"] : []),
    ...named(Object.entries(formatOptions), ""),
    ...(format === undefined ? [] : ["-f", format]),
    `file:${path}`,
  ];
  return { args, pixelFormat: video.pixelFormat };
}

function named(options: readonly (readonly [string, OptionValue])[], stream: string): string[] {
  return options.flatMap(([name, value]) => [`-${name}${stream}`, optionText(value)]);
}

function videoArguments(
  request: VideoFileRequest,
  encoder: string,
  { video }: AviLayout,
): ProgramCommand {
  const { frameRate, options, codec } = request;
  const container = containerName(request);
  const { width, height, stored } = video;
  const info: EncoderInfo = { name: encoder, codecName: codec, codecId: 0, codec: NULL };
  const source = aviPixelFormats.find(({ name }) => name === (stored === "MJPG" ? "yuv420p" : stored.name))!;
  const color = options.color === undefined ? defaultColor(height) : parseColor(options.color, height);
  const pixelFormat = options.pixelFormat ?? traitsOf(info).formats?.[0] ?? "";
  const settings = encoderOptions(
    null,
    info,
    {
      ...options,
      ...{ container, frameRate, width, height, source, isOpaque: () => true },
      ...{ isCrashSafe: false, isVariable: false, isVerbose: false, isQuiet: options.logLevel === "quiet" },
    },
    source,
    color,
  );
  const isLuma = /^(?:yuv|nv)/.test(pixelFormat);
  const filters = [
    ...(options.filter === undefined ? [] : [options.filter]),
    ...(isLuma ? evenSides(width, height, options.oddSize ?? "pad") : []),
    ...(isLuma ? [`scale=in_color_matrix=${matrixName(color.matrix)}:${outColor(color)}`] : []),
  ];
  return {
    pixelFormat,
    args: [
      ...(filters.length === 0 ? [] : ["-vf", filters.join(",")]),
      ...["-c:v", encoder],
      ...(pixelFormat === "" ? [] : ["-pix_fmt", pixelFormat]),
      ...named(settings, ":v"),
      ...(isLuma
        ? [
          ...["-colorspace", color.matrix, "-color_primaries", color.primaries],
          ...["-color_trc", color.transfer, "-color_range", color.range],
        ]
        : []),
    ],
  };
}

/** libswscale's filter knows BT.601 by another name, and BT.2020 by a shorter one. */
function matrixName(matrix: string): string {
  return matrix === "bt2020nc" ? "bt2020" : matrix;
}

function outColor({ matrix, range }: { readonly matrix: string; readonly range: string }): string {
  return `out_color_matrix=${matrixName(matrix)}:out_range=${range}:flags=area+accurate_rnd+full_chroma_int`;
}

function evenSides(width: number, height: number, oddSize: "pad" | "crop" | "error"): string[] {
  const [right, bottom] = [width % 2, height % 2];
  if (right + bottom === 0 || oddSize === "error") return [];
  if (oddSize === "crop") return ["crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0"];
  return ["pad=ceil(iw/2)*2:ceil(ih/2)*2", `fillborders=right=${right}:bottom=${bottom}:mode=smear`];
}

function audioArguments(
  { codec, sampleRate, sampleFormat, layout, bitrate, encoderOptions = {}, language, title }:
    VideoFileRequest["options"]["audio"][number],
  index: number,
  container: string,
): string[] {
  const stream = `:a:${index}`, tags = `:s:a:${index}`;
  return [
    ...(codec === undefined ? [] : [`-c${stream}`, audioCandidates(codec, container, sampleFormat)[0]!]),
    ...(sampleRate === undefined ? [] : [`-ar${stream}`, `${sampleRate}`]),
    ...(layout === null ? [] : [`-ac${stream}`, `${layout.channels}`]),
    ...(bitrate === undefined ? [] : [`-b${stream}`, `${bitrate}`]),
    ...named(Object.entries(encoderOptions), stream),
    ...(language === undefined ? [] : [`-metadata${tags}`, `language=${language}`]),
    ...(title === undefined ? [] : [`-metadata${tags}`, `title=${title}`]),
  ];
}
