/**
 * How fast frames come and are encoded, for a status line.
 *
 * @module
 */
import type { WriterStats } from "../../engine/writer_stats.ts";

/** The time that rates are of, in milliseconds. */
const windowMs = 2000;
/** The minimum time between two marks. */
const markMs = 100;

/** What there was at a moment. */
interface Mark {
  readonly ms: number;
  readonly frames: number;
  readonly bytes: number;
}

/** What the meter needs to know. */
type Counts = Pick<WriterStats, "frames" | "bytes" | "encoding">;

/** Measures the pace of a writer. */
export class PaceMeter {
  /** What there was now and then, the oldest first, which is as old as the window or older. */
  readonly #marks: Mark[] = [];
  /** When the frames were written whose packets are not there yet. */
  readonly #writtenMs: number[] = [];
  /** How many frames' packets are there. */
  #packets = 0;

  /** Notes a frame that was written. */
  written(nowMs: number): void {
    this.#writtenMs.push(nowMs);
  }

  /** Notes what there is. */
  note({ frames, bytes, encoding }: Counts, nowMs: number): void {
    const packets = frames - encoding;
    if (packets > this.#packets) {
      this.#writtenMs.splice(0, packets - this.#packets);
      this.#packets = packets;
    }
    const last = this.#marks.at(-1);
    if (last !== undefined && nowMs - last.ms < markMs) return;
    this.#marks.push({ ms: nowMs, frames, bytes });
    while (this.#marks.length > 1 && nowMs - this.#marks[1]!.ms >= windowMs) this.#marks.shift();
  }

  /** The pace at a moment. */
  read(counts: Counts, nowMs: number): Pick<WriterStats, "fps" | "bitrate" | "latencySeconds"> {
    this.note(counts, nowMs);
    const { ms, frames, bytes } = this.#marks[0]!;
    const seconds = Math.max(nowMs - ms, markMs) / 1000;
    const oldestMs = this.#writtenMs[0];
    return {
      fps: (counts.frames - frames) / seconds,
      bitrate: Math.round((counts.bytes - bytes) * 8 / seconds),
      latencySeconds: oldestMs === undefined ? 0 : (nowMs - oldestMs) / 1000,
    };
  }
}
