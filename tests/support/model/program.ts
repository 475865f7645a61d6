/**
 * Random programs of a writer's calls.
 *
 * @module
 */
import * as fc from "fast-check";

/** A call that a program makes, or a pause. Numbers choose among what there is. */
export type Action =
  & {
    /** Which of the program's writers. */
    readonly writer: number;
    /** Whether the program waits for the result before its next action. */
    readonly isAwaited: boolean;
  }
  & (
    | { readonly kind: "write" | "writeImage" | "acquire"; readonly size: number }
    | { readonly kind: "writeWrong"; readonly flaw: "short" | "brokenImage" | "nothing" | "foreign" }
    | { readonly kind: "writeAcquired" | "release"; readonly frame: number }
    | { readonly kind: "writeAudio"; readonly count: number }
    | { readonly kind: "writeSubtitle" }
    | { readonly kind: "close" | "abort" | "signal" | "dispose" }
    | { readonly kind: "pause"; readonly ms: number }
  );

/** How a writer is opened. */
export interface Setup {
  /** What is encoded, and how: an index of {@linkcode encodings}. */
  readonly encoding: number;
  readonly thread: "worker" | "main";
  readonly queueSize: number;
  /** Whether frames of several sizes are written. */
  readonly hasSizes: boolean;
  readonly hasAudio: boolean;
  readonly hasSubtitles: boolean;
  readonly hasTimestamps: boolean;
  readonly crashSafe: boolean;
}

/** Writers, and what is done with them in turn. */
export interface Program {
  readonly setups: readonly Setup[];
  readonly actions: readonly Action[];
}

/** A codec with its options, in a container. */
export interface Encoding {
  readonly codec: string;
  readonly extension: string;
  readonly encoderOptions: Readonly<Record<string, string | number>>;
  /** How far a gray level may be from the one that was written. */
  readonly tolerance: number;
}

/** Encoders that hold no frame, a few, or dozens; that are fast or slow; with and without threads. */
export const encodings: readonly Encoding[] = [
  { codec: "mpeg4", extension: "mp4", encoderOptions: { bf: 2 }, tolerance: 12 },
  { codec: "mpeg4", extension: "mkv", encoderOptions: {}, tolerance: 12 },
  { codec: "png", extension: "mkv", encoderOptions: {}, tolerance: 2 },
  { codec: "ffv1", extension: "mkv", encoderOptions: {}, tolerance: 2 },
  { codec: "mjpeg", extension: "mov", encoderOptions: {}, tolerance: 12 },
  { codec: "libx264", extension: "mp4", encoderOptions: { preset: "veryslow" }, tolerance: 12 },
  { codec: "libx264", extension: "mkv", encoderOptions: { preset: "ultrafast" }, tolerance: 12 },
  {
    codec: "libvpx",
    extension: "webm",
    encoderOptions: { "cpu-used": 4, "lag-in-frames": 8 },
    tolerance: 12,
  },
];

/** The sizes of frames, growing far enough to need other memory each. */
export const sizes: readonly (readonly [width: number, height: number])[] = [[32, 24], [64, 48], [176, 96]];

const which = fc.nat({ max: 7 });
const size = fc.nat({ max: sizes.length - 1 });
const flaw = fc.constantFrom("short", "brokenImage", "nothing", "foreign");

const call = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("write"), size }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("acquire"), size }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("writeAcquired"), frame: which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("release"), frame: which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("writeImage"), size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("writeWrong"), flaw }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("writeAudio"), count: fc.integer({ min: 0, max: 5000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("writeSubtitle") }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pause"), ms: fc.nat({ max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("close", "abort", "signal", "dispose") }) },
);

const action = fc.tuple(call, fc.record({ writer: fc.nat({ max: 1 }), isAwaited: fc.boolean() }))
  .map(([what, how]) => ({ ...what, ...how }) as Action);

const setup: fc.Arbitrary<Setup> = fc.record({
  encoding: fc.nat({ max: encodings.length - 1 }),
  thread: fc.constantFrom("worker", "main"),
  queueSize: fc.integer({ min: 1, max: 5 }),
  hasSizes: fc.boolean(),
  hasAudio: fc.boolean(),
  hasSubtitles: fc.boolean(),
  hasTimestamps: fc.boolean(),
  crashSafe: fc.boolean(),
});

/** Random programs with one or two writers. */
export const programs: fc.Arbitrary<Program> = fc.record({
  setups: fc.array(setup, { minLength: 1, maxLength: 2 }),
  actions: fc.array(action, { minLength: 1, maxLength: 40, size: "max" }),
});
