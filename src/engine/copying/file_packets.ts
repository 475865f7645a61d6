/**
 * The packets of one file, with decode times, from a key frame on.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { requireReadable } from "../../file/target.ts";
import type { Demuxer } from "../../libav/demuxer.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { pixelFormatById } from "../../libav/pixel_format.ts";
import { fileSeconds, InputStream } from "../../libav/reading/input_stream.ts";
import { MediaInput } from "../reading/media_input.ts";
import { describeFile } from "../reading/packet_reader.ts";
import { durationOf, rotationOf } from "../reading/source_facts.ts";
import type { CopiedFile } from "./media_packet.ts";
import type { EvenAudio } from "./sample_times.ts";

/** How much earlier reading begins than the key frame, in seconds: files are not interleaved exactly. */
const lead = 1;
const { noTime } = NativePacket;

/** A file that is read packet by packet. */
export class FilePackets implements Disposable {
  readonly #native: Native;
  readonly #input: MediaInput;
  readonly demuxer: Demuxer;
  readonly path: string;
  /** Packets that wait for the first decode time of their stream. */
  readonly #held: NativePacket[] = [];
  /** Packets whose decode times are known now. */
  #ready: NativePacket[] = [];
  readonly #lastDecoded = new Map<number, bigint>();

  /** Opens a file. Throws a `ReadError` where it can't be read. */
  constructor(native: Native, path: string, action: string) {
    requireReadable(path, action);
    this.#native = native;
    this.path = path;
    this.#input = new MediaInput(native, { place: { kind: "file", path }, label: path });
    this.demuxer = this.#input.demuxer;
  }

  /** What can be copied. */
  describe(): CopiedFile {
    return { ...describeFile(this.#native, this.#input, false), path: this.path };
  }

  /** The number of the first stream of video; -1 where there is none. */
  get video(): number {
    return this.demuxer.streams.findIndex((_, index) =>
      this.demuxer.isOf("video", index) && this.demuxer.picture(index) === null
    );
  }

  /** Whether the video begins with frames that are not shown, which an edit list hides. Packets are taken. */
  hidesFirstFrames(): boolean {
    const { video } = this;
    using packet = new NativePacket(this.#native);
    while (video >= 0 && this.demuxer.read(packet)) {
      const { streamIndex, isDiscarded } = packet;
      packet.unref();
      if (streamIndex === video) return isDiscarded;
    }
    return false;
  }

  /** When a stream begins, in its ticks; `null` where that is not known. */
  startTicks(index: number): bigint | null {
    return new InputStream(this.#native, this.demuxer, index).startTicks;
  }

  /** The sample rate and the channels of a stream of audio. */
  audioShape(index: number): InputStream["audioShape"] {
    return new InputStream(this.#native, this.demuxer, index).audioShape;
  }

  /** How a stream of audio is cut into packets; `null` for others, and where they differ. */
  evenAudio(index: number): EvenAudio | null {
    if (!this.demuxer.isOf("audio", index)) return null;
    const packetSamples = this.demuxer.packetSamples(index);
    const { sampleRate } = this.audioShape(index);
    return packetSamples > 0 && sampleRate > 0 ? { sampleRate, packetSamples } : null;
  }

  /** What must be the same for a decoder to go on from one file to the next. */
  facts(index: number): Readonly<Record<string, string>> {
    const stream = new InputStream(this.#native, this.demuxer, index);
    const { width, height, format } = stream.shape;
    const { sampleRate, channels } = stream.audioShape;
    const isAudio = this.demuxer.isOf("audio", index);
    const isVideo = this.demuxer.isOf("video", index);
    const { num, den } = this.demuxer.sampleAspectRatio(index) ?? { num: 1, den: 1 };
    return {
      "the codec": stream.codecName,
      "the profile": stream.profile,
      "the size": isAudio ? "" : `${width}x${height}`,
      "the pixel format": isVideo ? pixelFormatById(this.#native, format)?.name ?? "" : "",
      "the shape of pixels": isVideo ? `${num}:${den}` : "",
      "the rotation": isVideo ? String(rotationOf(this, stream)) : "",
      "the sample rate": isAudio ? String(sampleRate) : "",
      "the number of channels": isAudio ? String(channels) : "",
      "the time base": `${stream.timeBase.num}/${stream.timeBase.den}`,
    };
  }

  /** The time of a packet in seconds. */
  seconds({ streamIndex }: NativePacket, ticks: bigint): number {
    const { num, den } = this.demuxer.timeBase(streamIndex);
    return Number(ticks) * num / den - this.originSeconds;
  }

  /** How long it is, in seconds: its video, where it has some; `null` where it does not say it. */
  get duration(): number | null {
    const index = this.video;
    if (index < 0) return fileSeconds(this.#native, this.demuxer, this.originSeconds);
    return durationOf(this.#native, this.#input, new InputStream(this.#native, this.demuxer, index));
  }

  /** Where time 0 is on the file's clock, in seconds: where the video begins. */
  get originSeconds(): number {
    const { ticks, timeBase: { num, den } } = this.#input.origin;
    return Number(ticks) * num / den;
  }

  /**
   * Finds the last key frame at or before a time, and has the packets from about there on come next. Returns
   * its time; without video, that of the beginning.
   */
  goTo(seconds: number): number {
    const index = this.video;
    if (index < 0) return seconds;
    for (const back of [0, 5, Infinity]) {
      const from = seconds - back;
      this.#seek(index, from);
      const found = this.#keyFrameUntil(index, seconds);
      if (found === null && from > 0) continue;
      this.#seek(index, (found ?? 0) - lead);
      return found ?? 0;
    }
    return 0;
  }

  #seek(index: number, seconds: number): void {
    for (const packet of [...this.#held.splice(0), ...this.#ready.splice(0)]) packet[Symbol.dispose]();
    this.#lastDecoded.clear();
    const stream = new InputStream(this.#native, this.demuxer, index);
    const { num, den } = stream.timeBase;
    const ticks = BigInt(Math.round((seconds + this.originSeconds) * den / num));
    if (seconds <= 0 || !stream.seek(ticks)) stream.rewind();
  }

  /** The time of the last key frame until a time, of those that are read from here on. */
  #keyFrameUntil(index: number, seconds: number): number | null {
    using packet = new NativePacket(this.#native);
    let found: number | null = null;
    while (this.demuxer.read(packet)) {
      const isVideo = packet.streamIndex === index;
      const time = packet.pts === noTime ? packet.dts : packet.pts;
      const at = isVideo ? this.seconds(packet, time) : 0;
      const decoded = isVideo && packet.dts !== noTime ? this.seconds(packet, packet.dts) : at;
      const isKey = isVideo && packet.isKey;
      packet.unref();
      // A tick is not known exactly as a number of seconds.
      if (isKey && at <= seconds + 1e-6) found = at;
      if (isVideo && decoded > seconds) break;
    }
    return found;
  }

  /** Reads the next packet; `false` at the end. Every packet has a decode time. */
  read(packet: NativePacket): boolean {
    for (;;) {
      const ready = this.#ready.shift();
      if (ready !== undefined) {
        packet.takeFrom(ready);
        ready[Symbol.dispose]();
        this.#lastDecoded.set(packet.streamIndex, packet.dts);
        return true;
      }
      if (!this.demuxer.read(packet)) {
        if (this.#held.length === 0) return false;
        for (const index of new Set(this.#held.map((held) => held.streamIndex))) this.#release(index, noTime);
        continue;
      }
      const { streamIndex: index } = packet;
      if (packet.pts === noTime) packet.pts = packet.dts;
      if (packet.dts === noTime && this.#lastDecoded.has(index)) {
        packet.dts = this.#lastDecoded.get(index)! + this.step(packet);
        if (packet.pts !== noTime && packet.dts > packet.pts) packet.dts = packet.pts;
      }
      if (packet.dts === noTime || this.#held.some((held) => held.streamIndex === index)) {
        const first = packet.dts;
        this.#hold(packet);
        if (first !== noTime) this.#release(index, first);
        continue;
      }
      this.#lastDecoded.set(index, packet.dts);
      return true;
    }
  }

  #hold(packet: NativePacket): void {
    const held = new NativePacket(this.#native);
    held.takeFrom(packet);
    this.#held.push(held);
  }

  /** How long a packet lasts, in ticks: a frame of the frame rate where it does not say it. */
  step(packet: NativePacket): bigint {
    if (packet.duration > 0n) return packet.duration;
    const { num, den } = this.demuxer.timeBase(packet.streamIndex);
    const rate = this.demuxer.frameRate(packet.streamIndex);
    return rate === null ? 1n : BigInt(Math.max(1, Math.round(rate.den * den / (rate.num * num))));
  }

  /** Gives the packets that wait their decode times, reckoned back from the first known one. */
  #release(index: number, first: bigint): void {
    const waiting = this.#held.filter((held) => held.streamIndex === index);
    this.#held.splice(0, this.#held.length, ...this.#held.filter((held) => held.streamIndex !== index));
    const unknown = waiting.filter(({ dts }) => dts === noTime);
    if (first === noTime) orderDecodeTimes(unknown);
    else {
      let next = first;
      for (const packet of unknown.toReversed()) {
        packet.dts = next -= this.step(packet);
        if (packet.pts === noTime) packet.pts = packet.dts;
      }
    }
    this.#ready.push(...waiting);
  }

  [Symbol.dispose](): void {
    for (const packet of [...this.#held.splice(0), ...this.#ready.splice(0)]) packet[Symbol.dispose]();
    this.#input[Symbol.dispose]();
  }
}

/** Gives all packets of a short stream decode times: those when they are shown, in order and early enough. */
function orderDecodeTimes(packets: readonly NativePacket[]): void {
  const shown = packets.map(({ pts }) => pts);
  if (shown.includes(noTime)) return;
  const inOrder = shown.toSorted((one, other) => Number(one - other));
  const late = inOrder.map((ticks, index) => ticks - shown[index]!);
  const delay = late.reduce((most, each) => each > most ? each : most, 0n);
  for (const [index, packet] of packets.entries()) packet.dts = inOrder[index]! - delay;
}
