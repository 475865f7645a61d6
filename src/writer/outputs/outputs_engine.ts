/**
 * An engine whose packets go to outputs in other threads, too.
 *
 * @module
 */
import type { CheckedFrame } from "../../engine/checked_frame.ts";
import type { FileDescription } from "../../engine/file_description.ts";
import type { EncoderChoice, EngineInfo, WriteSummary } from "../../engine/session_types.ts";
import type { WriterStats } from "../../engine/writer_stats.ts";
import type { Samples } from "../../libav/audio_frame.ts";
import type { Size } from "../../size.ts";
import type { SubtitleCue } from "../../subtitles/cue.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import type { AcquiredSlot, FrameSlots } from "../../thread/frame_slots.ts";
import type { OutputSet } from "./output_set.ts";

/** An engine of video with outputs. */
export class OutputsEngine implements VideoEngine {
  readonly #inner: VideoEngine;
  readonly #outputs: OutputSet;
  #isFirst = true;

  /** Takes over an engine that feeds these outputs. */
  constructor(inner: VideoEngine, outputs: OutputSet) {
    this.#inner = inner;
    this.#outputs = outputs;
  }

  get info(): EngineInfo {
    return this.#inner.info;
  }

  get choice(): EncoderChoice | null {
    return this.#inner.choice;
  }

  get stats(): WriterStats {
    return { ...this.#inner.stats, outputs: this.#outputs.stats };
  }

  get takesLent(): boolean {
    return this.#inner.takesLent;
  }

  get size(): Size | null {
    return this.#inner.size;
  }

  get slots(): FrameSlots {
    return this.#inner.slots;
  }

  get outputRoom(): Promise<void> | null {
    return this.#inner.outputRoom ?? this.#outputs.primary?.room ?? null;
  }

  write(frame: CheckedFrame, slot: AcquiredSlot | null): void | Promise<void> {
    this.#outputs.requireOne();
    const { picture, stamp } = frame;
    const begins = this.#outputs.beginsSegment(stamp.seconds);
    const taken = this.#inner.write(begins ? { picture, stamp: { ...stamp, keyFrame: true } } : frame, slot);
    const { primary } = this.#outputs;
    if (!this.#isFirst || primary === null) return taken;
    this.#isFirst = false;
    return Promise.resolve(taken).then(() => primary.begun);
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void> {
    this.#outputs.requireOne();
    return this.#inner.writeAudio(track, samples, seconds);
  }

  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void> {
    return this.#inner.writeSubtitle(cue);
  }

  describe(description: FileDescription): void | Promise<void> {
    return this.#inner.describe(description);
  }

  recordEvent(seconds: number): void | Promise<void> {
    return this.#inner.recordEvent(seconds);
  }

  endWithin(seconds: number): void {
    this.#inner.endWithin(seconds);
    this.#outputs.endWithin(seconds);
  }

  async finish(endTicks: bigint, onStep: () => void): Promise<WriteSummary> {
    const summary = await this.#inner.finish(endTicks, onStep);
    await this.#outputs.ended();
    const { primary } = this.#outputs;
    if (primary === null) return summary;
    const { label, format } = primary.target;
    return { ...summary, path: label, format: format ?? summary.format, bytes: primary.stats.bytes };
  }

  async abort(reason?: unknown): Promise<void> {
    await Promise.all([this.#inner.abort(reason), this.#outputs.abort(reason)]);
  }

  async salvage(): Promise<void> {
    await Promise.all([this.#inner.salvage(), this.#outputs.salvage()]);
  }
}
