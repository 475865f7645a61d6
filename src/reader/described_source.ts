/**
 * What every source that is read tells of itself.
 *
 * @module
 */
import type { ReadFrame, SourceInfo } from "../engine/reading/reading_types.ts";
import { SourceFlow } from "../source/pipeline/source_flow.ts";
import type { DecodedFrame } from "../source/source.ts";
import type { VideoSource } from "./video_source.ts";

/** A frame of the engine, as programs get it. */
export function decodedFrame({ data, ...others }: ReadFrame): DecodedFrame {
  return { data: new Uint8Array(data), ...others };
}

/** A source whose frames come from a file or a network. */
export abstract class DescribedSource extends SourceFlow {
  /** What it says. */
  protected info: SourceInfo;

  /** A source that says this. */
  constructor(info: SourceInfo) {
    super();
    this.info = info;
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
