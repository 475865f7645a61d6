/**
 * Image files as pictures.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { setLogLevel } from "../libav/log.ts";
import type { Size } from "../size.ts";
import { type ColorDescription, meaningOf, meaningSaid } from "../video/color.ts";
import { ImageDecoder } from "../video/images/image_decoder.ts";
import { Orienter } from "../video/images/orientation.ts";
import { frameLayout, type Picture } from "../video/pixels.ts";
import { requireFit, type SizeOptions } from "./checked_frame.ts";
import { RefusedCall } from "./refused_call.ts";
import type { SessionOptions } from "./session_options.ts";

/** The options that images depend on. */
export type ImageInputOptions = SizeOptions & Pick<SessionOptions, "logLevel" | "imageOrientation">;

/** Decodes the image files that a session gets. */
export class ImageInput implements Disposable {
  readonly #native: Native;
  readonly #options: ImageInputOptions;
  readonly #color: (height: number) => ColorDescription;
  #decoder: ImageDecoder | null = null;
  #orienter: Orienter | null = null;

  /** `color` gives the video's colour description at a height. */
  constructor(
    native: Native,
    options: ImageInputOptions,
    color: (height: number) => ColorDescription,
  ) {
    this.#native = native;
    this.#options = options;
    this.#color = color;
  }

  /**
   * Decodes an image for a video of a size (`null`: it is the first picture). Throws a
   * {@linkcode RefusedCall}.
   */
  decode(bytes: Uint8Array, video: Size | null): Picture {
    // The error has what the decoder reports.
    setLogLevel(this.#native, "quiet");
    try {
      const decoder = this.#decoder ??= new ImageDecoder(this.#native);
      const { frame, width, height, format, orientation, color } = decoder.decode({ image: bytes });
      const isTurned = this.#options.imageOrientation !== "none" && orientation > 1;
      const shown = isTurned && orientation > 4 ? { width: height, height: width } : { width, height };
      requireFit(shown, video, this.#options);
      const expected = meaningOf(format, this.#color(shown.height));
      const meaning = color === null ? expected : meaningSaid(color, expected);
      const shape = { layout: frameLayout(format, width, height), meaning };
      if (!isTurned) return { pixels: frame, shape };
      return (this.#orienter ??= new Orienter(this.#native)).turn(frame, shape, orientation);
    } catch (error) {
      throw new RefusedCall(error);
    } finally {
      setLogLevel(this.#native, this.#options.logLevel);
    }
  }

  /** Frees the decoder. */
  [Symbol.dispose](): void {
    this.#decoder?.[Symbol.dispose]();
    this.#orienter?.[Symbol.dispose]();
  }
}
