/**
 * AVFrame: one picture in native memory.
 *
 * @module
 */
import { type Address, type Native, PointerCell } from "../../ffi/mod.ts";
import { AvError } from "../errors.ts";
import { codeName, errorText } from "./failure.ts";
import { Owned } from "./owned.ts";
import type { PixelFormatInfo } from "./pixel_format.ts";

/** AV_PICTURE_TYPE_*, libavutil/avutil.h: what an encoder is asked to make of a frame. */
const pictureType = { asEncoderLikes: 0, intra: 1 } as const;

/** A frame, with or without a picture. */
export class Frame extends Owned {
  readonly #native: Native;

  /** Makes a frame without a picture: libav fills it, or {@linkcode allocatePicture} does. */
  constructor(native: Native) {
    super("a frame", native.avutil.av_frame_alloc(), (frame) => {
      native.avutil.av_frame_free(new PointerCell(frame).buffer);
    });
    this.#native = native;
  }

  /** Gives the frame fresh memory for a picture. */
  allocatePicture(format: Pick<PixelFormatInfo, "id" | "name">, width: number, height: number): void {
    const { avutil, fields } = this.#native;
    const frame = this.address;
    fields.set(frame, "AVFrame", "format", format.id);
    fields.set(frame, "AVFrame", "width", width);
    fields.set(frame, "AVFrame", "height", height);
    const result = avutil.av_frame_get_buffer(frame, 0);
    if (result < 0) {
      throw new AvError(
        `Cannot allocate a ${width}x${height} ${format.name} frame: ${errorText(this.#native, result)}`,
        { code: codeName(result), operation: "allocate a frame" },
      );
    }
  }

  /** Whether nobody else holds the picture, so that it may be written over. */
  get isWritable(): boolean {
    return this.#native.avutil.av_frame_is_writable(this.address) > 0;
  }

  /** Lets go of the picture. */
  unref(): void {
    this.#native.avutil.av_frame_unref(this.address);
  }

  /** The address of a plane's first byte. */
  planeAddress(plane: number): Address {
    return this.#native.fields.element(this.planeAddresses, "address", plane);
  }

  /** The bytes from one row of a plane to the next. */
  stride(plane: number): number {
    return this.#native.fields.element(this.strides, "i32", plane);
  }

  /** The array of plane addresses, as C functions take it. */
  get planeAddresses(): Address {
    return this.#native.fields.addressOf(this.address, "AVFrame", "data");
  }

  /** The array of strides, as C functions take it. */
  get strides(): Address {
    return this.#native.fields.addressOf(this.address, "AVFrame", "linesize");
  }

  /**
   * Sets the timestamp, in ticks of the encoder's time base, whether the frame must become a key frame, and the quantizer, in
   * libavcodec's units, for encoders that are told to take it from each frame (AV_CODEC_FLAG_QSCALE).
   */
  stamp(ticks: bigint, keyFrame: boolean, quality: number): void {
    const { fields } = this.#native;
    fields.set(this.address, "AVFrame", "pts", ticks);
    fields.set(this.address, "AVFrame", "quality", quality);
    fields.set(
      this.address,
      "AVFrame",
      "pict_type",
      keyFrame ? pictureType.intra : pictureType.asEncoderLikes,
    );
  }
}

/** Frames of one format and size that are used again as soon as the encoder lets go of their pictures. */
export class FramePool implements Disposable {
  readonly #native: Native;
  readonly #format: PixelFormatInfo;
  readonly #width: number;
  readonly #height: number;
  readonly #frames: Frame[] = [];

  /** Makes an empty pool: it grows to as many frames as the encoder holds at once. */
  constructor(native: Native, format: PixelFormatInfo, width: number, height: number) {
    this.#native = native;
    this.#format = format;
    this.#width = width;
    this.#height = height;
  }

  /** A frame that may be written over. The pool keeps it. */
  take(): Frame {
    const free = this.#frames.find((frame) => frame.isWritable);
    if (free !== undefined) return free;
    const frame = new Frame(this.#native);
    frame.allocatePicture(this.#format, this.#width, this.#height);
    this.#frames.push(frame);
    return frame;
  }

  /** Frees all frames. */
  [Symbol.dispose](): void {
    for (const frame of this.#frames.splice(0)) frame[Symbol.dispose]();
  }
}
