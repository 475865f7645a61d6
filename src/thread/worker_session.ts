/**
 * A session in a thread, behind messages: {@linkcode VideoSession}, {@linkcode AudioSession} or
 * {@linkcode PacketSession}. {@linkcode WorkerEngine} is at their other end.
 *
 * @module
 */
import { loadNative, type Native } from "../../ffi/mod.ts";
import { bytesOf } from "../audio/samples.ts";
import type { AudioSession } from "../engine/audio_session.ts";
import type { PacketSession } from "../engine/copying/packet_session.ts";
import { type OpenSession, sessionOpener, type Sessions } from "./open_session.ts";
import type { PartProgress } from "../engine/frames/part_types.ts";
import type { FileRequest, FileSummary, SessionOutlets, VideoFileRequest } from "../engine/session_types.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import { VideoSession } from "../engine/video_session.ts";
import { fileWork } from "../engine/work/file_work.ts";
import { interruptible, interruptibleSteps } from "../libav/interruption.ts";
import { pixelFormatsByName } from "../libav/pixel_format.ts";
import { everySoOften, type Steps, stepsTogether } from "../steps.ts";
import { cueBytes } from "../subtitles/cue.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import type { FromWorker, Message, Posted, Progress, ToWorker } from "./messages.ts";
import { StepRunner } from "./step_runner.ts";
import { ReceivedFrames } from "./received_frames.ts";
import type { FramePlace, SlotPlace } from "./ring.ts";
import { receivedPacket, receivedRequest, receivedSamples } from "./sending/sent_bytes.ts";
import { sentError } from "./sent_error.ts";
import type { SessionTurns, ThreadTurns } from "./sharing/session_turns.ts";
import { noteEncoded } from "./unused_memory.ts";

type Session = Sessions[keyof Sessions];

/** Posts a session's message. */
type Post = (posted: Posted<FromWorker>, transferred?: ArrayBuffer[]) => void;

/** Runs one session, controlled by messages. */
export class WorkerSession {
  readonly #post: Post;
  readonly #turns: SessionTurns;
  #native: Native | null = null;
  /** Messages that came while modules of the session were loaded; `null` where none are. */
  #early: Posted<ToWorker>[] | null = null;
  /** The question of the message at hand. */
  #question: number | null = null;
  #session: Session | null = null;
  #request: VideoFileRequest | null = null;
  #control = new SessionControl();
  #frames: ReceivedFrames | null = null;
  #layout: FrameLayout | null = null;
  #hasFailed = false;
  readonly #isAborted = (): boolean => this.#control.isAborted;
  /** Does the long work at hand. */
  #runner = new StepRunner();

  constructor(post: Post, turns: ThreadTurns) {
    this.#post = post;
    this.#turns = turns.join(() => this.#control);
  }

  /** Its turns in the thread. */
  get turns(): SessionTurns {
    return this.#turns;
  }

  /** Handles a message. After a failure, which is reported, only the end of the session. */
  take(posted: Posted<ToWorker>): void {
    if (this.#early !== null) return void this.#early.push(posted);
    const { question, message } = posted;
    this.#question = question;
    if (message.type === "abort" || message.type === "salvage") {
      return this.#within(() => this.#leave(message.type));
    }
    if (!this.#hasFailed) this.#orFail(() => this.#within(() => this.#do(message)));
  }

  #orFail(action: () => void): void {
    try {
      action();
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
        return this.#begin(message);
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
      case "part":
        return void this.#encodePart(message);
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

  /** Opens a session, once its modules are there. */
  #begin({ request: sent, libraryPath, knowsFormats, control }: Message<"open">): void {
    this.#native = loadNative(libraryPath);
    this.#control = new SessionControl(control);
    const request = receivedRequest(sent);
    this.#request = request.kind === "video" ? request : null;
    const opener = sessionOpener(request);
    const open = (opened: OpenSession<keyof Sessions>): void =>
      this.#within(() => this.#open(opened, request, knowsFormats));
    if (!(opener instanceof Promise)) return open(opener);
    const question = this.#question;
    this.#early = [];
    const goOn = (action: () => void): void =>
      this.#turns.take(() => {
        const early = this.#early!;
        this.#early = null;
        this.#question = question;
        this.#orFail(action);
        for (const posted of early) this.take(posted);
      });
    const fail = (error: unknown) => (): never => {
      throw error;
    };
    opener.then((opened) => () => open(opened), fail).then(goOn);
  }

  /** Works on a file. */
  #work({ work, libraryPath, control: memory }: Message<"work">): Promise<void> {
    this.#control = new SessionControl(memory);
    return this.#inSteps(async (runner, question) => {
      const native = this.#native = loadNative(libraryPath);
      const tell = (): void => this.#tell({ type: "working", share: runner.share }, question);
      tell();
      const steps = await fileWork(native, work);
      await this.#turns.next();
      const summary = await runner.run(this.#stepsWithin(steps), everySoOften(tell));
      this.#tell({ type: "worked", summary, folder: native.folder }, question);
    });
  }

  /** Decodes a part of a file and encodes it. Audio and subtitles may come between the steps. */
  #encodePart({ part }: Message<"part">): Promise<void> {
    return this.#inSteps(async (runner, question) => {
      const session = this.#video;
      // Most sessions get their frames from elsewhere.
      const { PartEncoding } = await import("../engine/frames/part_encoding.ts");
      const encoding = new PartEncoding(this.#native!, session, this.#request!, part);
      const onStep = (): void => {
        this.#tellProgress(session, encoding.progress);
        noteEncoded();
      };
      await this.#turns.next();
      const steps = stepsTogether(this.#stepsWithin(encoding.encode()), () => this.#turns.stepMs);
      const summary = await runner.run(steps, onStep);
      this.#runner = new StepRunner();
      this.#tell({ type: "encoded", summary, progress: this.#progressOf(session) }, question);
    });
  }

  /** Finishes the file. */
  #finish(endTicks: bigint): Promise<void> {
    return this.#inSteps(async (runner, question) => {
      const session = this.#session!;
      const tell = (): void => this.#tellProgress(session, null);
      const steps: Steps<FileSummary> = session.finish(endTicks);
      const summary = await runner.run(this.#stepsWithin(steps), everySoOften(tell));
      // Nobody waits for an encoder that is freed in the middle of its work, after the file is whole.
      const isBusy = "leftOut" in summary && summary.leftOut > 0;
      if (!isBusy) this.#free();
      this.#tell({ type: "finished", summary, progress: this.#progressOf(session), isBusy }, question);
      if (!isBusy) return;
      this.#free();
      this.#tell({ type: "freed" }, null);
    });
  }

  /** Does long work in steps: an abort may come between them. */
  async #inSteps(work: (runner: StepRunner, question: number | null) => Promise<void>): Promise<void> {
    const question = this.#question;
    const runner = this.#runner = new StepRunner(this.#isAborted, () => this.#turns.next());
    try {
      await work(runner, question);
    } catch (error) {
      // The answer to the abort is enough.
      if (runner.isGivenUp) return;
      if (RefusedCall.is(error)) {
        return this.#tell({ type: "refused", bytes: 0, error: sentError(error.cause) }, question);
      }
      this.#hasFailed = true;
      this.#tell({ type: "failed", error: sentError(error) }, question);
    }
  }

  #free(): void {
    this.#session?.[Symbol.dispose]();
    this.#frames?.[Symbol.dispose]();
  }

  #leave(type: "abort" | "salvage"): void {
    try {
      try {
        this.#runner.giveUp();
      } finally {
        this.#session?.[type]();
        this.#frames?.[Symbol.dispose]();
      }
      this.#tell({ type: "ended", error: null });
    } catch (error) {
      this.#tell({ type: "ended", error: sentError(error) });
    }
  }

  #open(open: OpenSession<keyof Sessions>, { kind }: FileRequest, knowsFormats: boolean): void {
    const native = this.#native!;
    this.#frames = new ReceivedFrames(native);
    const { folder } = native;
    this.#session = open(native, this.#control, this.#outlets);
    if (kind !== "video") {
      return this.#tell({ type: "opened", info: null, formats: null, choice: null, folder });
    }
    const { info: { formats: _formats, ...info }, choice } = this.#video;
    const formats = knowsFormats ? null : pixelFormatsByName(native).stored;
    this.#tell({ type: "opened", info, formats, choice, folder });
  }

  /** Does work of the session alone: an abort of it ends that. */
  #within<Result>(action: () => Result): Result {
    return this.#native === null ? action() : interruptible(this.#native, this.#isAborted, action);
  }

  #stepsWithin<Result>(steps: Steps<Result>): Steps<Result> {
    return interruptibleSteps(this.#native!, this.#isAborted, steps);
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
    noteEncoded();
  }

  #writeImage({ bytes, stamp }: Message<"image">): void {
    const isTaken = this.#orRefuse(0, () => this.#video.encodeImage(new Uint8Array(bytes), stamp));
    if (isTaken) this.#tellTaken(null, []);
  }

  #writeAudio({ track, samples: sent, seconds }: Message<"audio">): void {
    const samples = receivedSamples(sent);
    const session = this.#session as VideoSession | AudioSession;
    this.#accept(bytesOf(samples), () => session.writeAudio(track, samples, seconds), sent.planes);
  }

  #writeSubtitle({ cue }: Message<"subtitle">): void {
    this.#accept(cueBytes(cue), () => this.#video.writeSubtitle(cue));
  }

  #writePacket({ packet }: Message<"packet">): void {
    const { byteLength } = packet.data;
    this.#accept(byteLength, () => (this.#session as PacketSession).write(receivedPacket(packet)));
  }

  #accept(bytes: number, write: () => void, spare: readonly ArrayBuffer[] = []): void {
    if (!this.#control.isAborted && !this.#orRefuse(bytes, write)) return;
    const message = { type: "accepted", bytes, progress: this.#progressOf(this.#session!), spare } as const;
    this.#post({ question: this.#question, message }, [...spare]);
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

  #tellTaken(place: FramePlace | null, freed: readonly SlotPlace[]): void {
    this.#tell({ type: "taken", place, freed, progress: this.#progressOf(this.#session!) });
  }

  readonly #outlets: SessionOutlets = {
    take: ({ buffer: bytes }) => {
      this.#post({ question: null, message: { type: "bytes", bytes } }, [bytes]);
    },
    onSegment: (segment) => this.#tell({ type: "segment", segment }, null),
  };

  #tell(message: FromWorker, question: number | null = this.#question): void {
    this.#post({ question, message });
  }

  #tellProgress(session: Session, part: PartProgress | null): void {
    this.#tell({ type: "progress", progress: this.#progressOf(session), part }, null);
  }

  #progressOf(session: Session): Progress {
    const stats = { ...session.stats, finished: this.#runner.share };
    if (!(session instanceof VideoSession)) return { stats, choice: null, size: null };
    const { choice, size } = session;
    return { stats, choice, size };
  }
}
