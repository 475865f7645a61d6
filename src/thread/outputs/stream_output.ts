/**
 * An output whose bytes a stream in the program's thread takes.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { ByteMuxer } from "./byte_muxer.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { StreamTarget } from "../../engine/outputs/output_target.ts";
import type { PacketOutput } from "./packet_output.ts";
import type { QueueMemory } from "../../engine/outputs/queue_memory.ts";

/** How many bytes may be on their way to a stream. */
const maxPendingBytes = 2 ** 20;

/** Bytes for a stream. */
export class StreamOutput implements PacketOutput {
  readonly #muxer: ByteMuxer;
  readonly #queue: QueueMemory;
  readonly #pending: Int32Array;
  /** Whether what takes the bytes is known to wait for them at the end. */
  readonly #hasSegments: boolean;

  /** `give` sends bytes to the program's thread. */
  constructor(
    native: Native,
    { format, pending, cuts }: StreamTarget,
    queue: QueueMemory,
    give: (bytes: Uint8Array<ArrayBuffer>) => void,
  ) {
    this.#queue = queue;
    this.#hasSegments = cuts !== undefined;
    this.#pending = new Int32Array(pending, 0, 1);
    this.#muxer = new ByteMuxer(native, format, (bytes) => {
      Atomics.add(this.#pending, 0, bytes.length);
      give(bytes);
    }, cuts);
  }

  connect(): void {}

  async begin(streams: OutputStreams): Promise<void> {
    this.#muxer.begin(streams);
    await this.#room();
  }

  async write(packet: NativePacket): Promise<void> {
    this.#muxer.write(packet);
    await this.#room();
  }

  async finish(): Promise<void> {
    this.#muxer.finish();
    // How long segments take to be stored is seen where they are.
    if (!this.#hasSegments) await this.#room();
  }

  get bytes(): number {
    return this.#muxer.bytes - Atomics.load(this.#pending, 0);
  }

  /** Waits until the stream has taken enough. */
  async #room(): Promise<void> {
    for (;;) {
      const seen = this.#queue.changes;
      if (Atomics.load(this.#pending, 0) < maxPendingBytes) return;
      await this.#queue.changed(seen, 1000);
    }
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#muxer[Symbol.dispose]();
  }
}
