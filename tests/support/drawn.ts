/**
 * Frames for pipelines that tell their index, and targets that remember what they saw.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DecodedFrame, GivenFrame } from "../../mod.ts";

/** What numbered frames are. */
export interface NumberedOptions {
  readonly width?: number;
  readonly height?: number;
  readonly format?: string;
  /** Bytes of a frame. Default: those of four a pixel. */
  readonly bytes?: number;
  /** Milliseconds between two frames. Default: none. */
  readonly everyMs?: number;
}

/** A frame whose bytes follow from its index, none like another. */
export function numberedBytes(index: number, bytes: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: bytes }, (_, at) => at === 0 ? index : (at * 7 + index * 13) % 256);
}

/** So many numbered frames, drawn into the same memory, at an even pace. */
export async function* numbered(count: number, options: NumberedOptions = {}): AsyncGenerator<GivenFrame> {
  const { width = 16, height = 8, format = "rgba", bytes = width * height * 4, everyMs = 0 } = options;
  const data = new Uint8Array(bytes);
  const startMs = performance.now();
  for (let index = 0; index < count; index++) {
    if (everyMs > 0) await sleep(Math.max(0, startMs + index * everyMs - performance.now()));
    data.set(numberedBytes(index, bytes));
    yield { data, width, height, format };
  }
}

/** The index of a numbered frame. */
export function indexOf({ data }: Pick<DecodedFrame, "data">): number {
  return data[0]!;
}

/** A target that remembers the frames that it got. */
export class Watcher {
  /** The frames. */
  readonly frames: DecodedFrame[] = [];

  readonly #onFrame: (frame: DecodedFrame) => void | Promise<void>;
  readonly #closes: boolean;

  /** Does something with each frame, too, and may close it: then it remembers copies. */
  constructor(onFrame: (frame: DecodedFrame) => void | Promise<void> = () => {}, closes = false) {
    this.#onFrame = onFrame;
    this.#closes = closes;
  }

  async update(frame: DecodedFrame): Promise<void> {
    const data = this.#closes ? frame.data.slice() : null;
    this.frames.push(data === null ? frame : { ...frame, data, close() {}, [Symbol.dispose]() {} });
    await this.#onFrame(frame);
    if (this.#closes) frame.close();
  }

  /** The indices of the frames. */
  get indices(): number[] {
    return this.frames.map(indexOf);
  }

  /** The indices of the frames that are marked. */
  get marked(): number[] {
    return this.frames.filter(({ isDiscontinuous }) => isDiscontinuous).map(indexOf);
  }
}

/** The numbers from 0, so many. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
