/**
 * Decides when a frame is let in, and which are left out.
 *
 * @module
 */
import type { FrameClock } from "../../engine/frame_clock.ts";
import type { SessionOptions } from "../../engine/session_options.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import type { FrameOptions, FrameStamp } from "../../video/frame_timing.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { AskRoom } from "../turn_queue.ts";
import { Pacer } from "./pacer.ts";

/** What a gate is for. */
interface FrameGateParts {
  readonly engine: VideoEngine;
  readonly clock: FrameClock;
  readonly session: Pick<SessionOptions, "live" | "latePolicy" | "timing">;
  readonly life: () => Pick<Lifecycle<unknown>, "isAlive" | "isOpen">;
}

/** The gate that frames go through on their way to an engine. */
export class FrameGate {
  readonly #parts: FrameGateParts;
  /** Lets frames in at their times; `null` where they come as fast as they are encoded. */
  readonly #pacer: Pacer | null;

  /** An open gate, which opens for good where the engine takes nothing any more. */
  constructor(parts: FrameGateParts) {
    this.#parts = parts;
    const { engine, session } = parts;
    this.#pacer = session.live === true && session.timing !== "wallclock" ? new Pacer() : null;
    engine.failed?.catch(() => this.stop());
  }

  /** What a frame waits for: its time, where frames are paced, and room, where it needs memory. */
  roomFor(needsMemory: boolean, { timestamp }: FrameOptions): AskRoom | null {
    if (this.#pacer === null && !needsMemory) return null;
    return () => this.#wait(timestamp) ?? (needsMemory && !this.#mayDrop ? this.room : null);
  }

  /** Whether a frame is left out, as there is no room for it. */
  isLate(needsMemory: boolean): boolean {
    return needsMemory && this.#mayDrop && this.room !== null;
  }

  /** What a frame that needs memory waits for; `null` where there is room, or no use. */
  get room(): Promise<void> | null {
    const { engine, life } = this.#parts;
    return life().isAlive ? engine.outputRoom ?? engine.slots.roomToWrite : null;
  }

  /** Notes a frame that is encoded: the clock begins with the first one. */
  begin({ timestamp, seconds }: FrameStamp): void {
    this.#pacer?.begin(timestamp ?? seconds);
  }

  /** Lets everything in from now on. */
  stop(): void {
    this.#pacer?.stop();
  }

  /** The first frame opens the file. While the writer closes, all that were given are written. */
  get #mayDrop(): boolean {
    const { clock, life, session } = this.#parts;
    return session.latePolicy === "drop" && clock.frames > 0 && life().isOpen;
  }

  #wait(timestamp: unknown): Promise<void> | null {
    const { clock } = this.#parts;
    if (clock.frames === 0) return null;
    const seconds = timestamp ?? clock.takenSeconds;
    // A wrong time is refused when its turn comes.
    const isTime = typeof seconds === "number" && seconds <= clock.maxTimestamp;
    return isTime ? this.#pacer?.wait(seconds) ?? null : null;
  }
}
