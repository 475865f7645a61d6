/**
 * How writers get the frames of sources: beside their `write`, unless a program has replaced that.
 *
 * @module
 */
import type { FrameOptions } from "../../video/frame_timing.ts";
import type { DecodedFrame } from "../source.ts";
import type { WriterTarget } from "./pipeline_source.ts";
import { SourceFrame } from "./source_frame.ts";

/** A writer's own way to take frames, which no program sees. */
export interface FrameTaker {
  /** The `write` of the writer. Where it has another one, that gets the frames, with their pixels. */
  readonly ownWrite: unknown;
  /** Whether it takes frames whose pixels are lent. */
  takesLent(): boolean;
  /** Does what `write` does. Calls `onTurn` once nothing is waited for, and throws what that throws. */
  write(frame: DecodedFrame, options?: FrameOptions, onTurn?: () => void): Promise<void>;
}

/** By the writers themselves, and not by what a program puts around them. */
const takers = new WeakMap<object, FrameTaker>();

/** Notes how a writer takes frames. */
export function noteFrameTaker(writer: object, taker: FrameTaker): void {
  takers.set(writer, taker);
}

function takerOf(writer: object): FrameTaker | null {
  const taker = takers.get(writer);
  return taker !== undefined && (writer as Partial<WriterTarget>).write === taker.ownWrite ? taker : null;
}

/** How a source of avwriter gives its frames to who takes those whose pixels are lent, or not. */
export const framesOf: unique symbol = Symbol("frames of a source");

/** A source of avwriter. */
interface LendingSource {
  [framesOf](takesLent: boolean): AsyncIterable<DecodedFrame>;
}

/** The frames of a source, for a writer: lent ones where it takes them. Whoever gets one closes it. */
export function framesFor(
  source: AsyncIterable<DecodedFrame>,
  writer: object,
): AsyncIterable<DecodedFrame> {
  const lending = source as AsyncIterable<DecodedFrame> & Partial<LendingSource>;
  return lending[framesOf]?.(takesLent(writer)) ?? source;
}

/** Whether a writer takes frames whose pixels are lent. */
export function takesLent(writer: object): boolean {
  return takerOf(writer)?.takesLent() ?? false;
}

/** Writes a frame of a source: its pixels, where they are lent and the writer does not take that. */
export async function writeFrame(
  writer: Pick<WriterTarget, "write">,
  frame: DecodedFrame,
  options?: FrameOptions,
  onTurn?: () => void,
): Promise<void> {
  const own = frame instanceof SourceFrame ? frame : null;
  const taker = takerOf(writer);
  if (taker === null || own !== null && own.lent !== null && !taker.takesLent()) {
    const whole = own === null || own.lent === null ? frame : await own.loaded();
    onTurn?.();
    return await writer.write(whole, options);
  }
  // Whoever gives it may close it while this waits.
  own?.hold(1);
  try {
    await taker.write(frame, options, onTurn);
  } finally {
    own?.release();
  }
}
