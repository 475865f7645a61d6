/**
 * Frames on their way through a pipeline, which may share their memory.
 *
 * @module
 */
import type { Address } from "../../../ffi/mod.ts";
import type { LentFrame } from "../../engine/checked_frame.ts";
import type { LentPicture } from "../../engine/reading/reading_types.ts";
import type { ColorDescription } from "../../video/color.ts";
import type { PixelFormat } from "../../video/raw_frame.ts";
import type { DecodedFrame } from "../source.ts";

/** Takes memory back for the frames to come, which nobody else has any more. */
export type MemoryTaker = (memory: ArrayBuffer) => void;

/** Where lent pixels come from. */
export interface Lender {
  /** Nobody needs them any more. */
  giveBack(address: Address): void;
  /** A copy of them in JavaScript's memory. */
  load(address: Address): Promise<ArrayBuffer>;
}

/** Pixels, and how many frames, queues and programs may read them. */
abstract class SharedPixels {
  /** The pixels; empty where they are lent. */
  abstract readonly bytes: Uint8Array<ArrayBuffer>;
  abstract readonly byteLength: number;
  #holders = 1;

  get isShared(): boolean {
    return this.#holders > 1;
  }

  hold(shares: number): void {
    this.requireHeld();
    this.#holders += shares;
  }

  release(): void {
    if (--this.#holders === 0) this.free();
  }

  /** Throws a `TypeError` where the pixels were given back: their memory may be another frame's. */
  protected requireHeld(): void {
    if (this.#holders > 0) return;
    throw new TypeError("Cannot use the frame: it was closed; use it before you close it");
  }

  /** Nobody needs the pixels any more. */
  protected abstract free(): void;
}

/** Pixels in JavaScript's memory. */
class OwnPixels extends SharedPixels {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly byteLength: number;
  readonly #taker: MemoryTaker | null;

  constructor(bytes: Uint8Array<ArrayBuffer>, taker: MemoryTaker | null) {
    super();
    this.bytes = bytes;
    this.byteLength = bytes.byteLength;
    this.#taker = taker;
  }

  /** A view that outlived its frame is empty: what it had may be another frame's by now. */
  protected override free(): void {
    const { buffer } = this.bytes;
    // A program may have sent it to another thread.
    if (buffer.byteLength === 0 || buffer.byteLength !== this.byteLength) return;
    if (this.#taker === null) buffer.transfer(0);
    else this.#taker(buffer.transfer());
  }
}

const noBytes = new Uint8Array(0);

/** Pixels in the memory of a decoder, for writers alone. */
class LentPixels extends SharedPixels implements LentFrame {
  readonly bytes = noBytes;
  readonly byteLength: number;
  readonly address: Address;
  readonly #lender: Lender;

  constructor({ address, bytes }: LentPicture, lender: Lender) {
    super();
    this.address = address;
    this.byteLength = bytes;
    this.#lender = lender;
  }

  async load(): Promise<Uint8Array<ArrayBuffer>> {
    this.requireHeld();
    return new Uint8Array(await this.#lender.load(this.address));
  }

  protected override free(): void {
    this.#lender.giveBack(this.address);
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
    return new SourceFrame(new OwnPixels(bytes, taker), facts);
  }

  /** A frame whose pixels are lent, which programs never see. */
  static lent(picture: LentPicture, facts: FrameFacts, lender: Lender): SourceFrame {
    return new SourceFrame(new LentPixels(picture, lender), facts);
  }

  /** A frame that a source gives away. */
  static from(frame: DecodedFrame): SourceFrame {
    if (frame instanceof SourceFrame) return frame;
    return SourceFrame.of(frame.data, frame);
  }

  /** The pixels, where they are lent: `data` is empty then. */
  get lent(): LentFrame | null {
    return this.#pixels instanceof LentPixels ? this.#pixels : null;
  }

  /** Bytes of the pixels, wherever they are. */
  get byteLength(): number {
    return this.#pixels.byteLength;
  }

  /** The frame with pixels in JavaScript's memory; where they were lent, a copy, with a share of its own. */
  async loaded(): Promise<SourceFrame> {
    if (!(this.#pixels instanceof LentPixels)) return this;
    return SourceFrame.of(await this.#pixels.load(), this.facts);
  }

  /** Closes a frame whose pixels are lent, which no program has; leaves others to whoever has them. */
  static closeLent(frame: DecodedFrame): void {
    if (frame instanceof SourceFrame && frame.lent !== null) frame.close();
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
