/**
 * Engines whose bytes go to a stream: calls wait for it, and it ends with them.
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
import type { SampleEngine, VideoEngine } from "../../thread/engine.ts";
import type { AcquiredSlot, FrameSlots } from "../../thread/frame_slots.ts";

/** What takes the bytes of an engine, and ends with it. */
export interface ByteTarget {
  /** What the writer's summary says of it. */
  readonly summary: { readonly path: string; readonly bytes: number; readonly format?: string };
  /** What a call waits for before it makes more bytes; `null`: nothing. */
  readonly room: Promise<void> | null;
  /** Rejects once it takes no bytes any more, where that can be told. */
  readonly failed?: Promise<never>;
  /** Throws where it takes no bytes any more. */
  requireOpen(): void;
  /** Resolves once there is room. Throws where it takes no bytes any more. */
  ready(): Promise<void>;
  /** Ends it, where the video ends after so many seconds. Resolves once it has taken everything. */
  close(seconds: number): Promise<void>;
  /** Ends it after a failure, where that is another end than an abort: what was given stays of use. */
  salvage?(): Promise<void>;
  /** Ends it with a reason. */
  abort(reason: unknown): Promise<void>;
}

/** An engine of samples whose bytes a stream takes. */
export class StreamSampleEngine<
  Summary extends { readonly bytes: number; readonly seconds: number },
  Engine extends SampleEngine<Summary> = SampleEngine<Summary>,
> implements SampleEngine<Summary> {
  protected readonly inner: Engine;
  protected readonly stream: ByteTarget;
  /** What the stream is told, where the engine has failed. */
  #failure: unknown = new Error("The writer has failed");

  /** Takes over an engine that gives its bytes to the stream. */
  constructor(inner: Engine, stream: ByteTarget) {
    this.inner = inner;
    this.stream = stream;
  }

  get stats(): WriterStats {
    return this.inner.stats;
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void> {
    return this.waiting(() => this.inner.writeAudio(track, samples, seconds));
  }

  async finish(endTicks: bigint, onStep: () => void): Promise<Summary> {
    return await this.#noting(async () => {
      this.stream.requireOpen();
      const summary = await this.inner.finish(endTicks, onStep);
      await this.stream.close(summary.seconds);
      return { ...summary, ...this.stream.summary };
    });
  }

  async abort(reason?: unknown): Promise<void> {
    await Promise.all([this.inner.abort(), this.stream.abort(reason)]);
  }

  /** The part of a file that was given cannot be made better; segments can. */
  async salvage(): Promise<void> {
    if (this.stream.salvage === undefined) return await this.abort(this.#failure);
    await this.inner.salvage();
    await this.stream.salvage();
  }

  /** Does something of which bytes come. Where the stream had no room before, waits until it has. */
  protected waiting(call: () => void | Promise<void>): void | Promise<void> {
    this.stream.requireOpen();
    const isFull = this.stream.room !== null;
    try {
      const taken = call();
      if (taken !== undefined || isFull) return this.#settled(taken, isFull);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  async #settled(taken: void | Promise<void>, isFull: boolean): Promise<void> {
    await this.#noting(async () => {
      await taken;
      if (isFull) await this.stream.ready();
    });
  }

  /** Notes an error, for the stream. */
  async #noting<T>(call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }
}

/** An engine of video whose bytes a stream takes. */
export class StreamEngine extends StreamSampleEngine<WriteSummary, VideoEngine> implements VideoEngine {
  get info(): EngineInfo {
    return this.inner.info;
  }

  get choice(): EncoderChoice | null {
    return this.inner.choice;
  }

  get takesLent(): boolean {
    return this.inner.takesLent;
  }

  get size(): Size | null {
    return this.inner.size;
  }

  get slots(): FrameSlots {
    return this.inner.slots;
  }

  get failed(): Promise<never> | undefined {
    return this.stream.failed;
  }

  get outputRoom(): Promise<void> | null {
    return this.stream.room ?? this.inner.outputRoom ?? null;
  }

  write(frame: CheckedFrame, slot: AcquiredSlot | null): void | Promise<void> {
    return this.waiting(() => this.inner.write(frame, slot));
  }

  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void> {
    return this.waiting(() => this.inner.writeSubtitle(cue));
  }

  describe(description: FileDescription): void | Promise<void> {
    return this.inner.describe(description);
  }

  recordEvent(seconds: number): void | Promise<void> {
    return this.inner.recordEvent(seconds);
  }

  endWithin(seconds: number): void {
    this.inner.endWithin(seconds);
  }
}
