/**
 * SwsContext: conversion between pixel formats.
 *
 * @module
 */
import { type Native, NULL } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import type { Frame } from "./frame.ts";
import { Owned } from "./owned.ts";
import type { PixelFormatInfo } from "./pixel_format.ts";

/**
 * SWS_AREA averages the pixels that a chroma sample covers; SWS_FULL_CHR_H_INP and SWS_FULL_CHR_H_INT do so across as well as
 * down; SWS_ACCURATE_RND and SWS_BITEXACT give the same bytes on every processor (libswscale/swscale.h).
 */
const flags = 0x20 | 0x4000 | 0x2000 | 0x40000 | 0x80000;
/** 1.0 in libswscale's 16.16 fixed point: contrast and saturation unchanged. */
const one = 1 << 16;

/** One side of a conversion. */
export interface ScalerSide {
  /** The pixel format. */
  readonly format: PixelFormatInfo;
  /** libswscale's number of the luma-chroma matrix (SWS_CS_*); of no effect where the format is RGB. */
  readonly matrix: number;
  /** Luma from 0 to 255 rather than 16 to 235. */
  readonly isFullRange: boolean;
}

/** Converts pictures of one size from one format to another. */
export class Scaler extends Owned {
  readonly #native: Native;
  readonly #height: number;

  /** Makes a converter; throws an {@linkcode UnsupportedError} where libswscale lacks one of the formats. */
  constructor(native: Native, width: number, height: number, from: ScalerSide, to: ScalerSide) {
    const { swscale } = native;
    const inputs = swscale.sws_isSupportedInput(from.format.id) > 0;
    if (!inputs || swscale.sws_isSupportedOutput(to.format.id) <= 0) {
      throw new UnsupportedError(
        `Cannot convert ${from.format.name} to ${to.format.name}: libswscale does not ${
          inputs ? `write ${to.format.name}` : `read ${from.format.name}`
        }`,
        { code: "PIXEL_FORMAT", operation: "convert a frame", hint: "Use another pixel format" },
      );
    }
    super(
      `a converter from ${from.format.name} to ${to.format.name}`,
      swscale.sws_getContext(
        width,
        height,
        from.format.id,
        width,
        height,
        to.format.id,
        flags,
        NULL,
        NULL,
        NULL,
      ),
      (scaler) => swscale.sws_freeContext(scaler),
    );
    this.#native = native;
    this.#height = height;
    // A pair of formats that needs no matrix refuses one: nothing to set then.
    swscale.sws_setColorspaceDetails(
      this.address,
      swscale.sws_getCoefficients(from.matrix),
      from.isFullRange ? 1 : 0,
      swscale.sws_getCoefficients(to.matrix),
      to.isFullRange ? 1 : 0,
      0,
      one,
      one,
    );
  }

  /** Converts a whole picture. */
  convert(from: Frame, to: Frame): void {
    this.#native.swscale.sws_scale(
      this.address,
      from.planeAddresses,
      from.strides,
      0,
      this.#height,
      to.planeAddresses,
      to.strides,
    );
  }
}
