/**
 * The packets of one pass, on the disk until it is known that they are the ones to write.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { OutputFile, VideoEnd, VideoPlace } from "../../file/output_file.ts";
import { NativePacket, type PacketSideData } from "../../libav/native_packet.ts";
import type { Rational } from "../../libav/rational.ts";
import { StepMeter, type Steps } from "../../steps.ts";
import type { VideoOutput } from "../video_output.ts";
import { RecordFile } from "./record_file.ts";

/** Takes packets as a file does, and writes them into one as often as it is asked to. */
export class PacketStore implements VideoOutput {
  readonly #native: Native;
  readonly #records: RecordFile;
  #timeBase: Rational = { num: 1, den: 1 };
  #bytes = 0;
  /** The file that {@linkcode finish} writes into, which is open. */
  output: OutputFile | null = null;
  /** What is kept is not written yet. */
  readonly mayLeaveOut = true;
  readonly isCrashSafe = false;

  /** `path` is that of a file which must not be one that is needed. */
  constructor(native: Native, path: string) {
    this.#native = native;
    this.#records = new RecordFile(path, 6);
  }

  /** Bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a packet, which is empty afterwards. */
  writeVideo(packet: NativePacket, timeBase: Rational, { decodeTicks }: VideoPlace): void {
    this.#timeBase = timeBase;
    this.#bytes += packet.size;
    const { pts, dts, duration, flags, size } = packet;
    const side = packet.sideData.map(packed);
    const bytes = new Uint8Array(size + side.reduce((sum, { length }) => sum + length, 0));
    bytes.set(packet.bytes);
    let at = size;
    for (const one of side) {
      bytes.set(one, at);
      at += one.length;
    }
    this.#records.append([pts, dts, duration, decodeTicks, BigInt(flags), BigInt(size)], bytes);
    packet.unref();
  }

  /** Writes the packets into the file, and finishes it. */
  *finish(end: VideoEnd): Steps<number | null> {
    const output = this.output!;
    const count = Math.min(this.#records.count, end.packets);
    const meter = new StepMeter(count);
    using packet = new NativePacket(this.#native);
    let left = count;
    for (const { numbers, bytes } of this.#records.read()) {
      if (left-- === 0) break;
      const [pts, dts, duration, decodeTicks, flags, size] = numbers as unknown as readonly [
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
        bigint,
      ];
      packet.fill(bytes.subarray(0, Number(size)));
      for (const side of unpacked(bytes.subarray(Number(size)))) packet.addSideData(side);
      Object.assign(packet, { pts, dts, duration, flags: Number(flags), streamIndex: 0 });
      output.writeVideo(packet, this.#timeBase, { decodeTicks, isLast: left === 0 });
      if (meter.add(1)) yield meter.share;
    }
    return yield* output.finish({ ...end, packets: Infinity });
  }

  /** Nothing else is written meanwhile. */
  expectVideo(): void {}

  /** Nothing is lost with the program that is not lost anyway. */
  flush(): boolean {
    return true;
  }

  /** GIF's palettes are written over; it has one pass. */
  patch(): boolean {
    return false;
  }

  salvage(): void {
    this.output?.salvage();
  }

  [Symbol.dispose](): void {
    this.#records[Symbol.dispose]();
  }
}

/** What goes along with a packet, behind its type and length. */
function packed({ type, bytes }: PacketSideData): Uint8Array {
  const whole = new Uint8Array(8 + bytes.length);
  new DataView(whole.buffer).setInt32(0, type);
  new DataView(whole.buffer).setUint32(4, bytes.length);
  whole.set(bytes, 8);
  return whole;
}

function* unpacked(bytes: Uint8Array): Generator<PacketSideData> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 4);
    yield { type: view.getInt32(at), bytes: bytes.slice(at + 8, at + 8 + length) };
    at += 8 + length;
  }
}
