/**
 * The engine in the thread that calls it.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { EncoderChoice, EngineInfo, VideoFileRequest, WriteSummary } from "../engine/session_types.ts";
import { VideoSession } from "../engine/video_session.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { VideoEngine } from "./engine.ts";
import { type AcquiredSlot, FrameSlots } from "./frame_slots.ts";
import { ReceivedFrames } from "./received_frames.ts";
import { noteUnused } from "./unused_memory.ts";

/** A session, and memory for acquired frames. */
export class LocalEngine implements VideoEngine {
  readonly #session: VideoSession;
  readonly #received: ReceivedFrames;
  readonly slots: FrameSlots;

  /** Opens the session. At most `queueSize` frames can be acquired at a time. */
  constructor(native: Native, request: VideoFileRequest, queueSize: number) {
    this.#session = new VideoSession(native, request);
    this.#received = new ReceivedFrames(native);
    this.slots = new FrameSlots(queueSize, this.#received);
  }

  get info(): EngineInfo {
    return this.#session.info;
  }

  get choice(): EncoderChoice | null {
    return this.#session.choice;
  }

  get stats(): WriterStats {
    return this.#session.stats;
  }

  get size(): Size | null {
    return this.#session.size;
  }

  write({ picture, stamp }: CheckedFrame, slot: AcquiredSlot | null): void {
    if (picture.kind === "image") return this.#session.encodeImage(picture.bytes, stamp);
    const { layout, planes } = picture;
    // Nothing waits here: other frames need no copy.
    if (slot === null) return this.#session.encode(planes, layout, stamp);
    const place = this.slots.enqueue(slot, planes, layout);
    this.#session.encode(this.#received.pixels(place, layout), layout, stamp);
    this.slots.take(place, this.#received.freed(place));
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    this.#session.writeAudio(track, samples, seconds);
  }

  writeSubtitle(cue: Required<SubtitleCue>): void {
    this.#session.writeSubtitle(cue);
  }

  finish(endTicks: bigint): WriteSummary {
    return this.#andFree(() => this.#session.finish(endTicks));
  }

  abort(): void {
    this.#andFree(() => this.#session.abort());
  }

  salvage(): void {
    this.#andFree(() => this.#session.salvage());
  }

  /** Ends the session, and then frees the frames that its encoder may hold. */
  #andFree<Result>(end: () => Result): Result {
    const result = end();
    this.slots.end(new Error("The session has ended"));
    this.#received[Symbol.dispose]();
    noteUnused(this.slots.usedBytes);
    return result;
  }
}
