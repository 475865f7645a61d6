/**
 * Pictures in formats that libswscale does not read, such as big-endian packed ones: laid out anew in one that it does.
 *
 * @module
 */
import { address, type Native } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { Frame } from "../libav/frame.ts";
import { type PixelFormatInfo, pixelFormats } from "../libav/pixel_format.ts";
import { isScalerInput } from "../libav/scaler.ts";
import { frameLayout, type PictureShape, type Pixels, Staging } from "./pixels.ts";

/** The most bits of an integer component that libswscale reads. */
const mostBits = 16;

/** A format with the same components, of as many bits (or `mostBits`, where it is more), that libswscale reads; planes first. */
function readableTwin(native: Native, format: PixelFormatInfo): PixelFormatInfo | null {
  const depths = format.isFloat ? format.depths : format.depths.map((depth) => Math.min(depth, mostBits));
  const twins = pixelFormats(native)
    // The ...be twins come after the ...le ones, which are this machine's own.
    .filter((twin) =>
      !twin.isHardware && !twin.isPalette && !twin.isBayer && !twin.name.endsWith("be") &&
      twin.isRgb === format.isRgb && twin.isFloat === format.isFloat && twin.hasAlpha === format.hasAlpha &&
      twin.log2ChromaWidth === format.log2ChromaWidth &&
      twin.log2ChromaHeight === format.log2ChromaHeight &&
      twin.depths.length === depths.length && twin.depths.every((depth, index) => depth === depths[index]) &&
      isScalerInput(native, twin)
    );
  return twins.find(({ planeCount }) => planeCount === depths.length) ?? twins[0] ?? null;
}

/** Lays pictures of one shape out anew. The frame that comes out is valid until the next call. */
export class Unpacker implements Disposable {
  readonly #native: Native;
  readonly #from: PictureShape;
  readonly #staging: Staging;
  readonly #frame: Frame;
  /** One row of one component. */
  readonly #row: Uint32Array<ArrayBuffer>;
  /** As large as the largest plane. */
  readonly #zeros: Uint8Array<ArrayBuffer>;
  /** What comes out. */
  readonly shape: PictureShape;

  /** Whether pictures of a format have to be laid out anew before libswscale can read them. */
  static isNeeded(native: Native, format: PixelFormatInfo): boolean {
    return !isScalerInput(native, format);
  }

  /** For pictures of a shape. Throws an {@linkcode UnsupportedError} where no format is known that they could be laid out in. */
  constructor(native: Native, from: PictureShape) {
    const { format, width, height } = from.layout;
    const twin = readableTwin(native, format);
    if (twin === null) {
      throw new UnsupportedError(`Cannot convert ${format.name}: neither libswscale nor avwriter reads it`, {
        code: "PIXEL_FORMAT",
        operation: "convert a frame",
        hint: "Give frames in another pixel format",
      });
    }
    this.#native = native;
    this.#from = from;
    this.shape = { layout: frameLayout(twin, width, height), meaning: from.meaning };
    this.#staging = new Staging(native, from.layout);
    this.#frame = new Frame(native);
    this.#row = new Uint32Array(width);
    const { planes } = this.shape.layout;
    this.#zeros = new Uint8Array(Math.max(...planes.map(({ rowBytes, rows }) => rowBytes * rows)));
  }

  /** Lays one picture out anew. */
  convert(pixels: Pixels): Frame {
    const { format, width, height } = this.shape.layout;
    const staged = this.#staging.stage(pixels);
    if (!this.#frame.isWritable) {
      this.#frame.unref();
      this.#frame.allocatePicture(format, width, height);
    }
    this.#clear();
    for (const component of format.depths.keys()) this.#copyComponent(staged, component);
    return this.#frame;
  }

  /** libavutil writes a component by setting bits. */
  #clear(): void {
    const frame = this.#frame;
    for (const [plane, { rowBytes, rows }] of this.shape.layout.planes.entries()) {
      this.#native.memory.writeRows(
        frame.planeAddress(plane),
        frame.stride(plane),
        this.#zeros,
        rowBytes,
        rowBytes,
        rows,
      );
    }
  }

  #copyComponent(staged: Frame, component: number): void {
    const { avutil } = this.#native;
    const { layout: { format: from, width, height } } = this.#from;
    const to = this.shape.layout.format;
    const isChroma = !from.isRgb && (component === 1 || component === 2);
    const columns = isChroma ? Math.ceil(width / (1 << from.log2ChromaWidth)) : width;
    const rows = isChroma ? Math.ceil(height / (1 << from.log2ChromaHeight)) : height;
    const isIrregular = from.name === "uyyvyy411";
    const excess = from.depths[component]! - to.depths[component]!;
    const read = avutil.av_pix_fmt_desc_get(from.id);
    const written = avutil.av_pix_fmt_desc_get(to.id);
    const row = this.#row;
    const { planeAddresses: data, strides } = staged;
    const { planeAddresses: target, strides: targetStrides } = this.#frame;
    for (let y = 0; y < rows; y++) {
      if (isIrregular && component === 0) this.#readIrregularLuma(staged, y);
      else {
        avutil.av_read_image_line2(
          row,
          data,
          strides,
          read,
          0,
          y,
          component,
          columns,
          0,
          row.BYTES_PER_ELEMENT,
        );
      }
      if (excess > 0) { for (let x = 0; x < columns; x++) row[x]! >>>= excess; }
      avutil.av_write_image_line2(
        row,
        target,
        targetStrides,
        written,
        0,
        y,
        component,
        columns,
        row.BYTES_PER_ELEMENT,
      );
    }
  }

  /** libavutil's description of this format has no words for where its luma lies: second, third, fifth and sixth of six bytes. */
  #readIrregularLuma(staged: Frame, y: number): void {
    const { planes, width } = this.#from.layout;
    const bytes = new Uint8Array(planes[0]!.rowBytes);
    const row = address(staged.planeAddress(0) + BigInt(y * staged.stride(0)));
    this.#native.memory.readRows(bytes, row, bytes.length, bytes.length, 1);
    for (let x = 0; x < width; x++) this.#row[x] = bytes[(x >> 2) * 6 + [1, 2, 4, 5][x & 3]!]!;
  }

  /** Frees the frames. */
  [Symbol.dispose](): void {
    this.#frame[Symbol.dispose]();
    this.#staging[Symbol.dispose]();
  }
}
