/**
 * Decoded pictures on their way to the program: converted where that is asked for, in memory of their own.
 *
 * @module
 */
import { memoryToFill, type Native } from "../../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import type { PixelFormatInfo } from "../../libav/pixel_format.ts";
import { frameBrightness } from "../../libav/reading/stream_hdr.ts";
import { pixelFormatById } from "../../libav/pixel_format.ts";
import type { ColorDescription } from "../../video/color.ts";
import type { Converter } from "../../video/conversion/converter.ts";
import { createConverter } from "../../video/conversion/create_converter.ts";
import { RgbPainter } from "../../video/conversion/rgb_painter.ts";
import { FrameReader } from "../../video/frame_reader.ts";
import { frameLayout, type PictureShape } from "../../video/pixels.ts";
import { frameBytes, type FrameLayout, placePlanes } from "../../video/raw_frame.ts";
import {
  assumedMeaning,
  colorOf,
  convertedColor,
  convertedMeaning,
  type HdrDescription,
  hdrOf,
  mayHaveHdr,
} from "../../video/reading/read_color.ts";
import type { ShownFrame } from "./held_frame.ts";
import type { LentFrames } from "./lent_frames.ts";
import type { ReadFrame } from "./reading_types.ts";

/** What a frame is beside its pixels. */
export type ReadFacts = Omit<ReadFrame, "data" | "position">;

/** How pictures of one shape are copied. */
interface Way {
  readonly shape: PictureShape;
  /** `null`: they stay as they are, or are painted. */
  readonly converter: Converter | null;
  /** `null`: there is no kernel for them. */
  readonly painter: RgbPainter | null;
  readonly layout: FrameLayout;
  readonly bytes: number;
  readonly color: Partial<ColorDescription>;
}

/** Copies frames into memory of their own. */
export class FrameCopier implements Disposable {
  readonly #native: Native;
  /** `null`: that of each picture. */
  readonly #format: PixelFormatInfo | null;
  readonly #stream: Partial<ColorDescription>;
  readonly #reader: FrameReader;
  #way: Way | null = null;
  /** What a frame has told of brightness, where the header does not. */
  #hdr: HdrDescription = {};
  /** The number of a pixel format that lies in ordinary memory. */
  #checked: number | null = null;

  /** Gives frames of a format, or of their own. `stream` has the colour of frames that do not say it. */
  constructor(native: Native, format: PixelFormatInfo | null, stream: Partial<ColorDescription>) {
    this.#native = native;
    this.#format = format;
    this.#stream = stream;
    this.#reader = new FrameReader(native, assumedMeaning);
  }

  /**
   * A copy of a frame, in the memory given if it has the right size; with `lent`, the frame itself, lent from
   * there, unless its pixels are converted.
   */
  copy(shown: ShownFrame, memory?: ArrayBuffer, lent: LentFrames | null = null): ReadFrame {
    const { frame } = shown;
    const way = this.#wayFor(frame);
    const { bytes } = way;
    const facts = factsOf(shown, way);
    if (lent !== null && way.converter === null && way.painter === null) {
      return { ...facts, data: { address: lent.lend(this.#native, frame), bytes } };
    }
    const data = memory?.byteLength === bytes ? memory : memoryToFill(bytes);
    if (way.painter !== null) way.painter.paint(frame, data);
    else this.#copyPlanes(frame, way, data);
    return { ...facts, data };
  }

  /** What a frame is that nobody copies. */
  describe(shown: ShownFrame): ReadFacts {
    return factsOf(shown, this.#wayFor(shown.frame));
  }

  #wayFor(frame: NativeFrame): Way {
    this.#requirePixels(frame.shape.format);
    return this.#wayOf(this.#reader.read(frame), frame);
  }

  /** Throws for frames in a device's memory. */
  #requirePixels(format: number): void {
    if (format === this.#checked) return;
    if (pixelFormatById(this.#native, format)?.isHardware ?? true) {
      throw new AvError("its pictures are in a device's memory", {
        code: "PIXEL_FORMAT",
        operation: "decode",
      });
    }
    this.#checked = format;
  }

  #copyPlanes(frame: NativeFrame, { converter, layout }: Way, data: ArrayBuffer): void {
    const picture = converter === null ? frame : converter.convert(frame);
    for (const [plane, { start }] of placePlanes(layout).entries()) {
      const { rowBytes, rows } = layout.planes[plane]!;
      const stride = layout.format.isPalette && plane === 1 ? rowBytes : picture.stride(plane);
      const view = new Uint8Array(data, start, rowBytes * rows);
      this.#native.memory.readRows(view, picture.planeAddress(plane), stride, rowBytes, rows);
    }
  }

  #wayOf(shape: PictureShape, frame: NativeFrame): Way {
    if (this.#way?.shape === shape) return this.#way;
    this.#way?.converter?.[Symbol.dispose]();
    this.#way = null;
    const { layout: { format, width, height }, meaning } = shape;
    const target = this.#format ?? format;
    const color = { ...this.#stream, ...this.#hdr, ...colorOf(this.#native, frame.colors) };
    // Only frames that begin a stream tell it.
    if (mayHaveHdr(color)) {
      this.#hdr = hdrOf(frameBrightness(this.#native, frame.address));
      Object.assign(color, this.#hdr);
    }
    const converted = target.id === format.id ? meaning : convertedMeaning(meaning, format, target, height);
    const layout = frameLayout(target, width, height);
    const painter = RgbPainter.exists(shape, target) ? new RgbPainter(this.#native, shape, target) : null;
    return this.#way = {
      shape,
      layout,
      painter,
      converter: target.id === format.id || painter !== null
        ? null
        : createConverter(this.#native, shape, { format: target, width, height, color: converted }),
      bytes: frameBytes(layout),
      color: convertedColor(color, target, converted),
    };
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#way?.converter?.[Symbol.dispose]();
    this.#way = null;
  }
}

function factsOf({ timestamp, duration, isDiscontinuous }: ShownFrame, { layout, color }: Way): ReadFacts {
  const { width, height, format: { name } } = layout;
  return { format: name, width, height, timestamp, duration, isDiscontinuous, color };
}

/** Throws an {@linkcode UnsupportedError} for a format that programs can't get frames in. */
export function requireOutputFormat(format: PixelFormatInfo): void {
  if (!format.isHardware) return;
  throw new UnsupportedError(`Cannot read frames as ${format.name}: its pixels lie in a device's memory`, {
    code: "PIXEL_FORMAT",
    operation: "read a file",
    hint: "Use another format, such as rgba or yuv420p",
  });
}
