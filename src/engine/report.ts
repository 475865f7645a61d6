/**
 * What a writer tells of its encoder, and the block that it prints at log level "info": what it uses, why,
 * and the ffmpeg command that does the same.
 *
 * @module
 */
import { scaleFilterMatrix } from "../libav/conversion/filter_graph.ts";
import { type Native, runtime } from "../../ffi/mod.ts";
import type { ChosenEncoder } from "../codecs/choose_encoder.ts";
import type { EncoderSettings } from "../codecs/open_encoder.ts";
import { codecTag } from "../container/codec_support.ts";
import { muxerOptions } from "../container/muxer_options.ts";
import { isPrinted } from "../libav/log.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { optionText } from "../libav/options.ts";
import { bitsPerComponent, type PixelFormatInfo } from "../libav/pixel_format.ts";
import { invert, rationalText } from "../libav/rational.ts";
import { paletteFilters } from "../video/palette/palette_converter.ts";
import type { PictureShape } from "../video/pixels.ts";
import type { AudioTracks } from "./audio_tracks.ts";
import type { AudioFileRequest, EncoderChoice, VideoFileRequest } from "./session_types.ts";

/** The container as it is told. */
export interface ReportedContainer {
  /** A muxer of the finished file. */
  readonly muxer: Muxer;
  /** Whether its tags go under keys of their own. */
  readonly namesKeys: boolean;
}

/** The block's text. */
export function describeVideoSession(
  native: Native,
  request: VideoFileRequest,
  path: FramePath,
  settings: EncoderSettings,
  choice: EncoderChoice,
  container: ReportedContainer,
): string {
  const { width, height, format, color, frameRate, options } = settings;
  const { layout } = path.first;
  return [
    ...heading(native, request.path),
    `  encoder    ${choice.name} for ${request.codec}: ${reason(request, choice)}`,
    ...choice.rejected.map(({ name, reason }) => `  passed by  ${name}: ${reason}`),
    `  input      ${layout.width}x${layout.height} ${layout.format.name}`,
    `  stream     ${choice.codec} ${width}x${height} ${format.name}, ${rationalText(frameRate)} fps, ` +
    `${color.matrix}/${color.primaries}/${color.transfer}/${color.range}`,
    `  options    ${options.map(([name, value]) => `${name}=${optionText(value)}`).join(" ")}`,
    `  container  ${container.muxer.info.name}`,
    // One command has one pass.
    ...(request.options.passes === undefined
      ? [`  the same   ${ffmpegCommand(request, path, settings, container)}`]
      : []),
  ].join("\n");
}

/**
 * Describes an encoder, for frames of a format as they came in, or (`null`) before they are known. Prints, at
 * the log level "warning", what they lose: bits, and alpha in a container whose pictures could have it.
 */
export function describeChoice(
  { settings: { encoder, format }, rejected }: ChosenEncoder,
  given: PixelFormatInfo | null,
  { name: container }: MuxerInfo,
  { path, options: { alpha, background = "black", logLevel } }: VideoFileRequest,
): EncoderChoice {
  const choice = { name: encoder.name, codec: encoder.codecName, pixelFormat: format.name, rejected };
  if (given === null) return choice;
  const warn = (text: string): void => {
    if (isPrinted(logLevel, "warning")) console.error(`avwriter: ${path || "bytes"}: ${text}`);
  };
  if (container === "avif" && given.hasAlpha && !format.hasAlpha && alpha !== "discard") {
    warn(`${encoder.name} takes no alpha: transparent pixels are laid over the background (${background})`);
  }
  const [from, to] = [bitsPerComponent(given), bitsPerComponent(format)];
  if (from <= to) return choice;
  warn(`the frames have ${from} bits per component, but ${encoder.name} gets ${to} (${format.name})`);
  return { ...choice, depthLoss: { from, to } };
}

/** The text of an audio file's block. */
export function describeAudioSession(
  native: Native,
  { path, options }: AudioFileRequest,
  { name }: MuxerInfo,
  { codec, encoded }: AudioTracks["first"],
): string {
  const { encoder, shape: { format, layout, sampleRate } } = encoded!;
  const bitrate = options.audio[0]!.bitrate;
  const command = [
    ...["ffmpeg", "-f", "f32le", "-ar", `${sampleRate}`, "-ac", `${layout.channels}`, "-i", "-"],
    ...["-c:a", encoder, ...(bitrate === undefined ? [] : ["-b:a", `${bitrate}`])],
    ...["-f", name, outputOf(path)],
  ];
  return [
    ...heading(native, path),
    `  encoder    ${encoder}`,
    `  stream     ${codec} ${sampleRate} Hz ${layout.name} from ${format.name}`,
    `  container  ${name}`,
    `  the same   ${command.map(shellQuoted).join(" ")}`,
  ].join("\n");
}

/** The output of a command: a file, or what takes bytes. */
function outputOf(path: string): string {
  return path === "" ? "pipe:1" : `file:${path}`;
}

/** The head of the block: path, runtime and libraries. */
function heading(native: Native, path: string): string[] {
  const versions = Object.entries(native.libraryVersions).map(([library, version]) =>
    `lib${library} ${version}`
  );
  return [
    `avwriter: ${path || "bytes"}`,
    `  runtime    ${runtime().name}`,
    `  FFmpeg     ${native.version} in ${native.folder} (${versions.join(", ")})`,
  ];
}

function reason(request: VideoFileRequest, choice: EncoderChoice): string {
  if (request.codec === choice.name) return "asked for by name";
  return choice.rejected.length === 0
    ? "the first candidate, and it opens"
    : "the first candidate that opens";
}

/** Quotes an argument for a POSIX shell. */
function shellQuoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** libswscale's flags of `src/libav/conversion/scaler.ts`, by name. */
const scaleFlags = "area+accurate_rnd+bitexact+full_chroma_int+full_chroma_inp";

/** The stages of a frame before the encoder. */
export interface FramePath {
  /** The first frame, as it came in. */
  readonly first: PictureShape;
  /** The size that pictures get before filters. */
  readonly size: { readonly width: number; readonly height: number };
  /** The first picture that the encoder's converter got. */
  readonly picture: PictureShape;
}

/** The filters that give frames the video's size. */
function resizing(
  { layout }: PictureShape,
  { width, height }: FramePath["size"],
  mode: string | undefined,
): string[] {
  if (layout.width === width && layout.height === height) return [];
  const scale = `scale=${width}:${height}`;
  if (mode === "contain") {
    return [`${scale}:force_original_aspect_ratio=decrease`, `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`];
  }
  return mode === "cover"
    ? [`${scale}:force_original_aspect_ratio=increase`, `crop=${width}:${height}`]
    : [scale];
}

/** The filters that turn pictures into those that the encoder gets. */
function converting(
  { layout: input, meaning }: PictureShape,
  { format, width, height, color }: EncoderSettings,
): string[] {
  const chain: string[] = [];
  if (width < input.width || height < input.height) {
    chain.push(`crop=${Math.min(width, input.width)}:${Math.min(height, input.height)}:0:0`);
  }
  const right = Math.max(0, width - input.width);
  const bottom = Math.max(0, height - input.height);
  const isPadded = right + bottom > 0;
  if (isPadded) {
    // ffmpeg's pad counts in whole chroma samples: it needs a format that has one for each pixel.
    const unsubsampled = input.format.isRgb ? (format.hasAlpha ? "gbrap" : "gbrp") : "yuv444p";
    chain.push(`format=${unsubsampled}`, `pad=${width}:${height}:0:0`);
    chain.push(`fillborders=right=${right}:bottom=${bottom}:mode=smear`);
  }
  if (format.isPalette && !input.format.isPalette) chain.push(paletteFilters);
  else if (isPadded || format.id !== input.format.id) {
    const from = `in_color_matrix=${scaleFilterMatrix(meaning)}:in_range=${meaning.range}`;
    const matrix = scaleFilterMatrix(format.isRgb ? meaning : color);
    chain.push(`scale=${from}:out_color_matrix=${matrix}:out_range=${color.range}:flags=${scaleFlags}`);
  }
  return chain;
}

/** The ffmpeg command line that encodes the same raw frames from its standard input in the same way. */
export function ffmpegCommand(
  request: VideoFileRequest,
  path: FramePath,
  settings: EncoderSettings,
  { muxer, namesKeys }: ReportedContainer,
): string {
  const { encoder, format, frameRate, color, options, sampleAspectRatio } = settings;
  const { layout } = path.first;
  const { resize, filter, formatOptions, metadata = {}, loop } = request.options;
  const chain = [
    ...resizing(path.first, path.size, resize),
    ...(filter === undefined ? [] : [filter]),
    ...converting(path.picture, settings),
    ...(sampleAspectRatio === null ? [] : [`setsar=${rationalText(sampleAspectRatio)}:max=2147483647`]),
  ];
  const tag = codecTag(muxer.info, encoder, request.codec);
  const argumentsOf = (entries: Iterable<readonly [string, string | number | boolean]>): string[] =>
    [...entries].flatMap(([name, value]) => [`-${name}`, optionText(value)]);
  return [
    "ffmpeg",
    ...[
      "-f",
      "rawvideo",
      "-pixel_format",
      layout.format.name,
      "-video_size",
      `${layout.width}x${layout.height}`,
    ],
    ...["-framerate", rationalText(frameRate), "-i", "-"],
    ...(chain.length === 0 ? [] : ["-vf", chain.join(",")]),
    ...["-c:v", encoder.name, "-pix_fmt", format.name],
    ...argumentsOf(options),
    ...(format.isPalette ? [] : argumentsOf([
      ["colorspace", color.matrix],
      ["color_primaries", color.primaries],
      ["color_trc", color.transfer],
      ["color_range", color.range],
    ])),
    ...Object.entries(metadata).flatMap(([key, value]) => ["-metadata", `${key}=${value}`]),
    ...(tag === null ? [] : ["-tag:v", tag]),
    ...argumentsOf(
      Object.entries(muxerOptions(muxer, invert(frameRate), "finished", formatOptions, namesKeys, loop)),
    ),
    ...["-f", muxer.info.name, outputOf(request.path)],
  ].map(shellQuoted).join(" ");
}
