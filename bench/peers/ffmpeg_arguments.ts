/**
 * Parameters of the ffmpeg program: what is the same for all peers that run it.
 *
 * @module
 */
import { type Input, isImage } from "../cases.ts";
import type { PeerRequest } from "./protocol.ts";

/** Frames from a file, or image files, which are read again and again, or `"-"` for stdin. */
export function inputArguments(
  { width, height, frameRate }: PeerRequest,
  input: Input,
  path: string,
): string[] {
  return [
    ...["-v", "error", "-y"],
    ...(path === "-" ? [] : ["-nostdin", "-stream_loop", "-1"]),
    ...(isImage(input)
      ? ["-f", "image2"]
      : ["-f", "rawvideo", "-pixel_format", input, "-video_size", `${width}x${height}`]),
    ...["-framerate", `${frameRate}`, "-i", path],
  ];
}

/**
 * The filters to what the encoder takes, told which matrix and range: avwriter knows that by itself. None
 * where nothing is to do.
 */
function filterArguments({ setting, color, inputColor }: PeerRequest, input: Input, range: string): string[] {
  if (setting.pixelFormat === input) return [];
  const isSameMatrix = input === "yuv420p" && color.matrix === inputColor.matrix;
  const outOf = {
    yuv420p: isSameMatrix ? "in_range=tv" : `in_color_matrix=${inputColor.matrix}:in_range=tv`,
    jpg: "in_color_matrix=bt601:in_range=pc",
  };
  const from = input === "yuv420p" || input === "jpg" ? outOf[input] : null;
  const matrix = isSameMatrix ? [] : [`out_color_matrix=${color.matrix}`];
  const scale = `scale=${[...(from === null ? [] : [from]), ...matrix, `out_range=${range}`].join(":")}`;
  return ["-vf", `${scale},format=${setting.pixelFormat}`];
}

/** Encoder, colour tags, container and file. mp4 and mov get their index in front, as avwriter has it. */
export function outputArguments(request: PeerRequest, input: Input, output: string): string[] {
  const { setting: { encoder, options, extension, pixelFormat }, color, frames } = request;
  const range = pixelFormat.startsWith("yuvj") ? "pc" : "tv";
  return [
    ...["-frames:v", `${frames}`],
    ...filterArguments(request, input, range),
    ...["-c:v", encoder, "-pix_fmt", pixelFormat],
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}:v`, `${value}`]),
    ...["-colorspace", color.matrix, "-color_primaries", color.primaries, "-color_trc", color.transfer],
    ...["-color_range", range],
    ...(extension === "mp4" || extension === "mov" ? ["-movflags", "+faststart"] : []),
    output,
  ];
}
