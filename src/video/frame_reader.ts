/**
 * What frames are that libav gives.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { NativeFrame } from "../libav/native_frame.ts";
import { pixelFormatById, type PixelFormatInfo } from "../libav/pixel_format.ts";
import { meaningSaid, type PixelMeaning } from "./color.ts";
import { frameLayout, type PictureShape } from "./pixels.ts";

/**
 * Reads the shape of each frame from the frame itself: decoders and filters may change size, format and
 * meaning at any time, whatever was agreed on before.
 */
export class FrameReader {
  readonly #native: Native;
  readonly #expected: (format: PixelFormatInfo, height: number) => PixelMeaning;
  #last: PictureShape | null = null;

  /** `expected` is the meaning of frames that do not say it. */
  constructor(native: Native, expected: (format: PixelFormatInfo, height: number) => PixelMeaning) {
    this.#native = native;
    this.#expected = expected;
  }

  /** The shape of a frame: the same object as for the last one where nothing differs. */
  read(frame: NativeFrame): PictureShape {
    const { width, height, format: id } = frame.shape;
    const last = this.#last;
    const isSame = last?.layout.format.id === id && last.layout.width === width &&
      last.layout.height === height;
    const layout = isSame ? last.layout : frameLayout(pixelFormatById(this.#native, id)!, width, height);
    const expected = this.#expected(layout.format, height);
    // RGB has neither matrix nor range, and FFmpeg before 5.1 tags it as what it was before.
    const meaning = layout.format.isRgb ? expected : meaningSaid(frame.meaning, expected);
    if (isSame && meaning.matrix === last.meaning.matrix && meaning.range === last.meaning.range) return last;
    return this.#last = { layout, meaning };
  }
}
