/**
 * How transparent and opaque frames of a GIF follow each other.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import type { Size } from "../../size.ts";
import type { ClipColors } from "./clip_colors.ts";
import { marked, transparentIndex } from "./exact_palette.ts";
import { readPalette, writePalette } from "./indexed_frames.ts";

/** What comes after a frame: one that was noted, one that nobody knows yet, or nothing. */
export type FollowingFrame = "noted" | "unknown" | "none";

/** Where a packet has its graphic control extension (GIF89a, 18 to 23). */
const place = { headerEnd: 13, tableFlags: 10, control: 3 } as const;
/** What packets begin with that have no header. */
const extension = 0x21;
const disposeToBackground = 2 << 2;
const disposalMask = 7 << 2;

/**
 * Has the canvas cleared before each frame with transparent pixels. libavcodec clears such a frame, but not
 * the opaque one before it; and it leaves out of an opaque frame what is the same as in the transparent one
 * before, though that was cleared. FFmpeg 4.3 does not clear the first frame.
 */
export class GifDisposal {
  readonly #native: Native;
  readonly #clipColors: ClipColors | null;
  readonly #size: Size;
  readonly #places: Uint8Array<ArrayBuffer>;
  #isComingTransparent = false;
  #isTransparent = false;
  #wasTransparent = false;
  #isFirst = true;
  #hasTransparent = false;
  #clears = false;

  /** For frames of this size; `clipColors` has their palettes, if they share one. */
  constructor(native: Native, { width, height }: Size, clipColors: ClipColors | null) {
    this.#native = native;
    this.#clipColors = clipColors;
    this.#size = { width, height };
    this.#places = new Uint8Array(width * height);
  }

  /** Looks at the frame that comes next. */
  note(frame: NativeFrame): void {
    const { width, height } = this.#size;
    this.#native.memory.readRows(this.#places, frame.planeAddress(0), frame.stride(0), width, height);
    this.#isComingTransparent = this.#places.includes(transparentIndex) &&
      readPalette(this.#native, frame)[transparentIndex]! >>> 24 < 128;
    this.#hasTransparent ||= this.#isComingTransparent;
  }

  /** Goes on to the frame that was noted. */
  advance(): void {
    this.#isTransparent = this.#isComingTransparent;
  }

  /** Makes the current frame ready for the encoder. */
  prepare(frame: NativeFrame, following: FollowingFrame): void {
    const isNextTransparent = following === "noted" && this.#isComingTransparent ||
      following === "unknown" && this.#hasTransparent;
    this.#clears = this.#isTransparent || isNextTransparent;
    const mustBeWhole = !this.#isTransparent && (isNextTransparent || this.#wasTransparent);
    // A frame with a palette of its own is encoded whole.
    if (mustBeWhole && !this.#isFirst) {
      const colors = readPalette(this.#native, frame);
      writePalette(this.#native, frame, marked(this.#clipColors?.complete(colors) ?? colors));
    }
    this.#wasTransparent = this.#isTransparent;
    this.#isFirst = false;
  }

  /** Has the current frame's packet say whether the frame is cleared. */
  complete(packet: NativePacket): void {
    if (!this.#clears) return;
    const header = packet.head(place.headerEnd);
    const flags = header[place.tableFlags]!;
    const table = (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
    const at = (header[0] === extension ? 0 : place.headerEnd + table) + place.control;
    const control = packet.head(at + 1)[at]!;
    packet.overwrite(at, Uint8Array.of(control & ~disposalMask | disposeToBackground));
  }
}
