/**
 * The last packets of audio, which libavformat's RTP never sends by itself.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import { idOfCodec } from "../../libav/muxing/codec_delay.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import type { Muxer } from "../../libav/muxer.ts";

/**
 * Remembers the last packet of each stream of AAC. RTP holds it back until another one comes, and has no end
 * that would send it: written twice, it is sent once.
 */
export class LastAudio implements Disposable {
  readonly #native: Native;
  readonly #last = new Map<number, { readonly muxer: Muxer; readonly packet: NativePacket }>();
  readonly #streams: ReadonlySet<number>;

  constructor(native: Native, { streams }: OutputStreams, formatOptions: Readonly<Record<string, unknown>>) {
    this.#native = native;
    const aac = idOfCodec(native, "aac");
    // As LATM, each is sent at once.
    const isHeld = !String(formatOptions.rtpflags ?? "").includes("latm");
    const numbers = [...streams.keys()].filter((index) => streams[index]!.parameters.codecId === aac);
    this.#streams = new Set(isHeld ? numbers : []);
  }

  /** Remembers a packet of a stream before a muxer gets it. */
  remember(stream: number, muxer: Muxer, packet: NativePacket): void {
    if (!this.#streams.has(stream)) return;
    const last = this.#last.get(stream) ?? { muxer, packet: new NativePacket(this.#native) };
    this.#last.set(stream, last);
    last.packet.unref();
    last.packet.refer(packet);
  }

  /** Has the muxers send them. */
  send(): void {
    for (const { muxer, packet } of this.#last.values()) {
      packet.pts += packet.duration;
      packet.dts += packet.duration;
      muxer.writeAtOnce(packet);
    }
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const { packet } of this.#last.values()) packet[Symbol.dispose]();
    this.#last.clear();
  }
}
