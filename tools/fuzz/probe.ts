/**
 * What ffprobe says of a file, once for all files with the same bytes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { extname } from "@std/path";
import { run } from "./programs.ts";

/** A video stream as ffprobe tells it, after every frame was decoded. */
export interface Probed {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** When each frame is shown, in seconds; `null` where the file does not tell. */
  readonly times: readonly (number | null)[];
  /** Length in seconds, of the stream or else of the file; `null` where neither tells. */
  readonly duration: number | null;
}

/** What was found, and what was said. */
export interface ProbeResult {
  /** The video stream; `null` where there is none. */
  readonly stream: Probed | null;
  /** Lines on stderr at level "error", or what else went wrong. */
  readonly said: readonly string[];
}

const wanted =
  "frame=best_effort_timestamp:stream=codec_name,width,height,duration,time_base:format=duration";

function seconds(text: unknown): number | null {
  const value = Number.parseFloat(String(text));
  return Number.isFinite(value) ? value : null;
}

async function probe(path: string, args: readonly string[]): Promise<ProbeResult> {
  const { code, stdout, stderr } = await run("ffprobe", [
    ...["-v", "error", "-select_streams", "v", "-show_frames", "-show_streams", "-show_format"],
    ...["-show_entries", wanted, "-of", "json", ...args, `file:${path}`],
  ]);
  const said = [...new Set(stderr.split("\n").map((line) => line.trim()).filter((line) => line !== ""))];
  if (code !== 0) return { stream: null, said: [`ffprobe ended with ${code}`, ...said] };
  const { streams, frames = [], format } = JSON.parse(stdout);
  if (streams.length !== 1) return { stream: null, said: [`${streams.length} video streams`, ...said] };
  const { codec_name: codec, width, height, duration, time_base: timeBase } = streams[0];
  // Printed seconds have six places, which is not enough for some.
  const [num, den] = String(timeBase).split("/").map(Number) as [number, number];
  return {
    stream: {
      codec,
      width,
      height,
      times: frames.map(({ best_effort_timestamp: ticks }: { best_effort_timestamp?: number }) =>
        ticks === undefined ? null : ticks * num / den
      ),
      duration: seconds(duration) ?? seconds(format.duration),
    },
    said,
  };
}

/** Probes files; the same bytes under the same extension are probed once. */
export class Prober {
  readonly #known = new Map<string, Promise<ProbeResult>>();

  /** Probes a file, with arguments for how it is to be read. */
  probe(path: string, args: readonly string[], isOneFile: boolean): Promise<ProbeResult> {
    if (!isOneFile) return probe(path, args);
    const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
    const key = JSON.stringify([hash, extname(path), args]);
    if (!this.#known.has(key)) this.#known.set(key, probe(path, args));
    return this.#known.get(key)!;
  }
}
