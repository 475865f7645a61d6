/**
 * What the thread does that encodes a writer's frames: a {@linkcode VideoSession}, {@linkcode AudioSession}
 * or {@linkcode PacketSession} behind messages. {@linkcode WorkerEngine} is at their other end.
 *
 * @module
 */
import { loadNative, type ParentThread } from "../../ffi/mod.ts";
import { bytesOf } from "../audio/samples.ts";
import { doFileWork } from "../engine/copying/file_work.ts";
import { AudioSession } from "../engine/audio_session.ts";
import { PacketSession } from "../engine/copying/packet_session.ts";
import type { FileSummary, SessionOutlets } from "../engine/session_types.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import { VideoSession } from "../engine/video_session.ts";
import { interruptWhen } from "../libav/interruption.ts";
import { pixelFormatsByName } from "../libav/pixel_format.ts";
import { cueBytes } from "../subtitles/cue.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { FromWorker, Message, Posted, Progress, ToWorker } from "./messages.ts";
import { StepRunner } from "./step_runner.ts";
import { ReceivedFrames } from "./received_frames.ts";
import type { FramePlace, SlotPlace } from "./ring.ts";
import { receivedPacket, receivedRequest, receivedSamples } from "./sent_bytes.ts";
import { sentError } from "./sent_error.ts";

/** The time between two reports of how much of the file is finished, in milliseconds. */
const progressMs = 100;

type Session = VideoSession | AudioSession | PacketSession;

/** Runs one session after another, controlled by messages. */
class WorkerSession {
  readonly #parent: ParentThread;
  /** The question of the message at hand. */
  #question: number | null = null;
  #session: Session | null = null;
  #control = new SessionControl();
  #frames: ReceivedFrames | null = null;
  #layout: FrameLayout | null = null;
  #hasFailed = false;
  /** Finishes the file. */
  #runner = new StepRunner();

  constructor(parent: ParentThread) {
    this.#parent = parent;
  }

  /** Handles a message. After a failure, which is reported, only the end of the session. */
  take({ question, message }: Posted<ToWorker>): void {
    this.#question = question;
    if (message.type === "abort" || message.type === "salvage") return this.#leave(message.type);
    if (this.#hasFailed && message.type !== "open" && message.type !== "work") return;
    try {
      this.#do(message);
    } catch (error) {
      this.#hasFailed = true;
      this.#tell({ type: "failed", error: sentError(error) });
    }
  }

  #do(message: Exclude<ToWorker, Message<"abort" | "salvage">>): void {
    switch (message.type) {
      case "load":
        return this.#load(message);
      case "open":
        return this.#open(message);
      case "ring":
        return this.#frames!.opened(message.id, message.layout);
      case "retire":
        return this.#frames!.retired(message.id);
      case "frame":
        return this.#writeFrame(message);
      case "image":
        return this.#writeImage(message);
      case "audio":
        return this.#writeAudio(message);
      case "packet":
        return this.#writePacket(message);
      case "subtitle":
        return this.#writeSubtitle(message);
      case "describe":
        return this.#accept(0, () => this.#video.describe(message.description));
      case "event":
        return this.#accept(0, () => this.#video.recordEvent(message.seconds));
      case "work":
        return void this.#work(message);
      case "finish":
        return void this.#finish(message.endTicks);
    }
  }

  #load({ libraryPath }: Message<"load">): void {
    let folder: string | null = null;
    try {
      const native = loadNative(libraryPath);
      // Each session tells them.
      pixelFormatsByName(native);
      ({ folder } = native);
    } catch {
      // The session that needs them tells why.
    }
    this.#tell({ type: "loaded", folder });
  }

  /** Works on a file, in steps: an abort may come between them. */
  async #work({ work, libraryPath, control: memory }: Message<"work">): Promise<void> {
    const question = this.#question;
    const control = new SessionControl(memory);
    const runner = this.#runner = new StepRunner(() => control.isAborted);
    this.#session = null;
    try {
      const native = loadNative(libraryPath);
      interruptWhen(native, () => control.isAborted);
      this.#tell({ type: "working", share: 0 }, question);
      const onStep = everySoOften(() => this.#tell({ type: "working", share: runner.share }, question));
      const summary = await runner.run(doFileWork(native, work), onStep);
      this.#tell({ type: "worked", summary, folder: native.folder }, question);
    } catch (error) {
      if (!runner.isGivenUp) this.#tell({ type: "failed", error: sentError(error) }, question);
    }
  }

  /** Finishes the file, in steps: an abort may come between them. */
  async #finish(endTicks: bigint): Promise<void> {
    const question = this.#question;
    const session = this.#session!;
    const onStep = everySoOften(() =>
      this.#tell({ type: "progress", progress: this.#progressOf(session) }, null)
    );
    try {
      const summary = await this.#runner.run<FileSummary>(session.finish(endTicks), onStep);
      // Nobody waits for an encoder that is freed in the middle of its work, after the file is whole.
      const isBusy = "leftOut" in summary && summary.leftOut > 0;
      if (!isBusy) this.#free();
      this.#tell({ type: "finished", summary, progress: this.#progressOf(session), isBusy }, question);
      if (!isBusy) return;
      this.#free();
      this.#tell({ type: "freed" }, null);
    } catch (error) {
      // The answer to the abort is enough.
      if (this.#runner.isGivenUp) return;
      this.#hasFailed = true;
      this.#tell({ type: "failed", error: sentError(error) }, question);
    }
  }

  #free(): void {
    this.#session?.[Symbol.dispose]();
    this.#drop();
  }

  #leave(type: "abort" | "salvage"): void {
    this.#runner.giveUp();
    try {
      this.#session?.[type]();
      this.#drop();
      this.#tell({ type: "ended", error: null });
    } catch (error) {
      this.#tell({ type: "ended", error: sentError(error) });
    }
  }

  #open({ request: sent, knowsFormats, libraryPath, control: memory }: Message<"open">): void {
    const request = receivedRequest(sent);
    const control = this.#control = new SessionControl(memory);
    this.#session = this.#layout = null;
    this.#runner = new StepRunner(() => control.isAborted);
    this.#hasFailed = false;
    const native = loadNative(libraryPath);
    interruptWhen(native, () => control.isAborted);
    this.#frames = new ReceivedFrames(native);
    const { folder } = native;
    if (request.kind !== "video") {
      this.#session = request.kind === "audio"
        ? new AudioSession(native, request, control, this.#outlets)
        : new PacketSession(native, request, control);
      return this.#tell({ type: "opened", info: null, choice: null, folder });
    }
    const { info, choice } = this.#session = new VideoSession(native, request, control, this.#outlets);
    const told = knowsFormats ? { ...info, formats: [] } : info;
    this.#tell({ type: "opened", info: told, choice, folder });
  }

  get #video(): VideoSession {
    return this.#session as VideoSession;
  }

  #writeFrame({ place, layout: given, stamp }: Message<"frame">): void {
    const layout = this.#layout = given ?? this.#layout!;
    const frames = this.#frames!;
    if (!this.#control.isAborted) {
      this.#video.encode(frames.pixels(place, layout), layout, stamp);
    }
    this.#tellTaken(place, frames.freed(place));
  }

  #writeImage({ bytes, stamp }: Message<"image">): void {
    const isTaken = this.#orRefuse(0, () => this.#video.encodeImage(new Uint8Array(bytes), stamp));
    if (isTaken) this.#tellTaken(null, []);
  }

  #writeAudio({ track, samples: sent, seconds }: Message<"audio">): void {
    const samples = receivedSamples(sent);
    const bytes = bytesOf(samples);
    this.#accept(
      bytes,
      () => (this.#session as VideoSession | AudioSession).writeAudio(track, samples, seconds),
    );
  }

  #writeSubtitle({ cue }: Message<"subtitle">): void {
    this.#accept(cueBytes(cue), () => this.#video.writeSubtitle(cue));
  }

  #writePacket({ packet }: Message<"packet">): void {
    const { byteLength } = packet.data;
    this.#accept(byteLength, () => (this.#session as PacketSession).write(receivedPacket(packet)));
  }

  #accept(bytes: number, write: () => void): void {
    if (!this.#control.isAborted && !this.#orRefuse(bytes, write)) return;
    this.#tell({ type: "accepted", bytes, progress: this.#progressOf(this.#session!) });
  }

  /** Carries out a call; returns `false` where it was refused, which is told to whoever waits for it. */
  #orRefuse(bytes: number, write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (!RefusedCall.is(error)) throw error;
      if (this.#question === null) throw error.cause;
      this.#tell({ type: "refused", bytes, error: sentError(error.cause) });
      return false;
    }
  }

  #drop(): void {
    this.#frames?.[Symbol.dispose]();
  }

  #tellTaken(place: FramePlace | null, freed: readonly SlotPlace[]): void {
    this.#tell({ type: "taken", place, freed, progress: this.#progressOf(this.#session!) });
  }

  readonly #outlets: SessionOutlets = {
    take: ({ buffer: bytes }) => {
      const posted = { question: null, message: { type: "bytes", bytes } } satisfies Posted<FromWorker>;
      this.#parent.post(posted, [bytes]);
    },
    onSegment: (segment) => this.#tell({ type: "segment", segment }, null),
  };

  #tell(message: FromWorker, question: number | null = this.#question): void {
    this.#parent.post({ question, message } satisfies Posted<FromWorker>);
  }

  #progressOf(session: Session): Progress {
    const stats = { ...session.stats, finished: this.#runner.share };
    if (!(session instanceof VideoSession)) return { stats, choice: null, size: null };
    const { choice, size } = session;
    return { stats, choice, size };
  }
}

/** A function that calls another, unless it did so a moment ago. */
function everySoOften(action: () => void): () => void {
  let lastMs = performance.now();
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastMs < progressMs) return;
    lastMs = nowMs;
    action();
  };
}

/** Takes over a thread to encode in it. Returns the handler of its messages. */
export function encodeInThread(parent: ParentThread): (message: unknown) => void {
  const session = new WorkerSession(parent);
  return (message) => session.take(message as Posted<ToWorker>);
}
