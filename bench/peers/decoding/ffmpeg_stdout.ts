/**
 * An ffmpeg process that writes raw frames to its stdout, which the same runtime reads.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { serveDecoding } from "./reading.ts";

/** The part of Bun in use, declared here so that the module type-checks under Deno as well. */
interface BunGlobal {
  spawn(command: string[], options: { stdout: "pipe"; stderr: "inherit" }): {
    readonly stdout: ReadableStream<Uint8Array>;
  };
}

function start(parameters: string[]): AsyncIterable<Uint8Array> {
  const { Bun } = globalThis as { Bun?: BunGlobal };
  if (Bun !== undefined) {
    return Bun.spawn(["ffmpeg", ...parameters], { stdout: "pipe", stderr: "inherit" }).stdout;
  }
  if (!("Deno" in globalThis)) {
    return spawn("ffmpeg", parameters, { stdio: ["ignore", "pipe", "inherit"] }).stdout;
  }
  return new Deno.Command("ffmpeg", { args: parameters, stdout: "piped", stderr: "inherit" }).spawn().stdout;
}

await serveDecoding(() =>
  Promise.resolve(async ({ path, width, height }, take) => {
    const output = start(["-v", "error", "-nostdin", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-"]);
    let frame = new Uint8Array(width * height * 4), filled = 0;
    for await (let chunk of output) {
      while (chunk.length > 0) {
        const part = chunk.subarray(0, frame.length - filled);
        frame.set(part, filled);
        filled += part.length;
        chunk = chunk.subarray(part.length);
        if (filled < frame.length) continue;
        take(frame);
        frame = new Uint8Array(frame.length);
        filled = 0;
      }
    }
  })
);
