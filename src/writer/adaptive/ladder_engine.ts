/**
 * Engines that encode the same frames in several sizes, as one.
 *
 * @module
 */
import type { CheckedFrame } from "../../engine/checked_frame.ts";
import type { FileDescription } from "../../engine/file_description.ts";
import { RefusedCall } from "../../engine/refused_call.ts";
import type { EncoderChoice, EngineInfo, WriteSummary } from "../../engine/session_types.ts";
import type { WriterStats } from "../../engine/writer_stats.ts";
import type { Samples } from "../../libav/audio_frame.ts";
import type { Size } from "../../size.ts";
import type { SubtitleCue } from "../../subtitles/cue.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import type { AcquiredSlot, FrameSlots } from "../../thread/frame_slots.ts";
import type { SegmentGrid } from "../../file/mp4/segment_grid.ts";

/** What the other engines of a ladder need to have room for. */
interface LadderRequest {
  /** How many frames the first one's queue has, which the others' have twice. */
  readonly queueSize: number;
  /** Where segments begin. */
  readonly grid: SegmentGrid;
  /** Called with the first frame's time, in seconds. */
  readonly onFirst: (seconds: number) => void;
}

/** Whether something has to be waited for. */
const isPromise = (value: void | Promise<void>): value is Promise<void> => value !== undefined;

/** A ladder of engines. The first has the audio, and the memory of frames. */
export class LadderEngine implements VideoEngine {
  readonly #first: VideoEngine;
  readonly #others: readonly VideoEngine[];
  readonly #request: LadderRequest;
  #hasBegun = false;

  /** Takes over open engines, one at least. */
  constructor([first, ...others]: readonly VideoEngine[], request: LadderRequest) {
    this.#first = first!;
    this.#others = others;
    this.#request = request;
  }

  get info(): EngineInfo {
    return this.#first.info;
  }

  get choice(): EncoderChoice | null {
    return this.#first.choice;
  }

  get size(): Size | null {
    return this.#first.size;
  }

  get slots(): FrameSlots {
    return this.#first.slots;
  }

  /** A frame that is lent goes to one engine. */
  get takesLent(): boolean {
    return this.#others.length === 0 && this.#first.takesLent;
  }

  get stats(): WriterStats {
    return this.#first.stats;
  }

  get outputRoom(): Promise<void> | null {
    // Frames that are acquired have room in the first one already, and need it in the others.
    const { queueSize } = this.#request;
    for (const { slots } of this.#others) {
      const room = slots.roomFor(Math.min(queueSize, slots.limit));
      if (room !== null) return room;
    }
    return null;
  }

  write({ picture, stamp }: CheckedFrame, slot: AcquiredSlot | null): void | Promise<void> {
    if (!this.#hasBegun) this.#request.onFirst(stamp.seconds);
    this.#hasBegun = true;
    const keyFrame = this.#request.grid.begins(stamp.seconds) || stamp.keyFrame;
    const frame = { picture, stamp: { ...stamp, keyFrame } };
    // What the first refuses, the others do not get.
    if (picture.kind === "image") return this.#writeImage(frame);
    const taken = [this.#first.write(frame, slot), ...this.#others.map((other) => whole(other, frame))];
    const awaited = taken.filter(isPromise);
    return awaited.length === 0 ? undefined : allDone(awaited);
  }

  async #writeImage(frame: CheckedFrame): Promise<void> {
    await this.#first.write(frame, null);
    await allDone(this.#others.map((other) => whole(other, frame)));
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void> {
    return this.#first.writeAudio(track, samples, seconds);
  }

  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void> {
    return this.#first.writeSubtitle(cue);
  }

  recordEvent(seconds: number): void | Promise<void> {
    return this.#first.recordEvent(seconds);
  }

  async describe(description: FileDescription): Promise<void> {
    for (const engine of this.#all) await engine.describe(description);
  }

  endWithin(seconds: number): void {
    for (const engine of this.#all) engine.endWithin(seconds);
  }

  async finish(endTicks: bigint, onStep: () => void): Promise<WriteSummary> {
    const finished = this.#all.map((engine) => engine.finish(endTicks, onStep));
    await Promise.allSettled(finished);
    const [summary] = await Promise.all(finished);
    return summary!;
  }

  async abort(reason?: unknown): Promise<void> {
    await allDone(this.#all.map(async (engine) => await engine.abort(reason)));
  }

  async salvage(): Promise<void> {
    await allDone(this.#all.map(async (engine) => await engine.salvage()));
  }

  get #all(): readonly VideoEngine[] {
    return [this.#first, ...this.#others];
  }
}

/** Has an engine write a frame that another one has taken: it can't be refused any more. */
function whole(engine: VideoEngine, frame: CheckedFrame): void | Promise<void> {
  const fail = (error: unknown): never => {
    throw RefusedCall.is(error) ? error.cause : error;
  };
  try {
    return engine.write(frame, null)?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** Resolves once all are settled. Throws the first error. */
async function allDone(promises: readonly (void | Promise<void>)[]): Promise<void> {
  const all = promises.map(async (promise) => await promise);
  await Promise.allSettled(all);
  await Promise.all(all);
}
