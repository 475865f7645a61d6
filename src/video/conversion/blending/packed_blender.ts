/**
 * Packed pixels of four bytes, laid over a background.
 *
 * @module
 */
import type { Native } from "../../../../ffi/mod.ts";
import type { NativeFrame } from "../../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../../libav/pixel_format.ts";
import type { Rgb } from "../../background.ts";
import { frameLayout, type Pixels } from "../../pixels.ts";
import type { FrameLayout } from "../../raw_frame.ts";
import { SharedFramePools } from "../../shared_frame_pools.ts";
import type { Blender } from "../converter.ts";
import { KernelStaging } from "../kernel_staging.ts";
import { alphaByte } from "./opaque_formats.ts";

/** Lays packed pixels over a background, by a kernel. */
export class PackedBlender implements Blender {
  readonly #staging: KernelStaging;
  readonly #picture: FrameLayout;
  readonly #alpha: number;
  /** The background as one pixel. */
  readonly #color: number;
  readonly #pools: SharedFramePools;

  constructor(native: Native, picture: FrameLayout, twin: PixelFormatInfo, background: Rgb) {
    const { format: { name }, width, height } = picture;
    this.#staging = new KernelStaging(native, picture);
    this.#picture = picture;
    this.#alpha = alphaByte[name]!;
    const [red, green, blue] = background;
    const components: Readonly<Record<string, number>> = { r: red, g: green, b: blue, a: 255 };
    const bytes = Uint8Array.from(name, (component) => components[component]!);
    this.#color = new DataView(bytes.buffer).getInt32(0, true);
    this.#pools = new SharedFramePools(native, frameLayout(twin, width, height));
  }

  convert(pixels: Pixels): NativeFrame | null {
    const { memory, addresses: [address], strides: [stride] } = this.#staging.locate(pixels);
    const { rowBytes, rows } = this.#picture.planes[0]!;
    const from = { address: address!, stride: stride!, rowBytes, rows };
    if (memory.kernels.isOpaque(from, this.#alpha)) return null;
    const frame = this.#pools.take(memory);
    const to = { address: frame.addresses[0]!, stride: frame.rowStrides[0]!, rowBytes, rows };
    memory.kernels.layOver(from, to, this.#alpha, this.#color);
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pools[Symbol.dispose]();
  }
}
