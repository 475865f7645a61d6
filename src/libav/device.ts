/**
 * AVHWDeviceContext and AVHWFramesContext: a device that encodes, and frames in its memory.
 *
 * @module
 */
import { type Address, cString, type Native, NULL, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import type { Size } from "../size.ts";
import { codeName, errorText } from "./failure.ts";
import { NativeFrame } from "./native_frame.ts";
import { Owned } from "./owned.ts";
import type { PixelFormatInfo } from "./pixel_format.ts";

function unref(native: Native, reference: Address): void {
  native.avutil.av_buffer_unref(new PointerCell(reference).buffer);
}

/** Throws libav's error for a result below 0. */
function check(native: Native, result: number, operation: string): void {
  if (result >= 0) return;
  throw new AvError(errorText(native, result), { code: codeName(result), operation });
}

/** Opens a device of a kind; returns the reference to it. */
function openDevice(native: Native, type: string, name: string | null): Address {
  const hardware = native.hardware();
  const device = new PointerCell();
  const number = hardware.av_hwdevice_find_type_by_name(cString(type));
  const given = name === null ? null : cString(name);
  check(
    native,
    hardware.av_hwdevice_ctx_create(device.buffer, number, given, NULL, 0),
    `open a device for ${type}`,
  );
  return device.value;
}

/** A device. */
export class Device extends Owned {
  /** Opens a device of a kind, by libavutil's names; `null` leaves it to libavutil which one. */
  constructor(native: Native, type: string, name: string | null) {
    super(`a device for ${type}`, openDevice(native, type, name), (device) => unref(native, device));
  }
}

/** What frames in a device's memory are like. */
export interface DeviceFrameFormat extends Size {
  /** The format that means this memory. */
  readonly memory: Pick<PixelFormatInfo, "id">;
  /** The format of the pixels. */
  readonly pixels: Pick<PixelFormatInfo, "id">;
}

/** Frames in a device's memory: a copy of each that comes. */
export class DeviceFrames extends Owned {
  readonly #native: Native;
  /** The copy of the last frame. */
  readonly #frame: NativeFrame;

  /** Prepares frames of one format. Throws libav's error where the device has none of that kind. */
  constructor(native: Native, device: Device, { memory, pixels, width, height }: DeviceFrameFormat) {
    const frame = new NativeFrame(native);
    super("a device's frames", native.hardware().av_hwframe_ctx_alloc(device.address), (frames) => {
      frame[Symbol.dispose]();
      unref(native, frames);
    });
    this.#native = native;
    this.#frame = frame;
    const { fields } = native;
    const context = fields.get(this.address, "AVBufferRef", "data");
    fields.set(context, "AVHWFramesContext", "format", memory.id);
    fields.set(context, "AVHWFramesContext", "sw_format", pixels.id);
    fields.set(context, "AVHWFramesContext", "width", width);
    fields.set(context, "AVHWFramesContext", "height", height);
    const result = native.hardware().av_hwframe_ctx_init(this.address);
    if (result < 0) this[Symbol.dispose]();
    check(native, result, "prepare frames in the device's memory");
  }

  /** Copies a frame into the device's memory. The copy is valid until {@linkcode release}. */
  upload(frame: NativeFrame): NativeFrame {
    const { avutil } = this.#native;
    const hardware = this.#native.hardware();
    const operation = "copy a frame into the device's memory";
    const copy = this.#frame;
    check(this.#native, hardware.av_hwframe_get_buffer(this.address, copy.address, 0), operation);
    try {
      check(this.#native, hardware.av_hwframe_transfer_data(copy.address, frame.address, 0), operation);
      check(this.#native, avutil.av_frame_copy_props(copy.address, frame.address), operation);
    } catch (error) {
      copy.unref();
      throw error;
    }
    return copy;
  }

  /** Gives up the last copy: the encoder has a reference of its own. */
  release(): void {
    this.#frame.unref();
  }
}
