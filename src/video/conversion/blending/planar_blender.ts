/**
 * Planar pictures with alpha, laid over a background.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import type { NativeFrame } from "../../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../../libav/pixel_format.ts";
import { lumaAndChroma, type Rgb } from "../../background.ts";
import type { KernelPlane } from "../../kernels/kernel_module.ts";
import { frameLayout, type PictureShape, type Pixels } from "../../pixels.ts";
import type { FrameLayout } from "../../raw_frame.ts";
import { SharedFramePools } from "../../shared_frame_pools.ts";
import type { Blender } from "../converter.ts";
import { KernelStaging } from "../kernel_staging.ts";

/** The plane of alpha. */
const alphaPlane = 3;

/** Lays planar pictures over a background, plane by plane, by kernels. */
export class PlanarBlender implements Blender {
  readonly #staging: KernelStaging;
  readonly #picture: FrameLayout;
  /** The background in each plane. */
  readonly #color: readonly number[];
  readonly #pools: SharedFramePools;

  constructor(native: Native, { layout, meaning }: PictureShape, twin: PixelFormatInfo, background: Rgb) {
    const { format: { isRgb, depth }, width, height } = layout;
    this.#staging = new KernelStaging(native, layout);
    this.#picture = layout;
    const [red, green, blue] = background.map((value) => Math.round(value * (2 ** depth - 1) / 255));
    this.#color = isRgb ? [green!, blue!, red!] : lumaAndChroma(background, meaning, depth);
    this.#pools = new SharedFramePools(native, frameLayout(twin, width, height));
  }

  convert(pixels: Pixels): NativeFrame | null {
    const { memory, addresses, strides } = this.#staging.locate(pixels);
    const { format, width, planes } = this.#picture;
    const from = (index: number): KernelPlane => ({
      ...{ address: addresses[index]!, stride: strides[index]! },
      ...{ rowBytes: planes[index]!.rowBytes, rows: planes[index]!.rows },
    });
    const alpha = { ...from(alphaPlane), depth: format.depth, width };
    if (memory.deepKernels.isOpaque(alpha)) return null;
    const frame = this.#pools.take(memory);
    for (const [index, color] of this.#color.entries()) {
      const to = { ...from(index), address: frame.addresses[index]!, stride: frame.rowStrides[index]! };
      const { log2Width: across, log2Height: down } = format.planes[index]!;
      memory.deepKernels.layOver(from(index), alpha, to, { across, down }, color);
    }
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pools[Symbol.dispose]();
  }
}
