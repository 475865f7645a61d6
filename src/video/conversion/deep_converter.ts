/**
 * RGB and gray of more than 8 bits to luma and chroma of 8 to 12 bits, by SIMD kernels.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import type { PixelMeaning } from "../color.ts";
import { pickedWhite } from "../kernels/deep_kernels.ts";
import { deepWeights, type Mixture } from "../kernels/deep_weights.ts";
import type { KernelMemory } from "../kernels/kernel_memory.ts";
import type { KernelPlane } from "../kernels/kernel_module.ts";
import { isKnownMatrix } from "../kernels/weights.ts";
import { frameLayout, type Pixels } from "../pixels.ts";
import type { FrameLayout } from "../raw_frame.ts";
import type { SharedFrame } from "../shared_frame.ts";
import { SharedFramePools } from "../shared_frame_pools.ts";
import type { Converter, ConverterTarget } from "./converter.ts";
import { type PickedComponent, pickedComponents } from "./deep_words.ts";
import { type KernelPicture, KernelStaging } from "./kernel_staging.ts";

/** Rows of a strip: whole patterns of dither, for chroma as well. */
const stripRows = 16;
/** Bytes of a pattern. */
const patternBytes = 256;

type Colors = readonly [red: number, green: number, blue: number];

/** What lies in a memory for the conversion. */
interface Workplace {
  /** The components of a strip, then those that were averaged for chroma. */
  readonly whole: readonly KernelPlane[];
  readonly halved: readonly KernelPlane[];
  /** Where the pattern of each plane lies. */
  readonly patterns: readonly number[];
}

/** Whether a format has planes of luma and chroma of 8 to 12 bits, which kernels make. */
function isTarget({ name, log2ChromaHeight, log2ChromaWidth }: PixelFormatInfo): boolean {
  return /^yuvj?4\d\dp(9le|10le|12le)?$/.test(name) && log2ChromaHeight <= log2ChromaWidth &&
    log2ChromaWidth <= 1;
}

/** Converts with kernels, strip by strip. */
export class DeepConverter implements Converter {
  readonly #picture: FrameLayout;
  readonly #target: FrameLayout;
  readonly #staging: KernelStaging;
  readonly #pools: SharedFramePools;
  readonly #picked: readonly PickedComponent[];
  readonly #mixtures: readonly Mixture[];
  readonly #workplaces = new WeakMap<KernelMemory, Workplace>();

  /** Whether there are kernels from a format to a target. */
  static exists(
    { format }: FrameLayout,
    meaning: PixelMeaning,
    { format: to, color }: ConverterTarget,
  ): boolean {
    return isTarget(to) && isKnownMatrix(color.matrix) && (format.isRgb || meaning.range === "pc") &&
      pickedComponents(format) !== null;
  }

  /** For pictures, or parts of pictures, of a layout. Requires kernels. */
  constructor(native: Native, picture: FrameLayout, { format, width, height, color }: ConverterTarget) {
    this.#staging = new KernelStaging(native, picture);
    this.#picture = picture;
    this.#target = frameLayout(format, width, height);
    this.#pools = new SharedFramePools(native, this.#target);
    const picked = pickedComponents(picture.format)!;
    const isGray = picture.format.isGray;
    this.#picked = isGray ? picked.slice(0, 1) : picked;
    this.#mixtures = deepWeights(color, format.depth, pickedWhite(picked[0]!.form));
  }

  convert(pixels: Pixels): NativeFrame {
    const source = this.#staging.locate(pixels);
    const frame = this.#pools.take(source.memory);
    for (let row = 0; row < this.#target.height; row += stripRows) this.#convertStrip(source, frame, row);
    return frame;
  }

  #convertStrip({ memory, addresses, strides }: KernelPicture, frame: SharedFrame, row: number): void {
    const { width, height } = this.#picture;
    const { format: { log2ChromaHeight: down, log2ChromaWidth: across } } = this.#target;
    const { deepKernels } = memory;
    const { whole, halved, patterns } = this.#workplaceIn(memory);
    const rows = Math.min(stripRows, height - row),
      codedRows = Math.min(stripRows, this.#target.height - row);
    const columns = Math.ceil(this.#target.width / 2);
    const chromaRows = Math.ceil(codedRows / (1 << down));
    for (const [index, { plane, start, form }] of this.#picked.entries()) {
      const [address, stride] = [addresses[plane]! + start, strides[plane]!];
      const from = { address: address + row * stride, stride, rowBytes: 0, rows };
      deepKernels.pick(from, form, width, whole[index]!);
      if (across === 0) continue;
      deepKernels.halve(
        { ...whole[index]!, rows },
        width,
        { ...halved[index]!, rows: chromaRows },
        columns,
        down,
      );
    }
    const order: Colors = this.#picked.length === 1 ? [0, 0, 0] : [0, 1, 2];
    for (const [plane, mixture] of this.#mixtures.entries()) {
      const isHalved = plane > 0 && across === 1;
      const [colors, fromRows] = isHalved ? [halved, chromaRows] : [whole, rows];
      const planeWidth = isHalved ? columns : width;
      const first = plane > 0 ? row >> down : row;
      const to = {
        address: frame.addresses[plane]! + first * frame.rowStrides[plane]!,
        stride: frame.rowStrides[plane]!,
        rowBytes: this.#target.planes[plane]!.rowBytes,
        rows: plane > 0 ? chromaRows : codedRows,
      };
      const color = (index: number): KernelPlane => ({ ...colors[index]!, rows: fromRows });
      deepKernels.weigh(
        [color(order[0]), color(order[1]), color(order[2])],
        planeWidth,
        to,
        isHalved ? columns : this.#target.width,
        mixture,
        patterns[plane]!,
      );
    }
  }

  #workplaceIn(memory: KernelMemory): Workplace {
    const known = this.#workplaces.get(memory);
    if (known !== undefined) return known;
    const stride = Math.ceil((this.#picture.width + 1) / 8) * 16;
    const planeBytes = stride * stripRows;
    const { address } = memory.allocate(6 * planeBytes + 3 * patternBytes);
    const plane = (index: number): KernelPlane => ({
      address: address + index * planeBytes,
      ...{ stride, rowBytes: stride, rows: stripRows },
    });
    const patterns = this.#mixtures.map((_, index) => address + 6 * planeBytes + index * patternBytes);
    for (const [index, { biases }] of this.#mixtures.entries()) {
      memory.view({ address: patterns[index]!, bytes: patternBytes }).set(new Uint8Array(biases.buffer));
    }
    const workplace = { whole: [0, 1, 2].map(plane), halved: [3, 4, 5].map(plane), patterns };
    this.#workplaces.set(memory, workplace);
    return workplace;
  }

  [Symbol.dispose](): void {
    this.#pools[Symbol.dispose]();
  }
}
