/**
 * The outputs of one encode, as its session has them.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { requireVideoCodecSupport } from "../../container/codec_support.ts";
import { UnsupportedError } from "../../errors.ts";
import type { EncoderInfo } from "../../libav/encoder.ts";
import type { Muxer } from "../../libav/muxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import type { Rational } from "../../libav/rational.ts";
import type { FrameStamp } from "../../video/frame_timing.ts";
import { muxerOf } from "./output_muxer.ts";
import type { OutputDescription } from "./output_streams.ts";
import type { OutputTarget } from "./output_target.ts";
import { PacketFeed } from "./packet_feed.ts";

/** An output that gets packets. */
export interface FedOutput {
  /** The memory of its queue. */
  readonly memory: SharedArrayBuffer;
  readonly target: OutputTarget;
}

/** Whether a container has codec headers apart from packets: RTP tells them in its session's description. */
function hasHeadersApart({ wantsGlobalHeader, name }: MuxerInfo): boolean {
  return wantsGlobalHeader || name === "rtp";
}

/** Gives all outputs of an encode its packets. */
export class PacketFeeds {
  readonly #native: Native;
  readonly #outputs: readonly {
    readonly feed: PacketFeed;
    readonly info: MuxerInfo;
    readonly kind: OutputTarget["kind"];
    readonly formatOptions: OutputTarget["formatOptions"];
  }[];

  /** The container that the session itself writes. */
  #own: MuxerInfo | null = null;

  /** Throws an {@linkcode UnsupportedError} where there is no muxer for one of them. */
  constructor(native: Native, outputs: readonly FedOutput[]) {
    this.#native = native;
    this.#outputs = outputs.map(({ memory, target }) => ({
      feed: new PacketFeed(native, memory),
      info: muxerOf(native, target),
      kind: target.kind,
      formatOptions: target.formatOptions,
    }));
  }

  /** A container whose encoder makes codec headers apart from the packets where an output needs them. */
  withHeaders(own: MuxerInfo): MuxerInfo {
    this.#own = own;
    const needsHeaders = this.#outputs.some(({ info }) => hasHeadersApart(info));
    return { ...own, wantsGlobalHeader: own.wantsGlobalHeader || needsHeaders };
  }

  /** Throws an {@linkcode UnsupportedError} where one of the outputs does not take an encoder's codec. */
  requireSupport(encoder: EncoderInfo): void {
    for (const { info } of this.#outputs) requireVideoCodecSupport(this.#native, info, encoder);
    this.#requireSameHeaders(encoder);
  }

  /** MXF finds out what H.264 is by the headers in its packets, which are apart for others (mxfenc.c). */
  #requireSameHeaders({ codecName }: EncoderInfo): void {
    if (codecName !== "h264") return;
    const all = [this.#own!, ...this.#outputs.map(({ info }) => info)];
    const withPackets = all.find(({ name }) => name === "mxf");
    const apart = all.find(hasHeadersApart);
    if (withPackets === undefined || apart === undefined) return;
    throw new UnsupportedError(
      `Cannot write one encode of h264 into mxf and ${apart.name}: mxf has its headers in packets, and ${apart.name} apart`,
      {
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: "open the outputs",
        hint: "Use another writer for mxf, or another codec, such as mpeg2video",
      },
    );
  }

  /** Tries the headers of outputs, with the container of each: only its muxer knows all that it refuses. */
  tryHeaders(write: (info: MuxerInfo) => void): void {
    for (const { info, kind } of this.#outputs) {
      // With some protocols, a muxer connects with the header.
      if (kind !== "network" && !info.opensFilesItself) write(info);
    }
  }

  /** Describes the streams: by a muxer that is made for each output. */
  begin(createMuxer: (info: MuxerInfo) => Muxer, description: OutputDescription): void {
    for (const { feed, info, formatOptions } of this.#outputs) {
      using muxer = createMuxer(info);
      muxer.options.setAll(formatOptions);
      feed.begin(muxer, description);
    }
  }

  /** A frame, which becomes a key frame where an output waits for one. */
  withKeyFrame(stamp: FrameStamp): FrameStamp {
    // Each of them is asked.
    const isAskedFor = this.#outputs.map(({ feed }) => feed.takeKeyFrameRequest()).includes(true);
    return isAskedFor ? { ...stamp, keyFrame: true } : stamp;
  }

  /** Gives them a packet, in the order of decode times. */
  push(packet: NativePacket, timeBase: Rational): void {
    for (const { feed } of this.#outputs) feed.push(packet, timeBase);
  }

  /** No more packets come. */
  end(): void {
    for (const { feed } of this.#outputs) feed.end();
  }
}
