/**
 * An output to an address that libavformat writes to.
 *
 * @module
 */
import { cString, type Native, NULL } from "../../../ffi/mod.ts";
import { setInterruption } from "../../libav/interruption.ts";
import { Muxer, openForWriting } from "../../libav/muxer.ts";
import { muxerByName } from "../../libav/muxer_info.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { optionText, withOptions } from "../../libav/reading/input_options.ts";
import type { Rational } from "../../libav/rational.ts";
import { muxerOf } from "../../engine/outputs/output_muxer.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { NetworkTarget } from "../../engine/outputs/output_target.ts";
import { connectError, srtLoss } from "./refusals.ts";
import type { PacketOutput } from "./packet_output.ts";

/** Adds the streams of an encode to a muxer, and sets the options of its format. */
export function addStreams(muxer: Muxer, streams: OutputStreams, only: number | null = null): void {
  streams.addTo(muxer, only, (index, to) => streams.streams[index]!.parameters.copyInto(to));
  muxer.options.setAll(streams.options);
}

/** Opens a muxer's connection, or lets it open its own, until this thread is interrupted. */
export function connectMuxer(
  native: Native,
  muxer: Muxer,
  { url, protocols, options }: Pick<NetworkTarget, "url" | "protocols" | "options">,
): void {
  const { avformat, fields } = native;
  muxer.options.setField("protocol_whitelist", protocols);
  const callback = fields.addressOf(muxer.address, "AVFormatContext", "interrupt_callback");
  setInterruption(native, callback);
  if (muxer.info.opensFilesItself) {
    for (const [name, value] of Object.entries(options)) {
      if (muxer.options.has(name)) muxer.options.setField(name, value);
    }
    return;
  }
  const text = optionText({ ...options, protocol_whitelist: protocols });
  muxer.openWith((cell) =>
    withOptions(
      native,
      text,
      (dictionary) => avformat.avio_open2(cell, cString(url), openForWriting, callback, dictionary),
    ), "connect");
}

/** Whether the host of an address has one that can be reached. Nothing is sent: UDP connects to nobody. */
function isHostKnown(native: Native, url: string): boolean {
  const { hostname } = new URL(url);
  using muxer = new Muxer(native, muxerByName(native, "mpegts")!, "");
  const place = cString(`udp://${hostname}:9`);
  try {
    muxer.openWith((cell) => native.avformat.avio_open2(cell, place, openForWriting, NULL, null));
    muxer.closeOutput();
    return true;
  } catch {
    return false;
  }
}

/** Has a connection's times begin at 0: those of RTP have 32 bits, and its clock starts with the header. */
export class ConnectionClock {
  #beginSeconds: number | null = null;

  /** Moves a packet whose times have this unit. */
  move(packet: NativePacket, { num, den }: Rational): void {
    this.#beginSeconds ??= Number(packet.dts) * num / den;
    const ticks = BigInt(Math.round(this.#beginSeconds * den / num));
    packet.pts -= ticks;
    packet.dts -= ticks;
  }
}

/** Formats whose receivers know no time of the program's. */
const countsFromConnection: ReadonlySet<string> = new Set(["rtsp", "whip"]);

/** One connection to an address. */
export class NetworkOutput implements PacketOutput {
  readonly #native: Native;
  readonly #target: NetworkTarget;
  readonly #muxer: Muxer;
  readonly #clock: ConnectionClock | null;
  #streams: OutputStreams | null = null;
  /** Bytes of a connection that was closed. */
  #bytes = 0;

  /** Does not connect yet. */
  constructor(native: Native, target: NetworkTarget) {
    this.#native = native;
    this.#target = target;
    this.#clock = countsFromConnection.has(target.format) ? new ConnectionClock() : null;
    this.#muxer = new Muxer(native, muxerOf(native, target), target.url);
  }

  connect(): void {
    this.#connecting(() => connectMuxer(this.#native, this.#muxer, this.#target));
  }

  #connecting(connect: () => void): void {
    const beganMs = performance.now();
    try {
      connect();
    } catch (error) {
      const { url } = this.#target, tookMs = performance.now() - beganMs;
      const isKnown = () => isHostKnown(this.#native, url);
      throw connectError(error, { isSrt: this.#isSrt, tookMs, isHostKnown: isKnown });
    }
  }

  begin(streams: OutputStreams): void {
    this.#streams = streams;
    addStreams(this.#muxer, streams);
    // What the muxer gathers leaves with each packet.
    this.#muxer.options.setField("flush_packets", 1);
    // Some muxers connect only here.
    this.#connecting(() => this.#muxer.writeHeader());
  }

  write(packet: NativePacket): void {
    const { streamIndex } = packet;
    const { timeBase } = this.#streams!.streams[streamIndex]!;
    this.#clock?.move(packet, timeBase);
    packet.rescale(timeBase, this.#muxer.timeBase(streamIndex));
    try {
      this.#muxer.writeAtOnce(packet);
    } catch (error) {
      throw this.#isSrt ? srtLoss(error) : error;
    }
  }

  get #isSrt(): boolean {
    return this.#target.protocols === "srt";
  }

  finish(): void {
    this.#muxer.writeTrailer();
    this.#bytes = this.bytes;
    if (this.#target.lingerSeconds === 0) this.#muxer.closeOutput();
  }

  get bytes(): number {
    return this.#muxer.writtenBytes ?? this.#bytes;
  }

  /** Frees everything. Some muxers close their connections with the trailer only. */
  [Symbol.dispose](): void {
    try {
      this.#muxer.writeTrailer();
    } catch {
      // The connection is lost.
    }
    this.#muxer[Symbol.dispose]();
  }
}
