/**
 * Pieces of audio as a case describes them.
 *
 * @module
 */
import type { AudioSamples } from "../../mod.ts";
import type { PieceSpec } from "./case_types.ts";

/** A tone in an array of a kind. */
function tone(
  { data, sampleRate }: PieceSpec,
  length: number,
): Float32Array | Int16Array | Int32Array | Uint8Array {
  const wave = (index: number): number => Math.sin(index * 440 * 2 * Math.PI / sampleRate) / 4;
  if (data === "Float32Array") return Float32Array.from({ length }, (_, index) => wave(index));
  if (data === "Int16Array") return Int16Array.from({ length }, (_, index) => wave(index) * 0x7fff);
  if (data === "Int32Array") return Int32Array.from({ length }, (_, index) => wave(index) * 0x7fffffff);
  return Uint8Array.from({ length }, (_, index) => 128 + wave(index) * 127);
}

/** What `writeAudio` is given for a piece. */
export function makeSamples(piece: PieceSpec): AudioSamples {
  const { samples, sampleRate, channels, track, isPlanar } = piece;
  const rest = { sampleRate, ...(track === undefined ? {} : { track }) };
  if (!isPlanar) return { data: tone(piece, samples * channels), channels, ...rest };
  return { data: Array.from({ length: channels }, () => tone(piece, samples)), ...rest };
}
