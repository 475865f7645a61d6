/**
 * The engine in the thread that calls it.
 *
 * @module
 */
import { type Native, runtime } from "../../ffi/mod.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import type { AudioSession } from "../engine/audio_session.ts";
import type { OpenSession } from "./open_session.ts";
import type {
  AudioSummary,
  EncoderChoice,
  EngineInfo,
  PacketSummary,
  VideoFileRequest,
  WriteSummary,
} from "../engine/session_types.ts";
import type { FileDescription } from "../engine/file_description.ts";
import type { PartProgress, PartRequest, PartSummary } from "../engine/frames/part_types.ts";
import type { MediaPacket } from "../engine/copying/media_packet.ts";
import type { PacketSession } from "../engine/copying/packet_session.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import type { VideoSession } from "../engine/video_session.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Steps } from "../steps.ts";
import type { Size } from "../size.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { EngineOptions, FileEngine, PacketEngine, SampleEngine, VideoEngine } from "./engine.ts";
import { type AcquiredSlot, FrameSlots } from "./frame_slots.ts";
import { ReceivedFrames } from "./received_frames.ts";
import { StepRunner } from "./step_runner.ts";
import { noteUnused } from "./unused_memory.ts";

/** When an encoder is freed that has left frames out, in milliseconds after the end of its file. */
const freeingMs = 1000;

/** A session, and memory for acquired frames. */
export class LocalEngine implements VideoEngine {
  readonly #control = new SessionControl();
  readonly #session: VideoSession;
  readonly #received: ReceivedFrames;
  readonly #native: Native;
  readonly #request: VideoFileRequest;
  #runner = new StepRunner();
  readonly slots: FrameSlots;
  readonly takesLent = true;

  /** Opens the session. At most `queueSize` frames can be acquired at a time. */
  constructor(
    native: Native,
    request: VideoFileRequest,
    open: OpenSession<"video">,
    { queueSize, ...outlets }: EngineOptions,
  ) {
    this.#native = native;
    this.#request = request;
    this.#session = open(native, this.#control, outlets);
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
    return { ...this.#session.stats, finished: this.#runner.share };
  }

  get size(): Size | null {
    return this.#session.size;
  }

  write({ picture, stamp }: CheckedFrame, slot: AcquiredSlot | null): void {
    if (picture.kind === "image") return this.#session.encodeImage(picture.bytes, stamp);
    const { layout } = picture;
    // Nothing waits here: other frames need no copy.
    if (picture.kind === "raw" && slot === null) {
      return this.#session.encode(picture.planes, layout, stamp);
    }
    const place = this.slots.put(picture, slot);
    this.#session.encode(this.#received.pixels(place, layout), layout, stamp);
    this.slots.take(place, this.#received.freed(place));
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    this.#session.writeAudio(track, samples, seconds);
  }

  writeSubtitle(cue: Required<SubtitleCue>): void {
    this.#session.writeSubtitle(cue);
  }

  describe(description: FileDescription): void {
    this.#session.describe(description);
  }

  recordEvent(seconds: number): void {
    this.#session.recordEvent(seconds);
  }

  async encodePart(part: PartRequest, onStep: (progress: PartProgress) => void): Promise<PartSummary> {
    const { PartEncoding } = await import("../engine/frames/part_encoding.ts");
    const encoding = new PartEncoding(this.#native, this.#session, this.#request, part);
    const summary = await this.#runner.run(encoding.encode(), () => onStep(encoding.progress));
    this.#runner = new StepRunner();
    return summary;
  }

  endWithin(seconds: number): void {
    this.#control.endWithin(seconds);
  }

  async finish(endTicks: bigint, onStep: () => void): Promise<WriteSummary> {
    const summary = await this.#runner.run(this.#session.finish(endTicks), onStep);
    // Some encoders take seconds to be freed in the middle of their work, which ends with the program anyway.
    if (summary.leftOut > 0) runtime().startTimer(freeingMs, () => this.#free());
    else this.#free();
    return summary;
  }

  abort(): void {
    this.#runner.giveUp();
    this.#session.abort();
    this.#free();
  }

  salvage(): void {
    this.#session.salvage();
    this.#free();
  }

  /** Frees the session, and then the frames that its encoder may hold. */
  #free(): void {
    this.#session[Symbol.dispose]();
    this.slots.end(new Error("The session has ended"));
    this.#received[Symbol.dispose]();
    noteUnused(this.slots.usedBytes);
  }
}

/** What a session without frames does. */
interface PlainSession<Summary> {
  readonly stats: WriterStats;
  finish(): Steps<Summary>;
  abort(): void;
  salvage(): void;
}

/** A session without frames. */
class PlainEngine<Session extends PlainSession<Summary>, Summary> implements FileEngine<Summary> {
  protected readonly session: Session;
  readonly #runner = new StepRunner();

  constructor(session: Session) {
    this.session = session;
  }

  get stats(): WriterStats {
    return { ...this.session.stats, finished: this.#runner.share };
  }

  finish(_endTicks: bigint, onStep: () => void): Promise<Summary> {
    return this.#runner.run(this.session.finish(), onStep);
  }

  abort(): void {
    this.#runner.giveUp();
    this.session.abort();
  }

  salvage(): void {
    this.session.salvage();
  }
}

/** A session of audio alone. */
export class LocalAudioEngine extends PlainEngine<AudioSession, AudioSummary>
  implements SampleEngine<AudioSummary> {
  /** Opens the session. */
  constructor(native: Native, open: OpenSession<"audio">, outlets: EngineOptions) {
    super(open(native, new SessionControl(), outlets));
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    this.session.writeAudio(track, samples, seconds);
  }
}

/** A session of packets. */
export class LocalPacketEngine extends PlainEngine<PacketSession, PacketSummary> implements PacketEngine {
  /** Opens the session. */
  constructor(native: Native, open: OpenSession<"packets">, outlets: EngineOptions) {
    super(open(native, new SessionControl(), outlets));
  }

  writePacket(packet: MediaPacket): void {
    this.session.write(packet);
  }
}
