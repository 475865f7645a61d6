/**
 * An output by RTP: each stream has a session, and a port, of its own.
 *
 * @module
 */
import { type Native, textOf } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { codeName, errorText } from "../../libav/failure.ts";
import { Muxer } from "../../libav/muxer.ts";
import { muxerByName } from "../../libav/muxer_info.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { LastAudio } from "./last_audio.ts";
import { addStreams, ConnectionClock, connectMuxer } from "./network_output.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { NetworkTarget } from "../../engine/outputs/output_target.ts";
import type { PacketOutput } from "./packet_output.ts";

/** The longest description of a session, in bytes. */
const maxSdpBytes = 16_384;

/** An address with another port. */
function withPort(url: string, add: number): string {
  return url.replace(
    /^(rtp:\/\/(?:\[[^\]]*\]|[^:/?#]*):)(\d+)/i,
    (_whole, before: string, port: string) => `${before}${Number(port) + add}`,
  );
}

/** Sessions of RTP: of the video at the port that is given, of the others two ports higher each. */
export class RtpOutput implements PacketOutput {
  readonly #native: Native;
  readonly #target: NetworkTarget;
  readonly #onSdp: (sdp: string) => void;
  readonly #muxers: Muxer[] = [];
  readonly #clock = new ConnectionClock();
  #streams: OutputStreams | null = null;
  #lastAudio: LastAudio | null = null;
  #bytes = 0;

  /** Sends nothing yet. */
  constructor(native: Native, target: NetworkTarget, onSdp: (sdp: string) => void) {
    this.#native = native;
    this.#target = target;
    this.#onSdp = onSdp;
  }

  /** There is no connection: packets are sent, whoever listens. */
  connect(): void {}

  begin(streams: OutputStreams): void {
    this.#streams = streams;
    this.#lastAudio = new LastAudio(this.#native, streams, this.#target.formatOptions);
    const info = muxerByName(this.#native, "rtp")!;
    // One name and one clock for all sessions: by them, a receiver brings picture and sound together.
    const session = { cname: crypto.randomUUID(), start_time_realtime: Date.now() * 1000 };
    for (const index of streams.streams.keys()) {
      const url = withPort(this.#target.url, 2 * index);
      const muxer = new Muxer(this.#native, info, url);
      this.#muxers.push(muxer);
      connectMuxer(this.#native, muxer, { ...this.#target, url });
      muxer.options.setAll(session);
      addStreams(muxer, streams, index);
      muxer.options.setField("flush_packets", 1);
      muxer.writeHeader();
    }
    this.#onSdp(this.#description());
  }

  #description(): string {
    const contexts = BigUint64Array.from(this.#muxers, ({ address }) => address);
    const text = new Uint8Array(maxSdpBytes);
    const { av_sdp_create } = this.#native.sessionDescriptions();
    const result = av_sdp_create(contexts, contexts.length, text, text.length);
    if (result >= 0) return textOf(text);
    throw new AvError(errorText(this.#native, result), {
      code: codeName(result),
      operation: "describe an RTP session",
    });
  }

  write(packet: NativePacket): void {
    const { streamIndex } = packet;
    const muxer = this.#muxers[streamIndex]!;
    const { timeBase } = this.#streams!.streams[streamIndex]!;
    packet.rescale(timeBase, muxer.timeBase(0));
    this.#clock.move(packet, muxer.timeBase(0));
    packet.streamIndex = 0;
    this.#lastAudio?.remember(streamIndex, muxer, packet);
    muxer.writeAtOnce(packet);
  }

  finish(): void {
    this.#lastAudio?.send();
    for (const muxer of this.#muxers) muxer.writeTrailer();
    this.#bytes = this.bytes;
    for (const muxer of this.#muxers) muxer.closeOutput();
  }

  get bytes(): number {
    return this.#muxers.reduce((sum, { writtenBytes }) => sum + (writtenBytes ?? 0), 0) || this.#bytes;
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const muxer of this.#muxers) muxer[Symbol.dispose]();
    this.#lastAudio?.[Symbol.dispose]();
  }
}
