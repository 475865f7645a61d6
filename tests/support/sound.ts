/**
 * Sound to write, and what came of it.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import type { AudioSamples } from "../../mod.ts";
import { decode, frameTimes } from "./media.ts";

/** The rate at which sound is listened to. */
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

/** A track of sound as ffprobe tells it. */
export interface ProbedSound {
  readonly codec_name: string;
  readonly sample_rate: string;
  readonly channels: number;
  readonly channel_layout?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** All tracks of sound of a file; throws where ffprobe complains. */
export function probeSound(path: string): ProbedSound[] {
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
export function decodeSound(path: string, format: "s16" | "s32" | "f32"): Uint8Array {
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

/** The amplitude of a frequency in a piece of sound (Goertzel). */
export function amplitudeOf(samples: Float32Array, frequency: number, sampleRate = heardRate): number {
  const factor = 2 * Math.cos(2 * Math.PI * frequency / sampleRate);
  let [before, last] = [0, 0];
  for (const sample of samples) [before, last] = [last, sample + factor * last - before];
  const power = last * last + before * before - factor * last * before;
  return 2 * Math.sqrt(power) / samples.length;
}

/** The level of all that is in a piece of sound, as the amplitude of a sine that is as loud. */
export function loudness(samples: Float32Array): number {
  return Math.sqrt(2 * samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
