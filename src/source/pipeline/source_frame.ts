/**
 * Frames on their way through a pipeline, which may share their memory.
 *
 * @module
 */
import type { ColorDescription } from "../../video/color.ts";
import type { PixelFormat } from "../../video/raw_frame.ts";
import type { DecodedFrame } from "../source.ts";

/** Pixels, and how many frames, queues and programs may read them. */
class SharedPixels {
  readonly bytes: Uint8Array<ArrayBuffer>;
  holders = 1;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }
}

/** What a frame is beside its pixels. */
export type FrameFacts = Omit<DecodedFrame, "data">;

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

  /** A frame of pixels that nobody else has. */
  static of(bytes: Uint8Array<ArrayBuffer>, facts: FrameFacts): SourceFrame {
    return new SourceFrame(new SharedPixels(bytes), facts);
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

  /** Takes so many more shares of the pixels. */
  hold(shares: number): void {
    this.#pixels.holders += shares;
  }

  /** Gives a share back. */
  release(): void {
    this.#pixels.holders--;
  }

  /** Whether others may read the pixels. */
  get isShared(): boolean {
    return this.#pixels.holders > 1;
  }

  /** The frame with pixels of its own, for the share in hand: a copy where others may read them. */
  own(): SourceFrame {
    if (!this.isShared) return this;
    this.release();
    return SourceFrame.of(this.data.slice(), this.facts);
  }
}
