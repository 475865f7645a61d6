/**
 * An output to an address that libavformat writes to.
 *
 * @module
 */
import { cString, type Native } from "../../../ffi/mod.ts";
import { setInterruption } from "../../libav/interruption.ts";
import { Muxer, openForWriting } from "../../libav/muxer.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { optionText, withOptions } from "../../libav/reading/input_options.ts";
import type { Rational } from "../../libav/rational.ts";
import { muxerOf } from "../../engine/outputs/output_muxer.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { NetworkTarget } from "../../engine/outputs/output_target.ts";
import { LastAudio } from "./last_audio.ts";
import { connectError, srtLoss } from "./refusals.ts";
import type { PacketOutput } from "./packet_output.ts";
import { isHostKnown, isUntrusted } from "./probes.ts";

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

/** Has a connection's times begin at 0: those of RTP have 32 bits, and its clock starts with the header. */
export class ConnectionClock {
  #beginSeconds: number | null = null;

  /** Moves a packet whose times have this unit, which is to be that of RTP: frames are long. */
  move(packet: NativePacket, { num, den }: Rational): void {
    this.#beginSeconds ??= Number(packet.dts) * num / den;
    const ticks = BigInt(Math.round(this.#beginSeconds * den / num));
    packet.pts -= ticks;
    packet.dts -= ticks;
  }
}

/** An element of WebM that is passed over: Icecast reads four bytes ahead, and keeps back the last ones. */
const passedOver = Uint8Array.of(0xec, 0x82, 0, 0);

/** Formats whose receivers know no time of the program's. */
const countsFromConnection: ReadonlySet<string> = new Set(["rtsp", "whip"]);

/** The port of `rtmps:` where the address names none. */
const rtmpsPort = 443;

/** One connection to an address. */
export class NetworkOutput implements PacketOutput {
  readonly gathers = true;
  readonly #native: Native;
  readonly #target: NetworkTarget;
  readonly #muxer: Muxer;
  readonly #clock: ConnectionClock | null;
  #streams: OutputStreams | null = null;
  #lastAudio: LastAudio | null = null;
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
      const { url, protocols } = this.#target, tookMs = performance.now() - beganMs;
      throw connectError(error, {
        ...{ isSrt: this.#isSrt, tookMs },
        isHostKnown: () => isHostKnown(this.#native, url),
        isUntrusted: () => protocols.startsWith("rtmps") && isUntrusted(this.#native, url, rtmpsPort),
      });
    }
  }

  begin(streams: OutputStreams): void {
    this.#streams = streams;
    addStreams(this.#muxer, streams);
    const { format, formatOptions } = this.#target;
    if (format === "rtsp") this.#lastAudio = new LastAudio(this.#native, streams, formatOptions);
    // What the muxer gathers leaves with each packet.
    this.#muxer.options.setField("flush_packets", 1);
    // Some muxers connect only here.
    this.#connecting(() => this.#muxer.writeHeader());
  }

  write(packet: NativePacket): void {
    const { streamIndex } = packet;
    const { timeBase } = this.#streams!.streams[streamIndex]!;
    const sent = this.#muxer.timeBase(streamIndex);
    packet.rescale(timeBase, sent);
    this.#clock?.move(packet, sent);
    this.#lastAudio?.remember(streamIndex, this.#muxer, packet);
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
    this.#lastAudio?.send();
    this.#muxer.writeTrailer();
    const { lingerSeconds, protocols, format } = this.#target;
    if (protocols.startsWith("icecast") && format === "webm") this.#append(passedOver);
    this.#bytes = this.bytes;
    if (lingerSeconds === 0) this.#muxer.closeOutput();
  }

  #append(bytes: Uint8Array): void {
    const output = this.#native.fields.get(this.#muxer.address, "AVFormatContext", "pb");
    this.#native.memoryFiles().avio_write(output, bytes, bytes.length);
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
    this.#lastAudio?.[Symbol.dispose]();
  }
}
