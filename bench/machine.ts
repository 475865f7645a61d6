/**
 * What the figures were measured on.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";

/** The version of the ffmpeg program, as it tells it. */
function ffmpegVersion(): string {
  const { stdout } = spawnSync("ffmpeg", ["-version"], { encoding: "utf8" });
  return /^ffmpeg version (\S+)/.exec(stdout ?? "")?.[1] ?? "of unknown version";
}

/** The machine in a few lines; `runtimes` are those in use, with their versions. */
export function describeMachine(runtimes: readonly string[]): string[] {
  const processors = cpus();
  return [
    `- ${processors.length} x ${processors[0]?.model.trim() ?? "an unknown processor"}, ${
      (totalmem() / 2 ** 30).toFixed(0)
    } GB`,
    `- ${type()} ${release()} on ${arch()}, load average ${loadavg()[0]!.toFixed(2)} at the start`,
    `- FFmpeg ${ffmpegVersion()}, ${runtimes.join(", ")}`,
  ];
}
