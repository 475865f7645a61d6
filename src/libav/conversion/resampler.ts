/**
 * SwrContext: conversion of audio between rates, channel layouts and sample formats.
 *
 * @module
 */
import { cString, type Native, NULL, PointerCell } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import type { AudioFormat, ChannelLayout, NativeAudioFrame } from "../audio_frame.ts";
import { codeName, errorText } from "../failure.ts";
import { Owned } from "../owned.ts";

const operation = "convert audio";

/** Converts audio from one format to another. Keeps what does not fit into the output for the next call. */
export class Resampler extends Owned {
  readonly #native: Native;

  /** For two formats. Throws libav's error where they cannot be converted. */
  constructor(native: Native, from: AudioFormat, to: AudioFormat) {
    const resampling = native.resampling();
    super("a resampler", resampling.swr_alloc(), (resampler) => {
      resampling.swr_free(new PointerCell(resampler).buffer);
    });
    this.#native = native;
    const options = {
      ...this.#layoutOptions(from.layout, to.layout),
      isf: from.format.name,
      osf: to.format.name,
      isr: from.sampleRate,
      osr: to.sampleRate,
    };
    for (const [name, value] of Object.entries(options)) {
      const result = native.avutil.av_opt_set(this.address, cString(name), cString(String(value)), 0);
      this.#check(result, `set ${name}`);
    }
    this.#check(resampling.swr_init(this.address), "open");
  }

  #layoutOptions(from: ChannelLayout, to: ChannelLayout): Readonly<Record<string, string | number>> {
    const { avutil } = this.#native;
    const isNew = avutil.av_opt_find(this.address, cString("in_chlayout"), null, 0, 0) !== NULL;
    return isNew ? { in_chlayout: from.name, out_chlayout: to.name } : {
      icl: Number(from.mask),
      ocl: Number(to.mask),
      ich: from.channels,
      och: to.channels,
    };
  }

  /**
   * Converts samples into the free part of a frame; returns how many came out. Without input samples it takes
   * buffered ones; `null` ends the stream and takes its last samples.
   */
  convert(from: NativeAudioFrame | null, count: number, to: NativeAudioFrame, filled: number): number {
    const result = this.#native.resampling().swr_convert(
      this.address,
      to.planesFrom(filled),
      to.room - filled,
      from?.planesFrom(0) ?? null,
      count,
    );
    this.#check(result, "convert");
    return result;
  }

  /** Adds or removes a number of samples, spread over a number of output samples. */
  compensate(samples: number, over: number): void {
    this.#check(
      this.#native.resampling().swr_set_compensation(this.address, samples, over),
      "correct a drift",
    );
  }

  #check(result: number, action: string): void {
    if (result >= 0) return;
    const message = errorText(this.#native, result);
    this[Symbol.dispose]();
    throw new AvError(`Cannot convert audio (${action}): ${message}`, { code: codeName(result), operation });
  }
}
