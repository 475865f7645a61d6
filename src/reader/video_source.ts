/**
 * The source that people hold.
 *
 * @module
 */
import type { SourceAudioTrack, SourceSubtitleTrack } from "../engine/reading/reading_types.ts";
import type { PacketSource } from "../engine/copying/packet_source.ts";
import type { AudioSamples } from "../audio/samples.ts";
import type { Rotation } from "../container/picture_tags.ts";
import type { PipelineSource, SourceStatus } from "../source/pipeline/pipeline_source.ts";
import type { DecodedFrame, FrameSource } from "../source/source.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { ColorDescription } from "../video/color.ts";

/** Samples of a source. */
export interface DecodedSamples {
  /** The samples, as a writer takes them. */
  readonly samples: AudioSamples;
  /** When the first of them is heard, in seconds. */
  readonly timestamp: number;
  /** How long they are heard, in seconds. */
  readonly duration: number;
}

/** A named part of a source. */
export interface SourceChapter {
  /** Its name; empty where it has none. */
  readonly title: string;
  /** Its start in seconds. */
  readonly start: number;
  /** Its end in seconds. */
  readonly end: number;
}

/**
 * A video that is read. {@linkcode createFileReader} and {@linkcode openNetworkSource} make it.
 *
 * All times are in seconds from where the video begins. Frames come in the order in which they are shown.
 * Nothing is decoded until somebody asks.
 *
 * @example
 * ```ts
 * import { createFileReader, createFileWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * {
 *   await using writer = await createFileWriter("h264", path, 25);
 *   for (let n = 0; n < 50; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(n), width: 64, height: 64 });
 *   }
 * }
 * await using source = await createFileReader(path, { format: "rgba" });
 * let count = 0;
 * for await (const frame of source) {
 *   if (frame.timestamp !== count++ / 25) throw new Error("not as written");
 * }
 * if (count !== 50 || source.frameRate?.num !== 25) throw new Error("not as written");
 * ```
 */
export interface VideoSource extends PipelineSource, FrameSource {
  /** What the values of the frames mean, as the option `color` of a writer takes it. */
  readonly color: Partial<ColorDescription>;
  /** Degrees clockwise by which players rotate the picture. The frames are not rotated. */
  readonly rotation: Rotation;
  /** The width of a pixel over its height. */
  readonly sampleAspectRatio: { readonly num: number; readonly den: number };
  /** libavcodec's name of the video's codec: `"h264"`. */
  readonly codec: string;
  /** libavformat's names of the container: `"mov,mp4,m4a,3gp,3g2,mj2"`. */
  readonly container: string;
  /**
   * The least and the greatest time from one frame to the next, in seconds, of those that the frame rate was
   * found from; `null` where they are less than two.
   */
  readonly frameIntervals: { readonly least: number; readonly greatest: number } | null;
  /** The audio tracks. */
  readonly audioTracks: readonly SourceAudioTrack[];
  /** The subtitle tracks. */
  readonly subtitleTracks: readonly SourceSubtitleTrack[];
  /** The chapters, in order. */
  readonly chapters: readonly SourceChapter[];
  /** The tags of the file: `title`, `artist`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the file has, not decoded: to be written into another one as it is. */
  readonly packets: PacketSource;
  /**
   * Whether frames are still to come, or all were given, or the source was closed. Only network sources are
   * ever in another state.
   */
  readonly status: SourceStatus;
  /**
   * The next frame; `null` at the end. Targets that are attached get it, too.
   *
   * @throws {ReadError} The file is damaged there, or can't be read on. A `seek` to behind it goes on.
   */
  nextFrame(): Promise<DecodedFrame | null>;
  /**
   * Has the frame that is shown at a time come next, or the first one after it. Targets that are attached get
   * the frames from there on.
   *
   * @param seconds The time.
   * @throws {ReadError} The file can't be read from another place on.
   */
  seek(seconds: number): Promise<void>;
  /**
   * The frame that is shown at a time, or the part of it that `crop` says, wherever the other calls are.
   *
   * @param seconds The time. From 0 to the first frame, that one counts.
   * @returns The frame; `null` below 0 and after the end.
   *
   * @example
   * ```ts
   * import { createFileReader, createFileWriter } from "@avwriter/avwriter";
   *
   * const path = `${await Deno.makeTempDir()}/gray.mp4`;
   * {
   *   await using writer = await createFileWriter("h264", path, 25);
   *   for (let n = 0; n < 50; n++) {
   *     await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(n), width: 64, height: 64 });
   *   }
   * }
   * await using source = await createFileReader(path);
   * const frame = await source.frameAt(1.01);
   * if (frame?.timestamp !== 1) throw new Error("another frame");
   * ```
   */
  frameAt(seconds: number): Promise<DecodedFrame | null>;
  /**
   * The frames that are shown at times, which must not fall. What several of them need is decoded once.
   *
   * @param sorted The times in seconds.
   * @returns As many frames as times.
   * @throws {RangeError} A time is before the one before it, or no frame is shown then.
   */
  framesAt(sorted: Iterable<number>): AsyncIterable<DecodedFrame>;
  /**
   * The samples of an audio track, from its beginning, wherever the other calls are.
   *
   * @param track Which of `audioTracks`. Default: 0.
   */
  audio(track?: number): AsyncIterable<DecodedSamples>;
  /**
   * The cues of a subtitle track, from its beginning, wherever the other calls are.
   *
   * @param track Which of `subtitleTracks`. Default: 0.
   */
  cues(track?: number): AsyncIterable<SubtitleCue>;
  /** Closes the file. Targets that are attached fail; `detach` them before, or use `await using`. */
  close(): Promise<void>;
  /** Detaches all targets, and closes the file. */
  [Symbol.asyncDispose](): Promise<void>;
}
