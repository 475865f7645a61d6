/**
 * Where packets come from, as programs hold it.
 *
 * @module
 */
import type { CopiedFile, MediaPacket } from "./media_packet.ts";

/** How sources tell writers what is copied besides packets. */
const descriptions = new WeakMap<object, () => Promise<CopiedFile>>();

/** The packets of live sources. */
const live = new WeakSet<object>();

/** Notes how a source tells what is copied, and whether it is live. */
export function noteDescription(
  packets: PacketSource,
  describe: () => Promise<CopiedFile>,
  isLive: boolean,
): void {
  descriptions.set(packets, describe);
  if (isLive) live.add(packets);
}

/** Whether packets come as they happen, and from no file. */
export function isLiveSource(packets: PacketSource): boolean {
  return live.has(packets);
}

/** How a source tells what is copied; `undefined` where it is none. */
export function descriptionOf(packets: PacketSource): (() => Promise<CopiedFile>) | undefined {
  return descriptions.get(packets);
}

/** Anything that takes packets one after another. Every {@linkcode PacketWriter} does. */
export interface PacketTarget {
  /** Takes a packet. The next one comes once its promise has resolved. */
  write(packet: MediaPacket): void | Promise<void>;
}

/** A target that gets the packets of a source, and how it ended. */
export interface AttachedPackets {
  /** Packets that it has taken. */
  readonly written: number;
  /** Where it is in its life. */
  readonly state: "attached" | "detached" | "ended" | "failed";
  /** Why it failed; `null` where it did not. */
  readonly error: unknown;
  /**
   * Resolves once it has taken its last packet, as the source has ended or it was detached. Rejects with the
   * error where it, or the source, failed.
   */
  readonly finished: Promise<void>;
}

/**
 * The packets of a source: its encoded pictures, audio and subtitles, not decoded. Each reader and each
 * target gets all of them from the beginning, at its own pace.
 *
 * @example Another container for the same video
 * ```ts
 * import { createFileReader, createFileWriter, createPacketWriter } from "@avwriter/avwriter";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, 25);
 *   for (let n = 0; n < 25; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(n * 10), width: 64, height: 64 });
 *   }
 * }
 * await using source = await createFileReader(`${folder}/in.mp4`);
 * await using writer = await createPacketWriter(`${folder}/out.mkv`, source.packets);
 * await source.packets.attach(writer).finished;
 * const { packets } = await writer.close();
 * if (packets !== 25) throw new Error("not as written");
 * ```
 */
export interface PacketSource extends AsyncIterable<MediaPacket> {
  /**
   * Starts to send packets to a target. A writer stays open: close it after `detach`, or once `finished` has
   * resolved.
   *
   * @throws {TypeError} It is no target, or it is attached already.
   */
  attach(target: PacketTarget): AttachedPackets;
  /**
   * Sends no more packets to a target, and resolves once it has the last one. Does nothing where the source
   * has ended or it was detached before. Closes nothing.
   *
   * @throws {TypeError} The target was never attached.
   * @throws {Error} The target, or the source, has failed: the same error.
   */
  detach(target: PacketTarget): Promise<void>;
}
