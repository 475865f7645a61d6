/**
 * avwriter: with frames that it copies, with frames that it lends (`acquired`), in this thread (`main`), or
 * not crash-safe (`plain`).
 *
 * @module
 */
import { createFileWriter, type Frame, type VideoWriter, type WriterOptions } from "../../mod.ts";
import { isImage } from "../cases.ts";
import { loadFrames } from "./frames.ts";
import { measure, type Meter } from "./meter.ts";
import { type PeerRequest, serve } from "./protocol.ts";

function optionsOf({ setting, variant }: PeerRequest): WriterOptions {
  return {
    pixelFormat: setting.pixelFormat,
    encoderOptions: setting.options,
    ...(variant === "plain" ? { crashSafe: false } : {}),
    ...(variant === "main" ? { thread: "main" } : {}),
  };
}

/** What makes a frame of pixels: as they are, or drawn into the writer's memory. */
function frameMaker(
  writer: VideoWriter,
  { width, height, input, variant }: PeerRequest,
): (pixels: Uint8Array<ArrayBuffer>) => Frame | Promise<Frame> {
  if (isImage(input)) return (image) => ({ image });
  if (variant !== "acquired") return (data) => ({ data, width, height, format: input });
  return async (pixels) => {
    const frame = await writer.acquire(width, height, input);
    frame.data.set(pixels);
    return frame;
  };
}

async function record(
  request: PeerRequest,
  frames: readonly Uint8Array<ArrayBuffer>[],
  output: string,
  meter: Meter,
): Promise<void> {
  const { setting, frameRate, frames: count } = request;
  await using writer = await createFileWriter(setting.encoder, output, frameRate, optionsOf(request));
  const make = frameMaker(writer, request);
  for (let index = 0; index < count; index++) {
    const frame = await make(frames[index % frames.length]!);
    await meter.write(() => writer.write(frame));
  }
  meter.endOfFrames();
  await writer.close();
}

await serve((request: PeerRequest) => {
  const frames = loadFrames(request);
  return measure(request, async (meter) => {
    await Promise.all(request.outputs.map((output) => record(request, frames, output, meter)));
  });
});
