/**
 * Serves a video that is drawn while it is watched: each visitor has a writer, which ends when they leave.
 *
 *     deno serve -A examples/live_server.ts     and then http://127.0.0.1:8000
 *     bun examples/live_server.ts               and then http://127.0.0.1:3000
 *
 * @module
 */
import { createStreamWriter, WriterClosedError } from "../mod.ts";

const width = 640, height = 360, fps = 30;

const page = `<!doctype html>
<title>Drawn now</title>
<video src="/live.mp4" muted controls oncanplay="this.play()"></video>
`;

/** A frame of a video: a bar that moves over gray. */
function draw(n: number): Uint8Array {
  const data = new Uint8Array(width * height * 4).fill(64);
  const left = (n * 4) % (width - 40);
  for (let y = 0; y < height; y++) data.fill(255, (y * width + left) * 4, (y * width + left + 40) * 4);
  return data;
}

/** Draws until the reader of the stream goes away. */
async function drawInto(stream: WritableStream<Uint8Array>): Promise<void> {
  const options = {
    ...{ format: "mp4", preset: "veryfast", tune: "zerolatency", keyFrameInterval: 1 },
    // Chromium plays what comes in blocks of 32 KiB: pictures that take less are filled up to this rate.
    ...{ bitrate: "2M", maxBitrate: "2M", encoderOptions: { "nal-hrd": "cbr" } },
  };
  try {
    await using writer = await createStreamWriter("libx264", stream, fps, options);
    const beginMs = performance.now();
    for (let n = 0;; n++) {
      await writer.write({ data: draw(n), width, height });
      const dueMs = beginMs + (n + 1) * 1000 / fps - performance.now();
      if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
    }
  } catch (error) {
    // The visitor has left.
    if (!(error instanceof WriterClosedError)) throw error;
  }
}

/** What `deno serve` and Bun start. */
const server: { fetch(request: Request): Response } = {
  fetch(request) {
    if (new URL(request.url).pathname !== "/live.mp4") {
      return new Response(page, { headers: { "content-type": "text/html" } });
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    drawInto(writable).catch((error) => {
      console.error(error);
      // Nothing else tells the visitor where the writer could not be made.
      if (!writable.locked) writable.abort(error).catch(() => {});
    });
    return new Response(readable, { headers: { "content-type": "video/mp4", "cache-control": "no-store" } });
  },
};

export default server;
