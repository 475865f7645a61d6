#!/usr/bin/env node
/**
 * A program that prints what `doctor()` of avwriter finds on this system: which FFmpeg is in use, and which
 * encoder each codec has.
 *
 * ```sh
 * npx @avwriter/avwriter
 * bunx --bun @avwriter/avwriter
 * deno run --allow-ffi --allow-read jsr:@avwriter/avwriter/doctor
 * ```
 *
 * @module
 */
import { doctor } from "./mod.ts";

const { runtime, system, libraries, problem, others, install, encoders } = await doctor();
console.log(`${runtime} on ${system}`);
if (libraries === null) console.log([problem, install].filter((line) => line !== null).join("\n"));
else {
  console.log(`FFmpeg ${libraries.version} in ${libraries.folder}`);
  for (const { folder, avcodecMajor, reason } of others) {
    console.log(`also libavcodec ${avcodecMajor} in ${folder}${reason === null ? "" : `: ${reason}`}`);
  }
  for (const [codec, checks] of Object.entries(encoders)) {
    const usable = checks.find((check) => check.usable);
    console.log(`  ${codec}: ${usable?.name ?? `no encoder (${checks.map(({ name }) => name).join(", ")})`}`);
  }
}
