/**
 * Pictures whose colours were multiplied by alpha, as they were before.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { NativeFrame } from "../libav/native_frame.ts";
import type { Converter } from "./conversion/converter.ts";
import { createConverter } from "./conversion/create_converter.ts";
import { KernelStaging } from "./conversion/kernel_staging.ts";
import { alphaByte, formatWithTwin } from "./conversion/blending/opaque_formats.ts";
import { writableFrame } from "./conversion/repacker.ts";
import { frameLayout, type PictureShape, type Pixels, Staging } from "./pixels.ts";
import type { FrameLayout } from "./raw_frame.ts";
import { SharedFramePools } from "./shared_frame_pools.ts";

/** Makes alpha straight. The result is valid until the next picture. */
export class Straightener implements Disposable {
  /** Makes something of the picture that can be straightened; `null` where it is that already. */
  readonly #first: Converter | null = null;
  readonly #straight: { convert(pixels: Pixels): NativeFrame } & Disposable;
  /** The shape of the result. */
  readonly shape: PictureShape;

  /** For pictures of RGB or gray with alpha. */
  constructor(native: Native, from: PictureShape) {
    const { layout: { format, width, height }, meaning } = from;
    if (!format.isRgb && !format.isGray) {
      throw new UnsupportedError(
        `Cannot write ${format.name} frames with premultipliedAlpha: only RGB and gray are multiplied by alpha`,
        {
          code: "PREMULTIPLIED",
          operation: "divide colours by alpha",
          hint: "Leave the option out, or give RGB",
        },
      );
    }
    const taken = formatWithTwin(native, format);
    const layout = frameLayout(taken, width, height);
    this.shape = { layout, meaning };
    if (taken.id !== format.id) {
      this.#first = createConverter(native, from, { format: taken, width, height, color: meaning });
    }
    const isPacked = Object.hasOwn(alphaByte, taken.name);
    this.#straight = isPacked
      ? new PackedStraightener(native, layout)
      : new PlanarStraightener(native, layout);
  }

  /** Makes a picture's alpha straight. */
  convert(pixels: Pixels): NativeFrame {
    return this.#straight.convert(this.#first?.convert(pixels) ?? pixels);
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#straight[Symbol.dispose]();
    this.#first?.[Symbol.dispose]();
  }
}

/** Packed pixels, by a kernel. */
class PackedStraightener implements Disposable {
  readonly #picture: FrameLayout;
  readonly #staging: KernelStaging;
  readonly #pools: SharedFramePools;

  constructor(native: Native, picture: FrameLayout) {
    this.#picture = picture;
    this.#staging = new KernelStaging(native, picture);
    this.#pools = new SharedFramePools(native, picture);
  }

  convert(pixels: Pixels): NativeFrame {
    const { memory, addresses: [address], strides: [stride] } = this.#staging.locate(pixels);
    const { format: { name }, planes: [plane] } = this.#picture;
    const frame = this.#pools.take(memory);
    memory.kernels.straighten(
      { ...plane!, address: address!, stride: stride! },
      { ...plane!, address: frame.addresses[0]!, stride: frame.rowStrides[0]! },
      alphaByte[name]!,
    );
    return frame;
  }

  [Symbol.dispose](): void {
    this.#pools[Symbol.dispose]();
  }
}

/** The plane of alpha. */
const alphaPlane = 3;

/** Planes of green, blue, red and alpha. */
class PlanarStraightener implements Disposable {
  readonly #native: Native;
  readonly #picture: FrameLayout;
  readonly #staging: Staging;
  readonly #frame: NativeFrame;
  readonly #values: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  readonly #alpha: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

  constructor(native: Native, picture: FrameLayout) {
    const count = picture.width * picture.height;
    const isDeep = picture.format.depth > 8;
    this.#native = native;
    this.#picture = picture;
    this.#values = isDeep ? new Uint16Array(count) : new Uint8Array(count);
    this.#alpha = isDeep ? new Uint16Array(count) : new Uint8Array(count);
    this.#frame = new NativeFrame(native);
    this.#staging = new Staging(native, picture);
  }

  convert(pixels: Pixels): NativeFrame {
    const { memory } = this.#native;
    const { format, width, height, planes } = this.#picture;
    const [values, alpha, white] = [this.#values, this.#alpha, 2 ** format.depth - 1];
    const staged = this.#staging.stage(pixels);
    const frame = writableFrame(this.#frame, format, width, height);
    const { rowBytes, rows } = planes[0]!;
    memory.readRows(alpha, staged.planeAddress(alphaPlane), staged.stride(alphaPlane), rowBytes, rows);
    for (let plane = 0; plane <= alphaPlane; plane++) {
      memory.readRows(values, staged.planeAddress(plane), staged.stride(plane), rowBytes, rows);
      for (let at = 0; plane < alphaPlane && at < values.length; at++) {
        const opacity = alpha[at]! / white;
        values[at] = opacity === 0 ? 0 : Math.min(Math.round(values[at]! / opacity), white);
      }
      memory.writeRows(frame.planeAddress(plane), frame.stride(plane), values, rowBytes, rowBytes, rows);
    }
    return frame;
  }

  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
  }
}
