/**
 * The packets of one stream, one after another.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { Demuxer } from "../../libav/demuxer.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { reading } from "./reading_error.ts";

/** A file, a stream that can't be read twice, or a file of which another connection gives the rest. */
export type SourceKind = "file" | "live" | "resumable";

/** What packets are read from. */
export interface PacketOrigin {
  readonly demuxer: Demuxer;
  readonly stream: number;
  /** What messages call it. */
  readonly label: string;
  /** What is resumable gives no packet that was cut off: another connection has it whole. */
  readonly kind: SourceKind;
}

/** Reads packets, and throws where that fails. */
export class StreamPackets implements Disposable {
  readonly #origin: PacketOrigin;
  readonly #next: NativePacket;
  #hasNext = false;

  /** Reads the packets of one stream. */
  constructor(native: Native, origin: PacketOrigin) {
    this.#origin = origin;
    this.#next = new NativePacket(native);
  }

  /** Reads the next packet; `false` at the end. */
  read(packet: NativePacket): boolean {
    return reading(this.#origin.label, "read on in", () => {
      const { demuxer, stream, kind } = this.#origin;
      while (kind === "resumable" ? this.#readWhole(packet) : demuxer.read(packet)) {
        if (packet.streamIndex === stream) return true;
        packet.unref();
      }
      return false;
    });
  }

  /** Readers of some formats give a packet that was cut off, and fail with the next one. */
  #readWhole(packet: NativePacket): boolean {
    const { demuxer } = this.#origin;
    if (this.#hasNext) {
      this.#hasNext = false;
      packet.takeFrom(this.#next);
      return true;
    }
    if (!demuxer.read(packet)) return false;
    if (!packet.isCorrupt) return true;
    try {
      this.#hasNext = demuxer.read(this.#next);
      return true;
    } catch (error) {
      packet.unref();
      throw error;
    }
  }

  /** Forgets what it has read ahead: the next packet is from another place. */
  restart(): void {
    this.#next.unref();
    this.#hasNext = false;
  }

  /** Frees its packet. */
  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]();
  }
}
