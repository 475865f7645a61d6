/**
 * What an encoder makes of one blank picture, for trials.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { colorNumbers, NativeFrame } from "../libav/native_frame.ts";
import { NativePacket } from "../libav/native_packet.ts";
import { frameLayout } from "../video/pixels.ts";
import { isInterlaced } from "./field_order.ts";
import { type EncoderSettings, openEncoder } from "./open_encoder.ts";

/** The packets of one blank picture, which an encoder of its own makes. */
export class BlankPackets implements Disposable {
  readonly #packets: NativePacket[] = [];

  constructor(native: Native, settings: EncoderSettings) {
    using encoder = openEncoder(native, settings);
    using frame = new NativeFrame(native);
    const { format, width, height, color, fieldOrder } = settings;
    frame.allocatePicture(format, width, height);
    for (const [plane, { rows }] of frameLayout(format, width, height).planes.entries()) {
      native.memory.write(frame.planeAddress(plane), new Uint8Array(rows * frame.stride(plane)));
    }
    frame.stamp(0n, false, encoder.frameQuality);
    frame.describe(colorNumbers(native, color));
    if (isInterlaced(fieldOrder)) frame.markFields(fieldOrder === "tff");
    encoder.send(frame);
    encoder.send(null);
    try {
      for (;;) {
        const packet = new NativePacket(native);
        this.#packets.push(packet);
        if (!encoder.receive(packet)) break;
        packet.streamIndex = 0;
      }
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
    this.#packets.pop()?.[Symbol.dispose]();
  }

  /** The packets. */
  get all(): readonly NativePacket[] {
    return this.#packets;
  }

  [Symbol.dispose](): void {
    for (const packet of this.#packets.splice(0)) packet[Symbol.dispose]();
  }
}
