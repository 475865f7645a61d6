/**
 * What the thread does that encodes a writer's frames: a {@linkcode VideoSession} or
 * {@linkcode AudioSession} behind messages. {@linkcode WorkerEngine} is at their other end.
 *
 * @module
 */
import { loadNative, type Native, type ParentThread } from "../../ffi/mod.ts";
import { bytesOf } from "../audio/samples.ts";
import { AudioSession } from "../engine/audio_session.ts";
import { ReceivedFrames } from "./received_frames.ts";
import { RefusedFrame } from "../engine/refused_frame.ts";
import { VideoSession } from "../engine/video_session.ts";
import { cueBytes } from "../subtitles/cue.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { Answer, FromWorker, Message, Posted, Progress, ToWorker } from "./messages.ts";
import { receivedRequest, receivedSamples } from "./sent_bytes.ts";
import { sentError } from "./sent_error.ts";

/** Runs one session after another, controlled by messages. */
class WorkerSession {
  readonly #parent: ParentThread;
  /** The question of the message at hand. */
  #question: number | null = null;
  #session: VideoSession | AudioSession | null = null;
  #isAborted: Int32Array = new Int32Array(1);
  #native: Native | null = null;
  /** The rings, the current one last: encoders and filters may still hold frames of others. */
  readonly #rings: { readonly id: number; readonly frames: ReceivedFrames }[] = [];
  #layout: FrameLayout | null = null;
  #hasFailed = false;

  constructor(parent: ParentThread) {
    this.#parent = parent;
  }

  /** Handles a message. After a failure, which is reported, only the end of the session. */
  take({ question, message }: Posted<ToWorker>): void {
    this.#question = question;
    if (message.type === "abort" || message.type === "salvage") return this.#leave(message.type);
    if (this.#hasFailed && message.type !== "open") return;
    try {
      this.#do(message);
    } catch (error) {
      this.#hasFailed = true;
      this.#tell({ type: "failed", error: sentError(error) });
    }
  }

  #do(message: Exclude<ToWorker, Message<"abort" | "salvage">>): void {
    switch (message.type) {
      case "open":
        return this.#open(message);
      case "ring":
        this.#rings.push({ id: message.id, frames: new ReceivedFrames(this.#native!, message.ring) });
        return;
      case "frame":
        return this.#writeFrame(message);
      case "image":
        return this.#writeImage(message);
      case "audio":
        return this.#writeAudio(message);
      case "subtitle":
        return this.#writeSubtitle(message);
      case "finish": {
        const session = this.#session!;
        const summary = session.finish(message.endTicks);
        this.#dropRings();
        return this.#tell({ type: "finished", summary, progress: progressOf(session) });
      }
    }
  }

  #leave(type: "abort" | "salvage"): void {
    try {
      this.#session?.[type]();
      this.#dropRings();
      this.#tell({ type: "ended", error: null });
    } catch (error) {
      this.#tell({ type: "ended", error: sentError(error) });
    }
  }

  #open({ request: sent, libraryPath, isAborted }: Message<"open">): void {
    const request = receivedRequest(sent);
    this.#isAborted = isAborted;
    this.#session = this.#layout = null;
    this.#hasFailed = false;
    const native = this.#native = loadNative(libraryPath);
    const { folder } = native;
    if (request.kind === "audio") {
      this.#session = new AudioSession(native, request);
      return this.#tell({ type: "opened", info: null, choice: null, folder });
    }
    const { info, choice } = this.#session = new VideoSession(native, request);
    this.#tell({ type: "opened", info, choice, folder });
  }

  get #video(): VideoSession {
    return this.#session as VideoSession;
  }

  #writeFrame({ slot, layout: given, stamp }: Message<"frame">): void {
    const layout = this.#layout = given ?? this.#layout!;
    const { id: ring, frames } = this.#rings.at(-1)!;
    if (Atomics.load(this.#isAborted, 0) === 0) {
      this.#video.encode(frames.pixels(slot, layout), layout, stamp);
    }
    this.#tellTaken(false, frames.released(slot).map((slot) => ({ ring, slot })));
  }

  #writeImage({ bytes, stamp }: Message<"image">): void {
    try {
      this.#video.encodeImage(new Uint8Array(bytes), stamp);
    } catch (error) {
      if (!RefusedFrame.is(error)) throw error;
      return this.#tell({ type: "refused", error: sentError(error.cause) });
    }
    this.#tellTaken(true, []);
  }

  #writeAudio({ track, samples: sent, seconds }: Message<"audio">): void {
    const samples = receivedSamples(sent);
    if (Atomics.load(this.#isAborted, 0) === 0) this.#session!.writeAudio(track, samples, seconds);
    this.#tell({ type: "accepted", bytes: bytesOf(samples), progress: progressOf(this.#session!) });
  }

  #writeSubtitle({ cue }: Message<"subtitle">): void {
    if (Atomics.load(this.#isAborted, 0) === 0) this.#video.writeSubtitle(cue);
    this.#tell({ type: "accepted", bytes: cueBytes(cue), progress: progressOf(this.#session!) });
  }

  #dropRings(): void {
    for (const { frames } of this.#rings.splice(0)) frames[Symbol.dispose]();
  }

  #tellTaken(isImage: boolean, freed: Answer<"taken">["freed"]): void {
    this.#tell({ type: "taken", isImage, freed, progress: progressOf(this.#session!) });
  }

  #tell(message: FromWorker): void {
    this.#parent.post({ question: this.#question, message } satisfies Posted<FromWorker>);
  }
}

function progressOf(session: VideoSession | AudioSession): Progress {
  const { stats } = session;
  if (session instanceof AudioSession) return { stats, choice: null, size: null };
  const { choice, size } = session;
  return { stats, choice, size };
}

/** Takes over a thread to encode in it. Returns the handler of its messages. */
export function encodeInThread(parent: ParentThread): (message: unknown) => void {
  const session = new WorkerSession(parent);
  return (message) => session.take(message as Posted<ToWorker>);
}
