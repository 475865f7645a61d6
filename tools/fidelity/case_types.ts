/**
 * What one measured case is: which file is written from which pictures, and how near it must come to them.
 *
 * @module
 */
import type { FrameRate, WriterOptions } from "../../mod.ts";
import type { ColorTags } from "./color_math.ts";

/** The greatest errors that a case may have. */
export interface Tolerance {
  /**
   * Of the stored samples against the exact conversion, in code values of the stored depth: the worst and the
   * mean.
   */
  readonly stored: readonly [worst: number, mean: number];
  /** Of stored alpha; default: as the other components. */
  readonly alpha?: number;
  /** Of solid patches as RGB, in 255ths. */
  readonly rgb: number;
  /** Why it is more than 2 of 255, with the figure that was measured. */
  readonly why?: string;
}

/** What a stream is tagged with. A tag that is absent must be so; one that is `null` is of no account. */
export type ExpectedTags = { readonly [Name in keyof ColorTags]?: string | null };

/** A row of the case tables. What is absent has the default of {@linkcode Case}. */
export interface CaseRow {
  /** A codec family or an encoder's name. */
  readonly codec: string;
  /** The file's extension, which chooses the container. */
  readonly extension: string;
  /** The pixel format of the frames that are given. */
  readonly input: string;
  /** The pixel format that the file must have, as ffprobe tells it. */
  readonly stored: string;
  /** The writer's options. */
  readonly options?: WriterOptions;
  /** Size of the frames given; default 256x144. */
  readonly size?: readonly [width: number, height: number];
  /** Size of the video, where it is another. */
  readonly storedSize?: readonly [width: number, height: number];
  /** Frames to write; default 12. */
  readonly frames?: number;
  /** Frames per second, as given to the writer; default 25. */
  readonly fps?: Exclude<FrameRate, object>;
  /** The same, exactly. */
  readonly exactFps?: readonly [num: number, den: number];
  /** The time of each frame in seconds, for `timing: "timestamps"`. */
  readonly times?: readonly number[];
  /** What is between the patches and the frame's index; default `"smooth"`. */
  readonly detail?: "smooth" | "noise" | "flat";
  /** The patches and the detail are partly transparent. */
  readonly alpha?: true;
  /** The codec does not keep the colour of pixels that can't be seen. */
  readonly dropsHidden?: true;
  /** The greatest errors. */
  readonly tolerance: Tolerance;
  /** The matrix of a codec that has one only. Primaries and transfer are of no account then. */
  readonly matrix?: string;
  /** The tags to find; default: those of the colour asked for. */
  readonly tags?: ExpectedTags;
  /** Why matrix or tags are others. */
  readonly whyTags?: string;
  /** The code that the container must have for the codec. */
  readonly codecTag?: string;
  /** ffmpeg's decoder, where the default one does not do. */
  readonly decoder?: string;
  /** Chromium shows it as a video or as an image. */
  readonly browser?: "video" | "image";
}

/** A case, whole. */
export interface Case extends CaseRow {
  /** Short, and none other has it: the name of its file. */
  readonly name: string;
  readonly options: WriterOptions;
  readonly size: readonly [width: number, height: number];
  readonly storedSize: readonly [width: number, height: number];
  readonly frames: number;
  readonly fps: Exclude<FrameRate, object>;
  readonly detail: "smooth" | "noise" | "flat";
  /** What luma and chroma that are given mean, and what RGB is converted to. */
  readonly requested: ColorTags;
  /** What the numbers in the file must mean. */
  readonly color: ColorTags;
  readonly tags: ExpectedTags;
  /** When each frame is to be shown, in seconds. */
  readonly expectedTimes: readonly number[];
  /** How long the video is to be, in seconds. */
  readonly expectedSeconds: number;
}

/** What a judge finds wrong: one sentence each; none where all is right. */
export type Complaints = readonly string[];

/** What is written: each as the file of its name. */
export interface WritableCase {
  readonly name: string;
  readonly extension: string;
}
