/**
 * Decoded pictures as RGB in memory of their own, by SIMD kernels.
 *
 * A picture goes through the kernels' memory in strips that stay in the processor's cache: of the main
 * memory, only the picture itself and its copy are touched.
 *
 * @module
 */
import { type Address, address, type Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { KernelMemory } from "../kernels/kernel_memory.ts";
import { hasRgbKernel, rowsOfChroma } from "../kernels/kernels.ts";
import { frameLayout, type PictureShape } from "../pixels.ts";
import { frameBytes, placePlanes } from "../raw_frame.ts";

/** Bytes of a strip's pixels, about. */
const stripBytes = 1 << 19;
/** Bytes of a pixel. */
const pixelBytes = 4;

/** Makes RGB of frames of one shape. */
export class RgbPainter {
  readonly #native: Native;
  readonly #shape: PictureShape;
  readonly #format: string;
  readonly #memory = new KernelMemory();
  /** Rows of a strip. */
  readonly #rows: number;
  /** Where strips of planes and of pixels lie. */
  readonly #planes: readonly {
    readonly address: number;
    readonly stride: number;
    readonly view: Uint8Array;
  }[];
  readonly #pixels: { readonly address: number; readonly nativeAddress: Address };

  /** Whether there is a kernel for frames of a shape. */
  static exists({ layout, meaning }: PictureShape, target: PixelFormatInfo): boolean {
    return hasRgbKernel(layout.format.name, target.name, meaning.matrix);
  }

  /** For frames of a shape. Requires a kernel. */
  constructor(native: Native, shape: PictureShape, target: PixelFormatInfo) {
    const { layout: { format, width, height } } = shape;
    this.#native = native;
    this.#shape = shape;
    this.#format = target.name;
    const step = rowsOfChroma(format.name);
    const rows = Math.max(1, Math.floor(stripBytes / (width * pixelBytes * step))) * step;
    this.#rows = Math.min(rows, height);
    const strip = frameLayout(format, width, this.#rows);
    const planes = this.#memory.allocate(frameBytes(strip));
    const pixels = this.#memory.allocate(width * pixelBytes * this.#rows);
    const bytes = this.#memory.view(planes);
    this.#planes = placePlanes(strip).map(({ start, stride }, plane) => ({
      address: planes.address + start,
      stride,
      view: bytes.subarray(start, start + stride * strip.planes[plane]!.rows),
    }));
    const begin = native.addressOf(this.#memory.view(pixels).buffer as SharedArrayBuffer);
    this.#pixels = {
      address: pixels.address,
      nativeAddress: address(begin + BigInt(pixels.address)),
    };
  }

  /** Writes the pixels of a frame, row after row. */
  paint(frame: NativeFrame, data: ArrayBuffer): void {
    const { layout: { width, height } } = this.#shape;
    const addresses = this.#planes.map((_, plane) => frame.planeAddress(plane));
    const strides = this.#planes.map((_, plane) => frame.stride(plane));
    const stride = width * pixelBytes;
    for (let row = 0; row < height; row += this.#rows) {
      const rows = Math.min(this.#rows, height - row);
      this.#paintStrip(addresses, strides, row, rows);
      // Runtimes copy shared memory more slowly, in pieces that are atomic.
      const to = new Uint8Array(data, stride * row, stride * rows);
      this.#native.memory.read(this.#pixels.nativeAddress, to);
    }
  }

  #paintStrip(addresses: readonly Address[], strides: readonly number[], row: number, rows: number): void {
    const { layout: { format, width }, meaning } = this.#shape;
    const step = rowsOfChroma(format.name);
    for (const [plane, { view, stride }] of this.#planes.entries()) {
      const [first, count] = plane === 0 ? [row, rows] : [row / step, Math.ceil(rows / step)];
      const from = address(addresses[plane]! + BigInt(first * strides[plane]!));
      this.#native.memory.readRows(view.subarray(0, stride * count), from, strides[plane]!, stride, count);
    }
    this.#memory.kernels.toRgb(
      {
        format: format.name,
        width,
        height: rows,
        addresses: this.#planes.map((part) => part.address),
        strides: this.#planes.map(({ stride }) => stride),
      },
      {
        format: this.#format,
        width,
        height: rows,
        address: this.#pixels.address,
        stride: width * pixelBytes,
      },
      meaning,
    );
  }
}
