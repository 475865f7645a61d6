/**
 * Frames of several sizes, each size with an encoder of its own, one after the other.
 *
 * @module
 */
import type { FrameStamp } from "../../video/frame_timing.ts";
import type { PictureShape, Pixels } from "../../video/pixels.ts";
import type { Steps } from "../../steps.ts";
import type { Pipeline } from "../pipeline.ts";
import type { VideoPipeline } from "../video_output.ts";

/** Opens a pipeline into the same output, for pictures of another shape, the first shown at a time. */
export type OpenNext = (pixels: Pixels, shape: PictureShape, seconds: number) => Pipeline;

/** Pipelines into one output of segments. */
export class SizedPipelines implements VideoPipeline {
  #current: Pipeline;
  #shape: PictureShape;
  readonly #openNext: OpenNext;
  /** What segments that are not finished still need of pipelines that have ended. */
  readonly #left = new DisposableStack();
  readonly #before = { frames: 0, packets: 0, bytes: 0 };

  /** Takes over the first one, whose pictures have a shape. */
  constructor(first: Pipeline, shape: PictureShape, openNext: OpenNext) {
    this.#current = first;
    this.#shape = shape;
    this.#openNext = openNext;
  }

  get frames(): number {
    return this.#before.frames + this.#current.frames;
  }

  get packets(): number {
    return this.#before.packets + this.#current.packets;
  }

  get bytes(): number {
    return this.#before.bytes + this.#current.bytes;
  }

  get seconds(): number {
    return this.#current.seconds;
  }

  get certainSeconds(): number {
    return this.#current.certainSeconds;
  }

  write(pixels: Pixels, shape: PictureShape, stamp: FrameStamp, isLive: boolean): void {
    const { width, height } = this.#shape.layout;
    if (shape.layout.width !== width || shape.layout.height !== height) {
      this.#left.use(this.#current.leave(stamp.ticks));
      const { frames, packets, bytes } = this;
      const next = this.#openNext(pixels, shape, stamp.seconds);
      Object.assign(this.#before, { frames, packets, bytes });
      [this.#current, this.#shape] = [next, shape];
    }
    this.#current.write(pixels, shape, stamp, isLive);
  }

  settle(): boolean {
    return this.#current.settle();
  }

  end(endTicks: bigint | null): Steps<number> {
    return this.#current.end(endTicks);
  }

  finish(): Steps<number | null> {
    return this.#current.finish();
  }

  discardFile(): void {
    this.#current.discardFile();
  }

  salvage(): void {
    this.#current.salvage();
  }

  [Symbol.dispose](): void {
    this.#current[Symbol.dispose]();
    this.#left[Symbol.dispose]();
  }
}
