/**
 * Audio to write, and what came of it.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import type { AudioSamples, VideoWriter } from "../../mod.ts";
import { seeded } from "./chance.ts";
import { decode, frameTimes } from "./media.ts";

/** Frames per second. */
interface Rate {
  readonly num: number;
  readonly den: number;
}

/** The rate at which audio is listened to. */
export const heardRate = 48_000;

/** A sine of an amplitude, from a sample of it on; all channels alike. */
export function sine(
  { from = 0, count, sampleRate, frequency = 1000, amplitude = 0.5, channels = 1 }: {
    readonly from?: number;
    readonly count: number;
    readonly sampleRate: number;
    readonly frequency?: number;
    readonly amplitude?: number;
    readonly channels?: number;
  },
): AudioSamples & { data: Float32Array } {
  const data = Float32Array.from({ length: count * channels }, (_, index) => {
    const sample = from + Math.floor(index / channels);
    return amplitude * Math.sin(2 * Math.PI * frequency * sample / sampleRate);
  });
  return { data, sampleRate, channels };
}

/** An audio track as ffprobe tells it. */
export interface ProbedAudio {
  readonly codec_name: string;
  readonly sample_rate: string;
  readonly channels: number;
  readonly channel_layout?: string;
  readonly sample_fmt?: string;
  readonly disposition: { readonly default: 0 | 1 };
  readonly tags?: Readonly<Record<string, string>>;
}

/** All audio tracks of a file; throws where ffprobe complains. */
export function probeAudio(path: string): ProbedAudio[] {
  const { stdout, stderr } = spawnSync("ffprobe", [
    ...["-v", "error", "-select_streams", "a", "-show_streams", "-of", "json", path],
  ], { encoding: "utf8" });
  if (stderr !== "") throw new Error(`ffprobe ${path}: ${stderr}`);
  return JSON.parse(stdout).streams;
}

/** The samples of a track, of all channels in turn, as players hear them from the file's time 0 on. */
export function listen(path: string, { track = 0, sampleRate = heardRate, channels = 1 } = {}): Float32Array {
  const bytes = execFileSync("ffmpeg", [
    ...["-v", "error", "-copyts", "-i", path, "-map", `0:a:${track}`],
    ...["-af", `aresample=${sampleRate}:first_pts=0`, "-ac", `${channels}`, "-f", "f32le", "-"],
  ], { maxBuffer: 2 ** 31 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The bytes of a track as its decoder gives them, in a sample format. */
export function decodeAudio(path: string, format: "s16" | "s32" | "f32"): Uint8Array {
  return new Uint8Array(execFileSync("ffmpeg", [
    ...["-v", "error", "-i", path, "-map", "0:a:0", "-f", `${format}le`, "-c:a", `pcm_${format}le`, "-"],
  ], { maxBuffer: 2 ** 31 }));
}

/** Where sounds begin that come after 50 ms of silence at least, in seconds. */
export function onsets(samples: Float32Array, sampleRate = heardRate): number[] {
  const found: number[] = [];
  let last = -Infinity;
  for (const [index, sample] of samples.entries()) {
    if (Math.abs(sample) < 0.08) continue;
    if (index - last > sampleRate / 20) found.push(index / sampleRate);
    last = index;
  }
  return found;
}

/** When the picture turns from dark to bright, in seconds. */
export function flashes(path: string): number[] {
  const levels = decode(path, "gray", "scale=1:1:flags=area");
  return frameTimes(path).filter((_, index) => levels[index]! > 128 && (levels[index - 1] ?? 0) <= 128);
}

/** Whether the picture flashes and a beep sounds at this moment: for a tenth of every second. */
const isOn = (seconds: number): boolean => seconds % 1 < 0.1 - 1e-9;

/** Beeps and silence, from a sample on. */
export function beeps(from: number, count: number, sampleRate: number): AudioSamples {
  const data = new Float32Array(count);
  const isSilent = !isOn(from / sampleRate) && (from % sampleRate) + count < sampleRate;
  if (!isSilent) {
    const tone = sine({ from, count, sampleRate }).data;
    for (let index = 0; index < count; index++) {
      if (isOn((from + index) / sampleRate)) data[index] = tone[index]!;
    }
  }
  return { data, sampleRate, channels: 1 };
}

/**
 * Writes so many seconds of flashes and beeps, each of one time, and audio in pieces of odd sizes; returns
 * how many samples.
 */
export async function flashAndBeep(
  writer: VideoWriter,
  { num, den }: Rate,
  sampleRate: number,
  length: number,
): Promise<number> {
  const next = seeded(5);
  const [width, height] = [64, 36];
  const [dark, bright] = [0, 255].map((level) => new Uint8Array(width * height * 4).fill(level));
  let samples = 0;
  for (let frame = 0; frame * den / num < length; frame++) {
    const seconds = frame * den / num;
    await writer.write({ data: isOn(seconds) ? bright! : dark!, width, height });
    // Now a little before the video, now behind it.
    while (samples / sampleRate < seconds + (frame % 7 - 3) / 30) {
      const count = 1 + next() % 1999;
      await writer.writeAudio(beeps(samples, count, sampleRate));
      samples += count;
    }
  }
  return samples;
}

/**
 * By how many seconds each beep comes later after its flash than it was written. Fails where one of them is
 * missing.
 */
export function flashesToBeeps(path: string, { num, den }: Rate): number[] {
  const [seen, heard] = [flashes(path), onsets(listen(path))];
  // The audio may go on a little longer than the video.
  if (heard.length < seen.length || heard.length > seen.length + 1) {
    throw new Error(`${path} has ${seen.length} flashes and ${heard.length} beeps`);
  }
  return seen.map((flash, index) => {
    // A frame is shown up to its own length after the second begins.
    const late = Math.ceil(index * num / den - 1e-9) * den / num - index;
    return heard[index]! - flash + late;
  });
}

/** The amplitude of a frequency in samples (Goertzel). */
export function amplitudeOf(samples: Float32Array, frequency: number, sampleRate = heardRate): number {
  const factor = 2 * Math.cos(2 * Math.PI * frequency / sampleRate);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + factor * last - before];
  const power = last * last + before * before - factor * last * before;
  return 2 * Math.sqrt(power) / samples.length;
}

/** The level of all that is in samples, as the amplitude of a sine that is as loud. */
export function loudness(samples: Float32Array): number {
  return Math.sqrt(2 * samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
