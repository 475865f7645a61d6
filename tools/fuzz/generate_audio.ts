/**
 * Tracks of audio and their samples, by chance.
 *
 * @module
 */
import type { PieceSpec, SampleKind, Value } from "./case_types.ts";
import type { Random } from "./random.ts";

const sampleKinds: readonly SampleKind[] = [
  ...["Float32Array", "Float32Array", "Float64Array", "Int16Array", "Int16Array"] as const,
  ...["Int32Array", "BigInt64Array", "Uint8Array"] as const,
];

/** A track of silence. */
const silent: Value = { from: { silence: true } };

/** Whether a track gets no samples: those with a source of their own, which are silence. */
export function isSilent(track: Value): boolean {
  return typeof track === "object" && track !== null && "from" in track;
}

/** The option `audio`; mostly one that makes sense. */
export function audioOption(random: Random, oddness: number): Value {
  if (random.chance(oddness / 3)) {
    return random.pick<Value>([
      ...["", "loud", 1, null, true, [null], [[]], { codec: "mp33" }, { codec: "libx264" }] as const,
      ...[{ sampleRate: 0 }, { channels: 9 }, { channels: 2, layout: "5.1" }, { bitrate: -1 }] as const,
      ...[{ from: "no.wav" }, { from: "\0" }, { from: { silence: 1 } }, "silent", { loop: true }, {
        cdec: "aac",
      }] as const,
    ]);
  }
  return random.weighted<() => Value>([
    [30, () => silent],
    [35, () => ({})],
    [25, () => track(random)],
    [5, () => [{}, silent]],
    [5, () => [track(random), {}]],
  ])();
}

function track(random: Random): Value {
  const options: Record<string, Value> = {};
  if (random.chance(0.7)) {
    options["codec"] = random.pick(["aac", "aac", "opus", "mp3", "flac", "alac", "vorbis", "ac3", "pcm"]);
  }
  if (random.chance(0.3)) options["sampleRate"] = random.pick([8000, 22_050, 32_000, 44_100, 48_000, 96_000]);
  if (random.chance(0.3)) options["channels"] = random.pick([1, 1, 2, 6, random.integer(3, 8)]);
  if (random.chance(0.1)) options["bitrate"] = random.pick<Value>([32_000, "96k", 128_000]);
  return options;
}

/** What samples are chosen for. */
export interface AudioContext {
  readonly random: Random;
  readonly oddness: number;
  /** The option `audio`, and `timing`. */
  readonly audio: Value;
  readonly timing: Value | undefined;
  /** When frames are shown, in seconds, as far as that is known. */
  readonly times: readonly number[];
}

/** Pieces of audio: before each frame, and after the last. */
export interface Pieces {
  readonly before: readonly (readonly PieceSpec[])[];
  readonly after: readonly PieceSpec[];
}

/** The most pieces of a track, and the longest that it is filled, in seconds. */
const mostPieces = 120;
const mostSeconds = 150;

/** How a track is filled. */
interface Filling {
  readonly from: number;
  readonly to: number;
  /** Seconds by which samples are written before (above 0) or after the frames of their time. */
  readonly ahead: number;
  readonly isTimed: boolean;
  /** How probable it is that a piece is left out. */
  readonly gaps: number;
  readonly jitter: number;
}

function filling({ random, times, timing }: AudioContext): Filling {
  const start = times[0] ?? 0;
  const end = (times.at(-1) ?? 0) + 0.04;
  const length = end - start;
  const [from, to] = random.weighted<readonly [from: number, to: number]>([
    [60, [start, end]],
    [10, [start + length * random.fraction(), end]],
    [8, [Math.max(0, start - random.fraction()), end]],
    [12, [start, start + length * random.fraction()]],
    [10, [start, end + random.fraction() * 2]],
  ]);
  const isTimed = timing !== "wallclock" && random.chance(start > 5 ? 0.95 : 0.6);
  return {
    from,
    to: Math.min(to, from + mostSeconds),
    ahead: random.weighted([[60, 0], [12, random.fraction()], [12, -random.fraction()], [8, 1e9], [8, -1e9]]),
    isTimed,
    gaps: isTimed && random.chance(0.2) ? 0.3 : 0,
    jitter: isTimed && random.chance(0.2) ? 0.02 : 0,
  };
}

/** What of a piece makes no sense, or seldom comes. */
function oddities(
  random: Random,
  oddness: number,
): Pick<PieceSpec, "oddValue" | "isWithoutChannels" | "extraField"> {
  return {
    ...(random.chance(0.02 + oddness / 10)
      ? { oddValue: random.pick(["NaN", "Infinity", "-Infinity", "huge", "huge"] as const) }
      : {}),
    ...(random.chance(oddness / 10) ? { isWithoutChannels: true as const } : {}),
    ...(random.chance(oddness / 20)
      ? { extraField: random.pick(["timestamp", "fromat", "numberOfChannels", "rate"]) }
      : {}),
  };
}

/** All pieces of one track, each with the index of the frame that it is written before. */
function* pieces(context: AudioContext, track: number): Generator<readonly [slot: number, piece: PieceSpec]> {
  const { random, oddness, times } = context;
  const { from, to, ahead, isTimed, gaps, jitter } = filling(context);
  const sampleRate = random.pick([48_000, 48_000, 44_100, 44_100, 8000, 22_050, 11_025, 96_000, 12_345]);
  const length = random.pick([1024, 480, 960, 4410, random.integer(1, 5000), sampleRate]);
  const least = Math.ceil((to - from) / mostPieces * sampleRate);
  const shape = {
    ...(track === 0 ? {} : { track }),
    sampleRate,
    channels: random.weighted([[50, 1], [42, 2], [4, 6], [4, random.integer(3, 8)]]),
    data: random.pick(sampleKinds),
    ...(random.chance(0.3) ? { isPlanar: true as const } : {}),
    ...(random.chance(0.2) ? { isRaw: true as const } : {}),
  };
  for (let at = from; at < to;) {
    const samples = Math.max(1, least, random.chance(0.1) ? random.integer(1, 5000) : length);
    const slot = times.findIndex((time) => time > at - ahead);
    const timestamp = Math.max(0, at + jitter * (random.fraction() * 2 - 1));
    const isOdd = random.chance(oddness / 20);
    const timing: Value | undefined = isOdd
      ? random.pick<Value>([null, 5, {}, { timestmp: 1 }, { timestamp: at * 1e6 }, { timestamp: "1" }, {
        timestamp: -1,
      }])
      : isTimed
      ? { timestamp }
      : undefined;
    const piece = {
      ...shape,
      ...oddities(random, oddness),
      samples,
      ...(timing === undefined ? {} : { timing }),
    };
    if (!random.chance(gaps)) yield [slot, piece];
    at += samples / sampleRate;
  }
}

/** Samples for all tracks that want some. */
export function generatePieces(context: AudioContext): Pieces {
  const { audio, times } = context;
  const before: PieceSpec[][] = times.map(() => []);
  const after: PieceSpec[] = [];
  const tracks: readonly Value[] = Array.isArray(audio) ? audio : [audio];
  for (const [index, track] of tracks.entries()) {
    if (isSilent(track)) continue;
    for (const [slot, piece] of pieces(context, index)) (before[slot] ?? after).push(piece);
  }
  return { before, after };
}
