/**
 * What a program is asked that writes frames to an encoder that does nothing, as its one parameter, and what
 * it tells, on its last line: both in JSON.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter, type VideoWriter } from "../../../mod.ts";
import { bytesPerPixel, frameRate } from "../../cases.ts";
import { cpuSeconds } from "../../resources.ts";
import type { TimeReport } from "../../turns.ts";

/** Which frames to write. */
export interface WayRequest {
  readonly width: number;
  readonly height: number;
  readonly format: "rgba" | "yuv420p";
  /** How many frames come before those that count. */
  readonly startFrames: number;
  readonly frames: number;
  /** A path that the writer is given: the muxer makes no file. */
  readonly path: string;
}

/** What the frames that count took. */
export interface WayReport extends TimeReport {
  /** Of all frames, as the writer's summary says. */
  readonly framesMade: number;
  readonly framesDropped: number;
}

/** Frames of a program that draws are not in a cache: so many bytes of them take turns. */
const pictureBytes = 32 * 2 ** 20;

/** Pictures with something in each pixel, and opaque where they have alpha. */
function makePictures({ width, height, format }: WayRequest): Uint8Array<ArrayBuffer>[] {
  const bytes = width * height * bytesPerPixel[format];
  const opaque = format === "rgba" ? new Uint32Array(new Uint8Array([0, 0, 0, 255]).buffer)[0]! : 0;
  return Array.from({ length: Math.max(2, Math.floor(pictureBytes / bytes)) }, (_, picture) => {
    const pixels = new Uint32Array(bytes / 4);
    for (let index = 0; index < pixels.length; index++) {
      pixels[index] = (Math.imul(index + (index >> 9), 0x10305) + picture * 31) | opaque;
    }
    return new Uint8Array(pixels.buffer);
  });
}

/** Writes one frame, the given picture; the first ones are drawn into memory that is used again. */
export type WriteFrame = (
  writer: VideoWriter,
  request: WayRequest,
  picture: Uint8Array<ArrayBuffer>,
  isStart: boolean,
) => Promise<void>;

/** Runs a program. The clock starts once the first frames are written. */
export async function serveWay(write: WriteFrame): Promise<void> {
  const request: WayRequest = JSON.parse(process.argv[2]!);
  const { startFrames, frames, path } = request;
  const pictures = makePictures(request);
  const writer = await createFileWriter("wrapped_avframe", path, frameRate, {
    format: "null",
    pixelFormat: "yuv420p",
  });
  const writeAll = async (from: number, to: number): Promise<void> => {
    for (let frame = from; frame < to; frame++) {
      await write(writer, request, pictures[frame % pictures.length]!, frame < startFrames);
    }
  };
  await writeAll(0, startFrames);
  const cpu = cpuSeconds(), from = performance.now();
  await writeAll(startFrames, startFrames + frames);
  const wallMs = performance.now() - from, after = cpuSeconds();
  const { dropped } = writer.stats;
  const summary = await writer.close();
  const report: WayReport = {
    wallMs,
    cpuSeconds: after === null || cpu === null ? null : after - cpu,
    framesMade: summary.frames,
    framesDropped: dropped,
  };
  console.log(JSON.stringify(report));
}
