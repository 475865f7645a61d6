/**
 * What goes into a session, and what it tells.
 *
 * @module
 */
import type { Codec } from "../codecs/families.ts";
import type { ContainerClock } from "../container/container_clock.ts";
import type { FragmentCuts } from "../file/fragments.ts";
import type { ByteSink } from "../libav/muxing/muxer_output.ts";
import type { Rational } from "../libav/rational.ts";
import type { CopiedFile } from "./copying/media_packet.ts";
import type { FedOutput } from "./outputs/packet_feeds.ts";
import type { SegmentListener } from "./segments/segment_options.ts";
import type { SessionOptions } from "./session_options.ts";
import type { InputFormats } from "../video/input_format.ts";

/** A video file to write, checked already. */
export interface VideoFileRequest {
  readonly kind: "video";
  /** A codec family or an encoder's name. */
  readonly codec: Codec;
  /** The absolute path of the file; empty where its bytes go to the program. */
  readonly path: string;
  /** What becomes of its bytes; default: they go to the path. `"nowhere"`: the outputs have all. */
  readonly bytesTo?: ByteSink["kind"] | "nowhere";
  /** Outputs in other threads, which get its packets. */
  readonly outputs?: readonly FedOutput[];
  /** How its fragments are cut for who makes segments of them; default: so that a kill costs little. */
  readonly cuts?: FragmentCuts;
  /** Frames per second. */
  readonly frameRate: Rational;
  /** The options. */
  readonly options: SessionOptions;
}

/** An audio file to write, checked already. */
export interface AudioFileRequest {
  readonly kind: "audio";
  /** The absolute path of the file; empty where its bytes go to the program. */
  readonly path: string;
  /** What becomes of its bytes; default: they go to the path. */
  readonly bytesTo?: ByteSink["kind"];
  /** The options. `audio` has exactly one track. */
  readonly options: SessionOptions;
}

/** A file of packets to write, checked already. */
export interface PacketFileRequest {
  readonly kind: "packets";
  /** The absolute path of the file. */
  readonly path: string;
  /** What the packets are from, with the streams that are copied. */
  readonly source: CopiedFile;
  /** The options. Those that are about encoding are left out. */
  readonly options: SessionOptions;
}

/** A file to write. */
export type FileRequest = VideoFileRequest | AudioFileRequest | PacketFileRequest;

/** Summary of a finished file of packets. */
export interface PacketSummary {
  /** The absolute path of the file. */
  readonly path: string;
  /** The container's name in libavformat. */
  readonly format: string;
  /** Number of packets written; 0: there is no file. */
  readonly packets: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** Size of the file in bytes; of the packets, where the container is more than one file. */
  readonly bytes: number;
}

/** Summary of a finished audio file. */
export interface AudioSummary {
  /** The absolute path of the file; empty where its bytes went to a stream. */
  readonly path: string;
  /** The container's name in libavformat. */
  readonly format: string;
  /** The encoder's name in libavcodec; empty where no samples were written, so that there is no file. */
  readonly encoder: string;
  /** Samples per second and channel. */
  readonly sampleRate: number;
  /** Number of channels. */
  readonly channels: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
}

/** The encoder that a writer uses, and why. */
export interface EncoderChoice {
  /** The encoder's name in libavcodec: `"libx264"`. */
  readonly name: string;
  /** The codec's name in libavcodec: `"h264"`. */
  readonly codec: string;
  /** The encoder's pixel format. */
  readonly pixelFormat: string;
  /** Bits per component of the frames, and of what the encoder gets, where those are fewer. */
  readonly depthLoss?: { readonly from: number; readonly to: number };
  /** Candidates that were rejected, and why. */
  readonly rejected: readonly { readonly name: string; readonly reason: string }[];
  /**
   * What the option `fallback` put in the place of FFmpeg's libraries, which could not be loaded. Absent
   * where they are used.
   */
  readonly fallback?: Fallback;
}

/**
 * What writes where FFmpeg's libraries can't be loaded: AVI with pictures and samples as they are, or the
 * ffmpeg program.
 */
export type Fallback = "uncompressed" | "process";

/** Summary of a finished file. */
export interface WriteSummary {
  /** The absolute path of the file; empty where its bytes went to the program. */
  readonly path: string;
  /** The container's name in libavformat. */
  readonly format: string;
  /** The encoder's name in libavcodec. */
  readonly encoder: string;
  /** Width in pixels; 0 where no frame was written, so that there is no file. */
  readonly width: number;
  /** Height in pixels; 0 where no frame was written. */
  readonly height: number;
  /** Number of frames written. */
  readonly frames: number;
  /** Length in seconds. */
  readonly seconds: number;
  /** Size of the file in bytes; of the encoded video, where the container is more than one file. */
  readonly bytes: number;
  /** Number of frames that are not in the file, as `deadlineSeconds` had passed before they were encoded. */
  readonly leftOut: number;
}

/** Summary of a finished file. */
export type FileSummary = Summaries[FileRequest["kind"]];

/** The summary of each kind of file. */
export interface Summaries {
  readonly video: WriteSummary;
  readonly audio: AudioSummary;
  readonly packets: PacketSummary;
}

/** What frames are checked against, known once a session is open. */
export interface EngineInfo {
  /** All pixel formats of the loaded libavutil. */
  readonly formats: InputFormats;
  /** The container's name. */
  readonly container: string;
  /** The container's clock; `null` where it is not known, or filters determine the times. */
  readonly containerClock: ContainerClock | null;
  /** The channels of each audio track; `null` where its packets are copied. */
  readonly audioChannels: readonly (number | null)[];
}

/** Takes bytes of a file. They are its own from then on. */
export type TakeBytes = ByteSink["give"];

/** Who hears of a session while it runs. */
export interface SessionOutlets {
  /** Takes the bytes of a file without a path. */
  readonly take?: TakeBytes | undefined;
  /** Called with each finished segment. */
  readonly onSegment?: SegmentListener | undefined;
}

/** Who takes the bytes of a file; `null` where they go to its path. */
export function sinkOf(
  { bytesTo }: VideoFileRequest | AudioFileRequest,
  { take: give }: SessionOutlets,
): ByteSink | null {
  if (bytesTo === "nowhere") return { kind: "stream", give: () => {} };
  return bytesTo === undefined || give === undefined ? null : { kind: bytesTo, give };
}
