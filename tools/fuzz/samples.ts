/**
 * Pieces of audio as a case describes them, and where they must land.
 *
 * @module
 */
import type { AudioSamples } from "../../mod.ts";
import type { ExpectedTrack, PieceSpec, Value } from "./case_types.ts";
import { isSilent } from "./generate_audio.ts";

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

/** A piece that was taken, with its timing. */
export interface TakenPiece {
  readonly piece: PieceSpec;
  readonly timing: { readonly timestamp?: number } | undefined;
}

/** What the tracks of a case are laid out by. */
export interface TracksRequest {
  /** The option `audio`. */
  readonly audio: Value | undefined;
  readonly pieces: readonly TakenPiece[];
  /** What timestamps count from. */
  readonly origin: number;
  /** When the video begins, and ends; `null` where nobody knows. */
  readonly videoBegin: number | null;
  readonly videoEnd: number;
  /** Whether pieces without a timestamp are placed by the clock on the wall. */
  readonly isWallclock: boolean;
}

/** A gap of more than this becomes silence, and what comes earlier by more is left out. Seconds. */
const gapSeconds = 0.1;
/** A track that begins later than this has no silence before, in seconds. */
const lateSeconds = 10;

/** Where the pieces of a track must lie, as docs/audio.md tells it; a drift is not reckoned with. */
function layOut(pieces: readonly TakenPiece[], origin: number): ExpectedTrack {
  let begin = 0;
  let end = 0;
  let isEmpty = true;
  for (const { piece: { samples, sampleRate }, timing } of pieces) {
    let count = samples;
    if (timing?.timestamp !== undefined) {
      const seconds = timing.timestamp - origin;
      if (isEmpty && seconds - end > lateSeconds) begin = end = seconds;
      const difference = seconds - end;
      if (isEmpty && difference >= 0 || difference > gapSeconds) end = seconds;
      else if (isEmpty || difference < -gapSeconds) {
        count -= Math.min(count, Math.round(-difference * sampleRate));
      }
    }
    if (count > 0) isEmpty = false;
    end += count / sampleRate;
  }
  return { begin, end };
}

/** Where the tracks of a case must lie. */
export function expectedTracks(
  { audio, pieces, origin, videoBegin, videoEnd, isWallclock }: TracksRequest,
): ExpectedTrack[] {
  if (audio === undefined) return [];
  const tracks: readonly Value[] = Array.isArray(audio) ? audio : [audio];
  return tracks.map((track, index) => {
    if (isSilent(track)) {
      const begin = videoBegin === null ? null : videoBegin > lateSeconds ? videoBegin : 0;
      return { begin, end: videoEnd };
    }
    if (isWallclock) return { begin: null, end: null };
    return layOut(pieces.filter(({ piece }) => (piece.track ?? 0) === index), origin);
  });
}
