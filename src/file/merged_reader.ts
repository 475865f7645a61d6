/**
 * The packets of a file in the order in which they are decoded, wherever in the file they are.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import { NativePacket } from "../libav/native_packet.ts";

/** The next packet of one stream. */
interface Head {
  readonly demuxer: Demuxer;
  readonly packet: NativePacket;
  /** When it is decoded, in seconds; `null` where the stream has ended. */
  seconds: number | null;
}

/** Reads a file once for each of its streams. */
export class MergedReader implements Disposable {
  readonly #heads: Head[] = [];

  /** Reads the first `streams` streams of a file that `open` opens. */
  constructor(native: Native, open: () => Demuxer, streams: number) {
    using owned = new DisposableStack();
    for (let stream = 0; stream < streams; stream++) {
      const demuxer = owned.use(open());
      demuxer.readOnly(stream);
      const head: Head = { demuxer, packet: owned.use(new NativePacket(native)), seconds: -Infinity };
      this.#heads.push(head);
      this.#advance(head, stream);
    }
    owned.move();
  }

  /** Reads the next packet; `false` at the end of the file. */
  read(packet: NativePacket): boolean {
    let first: Head | null = null;
    for (const head of this.#heads) {
      if (head.seconds !== null && (first === null || head.seconds < first.seconds!)) first = head;
    }
    if (first === null) return false;
    const stream = first.packet.streamIndex;
    packet.takeFrom(first.packet);
    this.#advance(first, stream);
    return true;
  }

  #advance(head: Head, stream: number): void {
    const { demuxer, packet } = head;
    while (demuxer.read(packet)) {
      if (packet.streamIndex !== stream) {
        packet.unref();
        continue;
      }
      const { num, den } = demuxer.timeBase(stream);
      const { dts, pts } = packet;
      const seconds = Number(dts === NativePacket.noTime ? pts : dts) * num / den;
      // Matroska tells no decode times: a stream's packets are in their order.
      head.seconds = Math.max(head.seconds!, seconds);
      return;
    }
    head.seconds = null;
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    for (const { demuxer, packet } of this.#heads.splice(0)) {
      packet[Symbol.dispose]();
      demuxer[Symbol.dispose]();
    }
  }
}
