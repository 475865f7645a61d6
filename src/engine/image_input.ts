/**
 * Image files as pictures.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { type LogLevel, setLogLevel } from "../libav/log.ts";
import type { Size } from "../size.ts";
import { type ColorDescription, meaningOf, meaningSaid } from "../video/color.ts";
import { ImageDecoder } from "../video/images/image_decoder.ts";
import { frameLayout, type Picture } from "../video/pixels.ts";
import { requireFit, type SizeOptions } from "./checked_frame.ts";
import { RefusedFrame } from "./refused_frame.ts";

/** Decodes the image files that a session gets. */
export class ImageInput implements Disposable {
  readonly #native: Native;
  readonly #options: SizeOptions & { readonly logLevel?: LogLevel };
  readonly #color: (height: number) => ColorDescription;
  #decoder: ImageDecoder | null = null;

  /** `color` gives the video's colour description at a height. */
  constructor(
    native: Native,
    options: SizeOptions & { readonly logLevel?: LogLevel },
    color: (height: number) => ColorDescription,
  ) {
    this.#native = native;
    this.#options = options;
    this.#color = color;
  }

  /**
   * Decodes an image for a video of a size (`null`: it is the first picture). Throws a
   * {@linkcode RefusedFrame}.
   */
  decode(bytes: Uint8Array, video: Size | null): Picture {
    // The error has what the decoder reports.
    setLogLevel(this.#native, "quiet");
    try {
      const decoder = this.#decoder ??= new ImageDecoder(this.#native);
      const { frame, width, height, format, color } = decoder.decode({ image: bytes });
      requireFit({ width, height }, video, this.#options);
      const expected = meaningOf(format, this.#color(height));
      const meaning = color === null ? expected : meaningSaid(color, expected);
      return { pixels: frame, shape: { layout: frameLayout(format, width, height), meaning } };
    } catch (error) {
      throw new RefusedFrame(error);
    } finally {
      setLogLevel(this.#native, this.#options.logLevel);
    }
  }

  /** Frees the decoder. */
  [Symbol.dispose](): void {
    this.#decoder?.[Symbol.dispose]();
  }
}
