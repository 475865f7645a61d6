/**
 * Two passes: the frames of the first wait on the disk, and are encoded again once all of them are known.
 *
 * @module
 */
import type { ScratchFolder } from "../../../ffi/mod.ts";
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import { UnsupportedError } from "../../errors.ts";
import type { OutputFile } from "../../file/output_file.ts";
import type { FrameStamp } from "../../video/frame_timing.ts";
import type { PictureShape, Pixels } from "../../video/pixels.ts";
import { StepMeter, type Steps } from "../../steps.ts";
import type { SessionControl } from "../ending/session_control.ts";
import type { Pipeline } from "../pipeline.ts";
import type { VideoPipeline } from "../video_output.ts";
import type { FrameSpool } from "./frame_spool.ts";
import type { PacketStore } from "./packet_store.ts";
import { SizeSearch } from "./size_search.ts";

/** One run of the second pass. */
export interface Attempt extends Disposable {
  /** Encodes into the store. */
  readonly pipeline: Pipeline;
  readonly store: PacketStore;
  /** Opens the file, for {@linkcode PacketStore.output}. */
  readonly openOutput: () => OutputFile;
  /** Writes a file beside it, and returns its size. */
  readonly measure: () => Steps<number>;
}

/** What two passes work with, and own. */
export interface PassesParts {
  readonly control: SessionControl;
  /** The settings of the first pass. */
  readonly settings: EncoderSettings;
  /** The first pass: its packets are dropped. */
  readonly first: Pipeline;
  /** Its frames. */
  readonly spool: FrameSpool;
  /** The folder of all files until the last one. */
  readonly folder: ScratchFolder;
  /** Bits per second, or the bytes of the whole file. */
  readonly goal: { readonly bitrate: number } | { readonly targetBytes: number };
  /** Bytes of the audio and the subtitles that wait for the video. */
  readonly otherBytes: () => number;
  /** What the first pass has found out, where its encoder tells. */
  readonly statistics: () => string | null;
  /** Prepares the second pass. */
  readonly openAttempt: (settings: EncoderSettings) => Attempt;
}

/** The share of {@linkcode VideoPipeline.end}'s progress that is left for each further run. */
const runShare = 0.5;
/** By how much more bits per second are tried where an encoder refuses so few, and how often. */
const raise = 2, maxRaises = 12;

/** Encodes frames twice, and writes the file at the end. Owns its parts. */
export class TwoPasses implements VideoPipeline {
  readonly #parts: PassesParts;
  #attempt: Attempt | null = null;
  #output: OutputFile | null = null;

  /** Takes over its parts. */
  constructor(parts: PassesParts) {
    this.#parts = parts;
  }

  get frames(): number {
    return this.#attempt?.pipeline.frames ?? this.#parts.first.frames;
  }

  get packets(): number {
    return this.frames;
  }

  get bytes(): number {
    return this.#attempt?.pipeline.bytes ?? 0;
  }

  get seconds(): number {
    return (this.#attempt?.pipeline ?? this.#parts.first).seconds;
  }

  get certainSeconds(): number {
    return this.#parts.first.certainSeconds;
  }

  write(pixels: Pixels, shape: PictureShape, stamp: FrameStamp): void {
    this.#parts.first.write(pixels, shape, stamp, false);
  }

  settle(): boolean {
    return true;
  }

  *end(endTicks: bigint | null): Steps<number> {
    const { first, goal } = this.#parts;
    yield* first.end(endTicks);
    const given = first.frames;
    if ("bitrate" in goal) yield* this.#encode(this.#attempt = this.#open(goal.bitrate), endTicks);
    else yield* this.#fit(goal.targetBytes, endTicks);
    return given - this.#attempt!.pipeline.frames;
  }

  *finish(): Steps<number | null> {
    const { pipeline, store, openOutput } = this.#attempt!;
    store.output = this.#output = openOutput();
    const bytes = yield* pipeline.finish();
    const { targetBytes } = this.#parts.goal as { readonly targetBytes?: number };
    if (targetBytes !== undefined && bytes !== null && bytes > targetBytes) {
      throw tooLarge(targetBytes, bytes);
    }
    return bytes;
  }

  /** Encodes until the file has a size. */
  *#fit(targetBytes: number, endTicks: bigint | null): Steps<void> {
    const { first, otherBytes, control } = this.#parts;
    const search = new SizeSearch(targetBytes, first.seconds, otherBytes());
    for (let wanted: number | null = search.bitrate, left = 1; wanted !== null; left *= runShare) {
      using owned = new DisposableStack();
      const { bitrate, attempt } = this.#openFrom(wanted);
      owned.use(attempt);
      if (search.has(bitrate)) return;
      yield* shifted(this.#encode(attempt, endTicks), 1 - left, left * runShare);
      const isCut = attempt.pipeline.frames < first.frames;
      // A run before was whole.
      if (isCut && this.#attempt !== null) return;
      const bytes = isCut ? 0 : yield* shifted(attempt.measure(), 1 - left * runShare, 0);
      if (search.add(bitrate, attempt.store.bytes, bytes)) {
        this.#attempt?.[Symbol.dispose]();
        this.#attempt = attempt;
        owned.move();
      }
      if (isCut || control.isExpired) return;
      wanted = search.next;
    }
  }

  /** Opens the second pass, at more bits per second where the encoder takes no fewer. */
  #openFrom(wanted: number): { readonly bitrate: number; readonly attempt: Attempt } {
    for (let bitrate = wanted;; bitrate *= raise) {
      try {
        return { bitrate, attempt: this.#open(bitrate) };
      } catch (error) {
        if (!(error instanceof UnsupportedError) || bitrate > wanted * raise ** maxRaises) throw error;
      }
    }
  }

  #open(bitrate: number): Attempt {
    const { settings, statistics, openAttempt } = this.#parts;
    return openAttempt(settings.secondPass!(bitrate, statistics()));
  }

  /** Runs the second pass. */
  *#encode({ pipeline }: Attempt, endTicks: bigint | null): Steps<void> {
    const { spool, control } = this.#parts;
    const meter = new StepMeter(spool.count);
    for (const { frame, stamp } of spool.replay()) {
      pipeline.take(frame, stamp, false);
      if (meter.add(1)) yield meter.share;
      if (control.isExpired) break;
    }
    yield* shifted(pipeline.end(endTicks), 1, 0);
  }

  discardFile(): void {
    this.#output?.[Symbol.dispose]();
  }

  salvage(): void {
    this.#output?.salvage();
  }

  /** Frees everything, and removes what waited on the disk. */
  [Symbol.dispose](): void {
    const { first, spool, folder } = this.#parts;
    this.#attempt?.[Symbol.dispose]();
    this.#output?.[Symbol.dispose]();
    first[Symbol.dispose]();
    spool[Symbol.dispose]();
    folder[Symbol.dispose]();
  }
}

/** Steps whose progress is a part of a longer one. */
function* shifted<Result>(steps: Steps<Result>, from: number, share: number): Steps<Result> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      yield from + step.value * share;
    }
  } finally {
    steps.return(undefined as never);
  }
}

function tooLarge(targetBytes: number, bytes: number): UnsupportedError {
  return new UnsupportedError(
    `Cannot make a file of ${targetBytes} bytes: the nearest one that was made of these frames has ${bytes}, and is in its place`,
    {
      code: "TARGET_BYTES",
      operation: "encode for a size",
      hint: "Use a larger targetBytes, smaller or fewer frames, or less audio and subtitles",
    },
  );
}
