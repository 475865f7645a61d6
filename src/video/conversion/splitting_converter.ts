/**
 * Packed pixels into planes of the same components.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import type { Converter } from "./converter.ts";
import type { OutputFrames } from "./output_frames.ts";
import { PackedComponents, packedPlaneOrder } from "./packed_components.ts";

/**
 * Packed pixels into planes of the same components, which libswscale does no better for green, blue, red and
 * alpha.
 */
export class SplittingConverter implements Converter {
  readonly #components: PackedComponents;
  readonly #order: readonly number[];
  readonly #output: OutputFrames;

  constructor(native: Native, picture: FrameLayout, output: OutputFrames) {
    this.#components = new PackedComponents(native, picture);
    this.#order = packedPlaneOrder[picture.format.name]!;
    this.#output = output;
  }

  convert(pixels: Pixels): NativeFrame {
    const frame = this.#output.take();
    const packed = this.#components.view(pixels);
    for (const [index, offset] of this.#order.entries()) this.#components.copy(packed, offset, frame, index);
    return this.#output.finish(frame);
  }

  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
  }
}
