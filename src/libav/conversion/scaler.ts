/**
 * SwsContext: conversion between pixel formats.
 *
 * @module
 */
import { cString, type Native, NULL } from "../../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { codeName, errorText } from "../failure.ts";
import type { NativeFrame } from "../native_frame.ts";
import { Owned } from "../owned.ts";
import type { PixelFormatInfo } from "../pixel_format.ts";

/**
 * SWS_FULL_CHR_H_INP and SWS_FULL_CHR_H_INT: chroma is filtered across as well as down. SWS_ACCURATE_RND and
 * SWS_BITEXACT give the same bytes on every processor (libswscale/swscale.h).
 */
const exact = 0x4000 | 0x2000 | 0x40000 | 0x80000;
/** SWS_AREA for the chroma of pictures that keep their size, SWS_BICUBIC for those that do not. */
const filter = { sameSize: 0x20, otherSize: 0x4 } as const;
/** The number of pixels that is worth a thread: for fewer, waking it takes longer than converting them. */
const pixelsOfThread = 250_000;
/** 1.0 in libswscale's 16.16 fixed point: contrast and saturation unchanged. */
const one = 1 << 16;

/** One side of a conversion. */
export interface ScalerSide {
  /** The pixel format. */
  readonly format: PixelFormatInfo;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** libswscale's number of the luma-chroma matrix (SWS_CS_*); of no effect where the format is RGB. */
  readonly matrix: number;
  /** Luma from 0 to 255 rather than 16 to 235. */
  readonly isFullRange: boolean;
}

/**
 * libswscale gets the pattern of Bayer formats wrong where slices meet, and sets up XYZ anew, and
 * differently, for each thread.
 */
const undivided = /^(bayer_|xyz)/;
/** Formats that libswscale takes for full range when it sets a context up, but not in its threads. */
const fullRange = /^(gray|ya\d|yuvj)/;

/** Whether several threads give the same result as one. */
function isDivisible({ format: { name }, isFullRange }: ScalerSide): boolean {
  return !undivided.test(name) && (isFullRange || !fullRange.test(name));
}

/** The number of threads for pictures of these sizes, at most one per processor. */
function threadsFor(from: ScalerSide, to: ScalerSide): number {
  const pixels = Math.max(from.width * from.height, to.width * to.height);
  return Math.max(1, Math.min(navigator.hardwareConcurrency, Math.floor(pixels / pixelsOfThread)));
}

/** Whether libswscale reads a format. */
export function isScalerInput(native: Native, { id }: PixelFormatInfo): boolean {
  return native.swscale.sws_isSupportedInput(id) > 0;
}

/** Whether libswscale writes a format. */
export function isScalerOutput(native: Native, { id }: PixelFormatInfo): boolean {
  return native.swscale.sws_isSupportedOutput(id) > 0;
}

/** Converts pictures from one format and size to another. */
export class Scaler extends Owned {
  readonly #native: Native;
  readonly #fromHeight: number;
  readonly #toHeight: number;
  readonly #isThreaded: boolean;

  /**
   * Creates a scaler. Throws an {@linkcode UnsupportedError} where libswscale does not support one of the
   * formats.
   */
  constructor(native: Native, from: ScalerSide, to: ScalerSide, threads: number = threadsFor(from, to)) {
    const scaling = native.scaling();
    const inputs = isScalerInput(native, from.format);
    if (!inputs || !isScalerOutput(native, to.format)) {
      throw new UnsupportedError(
        `Cannot convert ${from.format.name} to ${to.format.name}: libswscale does not ${
          inputs ? `write ${to.format.name}` : `read ${from.format.name}`
        }`,
        { code: "PIXEL_FORMAT", operation: "convert a frame", hint: "Use another pixel format" },
      );
    }
    const what = `a converter from ${from.format.name} to ${to.format.name}`;
    super(what, scaling.sws_alloc_context(), (scaler) => scaling.sws_freeContext(scaler));
    this.#native = native;
    this.#fromHeight = from.height;
    this.#toHeight = to.height;
    this.#isThreaded = threads > 1 && isDivisible(from) && isDivisible(to) && native.scalerFrames() !== null;
    this.#setOptions(from, to, this.#isThreaded ? threads : 1);
    // Must be set before the context is initialized: later changes have no effect on a conversion of range
    // alone.
    this.#setColors(from, to);
    const result = scaling.sws_init_context(this.address, NULL, NULL);
    // The threads have their own contexts, which exist only now.
    if (result >= 0 && this.#isThreaded) this.#setColors(from, to);
    if (result >= 0) return;
    this[Symbol.dispose]();
    throw new UnsupportedError(
      `Cannot make ${what}, ${from.width}x${from.height} to ${to.width}x${to.height}: ${
        errorText(native, result)
      }`,
      { code: codeName(result), operation: "convert a frame" },
    );
  }

  #setOptions(from: ScalerSide, to: ScalerSide, threads: number): void {
    const { avutil } = this.#native;
    const isSameSize = from.width === to.width && from.height === to.height;
    const options = {
      srcw: from.width,
      srch: from.height,
      src_format: from.format.id,
      src_range: from.isFullRange ? 1 : 0,
      dstw: to.width,
      dsth: to.height,
      dst_format: to.format.id,
      dst_range: to.isFullRange ? 1 : 0,
      sws_flags: exact | (isSameSize ? filter.sameSize : filter.otherSize),
      ...(threads > 1 ? { threads } : {}),
    };
    for (const [name, value] of Object.entries(options)) {
      avutil.av_opt_set(this.address, cString(name), cString(String(value)), 0);
    }
  }

  /** Formats that need no matrix refuse one. */
  #setColors(from: ScalerSide, to: ScalerSide): void {
    const scaling = this.#native.scaling();
    scaling.sws_setColorspaceDetails(
      this.address,
      scaling.sws_getCoefficients(from.matrix),
      from.isFullRange ? 1 : 0,
      scaling.sws_getCoefficients(to.matrix),
      to.isFullRange ? 1 : 0,
      0,
      one,
      one,
    );
  }

  /** Converts a whole picture. */
  convert(from: NativeFrame, to: NativeFrame): void {
    if (this.#isThreaded) return this.#convertTogether(from, to);
    this.#native.scaling().sws_scale(
      this.address,
      from.planeAddresses,
      from.strides,
      0,
      this.#fromHeight,
      to.planeAddresses,
      to.strides,
    );
  }

  #convertTogether(from: NativeFrame, to: NativeFrame): void {
    const scaler = this.#native.scalerFrames()!;
    let result = scaler.sws_frame_start(this.address, to.address, from.address);
    if (result >= 0) result = scaler.sws_send_slice(this.address, 0, this.#fromHeight);
    if (result >= 0) result = scaler.sws_receive_slice(this.address, 0, this.#toHeight);
    scaler.sws_frame_end(this.address);
    if (result >= 0) return;
    throw new AvError(`Cannot convert a picture: ${errorText(this.#native, result)}`, {
      code: codeName(result),
      operation: "convert a frame",
    });
  }
}
