/**
 * Animated WebP: ffmpeg's decoder (before 8.0) knows still pictures only, so libwebp's own programs judge it.
 *
 * @module
 */
import { lines, run, textOf } from "./commands.ts";

/** One frame of an animation, as `webpmux -info` tells it. */
export interface WebpFrame {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  readonly milliseconds: number;
  /** The frame's area becomes transparent after it. */
  readonly isDisposed: boolean;
  /** The frame is laid over what was there. */
  readonly isBlended: boolean;
}

/** Reads `webpmux -info`: a table with one line for each frame. */
export async function webpFrames(path: string): Promise<{ frames: WebpFrame[]; complaints: string[] }> {
  const ended = await run("webpmux", ["-info", path]);
  const complaints = lines(ended.stderr).map((line) => `webpmux: ${line}`);
  if (ended.code !== 0) complaints.push(`webpmux ended with ${ended.code}`);
  // No.: width height alpha x_offset y_offset duration dispose blend image_size compression
  const row = /^\d+:\s+(\d+)\s+(\d+)\s+\w+\s+(\d+)\s+(\d+)\s+(\d+)\s+(none|background)\s+(yes|no)\s/;
  const frames = lines(textOf(ended)).flatMap((line) => {
    const found = row.exec(line);
    if (found === null) return [];
    const [width, height, x, y, milliseconds] = found.slice(1, 6).map(Number) as number[];
    return [{
      ...{ width: width!, height: height!, x: x!, y: y!, milliseconds: milliseconds! },
      isDisposed: found[6] === "background",
      isBlended: found[7] === "yes",
    }];
  });
  return { frames, complaints };
}

/** The pixels of a PAM picture with red, green, blue and alpha. */
function readPam(bytes: Uint8Array): Uint8Array {
  const end = "ENDHDR\n";
  const header = new TextDecoder().decode(bytes.subarray(0, 200));
  return bytes.subarray(header.indexOf(end) + end.length);
}

/** Lays a frame on the canvas, over or instead of what was there. */
function lay(canvas: Uint8Array, stride: number, frame: WebpFrame, pixels: Uint8Array): void {
  for (let y = 0; y < frame.height; y++) {
    for (let x = 0; x < frame.width; x++) {
      const from = (y * frame.width + x) * 4;
      const to = ((frame.y + y) * stride + frame.x + x) * 4;
      const alpha = pixels[from + 3]!;
      if (!frame.isBlended || alpha === 255) canvas.set(pixels.subarray(from, from + 4), to);
      else if (alpha > 0) {
        throw new RangeError("a blended frame is half transparent, which this tool can't lay");
      }
    }
  }
}

/** Decodes all frames of an animation to RGBA. */
export async function decodeWebp(
  path: string,
  [width, height]: readonly [width: number, height: number],
): Promise<{ bytes: Uint8Array; complaints: string[] }> {
  const { frames, complaints } = await webpFrames(path);
  const bytes = new Uint8Array(width * height * 4 * frames.length);
  const canvas = new Uint8Array(width * height * 4);
  for (const [index, frame] of frames.entries()) {
    const still = `${path}.frame`;
    const got = await run("webpmux", ["-get", "frame", String(index + 1), path, "-o", still]);
    const decoded = await run("dwebp", ["-quiet", "-pam", still, "-o", "-"]);
    await Deno.remove(still).catch(() => {});
    if (got.code !== 0 || decoded.code !== 0) {
      complaints.push(`frame ${index}: ${got.stderr}${decoded.stderr}`);
    } else lay(canvas, width, frame, readPam(decoded.stdout));
    bytes.set(canvas, index * canvas.length);
    if (frame.isDisposed) canvas.fill(0);
  }
  return { bytes, complaints };
}
