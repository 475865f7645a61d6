/**
 * Stereo pairs: two views in one picture.
 *
 * @module
 */
import { shown } from "../shown.ts";
import type { Size } from "../size.ts";
import { cropped, type PictureForm, requireArea } from "./pipeline/crop.ts";
import type { CropArea, PipelineSource, SourceStatus } from "./pipeline/pipeline_source.ts";
import { SourceFlow } from "./pipeline/source_flow.ts";
import { SourceFrame } from "./pipeline/source_frame.ts";
import type { DecodedFrame } from "./source.ts";

/** How two views lie in one picture: the left one left, or above. */
export type StereoLayout = "side-by-side" | "top-bottom";

/** The views of a stereo pair, each as a source. */
export interface StereoPair {
  /** What the left eye sees: the left or upper half. */
  readonly left: PipelineSource;
  /** What the right eye sees: the right or lower half. */
  readonly right: PipelineSource;
}

/** Half of a picture. Throws a `RangeError` where it has no exact half. */
function halfOf({ width, height }: Size, layout: StereoLayout, view: "left" | "right"): CropArea {
  const isWide = layout === "side-by-side";
  const side = isWide ? width : height;
  if (side % 2 === 1) {
    throw new RangeError(
      `Cannot split a stereo pair of ${width}x${height}: its ${
        isWide ? "width" : "height"
      } is odd, but must be that of two views`,
    );
  }
  const half = isWide ? { width: width / 2, height } : { width, height: height / 2 };
  if (view === "left") return { x: 0, y: 0, ...half };
  return isWide ? { x: width / 2, y: 0, ...half } : { x: 0, y: height / 2, ...half };
}

/** One view, read as its targets ask for it. */
class ViewFlow extends SourceFlow {
  readonly #frames: AsyncIterator<DecodedFrame>;
  readonly #layout: StereoLayout;
  readonly #view: "left" | "right";
  #form: PictureForm | null = null;

  constructor(source: PipelineSource, layout: StereoLayout, view: "left" | "right") {
    super();
    this.#frames = source[Symbol.asyncIterator]();
    this.#layout = layout;
    this.#view = view;
  }

  override get status(): SourceStatus {
    return this.hasEnded ? "ended" : "running";
  }

  protected override get form(): PictureForm | null {
    return this.#form;
  }

  protected override async pull(): Promise<SourceFrame | null> {
    const { done, value } = await this.#frames.next();
    if (done) return null;
    const frame = SourceFrame.from(value);
    const half = cropped(frame, halfOf(frame, this.#layout, this.#view));
    this.#form = half.facts;
    return half;
  }

  protected override async free(): Promise<void> {
    await super.free();
    await this.#frames.return?.();
  }
}

/**
 * Splits pictures that hold two views. Both views get the same frames where targets are attached to both
 * without an `await` in between; a view that nobody reads costs nothing.
 *
 * @param source What gives the pairs.
 * @param layout How the views lie: `"side-by-side"` with the left one left, or `"top-bottom"` with the left
 * one above.
 * @returns Both views.
 *
 * @throws {TypeError} The layout is none.
 * @throws {RangeError} The pictures have no exact halves: their side is odd, or the middle is not on the grid
 * of subsampled chroma. Where the size is known with the first frame only, that error ends the view.
 *
 * @example
 * ```ts
 * import { createFrameSource, splitStereo } from "@avwriter/avwriter";
 *
 * const pair = { data: new Uint8Array([10, 20, 10, 20]), width: 4, height: 1, format: "gray" };
 * await using source = await createFrameSource([pair], { frameRate: 25 });
 * const { left, right } = splitStereo(source, "side-by-side");
 * const seen: string[] = [];
 * const target = { update: ({ data }: { data: Uint8Array }) => void seen.push(String(data)) };
 * await Promise.all([left, right].map((view) => view.attach(target).finished));
 * if (seen.join(" ") !== "10,20 10,20") throw new Error("not as given");
 * ```
 */
export function splitStereo(source: PipelineSource, layout: StereoLayout): StereoPair {
  if (layout !== "side-by-side" && layout !== "top-bottom") {
    throw new TypeError(
      `Cannot split a stereo pair: its layout is ${
        shown(layout)
      }, but must be "side-by-side" or "top-bottom"`,
    );
  }
  const { width, height, format } = source as Partial<PictureForm>;
  if (width !== undefined && height !== undefined && format !== undefined) {
    const form = { width, height, format };
    requireArea(halfOf(form, layout, "right"), form);
  }
  const viewOf = (view: "left" | "right"): PipelineSource => new ViewFlow(source, layout, view);
  return { left: viewOf("left"), right: viewOf("right") };
}
