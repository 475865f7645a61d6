/**
 * What takes the packets of an encode, in a thread of its own.
 *
 * @module
 */
import type { NativePacket } from "../../libav/native_packet.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";

/**
 * One connection, or one file. Its calls come one after the other, in the order of the methods, in a thread
 * that does nothing else: they may wait in C, or return a promise. Each is watched: one that takes too long
 * is interrupted (`setInterruption`) and counts as failed. After a failure it is disposed of, and where it
 * may come back another one is made.
 */
export interface PacketOutput extends Disposable {
  /** Connects, as far as that can be before the streams are known. */
  connect(): void | Promise<void>;
  /** Begins: writes the header. The streams stay those of the caller. */
  begin(streams: OutputStreams): void | Promise<void>;
  /**
   * Writes a packet of the stream that it names, in the unit of that stream's times, in the order of decode
   * times. It may be empty afterwards. The first one of the video is a key
   * frame; audio may come before, where it begins earlier.
   */
  write(packet: NativePacket): void | Promise<void>;
  /** Ends well: writes the trailer, and waits until all is sent. */
  finish(): void | Promise<void>;
  /**
   * Whether packets count as sent only once {@linkcode bytes} grows: the muxer of WebM sends them by the
   * second.
   */
  readonly gathers?: boolean;
  /** How many bytes were sent, as far as that is known; 0 where it is not. */
  readonly bytes: number;
}
