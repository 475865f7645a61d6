/**
 * Frames that were checked, as a session takes them.
 *
 * @module
 */
import type { Address } from "../../ffi/mod.ts";
import type { Size } from "../size.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { FrameLayout, PlaneView } from "../video/raw_frame.ts";
import type { SessionOptions } from "./session_options.ts";

/** A frame in the memory of a decoder in another thread, for as long as anybody has a share of it. */
export interface LentFrame {
  /** The AVFrame. */
  readonly address: Address;
  /** Takes so many more shares. */
  hold(shares: number): void;
  /** Gives a share back. */
  release(): void;
}

/** Pixels that are not in an image file: planes of them, or a frame that is lent. */
export type CheckedPixels =
  | { readonly kind: "raw"; readonly layout: FrameLayout; readonly planes: readonly PlaneView[] }
  | { readonly kind: "lent"; readonly layout: FrameLayout; readonly frame: LentFrame };

/** The content of a checked frame: pixels, or the bytes of an image file. */
export type CheckedPicture = CheckedPixels | { readonly kind: "image"; readonly bytes: Uint8Array };

/** A checked frame for the engine. */
export interface CheckedFrame {
  readonly picture: CheckedPicture;
  readonly stamp: FrameStamp;
}

export type SizeOptions = Pick<SessionOptions, "width" | "height" | "resize" | "segments">;

/**
 * Throws a `RangeError` where a frame's size is not the video's (`null`: it is the first frame) and must not
 * be changed.
 */
export function requireFit({ width, height }: Size, video: Size | null, options: SizeOptions): void {
  const expected = video ?? { width: options.width ?? width, height: options.height ?? height };
  const { resize = "error", segments } = options;
  if (segments?.newSize || resize !== "error" || expected.width === width && expected.height === height) {
    return;
  }
  throw new RangeError(
    `Cannot write a ${width}x${height} frame: this video is ${expected.width}x${expected.height}; scale the frame first, or use resize "contain", "cover" or "fill"`,
  );
}
