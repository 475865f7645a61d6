/**
 * What every source that is read tells of itself.
 *
 * @module
 */
import type { ReadFrame, SourceInfo } from "../engine/reading/reading_types.ts";
import { SourceFlow } from "../source/pipeline/source_flow.ts";
import { type Lender, SourceFrame } from "../source/pipeline/source_frame.ts";
import type { DecodedFrame } from "../source/source.ts";
import type { FrameAsk } from "../thread/reading/reading_calls.ts";
import type { VideoSource } from "./video_source.ts";

/** A source whose frames come from a file or a network. */
export abstract class DescribedSource extends SourceFlow {
  /** What it says. */
  protected info: SourceInfo;
  /** Memory of frames that nobody needs any more. */
  readonly #unused: ArrayBuffer[] = [];
  readonly #mostUnused: number;

  /** A source that says this, with so many frames under way at most. */
  constructor(info: SourceInfo, queueSize: number) {
    super();
    this.info = info;
    this.#mostUnused = queueSize;
  }

  /** What the question for a frame has: memory for it, where there is some. */
  protected get frameAsk(): FrameAsk {
    const memory = this.#unused.pop();
    return memory === undefined ? {} : { memory };
  }

  /** Where lent pixels come from, in a source that lends them. */
  protected get lender(): Lender {
    throw new Error("This source lends no frames");
  }

  /** A frame of the engine, as pipelines have it. */
  protected frameOf({ data, position: _position, ...facts }: ReadFrame): SourceFrame {
    if (!(data instanceof ArrayBuffer)) return SourceFrame.lent(data, facts, this.lender);
    return SourceFrame.of(new Uint8Array(data), facts, (memory) => {
      if (this.#unused.length < this.#mostUnused) this.#unused.push(memory);
    });
  }

  get width(): number {
    return this.info.width;
  }

  get height(): number {
    return this.info.height;
  }

  get format(): string {
    return this.info.format;
  }

  get color(): VideoSource["color"] {
    return this.info.color;
  }

  get rotation(): VideoSource["rotation"] {
    return this.info.rotation;
  }

  get sampleAspectRatio(): VideoSource["sampleAspectRatio"] {
    return this.info.sampleAspectRatio;
  }

  get codec(): string {
    return this.info.codec;
  }

  get container(): string {
    return this.info.container;
  }

  get duration(): number | null {
    return this.info.duration;
  }

  get frameRate(): VideoSource["frameRate"] {
    return this.info.frameRate;
  }

  get frameIntervals(): VideoSource["frameIntervals"] {
    return this.info.frameIntervals;
  }

  get audioTracks(): VideoSource["audioTracks"] {
    return this.info.audioTracks;
  }

  get subtitleTracks(): VideoSource["subtitleTracks"] {
    return this.info.subtitleTracks;
  }

  get chapters(): VideoSource["chapters"] {
    return this.info.chapters;
  }

  get metadata(): VideoSource["metadata"] {
    return this.info.metadata;
  }

  protected override get form(): SourceInfo {
    return this.info;
  }

  async nextFrame(): Promise<DecodedFrame | null> {
    const reader = this[Symbol.asyncIterator]();
    const { value } = await reader.next();
    await reader.return();
    return value ?? null;
  }
}
