/**
 * What the ffmpeg program tells of its progress.
 *
 * @module
 */
import { LineReader } from "./line_reader.ts";

/** How far a command is. */
export interface CommandProgress {
  /** Video frames that were written; `null` where there is no video, or none yet. */
  readonly frames: number | null;
  /** Frames per second of work; `null` where there is no video. */
  readonly fps: number | null;
  /** How much of the output is written, in seconds of its own time; `null` as long as that is not known. */
  readonly seconds: number | null;
  /** Seconds of output per second of work; `null` as long as that is not known. */
  readonly speed: number | null;
  /**
   * How much of the work is done, from 0 to 1; `null` where the length of the output can't be told from its
   * inputs and the options `-t`, `-to` and `-ss`. With filters that change the length, it is an estimate.
   */
  readonly finished: number | null;
}

/** What the program itself tells. */
export type ProgressReport = Omit<CommandProgress, "finished">;

/** The longest output that is believed, in seconds: some releases tell of times that are none. */
const longestSeconds = 1e9;

/** A number at the beginning of a value; `null` where it has none. */
function numberOf(value: string | undefined): number | null {
  const number = Number.parseFloat(value ?? "");
  return Number.isFinite(number) ? number : null;
}

function secondsOf(value: string | undefined): number | null {
  const microseconds = numberOf(value);
  if (microseconds === null || Math.abs(microseconds) > longestSeconds * 1e6) return null;
  // Encoders begin before 0 with what they need to get going.
  return Math.max(0, microseconds / 1e6);
}

/** Reads the reports of `-progress`: lines of `name=value`, of which `progress` is the last. */
export class ProgressReader {
  readonly #lines: LineReader;
  readonly #onReport: (report: ProgressReport) => void;
  #values = new Map<string, string>();
  /** The last report; `null` before the first. */
  last: ProgressReport | null = null;

  /** Calls a function with each report. */
  constructor(onReport: (report: ProgressReport) => void) {
    this.#onReport = onReport;
    this.#lines = new LineReader((line) => this.#take(line));
  }

  /** Takes bytes. */
  add(bytes: Uint8Array): void {
    this.#lines.add(bytes);
  }

  #take(line: string): void {
    const at = line.indexOf("=");
    if (at < 0) return;
    this.#values.set(line.slice(0, at).trim(), line.slice(at + 1).trim());
    if (!this.#values.has("progress")) return;
    const values = this.#values;
    this.#values = new Map();
    this.last = {
      frames: numberOf(values.get("frame")),
      fps: numberOf(values.get("fps")),
      seconds: secondsOf(values.get("out_time_us")),
      speed: numberOf(values.get("speed")),
    };
    this.#onReport(this.last);
  }
}
