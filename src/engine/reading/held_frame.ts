/**
 * Frames in a cursor's hands.
 *
 * @module
 */
import type { NativeFrame } from "../../libav/native_frame.ts";

/** A decoded frame that a cursor holds. */
export interface HeldFrame {
  readonly frame: NativeFrame;
  ticks: bigint;
  /** How long it is shown by its packet, in ticks; 0 where that does not tell. */
  duration: bigint;
}

/** A frame, until the cursor moves on. */
export interface ShownFrame {
  readonly frame: NativeFrame;
  /** When it is shown, in seconds. */
  readonly timestamp: number;
  /** How long, in seconds; `null` where nothing tells. */
  readonly duration: number | null;
  /** Whether its time follows from that of the frame before. */
  readonly isDiscontinuous: boolean;
}
