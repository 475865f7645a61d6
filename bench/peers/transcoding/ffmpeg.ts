/**
 * One ffmpeg process.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { serveTranscoding } from "./serving.ts";

await serveTranscoding(async ({ input, output, setting: { encoder, options, pixelFormat } }) => {
  const parameters = [
    ...["-v", "error", "-nostdin", "-y", "-i", input, "-c:v", encoder, "-pix_fmt", pixelFormat],
    ...Object.entries(options).flatMap(([name, value]) => [`-${name}:v`, `${value}`]),
    // avwriter's files have their index in front, too.
    ...["-movflags", "+faststart", output],
  ];
  const [code] = await once(spawn("ffmpeg", parameters, { stdio: ["ignore", "ignore", "inherit"] }), "close");
  if (code !== 0) throw new Error(`ffmpeg ended with code ${code}: ${parameters.join(" ")}`);
});
