/**
 * The engine that needs no FFmpeg: a session in the thread that calls it, and what its target takes in its
 * own time.
 *
 * @module
 */
import type { CheckedFrame, CheckedPixels } from "../engine/checked_frame.ts";
import type { FileDescription } from "../engine/file_description.ts";
import type { EncoderChoice, EngineInfo, WriteSummary } from "../engine/session_types.ts";
import { UnsupportedError } from "../errors.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Size } from "../size.ts";
import type { VideoEngine } from "../thread/engine.ts";
import { type AcquiredSlot, FrameSlots, type RingEvents } from "../thread/frame_slots.ts";
import type { RingLayout, SlotPlace } from "../thread/ring.ts";
import { frameBytes, type FrameLayout, type PlaneView, tightPlanes } from "../video/raw_frame.ts";
import type { AviSession } from "./avi_session.ts";
import type { AviTarget } from "./target.ts";

/** The frames in slots. */
class SlotViews implements RingEvents {
  readonly #rings = new Map<number, RingLayout>();

  opened(id: number, layout: RingLayout): void {
    this.#rings.set(id, layout);
  }

  retired(id: number): void {
    this.#rings.delete(id);
  }

  planes({ ring, slot }: SlotPlace, layout: FrameLayout): PlaneView[] {
    const { memory, slotBytes } = this.#rings.get(ring)!;
    return tightPlanes(new Uint8Array(memory.buffer, slot * slotBytes, frameBytes(layout)), layout);
  }
}

/** Writes AVI to a target. */
export class AviEngine implements VideoEngine {
  readonly #session: AviSession;
  readonly #target: AviTarget;
  readonly #views = new SlotViews();
  readonly slots: FrameSlots;
  readonly takesLent = false;
  /** What a target that takes its time has still to take. */
  #work: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | null = null;
  #isEnded = false;
  /** When frames are no longer taken, in milliseconds. */
  #deadlineMs = Infinity;
  #leftOut = 0;

  /** For a session and the target that it writes to. */
  constructor(session: AviSession, target: AviTarget, queueSize: number) {
    this.#session = session;
    this.#target = target;
    this.slots = new FrameSlots(queueSize, this.#views);
  }

  get info(): EngineInfo {
    return this.#session.info;
  }

  get choice(): EncoderChoice | null {
    return this.#session.choice;
  }

  get size(): Size | null {
    return this.#session.size;
  }

  get stats(): WriterStats {
    return { ...this.#session.stats, queued: this.slots.queued, finished: this.#isEnded ? 1 : 0 };
  }

  write({ picture }: CheckedFrame, slot: AcquiredSlot | null): void | Promise<void> {
    this.#requireWorking();
    if (picture.kind === "image") {
      return this.#do(() => this.#inTime(() => this.#session.writeImage(picture.bytes)));
    }
    this.#session.requireRaw();
    const { layout, planes } = requirePlanes(picture);
    const isWaiting = !this.#target.isDirect;
    if (slot === null && !isWaiting) return this.#session.writeRaw(planes, layout);
    const place = slot === null
      ? this.slots.enqueueCopy(planes, layout)
      : this.slots.enqueue(slot, planes, layout);
    const written = this.#do(() => {
      this.#inTime(() => this.#session.writeRaw(this.#views.planes(place, layout), layout));
    }, () => this.slots.take(place, [place]));
    // The first frame opens the target: the most likely errors are told where they belong.
    if (this.#session.size === null) return written;
    written?.catch(() => {});
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void> {
    this.#requireWorking();
    this.#session.writeAudio(track, samples, seconds);
    if (!this.#target.isDirect) return this.#do(() => {});
  }

  /** There are no subtitles in AVI: the writer has no track for them. */
  writeSubtitle(): void {}

  recordEvent(): void {}

  /** Its header is written with what the options say. */
  describe({ source: _source, ...description }: FileDescription): void {
    if (Object.keys(description).length === 0) return;
    throw new RefusedCall(
      new UnsupportedError(
        "Cannot give AVI tags, chapters, a rotation or a pixel shape without FFmpeg's libraries",
        {
          code: "FALLBACK",
          operation: "describe the file",
          hint: "Leave metadata and chapters out, or install FFmpeg's libraries",
        },
      ),
    );
  }

  endWithin(seconds: number): void {
    this.#deadlineMs = performance.now() + seconds * 1000;
  }

  async finish(): Promise<WriteSummary> {
    await this.#work;
    this.#requireWorking();
    const hasFile = this.#session.finish(this.#leftOut > 0);
    await this.#target.drained();
    const bytes = hasFile ? await this.#target.close() : null;
    if (!hasFile) await this.#target.discard(undefined);
    this.#end();
    return this.#session.summary(bytes, this.#leftOut);
  }

  async abort(): Promise<void> {
    this.#end();
    await this.#target.discard(new Error("The writer was aborted"));
  }

  async salvage(): Promise<void> {
    this.#end();
    await this.#target.salvage(this.#session.bytes, this.#failure?.error);
  }

  /** Ends all: nothing that still waits is done. */
  #end(): void {
    this.#isEnded = true;
    this.slots.end(new Error("The session has ended"));
  }

  #requireWorking(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #inTime(write: () => void): void {
    if (performance.now() > this.#deadlineMs) this.#leftOut++;
    else write();
  }

  /** Does something at once where the target is direct, and else when all that came before is written. */
  #do(action: () => void, done: () => void = () => {}): Promise<void> | void {
    if (this.#target.isDirect) {
      action();
      return done();
    }
    const result = this.#work.then(async () => {
      if (this.#isEnded) return;
      this.#requireWorking();
      action();
      await this.#target.drained();
      if (!this.#isEnded) done();
    });
    this.#work = result.catch((error) => {
      if (error instanceof RefusedCall || this.#failure !== null) return;
      this.#failure = { error };
      this.slots.end(error);
    });
    return result;
  }
}

/** Frames that are lent come only where they are taken. */
function requirePlanes(picture: CheckedPixels): CheckedPixels & { readonly kind: "raw" } {
  if (picture.kind === "raw") return picture;
  throw new Error("The frame is lent");
}
