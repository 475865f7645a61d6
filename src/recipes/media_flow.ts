/**
 * The part of a source that goes into a writer: its pace, and its cues.
 *
 * @module
 */
import type { VideoSource } from "../reader/video_source.ts";
import type { VideoWriter } from "../writer/video_writer.ts";

/** A part of a source, in seconds. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** How far audio may be ahead of the video, in seconds. */
const leadSeconds = 1;

/** How far the video is. Audio waits for it, as packets would pile up otherwise. */
export class Pace {
  #seconds = 0;
  #hasEnded = false;
  #waiting: (() => void)[] = [];

  /** Notes how far the video is. */
  advanceTo(seconds: number): void {
    this.#seconds = seconds;
    this.#wake();
  }

  /** Nobody has to wait any more. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Waits until the video is nearly there. */
  async reach(seconds: number): Promise<void> {
    while (!this.#hasEnded && seconds > this.#seconds + leadSeconds) {
      await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    }
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Writes the cues that are shown within a part. */
export async function writeCues(
  source: VideoSource,
  writer: VideoWriter,
  { start, end }: Part,
  from: number,
  to: number,
): Promise<void> {
  for await (const cue of source.cues(from)) {
    if (cue.start >= end) return;
    if (cue.end <= start) continue;
    const shown = { start: Math.max(0, cue.start - start), end: Math.min(cue.end, end) - start };
    if (shown.end > shown.start) await writer.writeSubtitle({ ...cue, ...shown, track: to });
  }
}
