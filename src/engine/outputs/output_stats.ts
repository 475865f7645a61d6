/**
 * What a writer tells of its outputs.
 *
 * @module
 */
import type { OutputState } from "./queue_memory.ts";

/** Statistics of an output. */
export interface OutputStats {
  /** Where it goes, without secrets. */
  readonly target: string;
  /**
   * What it does: it is `"connecting"` for the first time; `"live"`; `"stalled"` where it has taken nothing
   * for a second; `"retrying"` after a connection that was lost, or not made; `"failed"` for good; or
   * `"closed"`.
   */
  readonly state: OutputState;
  /** Frames that it has taken; with a network, that were sent. */
  readonly frames: number;
  /** Frames that were left out, as it took none, or not fast enough. */
  readonly droppedFrames: number;
  /** Packets of all tracks that it has taken. */
  readonly packets: number;
  /** Packets of all tracks that were left out. */
  readonly droppedPackets: number;
  /** Packets that wait for it. */
  readonly queued: number;
  /** Bytes that it has taken; 0 where the protocol does not tell. */
  readonly bytes: number;
  /** How often it came back after a lost connection. */
  readonly reconnects: number;
  /**
   * The last error, in every state: why a connection was lost or not made, or the output has failed. It stays
   * after a connection that has come back; `null` where there was none.
   */
  readonly error: Error | null;
}
