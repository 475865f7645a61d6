/**
 * The ffmpeg program that has nothing to do: what it takes to start it.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { measure } from "./meter.ts";
import { serve } from "./protocol.ts";

await serve(async (request) => {
  const report = await measure(request, async () => {
    await once(spawn("ffmpeg", ["-version"], { stdio: "ignore" }), "close");
  });
  return { ...report, firstMs: report.wallMs, peakMegabytes: null };
});
