/**
 * Whether packed pixels of 16-bit words are opaque.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import type { Pixels } from "../../pixels.ts";
import type { FrameLayout } from "../../raw_frame.ts";
import { deepWords, type WordPlace } from "../deep_words.ts";
import { KernelStaging } from "../kernel_staging.ts";

/** Looks at the alpha of pictures of one layout. */
export class DeepOpacity {
  readonly #staging: KernelStaging;
  readonly #picture: FrameLayout;
  readonly #alpha: WordPlace;

  /** For a layout; `null` where its pixels are no packed words of 16 bits. */
  static of(native: Native, picture: FrameLayout): DeepOpacity | null {
    const alpha = deepWords(picture.format)?.places[3];
    return alpha === undefined || alpha.plane > 0 || picture.format.depth < 16
      ? null
      : new DeepOpacity(native, picture, alpha);
  }

  private constructor(native: Native, picture: FrameLayout, alpha: WordPlace) {
    this.#staging = new KernelStaging(native, picture);
    this.#picture = picture;
    this.#alpha = alpha;
  }

  /** Whether all pixels are opaque. Where all bits are set, the order of bytes makes no difference. */
  isOpaque(pixels: Pixels): boolean {
    const { memory, addresses: [address], strides: [stride] } = this.#staging.locate(pixels);
    const { width, height, planes } = this.#picture;
    const { first, step } = this.#alpha;
    const from = {
      address: address! + first * 2,
      stride: stride!,
      rowBytes: planes[0]!.rowBytes,
      rows: height,
    };
    return memory.deepKernels.isWhite(from, width, step);
  }
}
