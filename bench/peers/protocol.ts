/**
 * What a peer's program is asked, as its one parameter, and what it tells, on its last line: both in JSON.
 *
 * @module
 */
import process from "node:process";
import type { Color, Input, Setting } from "../cases.ts";
import type { Sources } from "../content.ts";
import type { LoopDelay, WatchedDelay } from "./loop_delay.ts";

/** What a peer shall encode. */
export interface PeerRequest {
  readonly variant?: string | undefined;
  /** Raw frames in files, one after another, to be shown again and again. */
  readonly sources: Sources;
  readonly input: Input;
  readonly width: number;
  readonly height: number;
  /** The colours of frames that are yuv420p, and those of the file. */
  readonly inputColor: Color;
  readonly color: Color;
  readonly frameRate: number;
  readonly setting: Setting;
  /** Frames of each video. */
  readonly frames: number;
  /** The files to write, all at once. */
  readonly outputs: readonly string[];
  /** Whether the event loop is watched. That takes time, and is not done where time counts. */
  readonly isWatched: boolean;
  /** The frame from which on the growth of resident memory is measured. */
  readonly growthFrom?: number | undefined;
}

/** What it took. Numbers that a system or a peer does not have are `null`. */
export interface PeerReport {
  /** From the start of the first writer or process until the last file was complete. */
  readonly wallMs: number;
  /** Until the first frame was accepted. */
  readonly firstMs: number | null;
  /** All threads and child processes. */
  readonly cpuSeconds: number | null;
  /**
   * The most memory in use: what encoding added to this process, and all of the processes that it started.
   */
  readonly peakMegabytes: number | null;
  /** Mean time of a frame inside the call that writes it. */
  readonly writeMs: number | null;
  /**
   * Mean CPU time of a frame in the thread that writes it, with all that is done there between two frames.
   */
  readonly callerMs: number | null;
  readonly loop: (WatchedDelay & { readonly idle: LoopDelay }) | null;
  /** What memory grew by, without what is mapped from files, and with it. */
  readonly growthMegabytes: number | null;
  readonly residentGrowthMegabytes: number | null;
  /** What the report should say of the peer. */
  readonly note: string | null;
}

/** A peer that can't run here. */
export interface PeerSkipped {
  readonly skipped: string;
}

/** Thrown by a peer that can't run here, with the reason. */
export class NotAvailable extends Error {
  override name = "NotAvailable";
}

/** Runs a peer: asks, and tells what it says. */
export async function serve(run: (request: PeerRequest) => Promise<PeerReport>): Promise<void> {
  let answer: PeerReport | PeerSkipped;
  try {
    answer = await run(JSON.parse(process.argv[2]!));
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    answer = { skipped: error.message };
  }
  console.log(JSON.stringify(answer));
}
