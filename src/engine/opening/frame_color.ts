/**
 * What the frames of a video say of their colours, beside its option.
 *
 * @module
 */
import {
  type ColorDescription,
  type ColorName,
  displayP3,
  hasHdr,
  parseColor,
  withoutHdr,
} from "../../video/color.ts";

/** The colours of one video: those of its option, or else of its first frame. */
export class FrameColor {
  readonly #option: ColorName | Partial<ColorDescription> | undefined;
  /** Whether the frames are of Display P3, which the first one says. */
  isDisplayP3 = false;
  /** What the first frame says of its values; `null` where it does not. */
  said: Partial<ColorDescription> | null = null;

  /** For a video with this option. */
  constructor(option: ColorName | Partial<ColorDescription> | undefined) {
    this.#option = option;
  }

  /** The video's colour description at a height: also that of frames without one. */
  at(height: number): ColorDescription {
    if (this.isDisplayP3) {
      return parseColor({ ...displayP3, ...(this.#option as Partial<ColorDescription>) }, height);
    }
    return parseColor(this.#option ?? this.said ?? {}, height);
  }

  /** Whether the first frame brings HDR metadata, which nobody asked for. */
  get bringsHdr(): boolean {
    return this.said !== null && hasHdr(this.said);
  }

  /** Leaves the HDR metadata of frames out. */
  dropHdr(): void {
    this.said = withoutHdr(this.said!);
  }
}
