/**
 * Packets: what a file has of its streams, not decoded.
 *
 * @module
 */
import type { ChapterPlace } from "../../libav/streams/stream_parameters.ts";
import type { DescribedStream } from "../../libav/streams/described_stream.ts";
import type { PacketSideData } from "../../libav/native_packet.ts";

/** What a stream of packets is of. */
export type PacketKind = "video" | "audio" | "subtitle";

/**
 * A packet of a source: an encoded picture, a piece of encoded audio, or a subtitle.
 *
 * @example
 * ```ts
 * import type { MediaPacket } from "@avwriter/avwriter";
 *
 * export function bitsPerSecond(packets: readonly MediaPacket[]): number {
 *   const bytes = packets.reduce((sum, { data }) => sum + data.length, 0);
 *   return 8 * bytes / packets.reduce((sum, { duration }) => sum + duration, 0);
 * }
 * ```
 */
export interface MediaPacket {
  /** Its bytes, as they are in the file. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** What it is of. */
  readonly kind: PacketKind;
  /** The number of its stream in the source: a track's packets all have the same one. */
  readonly stream: number;
  /**
   * When it is shown or heard, in seconds from where the video begins; `null` where the file does not tell.
   */
  readonly timestamp: number | null;
  /** When it is decoded, in such seconds; `null` where the file does not tell. */
  readonly decodeTimestamp: number | null;
  /** How long it is shown or heard, in seconds; 0 where the file does not tell. */
  readonly duration: number;
  /** Whether decoding can begin with it. */
  readonly isKeyFrame: boolean;
  /**
   * Whether the clock of a live source went back before it: packets after that go on where those before
   * ended. Those of files have the times of the file.
   */
  readonly isDiscontinuous: boolean;
  /** What goes along with it, by libavcodec's numbers: palettes, alpha, samples to be skipped. */
  readonly sideData: readonly PacketSideData[];
}

/** A stream whose packets can be copied. */
export interface CopiedStream extends DescribedStream {
  /** `null`: a picture or a file that goes along. */
  readonly kind: PacketKind | null;
  /** Its number in the source. */
  readonly index: number;
  /** libavcodec's name and number of its codec. */
  readonly codecName: string;
  readonly codecId: number;
  /** libavformat's names of the container that it comes from. */
  readonly container: string;
  /** The bytes of a picture that goes along, such as a cover. */
  readonly picture: Uint8Array<ArrayBuffer> | null;
}

/** What is copied besides packets. */
export interface CopiedFile {
  readonly streams: readonly CopiedStream[];
  /** The file that it is; `null` where it comes from elsewhere. */
  readonly path: string | null;
  readonly chapters: readonly ChapterPlace[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether it comes as it happens: the time of its first packet is worth noting. */
  readonly isLive: boolean;
}
