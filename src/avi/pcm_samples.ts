/**
 * From samples as they are given to those of a track.
 *
 * @module
 */
import { bytesOfSample, numbersIn, type PlainFormat } from "../audio/sample_data.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import type { Samples } from "../libav/audio_frame.ts";
import { blockBytes, type PcmFormat, type PcmSampleFormat } from "./layout.ts";

/** What is added to a sample, and what it is then divided by, to make it one from -1 to 1. */
const scales: Readonly<Record<PlainFormat, readonly [zero: number, full: number]>> = {
  u8: [-128, 2 ** 7],
  s16: [0, 2 ** 15],
  s32: [0, 2 ** 31],
  s64: [0, 2 ** 63],
  flt: [0, 1],
  dbl: [0, 1],
};

/** Integers of each format, from the least to the greatest. */
const ranges: Readonly<Partial<Record<PcmSampleFormat, readonly [least: number, most: number]>>> = {
  u8: [0, 255],
  s16: [-(2 ** 15), 2 ** 15 - 1],
  s32: [-(2 ** 31), 2 ** 31 - 1],
};

/** The sample format of samples, and whether channels have planes of their own. */
function formOf(name: string): { readonly plain: PlainFormat; readonly isPlanar: boolean } {
  const isPlanar = name.endsWith("p");
  return { plain: (isPlanar ? name.slice(0, -1) : name) as PlainFormat, isPlanar };
}

/**
 * The samples of a track from those that were given. Throws a {@linkcode RefusedCall} where they would have
 * to be resampled or mixed.
 */
export function pcmBytes(samples: Samples, pcm: PcmFormat): Uint8Array {
  requireConvertible(samples, pcm);
  const { plain, isPlanar } = formOf(samples.format);
  const from = samples.layout.channels;
  if (plain === pcm.sampleFormat && from === pcm.channels && !isPlanar) return samples.planes[0]!.slice();
  const bytes = new Uint8Array(samples.count * blockBytes(pcm));
  const to = numbersIn(bytes, pcm.sampleFormat) as Float64Array;
  const planes = samples.planes.map((plane) => numbersIn(plane, plain));
  const isSame = plain === pcm.sampleFormat;
  const read = (channel: number, index: number): number => {
    const value = isPlanar ? planes[channel]![index]! : planes[0]![index * from + channel]!;
    return isSame ? value as number : scaled(value, plain, pcm.sampleFormat);
  };
  for (let index = 0, at = 0; index < samples.count; index++) {
    for (let channel = 0; channel < pcm.channels; channel++, at++) {
      if (from === pcm.channels) to[at] = read(channel, index);
      else if (from === 1) to[at] = read(0, index);
      else to[at] = rounded((read(0, index) + read(1, index)) / 2, pcm.sampleFormat);
    }
  }
  return bytes;
}

/** A sample of one format in another. */
function scaled(value: number | bigint, from: PlainFormat, to: PcmSampleFormat): number {
  const [zero, full] = scales[from], [targetZero, targetFull] = scales[to];
  return rounded((Number(value) + zero) / full * targetFull - targetZero, to);
}

function rounded(value: number, format: PcmSampleFormat): number {
  const range = ranges[format];
  return range === undefined ? value : Math.min(Math.max(Math.round(value), range[0]), range[1]);
}

function requireConvertible({ sampleRate, layout: { channels } }: Samples, pcm: PcmFormat): void {
  if (sampleRate !== pcm.sampleRate) {
    throw new RefusedCall(
      new RangeError(
        `Cannot write the samples: they have ${sampleRate} samples a second and their track ${pcm.sampleRate}, and without FFmpeg's libraries nothing is resampled; make the track with sampleRate: ${sampleRate}`,
      ),
    );
  }
  if (channels === pcm.channels || channels === 1 || channels === 2 && pcm.channels === 1) return;
  throw new RefusedCall(
    new RangeError(
      `Cannot write the samples: they have ${channels} channels and their track ${pcm.channels}, and without FFmpeg's libraries only mono and stereo are mixed; make the track with channels: ${channels}`,
    ),
  );
}

/** Silence. */
export function silentBytes(samples: number, pcm: PcmFormat): Uint8Array {
  return new Uint8Array(samples * blockBytes(pcm)).fill(pcm.sampleFormat === "u8" ? 128 : 0);
}

/** The names of the formats that a track may have, by those that programs may ask for. */
export function pcmSampleFormat(name: string | undefined): PcmSampleFormat | null {
  if (name === undefined) return "s16";
  const { plain } = formOf(name);
  return plain === "s64" || bytesOfSample(plain) === undefined ? null : plain;
}
