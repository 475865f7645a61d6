/**
 * Packed pixels into planes of the same components.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import { frameLayout, type Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import { SharedFramePools } from "../shared_frame_pools.ts";
import type { Converter, ConverterTarget } from "./converter.ts";
import { KernelStaging } from "./kernel_staging.ts";
import { packedPlaneOrder } from "./packed_components.ts";

/** Packed pixels of four bytes into planes of green, blue, red and alpha, by a kernel. */
export class SplittingConverter implements Converter {
  readonly #staging: KernelStaging;
  readonly #picture: FrameLayout;
  readonly #target: FrameLayout;
  readonly #pools: SharedFramePools;

  constructor(native: Native, picture: FrameLayout, { format, width, height }: ConverterTarget) {
    this.#staging = new KernelStaging(native, picture);
    this.#picture = picture;
    this.#target = frameLayout(format, width, height);
    this.#pools = new SharedFramePools(native, this.#target);
  }

  convert(pixels: Pixels): NativeFrame {
    const { memory, addresses: [address], strides: [stride] } = this.#staging.locate(pixels);
    const frame = this.#pools.take(memory);
    const { format: { name }, width, height, planes } = this.#picture;
    const { rowBytes } = planes[0]!;
    for (const [plane, offset] of packedPlaneOrder[name]!.entries()) {
      memory.deepKernels.pickBytes(
        { address: address! + offset, stride: stride!, rowBytes, rows: height },
        width,
        {
          ...{ address: frame.addresses[plane]!, stride: frame.rowStrides[plane]! },
          ...{ rowBytes: this.#target.width, rows: this.#target.height },
        },
      );
    }
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pools[Symbol.dispose]();
  }
}
