/**
 * The output's end of its queue.
 *
 * @module
 */
import { address, type Native } from "../../../ffi/mod.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { QueueMemory } from "../../engine/outputs/queue_memory.ts";

/** Takes packets that an encoder in another thread gives. */
export class PacketQueue implements Disposable {
  readonly #native: Native;
  readonly #memory: QueueMemory;
  readonly #packet: NativePacket;
  /** Streams of the packets that a muxer has gathered, and not sent. */
  #gathered: number[] = [];
  #streams: OutputStreams | null = null;

  constructor(native: Native, memory: QueueMemory) {
    this.#native = native;
    this.#memory = memory;
    this.#packet = new NativePacket(native);
  }

  /** The streams; `null` before they are known. */
  get streams(): OutputStreams | null {
    if (this.#streams === null) {
      const text = this.#memory.readStreams();
      if (text !== null) this.#streams = new OutputStreams(this.#native, text);
    }
    return this.#streams;
  }

  /** The next packet, until the next call; `null` where there is none yet. */
  take(): NativePacket | null {
    const lent = this.#memory.take();
    if (lent === null) return null;
    this.#packet.unref();
    this.#packet.adopt(address(lent));
    this.#memory.taken(this.#packet.size);
    return this.#packet;
  }

  /** Leaves out a packet, and counts it. */
  drop({ streamIndex }: Pick<NativePacket, "streamIndex">): void {
    this.#memory.add("droppedPackets", 1);
    if (streamIndex === 0) this.#memory.add("droppedFrames", 1);
  }

  /** Leaves out all packets that wait. */
  dropAll(): void {
    for (let packet = this.take(); packet !== null; packet = this.take()) this.drop(packet);
  }

  /** Remembers a packet that is to be sent with later ones. */
  gather({ streamIndex }: Pick<NativePacket, "streamIndex">): void {
    this.#gathered.push(streamIndex);
  }

  /** Counts what was gathered: it was sent, or is lost. */
  settle(what: "sent" | "lost"): void {
    for (const streamIndex of this.#gathered.splice(0)) {
      if (what === "sent") this.sent({ streamIndex });
      else this.drop({ streamIndex });
    }
  }

  /** Counts a packet that was sent. */
  sent({ streamIndex }: Pick<NativePacket, "streamIndex">): void {
    this.#memory.add("packets", 1);
    if (streamIndex === 0) this.#memory.add("frames", 1);
  }

  /** Frees everything, and what waits. */
  [Symbol.dispose](): void {
    if (this.#packet.isDisposed) return;
    this.settle("lost");
    this.dropAll();
    this.streams?.[Symbol.dispose]();
    this.#packet[Symbol.dispose]();
  }
}
