/**
 * The encoder's end of an output's queue.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { Rational } from "../../libav/rational.ts";
import { describeStreams, type OutputDescription } from "./output_streams.ts";
import { QueueMemory } from "./queue_memory.ts";

/** How full a queue may be that packets go into again after some were left out. */
const halfFull = 0.5;

/** Gives an output packets, and never waits for it. */
export class PacketFeed {
  readonly #native: Native;
  readonly #queue: QueueMemory;
  readonly #timeBases: Rational[] = [];
  /** Whether packets are left out until a key frame comes for which there is room. */
  #isDropping = false;

  /** For the memory of a queue. */
  constructor(native: Native, memory: SharedArrayBuffer) {
    this.#native = native;
    this.#queue = new QueueMemory(memory);
  }

  /** Describes the streams, before the first packet: those of a muxer. */
  begin(muxer: Muxer, description: OutputDescription): void {
    for (let index = 0; index < muxer.streamCount; index++) this.#timeBases.push(muxer.timeBase(index));
    this.#queue.writeStreams(describeStreams(this.#native, muxer, description));
  }

  /** Whether the next frame is to be a key frame, asked once. */
  takeKeyFrameRequest(): boolean {
    return this.#queue.takeKeyFrameRequest();
  }

  /** Gives it a packet, which stays the caller's: where there is no room, it is left out, and counted. */
  push(packet: NativePacket, { num, den }: Rational): void {
    const queue = this.#queue;
    const isVideo = packet.streamIndex === 0;
    const { fullness, isOver } = queue;
    if (this.#isDropping && !isOver && isVideo && packet.isKey && fullness <= halfFull) {
      this.#isDropping = false;
    } else if (fullness >= 1 || isOver) this.#isDropping = true;
    if (this.#isDropping) {
      queue.add("droppedPackets", 1);
      if (isVideo) queue.add("droppedFrames", 1);
      if (fullness <= halfFull && !isOver) queue.askForKeyFrame();
      return;
    }
    const lent = packet.lend();
    const own = this.#timeBases[packet.streamIndex]!;
    if (own.num !== num || own.den !== den) packet.rescaleLent(lent, { num, den }, own);
    queue.push(lent, packet.size);
  }

  /** No more packets come. */
  end(): void {
    this.#queue.end();
  }
}
