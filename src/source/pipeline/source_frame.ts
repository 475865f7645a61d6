/**
 * Frames on their way through a pipeline, which may share their memory.
 *
 * @module
 */
import type { ColorDescription } from "../../video/color.ts";
import type { PixelFormat } from "../../video/raw_frame.ts";
import type { DecodedFrame } from "../source.ts";

/** Takes memory back for the frames to come, which nobody else has any more. */
export type MemoryTaker = (memory: ArrayBuffer) => void;

/** Pixels, and how many frames, queues and programs may read them. */
class SharedPixels {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #taker: MemoryTaker | null;
  #holders = 1;

  constructor(bytes: Uint8Array<ArrayBuffer>, taker: MemoryTaker | null) {
    this.bytes = bytes;
    this.#taker = taker;
  }

  get isShared(): boolean {
    return this.#holders > 1;
  }

  hold(shares: number): void {
    this.#holders += shares;
  }

  release(): void {
    if (--this.#holders === 0) this.#free();
  }

  /** A view that outlived its frame is empty: what it had may be another frame's by now. */
  #free(): void {
    const { buffer } = this.bytes;
    // A program may have sent it to another thread.
    if (buffer.byteLength === 0 || buffer.byteLength !== this.bytes.byteLength) return;
    if (this.#taker === null) buffer.transfer(0);
    else this.#taker(buffer.transfer());
  }
}

/** What a frame is beside its pixels. */
export type FrameFacts = Omit<DecodedFrame, "data" | "close" | typeof Symbol.dispose>;

/**
 * A frame of a pipeline. Whoever has it in hand has a share of its pixels: passes it on, keeps it, or gives
 * it back. Pixels are changed only where nobody else has a share.
 *
 * Its fields are its own, so that programs can spread it and send it to another thread.
 */
export class SourceFrame implements DecodedFrame {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly timestamp: number;
  readonly duration: number | null;
  readonly isDiscontinuous: boolean;
  readonly color: Partial<ColorDescription>;
  readonly #pixels: SharedPixels;
  #isClosed = false;

  private constructor(pixels: SharedPixels, facts: FrameFacts) {
    this.#pixels = pixels;
    this.data = pixels.bytes;
    this.format = facts.format;
    this.width = facts.width;
    this.height = facts.height;
    this.timestamp = facts.timestamp;
    this.duration = facts.duration;
    this.isDiscontinuous = facts.isDiscontinuous;
    this.color = facts.color;
  }

  /** A frame of pixels that nobody else has. Once nobody needs them, whoever takes their memory gets it. */
  static of(
    bytes: Uint8Array<ArrayBuffer>,
    facts: FrameFacts,
    taker: MemoryTaker | null = null,
  ): SourceFrame {
    return new SourceFrame(new SharedPixels(bytes, taker), facts);
  }

  /** A frame that a source gives away. */
  static from(frame: DecodedFrame): SourceFrame {
    if (frame instanceof SourceFrame) return frame;
    return SourceFrame.of(frame.data, frame);
  }

  /** All but the pixels. */
  get facts(): FrameFacts {
    const { format, width, height, timestamp, duration, isDiscontinuous, color } = this;
    return { format, width, height, timestamp, duration, isDiscontinuous, color };
  }

  /** The same frame, marked: frames before it were lost. */
  get marked(): SourceFrame {
    if (this.isDiscontinuous) return this;
    return new SourceFrame(this.#pixels, { ...this.facts, isDiscontinuous: true });
  }

  /** The same frame, for another one that has a share: each of them may close its own. */
  get twin(): SourceFrame {
    return new SourceFrame(this.#pixels, this.facts);
  }

  /** Takes so many more shares of the pixels. */
  hold(shares: number): void {
    this.#pixels.hold(shares);
  }

  /** Gives a share back. */
  release(): void {
    this.#pixels.release();
  }

  close(): void {
    if (!this.#isClosed) this.release();
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Whether others may read the pixels. */
  get isShared(): boolean {
    return this.#pixels.isShared;
  }

  /** The frame with pixels of its own, for the share in hand: a copy where others may read them. */
  own(): SourceFrame {
    if (!this.isShared) return this;
    this.release();
    return SourceFrame.of(this.data.slice(), this.facts);
  }
}
