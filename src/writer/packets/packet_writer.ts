/**
 * The writer of packets.
 *
 * @module
 */
import type { MediaPacket } from "../../engine/copying/media_packet.ts";
import type { PacketSummary } from "../../engine/session_types.ts";

/** Statistics of a packet writer. */
export interface PacketWriterStats {
  /** Packets in the file. Those before the first key frame of the video are left out, or wait for it. */
  readonly packets: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Length of the file so far, in seconds. */
  readonly seconds: number;
  /** How much of its work `close` has done, from 0 to 1: it may have a whole file to copy. */
  readonly finished: number;
}

/**
 * Writes packets of a source into a file as they are. {@linkcode createPacketWriter} makes it.
 *
 * The file begins with a key frame of its video: packets that come before and belong to earlier frames are
 * left out, so that a writer can be attached at any time.
 *
 * @example One track of a file
 * ```ts
 * import { createFileReader, createFileWriter, createPacketWriter } from "@avwriter/avwriter";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mkv`, 25, { audio: {} });
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   await writer.writeAudio({ data: new Float32Array(48000), sampleRate: 48000, channels: 1 });
 * }
 * await using source = await createFileReader(`${folder}/in.mkv`);
 * await using writer = await createPacketWriter(`${folder}/out.mp4`, source.packets, { audio: false });
 * for await (const packet of source.packets) await writer.write(packet);
 * ```
 */
export interface PacketWriter extends AsyncDisposable {
  /**
   * Writes a packet of the source that the writer was made for. Resolves once there is room for the next one.
   * Packets of tracks that are not copied are left out.
   *
   * @param packet The packet; its memory is the caller's again once the promise resolves.
   * @throws {TypeError} It is no packet. The writer goes on.
   * @throws {WriteError} Writing failed. Every later call rejects with the same error.
   * @throws {WriterClosedError} The writer was closed or aborted.
   */
  write(packet: MediaPacket): Promise<void>;
  /**
   * Finishes the file and closes it. Called again, it returns the same summary. Where no packet was written,
   * no file is made, and one that exists stays as it was.
   *
   * @throws {WriteError} Writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(): Promise<PacketSummary>;
  /** Stops, and removes the unfinished file. Does nothing after `close`. */
  abort(reason?: unknown): Promise<void>;
  /**
   * The end of a block with `await using`: closes the writer, which keeps what was written, also where the
   * block ends with an error. Throws only what no call has thrown. Does nothing after `close` or `abort`.
   */
  [Symbol.asyncDispose](): Promise<void>;
  /** The current statistics. */
  readonly stats: PacketWriterStats;
}
