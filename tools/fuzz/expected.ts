/**
 * Where frames and audio must lie, by the calls that a writer was given.
 *
 * @module
 */
import type { WriterOptions } from "../../mod.ts";
import type { ExpectedTrack, FuzzCase, PieceSpec, Value } from "./case_types.ts";
import { isSilent } from "./generate_audio.ts";

/** A call that the writer was given; `isTaken` once it was fulfilled. */
export interface Call {
  /** The audio; `null` for a frame. */
  readonly piece: PieceSpec | null;
  readonly timing: { readonly timestamp?: number; readonly keyFrame?: boolean } | undefined;
  /** When a frame was captured, in milliseconds from the first. */
  readonly capturedMs: number | undefined;
  isTaken: boolean;
}

/** A piece that was taken, with its timing. */
interface TakenPiece {
  readonly piece: PieceSpec;
  readonly timing: { readonly timestamp?: number } | undefined;
}

/** What the tracks of a case are laid out by. */
interface TracksRequest {
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

function layOutAll(
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

/** What timestamps count from, in seconds. */
function originOf(calls: readonly Call[], { options }: FuzzCase): number {
  const { timestampOrigin } = (options ?? {}) as WriterOptions;
  if (timestampOrigin !== "first") return 0;
  const first = calls.find(({ isTaken, timing }) => isTaken && timing?.timestamp !== undefined);
  return first?.timing?.timestamp ?? 0;
}

/** When the frames that were taken must be shown, in seconds; `null` where their times were not given. */
export function frameTimes(calls: readonly Call[], test: FuzzCase): number[] | null {
  const frames = calls.filter(({ piece, isTaken }) => isTaken && piece === null);
  const firstMs = frames[0]?.capturedMs ?? 0;
  const origin = originOf(calls, test);
  const times = frames.map(({ timing, capturedMs }) =>
    capturedMs !== undefined ? (capturedMs - firstMs) / 1000 : (timing?.timestamp ?? NaN) - origin
  );
  return times.some(Number.isNaN) ? null : times;
}

/** The numbers of the frames that were taken as key frames. */
export function keyFrames(calls: readonly Call[]): number[] {
  const frames = calls.filter(({ piece, isTaken }) => isTaken && piece === null);
  return frames.flatMap(({ timing }, index) => timing?.keyFrame === true ? [index] : []);
}

/** Where the tracks of audio must lie beside a video that ends at a time in seconds. */
export function audioTracks(calls: readonly Call[], test: FuzzCase, videoEnd: number): ExpectedTrack[] {
  const { audio, timing = "constant", filter } = test.options as WriterOptions;
  const begin = timing === "timestamps" ? frameTimes(calls, test)?.[0] ?? null : 0;
  return layOutAll({
    audio: audio as Value | undefined,
    pieces: calls.flatMap(({ piece, timing, isTaken }) => isTaken && piece ? [{ piece, timing }] : []),
    origin: originOf(calls, test),
    videoBegin: filter === undefined ? begin : null,
    videoEnd,
    isWallclock: timing === "wallclock",
  });
}
