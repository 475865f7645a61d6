/**
 * The engine in a thread of its own: frames go to it through a ring in shared memory, all else as messages.
 *
 * @module
 */
import { librariesFor, noteLibraries, PipeDrain, removesOpenFiles } from "../../ffi/mod.ts";
import { settlesWithin, unlessAborted } from "../abortable.ts";
import { bytesOf } from "../audio/samples.ts";
import type { MediaPacket } from "../engine/copying/media_packet.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import type { FileDescription } from "../engine/file_description.ts";
import type { PartProgress, PartRequest, PartSummary } from "../engine/frames/part_types.ts";
import { RefusedCall } from "../engine/refused_call.ts";
import type { EngineInfo, FileRequest, FileSummary, Summaries } from "../engine/session_types.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import { removeUnfinished } from "../file/target.ts";
import { InterruptedError } from "../libav/interruption.ts";
import type { Samples } from "../libav/audio_frame.ts";
import { PixelFormats } from "../libav/pixel_format.ts";
import type { Size } from "../size.ts";
import { cueBytes, maxWaitingCueBytes, type SubtitleCue } from "../subtitles/cue.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import type { FrameLayout } from "../video/raw_frame.ts";
import { Backlog, maxBacklogBytes } from "./sending/backlog.ts";
import { mayBlock } from "./sharing/blocking.ts";
import type { EngineOptions, FileEngine } from "./engine.ts";
import {
  drainAfterMs,
  EncodingThread,
  endedWriting,
  NoThreadError,
  patienceMs,
  threadEndedError,
} from "./encoding_thread.ts";
import { type AcquiredSlot, FrameSlots } from "./frame_slots.ts";
import {
  type Answer,
  besideOutlets,
  emptyProgress,
  type FromWorker,
  type Posted,
  type Progress,
  type ToWorker,
} from "./messages.ts";
import { Questions } from "./questions.ts";
import { buffersOf, copiedBuffer, sentPacket, sentRequest, sentSamples } from "./sending/sent_bytes.ts";
import { receivedError } from "./sent_error.ts";

/** The pixel formats of the libraries, of which a process has one set, once a session has told them. */
let knownFormats: PixelFormats | null = null;

/** A session that runs in a worker. */
export class WorkerEngine<Summary extends FileSummary> implements FileEngine<Summary> {
  readonly #thread: EncodingThread;
  readonly slots: FrameSlots;
  readonly takesLent = true;
  readonly #control = new SessionControl();
  readonly #path: string;
  readonly #questions = new Questions();
  /** Images that the thread has not encoded yet. */
  #images = 0;
  /** Audio and subtitles that the thread has not taken yet. */
  readonly #backlog = new Backlog((message, planes) => this.#post(message, null, planes));
  /** Whether the next samples open encoder and file, so that the call waits for the result. */
  #opensWithAudio = false;
  #isKeptAlive = false;
  /** Whether the thread has ended. */
  #isOver = false;
  /** Whether nobody waits for what the thread still does. */
  #isAbandoned = false;
  /** The error that ended the session. */
  #failure: { readonly error: unknown } | null = null;
  #layout: FrameLayout | null = null;
  /** Resolves once the first frame was encoded, which opens encoder and file: its call waits. */
  #opening: Promise<void> | null = null;
  #info: EngineInfo = { formats: new Map(), container: "", containerClock: null, audioChannels: [] };
  #progress: Progress;
  /** Called when finishing the file goes on, or (with how far that is) a part of a file is encoded. */
  #onStep: (part: PartProgress | null) => void = () => {};

  private constructor(
    request: FileRequest,
    { queueSize, workerModule, libraryPath, ...outlets }: EngineOptions,
  ) {
    this.#path = request.path;
    this.slots = new FrameSlots(queueSize, {
      opened: (id, layout) => this.#post({ type: "ring", id, layout }),
      retired: (id) => this.#post({ type: "retire", id }),
    });
    this.#progress = emptyProgress(request.options.audio.length);
    this.#thread = EncodingThread.take({ workerModule, libraryPath }, {
      message: besideOutlets(outlets, (posted) => this.#receive(posted)),
      ended: (error) => this.#handleEnd(error),
    }, !mayBlock(request));
  }

  /** Opens a session in a worker. Throws the session's error, or a {@linkcode NoThreadError}. */
  static async open<Kind extends FileRequest["kind"]>(
    request: FileRequest & { readonly kind: Kind },
    options: EngineOptions,
  ): Promise<WorkerEngine<Summaries[Kind]>> {
    const libraryPath = librariesFor(options.libraryPath), sent = sentRequest(request);
    const engine = new WorkerEngine<Summaries[Kind]>(request, options);
    const { signal } = options;
    try {
      const knowsFormats = knownFormats !== null, control = engine.#control.memory;
      const open = { type: "open", request: sent, knowsFormats, libraryPath, control } as const;
      const opened = engine.#ask(open, buffersOf(sent));
      const { info, formats, choice, folder } = await unlessAborted(opened, signal) as Answer<"opened">;
      noteLibraries(folder, options.libraryPath);
      engine.#opensWithAudio = request.kind === "audio";
      if (info !== null) engine.#info = { ...info, formats: knownFormats ??= new PixelFormats(formats!) };
      engine.#progress = { ...engine.#progress, choice };
      return engine;
    } catch (error) {
      if (signal?.aborted) {
        // Opening may wait for something, and goes on until that comes.
        engine.abort().catch(() => {});
        throw signal.reason;
      }
      // A thread that ends before it was heard of could not start.
      const hasNotStarted = engine.#isOver && !engine.#thread.wasHeard;
      const thrown = hasNotStarted ? new NoThreadError((error as Error).cause) : error;
      // A failed session leaves nothing behind.
      engine.#end();
      throw thrown;
    }
  }

  get info(): EngineInfo {
    return this.#info;
  }

  get choice(): Progress["choice"] {
    return this.#progress.choice;
  }

  get stats(): WriterStats {
    const { stats } = this.#progress;
    return { ...stats, queued: this.slots.queued + this.#images };
  }

  get size(): Size | null {
    return this.#progress.size;
  }

  write({ picture, stamp }: CheckedFrame, slot: AcquiredSlot | null): void | Promise<void> {
    this.#requireAlive();
    if (picture.kind === "image") return this.#writeImage(picture.bytes, stamp);
    const { layout } = picture;
    const place = this.slots.put(picture, slot);
    const isFirst = this.#layout === null;
    const known = layout === this.#layout ? null : layout;
    this.#layout = layout;
    const message = { type: "frame", place, layout: known, stamp } as const;
    if (isFirst) {
      this.#opening = this.#ask(message).then(() => void (this.#opening = null));
    } else {
      this.#post(message);
      this.#keepAlive();
    }
    return this.#opening ?? undefined;
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void> {
    this.#requireAlive();
    // What waits for the first packet of the video may become too much.
    const mayBeRefused = this.#backlog.add("audio", bytesOf(samples)) > maxBacklogBytes &&
      this.#progress.stats.bytes === 0;
    const isAwaited = this.#opensWithAudio || mayBeRefused;
    this.#opensWithAudio = false;
    if (!isAwaited && seconds === null && this.#backlog.hold(track, samples)) return this.#backlog.room;
    const sent = sentSamples(samples);
    return this.#send({ type: "audio", track, samples: sent, seconds }, isAwaited, [...sent.planes]);
  }

  writePacket(packet: MediaPacket): void | Promise<void> {
    this.#requireAlive();
    this.#backlog.add("packet", packet.data.length);
    const sent = sentPacket(packet);
    return this.#send({ type: "packet", packet: sent }, false, [sent.data]);
  }

  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void> {
    this.#requireAlive();
    const mayBeRefused = this.#backlog.add("subtitle", cueBytes(cue)) > maxWaitingCueBytes;
    return this.#send({ type: "subtitle", cue }, mayBeRefused);
  }

  async describe(description: FileDescription): Promise<void> {
    this.#requireAlive();
    await this.#ask({ type: "describe", description });
  }

  async recordEvent(seconds: number): Promise<void> {
    this.#requireAlive();
    await this.#ask({ type: "event", seconds });
  }

  /**
   * Sends audio or subtitles; resolves once they are taken, where that is awaited, or there is room for more.
   */
  #send(message: ToWorker, isAwaited: boolean, transferred: ArrayBuffer[] = []): void | Promise<void> {
    if (isAwaited) return this.#ask(message, transferred).then(() => {});
    this.#post(message, null, transferred);
    this.#keepAlive();
    return this.#backlog.room;
  }

  async encodePart(part: PartRequest, onStep: (progress: PartProgress) => void): Promise<PartSummary> {
    this.#requireAlive();
    this.#onStep = (progress) => onStep(progress!);
    return (await this.#ask({ type: "part", part }) as Answer<"encoded">).summary;
  }

  endWithin(seconds: number): void {
    this.#control.endWithin(seconds);
  }

  async finish(endTicks: bigint, onStep: () => void): Promise<Summary> {
    this.#requireAlive();
    this.#onStep = onStep;
    const { summary, isBusy } = await this.#ask({ type: "finish", endTicks }) as Answer<"finished">;
    // Unless it was aborted meanwhile, which removes the file.
    if (this.#questions.size === 0 && !isBusy) this.#end();
    return summary as Summary;
  }

  async abort(): Promise<void> {
    this.#control.abort();
    // Calls that wait for room need not wait for the answer.
    this.slots.tellRoom();
    // The thread may be waiting for the reader of a pipe.
    using _drain = new PipeDrain(this.#path, drainAfterMs);
    const left = this.#leave("abort");
    if (await settlesWithin(left, patienceMs)) return await left;
    this.#isAbandoned = true;
    this.#thread.abandon();
    this.#fail(new InterruptedError());
    this.#keepAlive();
    // Where that can't be while it is open, the thread removes it, too.
    if (removesOpenFiles()) removeUnfinished(this.#path, this.#control.takeFile());
  }

  async salvage(): Promise<void> {
    await this.#leave("salvage");
  }

  async #writeImage(bytes: Uint8Array, stamp: FrameStamp): Promise<void> {
    const copy = copiedBuffer(bytes);
    this.#images++;
    try {
      await this.#ask({ type: "image", bytes: copy, stamp }, [copy]);
    } finally {
      this.#images--;
    }
  }

  async #leave(type: "abort" | "salvage"): Promise<void> {
    try {
      if (!this.#isOver) await this.#ask({ type });
    } finally {
      this.#end();
    }
  }

  #post(message: ToWorker, question: number | null = null, transferred: ArrayBuffer[] = []): void {
    this.#backlog.send();
    this.#thread.post({ question, message }, transferred);
  }

  /** Sends a message; resolves with its answer. */
  async #ask(message: ToWorker, transferred: ArrayBuffer[] = []): Promise<FromWorker> {
    const answer = this.#questions.ask(
      message.type,
      (question) => this.#post(message, question, transferred),
    );
    this.#keepAlive();
    return await answer;
  }

  #receive({ question, message }: Posted<FromWorker>): void {
    if ("progress" in message) this.#progress = message.progress;
    switch (message.type) {
      case "taken":
        if (message.place !== null) this.slots.take(message.place, message.freed);
        break;
      case "accepted":
        this.#backlog.take(message.bytes, message.spare);
        break;
      case "progress":
        this.#onStep(message.part);
        break;
      case "refused":
        this.#backlog.take(message.bytes);
        this.#questions.take(question)?.reject(new RefusedCall(receivedError(message.error)));
        break;
      case "failed":
        this.#fail(receivedError(message.error));
        break;
      case "freed":
        // Unless it was aborted meanwhile, whose answer comes next.
        if (this.#questions.size === 0) this.#end();
        break;
      case "ended":
        if (message.error !== null) this.#questions.take(question)?.reject(receivedError(message.error));
        break;
    }
    this.#questions.take(question)?.resolve(message);
    this.#keepAlive();
  }

  /** Fails the session, which then accepts only `abort` and `salvage`. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#backlog.clear();
    this.#questions.fail(error);
    this.slots.end(error);
  }

  /** The thread has ended, for whatever reason. */
  #handleEnd(cause: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fail(threadEndedError(endedWriting, cause));
    this.#questions.end();
    this.#keepAlive();
  }

  #requireAlive(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** The program stays alive only while something is awaited from the thread. */
  #keepAlive(): void {
    const isNeeded = !this.#isOver && !this.#isAbandoned &&
      (this.#questions.size > 0 || this.slots.queued > 0 || !this.#backlog.isEmpty);
    if (isNeeded === this.#isKeptAlive) return;
    this.#isKeptAlive = isNeeded;
    this.#thread.keepAlive(isNeeded);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#thread.leave(this.slots.usedBytes);
    this.#fail(new Error("The session has ended"));
  }
}
