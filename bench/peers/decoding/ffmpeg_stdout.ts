/**
 * An ffmpeg process that writes raw frames to its stdout, which the same runtime reads.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { serveDecoding } from "./reading.ts";

/** The part of Bun in use, declared here so that the module type-checks under Deno as well. */
interface BunGlobal {
  spawn(command: string[], options: { stdout: "pipe"; stderr: "inherit" }): {
    readonly stdout: ReadableStream<Uint8Array>;
    readonly exited: Promise<number>;
  };
}

/** A process that was started. */
interface Started {
  readonly output: AsyncIterable<Uint8Array>;
  readonly ended: Promise<unknown>;
}

function start(parameters: string[]): Started {
  const { Bun } = globalThis as { Bun?: BunGlobal };
  if (Bun !== undefined) {
    const { stdout, exited } = Bun.spawn(["ffmpeg", ...parameters], { stdout: "pipe", stderr: "inherit" });
    return { output: stdout, ended: exited };
  }
  if (!("Deno" in globalThis)) {
    const child = spawn("ffmpeg", parameters, { stdio: ["ignore", "pipe", "inherit"] });
    return { output: child.stdout, ended: once(child, "close") };
  }
  const { stdout, status } = new Deno.Command("ffmpeg", {
    args: parameters,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  return { output: stdout, ended: status };
}

await serveDecoding(() =>
  Promise.resolve(async ({ path, width, height }, take) => {
    const { output, ended } = start([
      "-v",
      "error",
      "-nostdin",
      "-i",
      path,
      "-f",
      "rawvideo",
      "-pix_fmt",
      "rgba",
      "-",
    ]);
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
    await ended;
  })
);
