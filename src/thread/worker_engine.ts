/**
 * The engine in a thread of its own: frames go to it through a ring in shared memory, all else as messages.
 *
 * @module
 */
import { librariesFor, noteLibraries } from "../../ffi/mod.ts";
import { emptyAudioStats } from "../audio/audio_track.ts";
import { bytesOf } from "../audio/samples.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import { RefusedFrame } from "../engine/refused_frame.ts";
import { FrameRing } from "./ring.ts";
import type {
  AudioFileRequest,
  AudioSummary,
  EncoderChoice,
  EngineInfo,
  FileRequest,
  FileSummary,
  VideoFileRequest,
  WriteSummary,
} from "../engine/session_types.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import { WriteError } from "../errors.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Size } from "../size.ts";
import { cueBytes, type SubtitleCue } from "../subtitles/cue.ts";
import type { FrameStamp } from "../video/frame_timing.ts";
import { frameBytes, type FrameLayout } from "../video/raw_frame.ts";
import type { EngineOptions, FileEngine } from "./engine.ts";
import { EncodingThread, NoThreadError } from "./encoding_thread.ts";
import type { Answer, FromWorker, Posted, Progress, ToWorker } from "./messages.ts";
import { Questions } from "./questions.ts";
import { buffersOf, copiedBuffer, sentRequest, sentSamples } from "./sent_bytes.ts";
import { receivedError } from "./sent_error.ts";

/** The most bytes of audio and subtitles that may be in flight: several seconds of audio. */
const maxAudioBytes = 4 * 2 ** 20;

/** A session that runs in a worker. */
export class WorkerEngine<Summary extends FileSummary> implements FileEngine<Summary> {
  readonly #thread: EncodingThread;
  readonly #queueSize: number;
  readonly #isAborted: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  readonly #questions = new Questions();
  /** Raw frames that the thread has not encoded yet. */
  #inFlight = 0;
  /** Bytes of audio and of subtitles that the thread has not taken yet. */
  #audioBytes = 0;
  #audioRoom: PromiseWithResolvers<void> | null = null;
  /** Whether the next samples open encoder and file, so that the call waits for the result. */
  #opensWithAudio = false;
  #isKeptAlive = false;
  /** Whether the thread has ended. */
  #isOver = false;
  /** The error that ended the session. */
  #failure: { readonly error: unknown } | null = null;
  /** Rings are numbered: a larger frame needs a new one. */
  #ring: { readonly id: number; readonly frames: FrameRing } | null = null;
  #layout: FrameLayout | null = null;
  /**
   * Resolves once the first frame was encoded, which opens encoder and file: the call waits for the result.
   */
  #opening: Promise<void> | null = null;
  #room: PromiseWithResolvers<void> | null = null;
  #info: EngineInfo = { formats: [], containerClock: null };
  #progress: Progress;

  private constructor(audioTracks: number, { queueSize, workerModule }: EngineOptions) {
    this.#queueSize = queueSize;
    const nothing = { frames: 0, bytes: 0, seconds: 0, dropped: 0, duplicated: 0, queued: 0 };
    const stats = { ...nothing, audio: Array.from({ length: audioTracks }, () => emptyAudioStats) };
    this.#progress = { stats, choice: null, size: null };
    this.#thread = EncodingThread.take(workerModule, {
      message: (message) => this.#receive(message as Posted<FromWorker>),
      ended: (error) => this.#handleEnd(error),
    });
  }

  /** Opens a session in a worker. Throws the session's error, or a {@linkcode NoThreadError}. */
  static open(request: VideoFileRequest, options: EngineOptions): Promise<WorkerEngine<WriteSummary>>;
  static open(request: AudioFileRequest, options: EngineOptions): Promise<WorkerEngine<AudioSummary>>;
  static async open(request: FileRequest, options: EngineOptions): Promise<WorkerEngine<FileSummary>> {
    const libraryPath = librariesFor(options.libraryPath);
    const sent = sentRequest(request);
    const engine = WorkerEngine.#start(request.options.audio.length, options);
    try {
      const { info, choice, folder } = await engine.#ask({
        type: "open",
        ...{ request: sent, libraryPath },
        isAborted: engine.#isAborted,
      }, buffersOf(sent)) as Answer<"opened">;
      noteLibraries(folder, options.libraryPath);
      engine.#opensWithAudio = request.kind === "audio";
      if (info !== null) engine.#info = info;
      engine.#progress = { ...engine.#progress, choice };
      return engine;
    } catch (error) {
      // A thread that ends before its first answer could not start.
      const thrown = engine.#isOver ? new NoThreadError((error as WriteError).cause) : error;
      // A failed session leaves nothing behind.
      engine.#end(true);
      throw thrown;
    }
  }

  static #start(audioTracks: number, options: EngineOptions): WorkerEngine<FileSummary> {
    try {
      return new WorkerEngine(audioTracks, options);
    } catch (error) {
      throw new NoThreadError(error);
    }
  }

  get info(): EngineInfo {
    return this.#info;
  }

  get choice(): EncoderChoice | null {
    return this.#progress.choice;
  }

  get stats(): WriterStats {
    const { stats } = this.#progress;
    return { ...stats, queued: stats.queued + this.#inFlight };
  }

  get size(): Size | null {
    return this.#progress.size;
  }

  get room(): Promise<void> | null {
    if (this.#failure !== null || this.#ring === null || this.#ring.frames.hasRoom) return null;
    this.#ring.frames.requireNotHeld();
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  acquire(layout: FrameLayout): Uint8Array {
    const bytes = frameBytes(layout);
    return this.#ringFor(bytes).acquire(bytes);
  }

  write({ picture, stamp }: CheckedFrame): void | Promise<void> {
    this.#requireAlive();
    if (picture.kind === "image") return this.#writeImage(picture.bytes, stamp);
    const { layout, planes } = picture;
    const slot = this.#ring?.frames.claim(planes, layout) ??
      this.#ringFor(frameBytes(layout)).fill(planes, layout);
    const isFirst = this.#layout === null;
    const known = layout === this.#layout ? null : layout;
    this.#layout = layout;
    this.#inFlight++;
    const message = { type: "frame", slot, layout: known, stamp } as const;
    if (isFirst) {
      this.#opening = this.#ask(message).then(() => void (this.#opening = null));
    } else {
      this.#post(message);
      this.#keepAlive();
    }
    return this.#opening ?? undefined;
  }

  writeAudio(track: number, samples: Samples, seconds: number | null): void | Promise<void> {
    const sent = sentSamples(samples);
    const message = { type: "audio", track, samples: sent, seconds } as const;
    if (!this.#opensWithAudio) return this.#sendWithRoom(bytesOf(samples), message, [...sent.planes]);
    this.#requireAlive();
    this.#opensWithAudio = false;
    this.#audioBytes += bytesOf(samples);
    return this.#ask(message, [...sent.planes]).then(() => {});
  }

  writeSubtitle(cue: Required<SubtitleCue>): void | Promise<void> {
    return this.#sendWithRoom(cueBytes(cue), { type: "subtitle", cue });
  }

  /** Sends audio or subtitles; resolves once there is room for more. */
  #sendWithRoom(bytes: number, message: ToWorker, transferred: ArrayBuffer[] = []): void | Promise<void> {
    this.#requireAlive();
    this.#audioBytes += bytes;
    this.#post(message, null, transferred);
    this.#keepAlive();
    if (this.#audioBytes <= maxAudioBytes) return;
    this.#audioRoom ??= Promise.withResolvers();
    return this.#audioRoom.promise;
  }

  async finish(endTicks: bigint): Promise<Summary> {
    this.#requireAlive();
    const { summary, progress } = await this.#ask({ type: "finish", endTicks }) as Answer<"finished">;
    this.#progress = progress;
    // Unless it was aborted meanwhile, which removes the file.
    if (this.#questions.size === 0) this.#end();
    return summary as Summary;
  }

  async abort(): Promise<void> {
    Atomics.store(this.#isAborted, 0, 1);
    await this.#leave("abort");
  }

  async salvage(): Promise<void> {
    await this.#leave("salvage");
  }

  async #writeImage(bytes: Uint8Array, stamp: FrameStamp): Promise<void> {
    const copy = copiedBuffer(bytes);
    await this.#ask({ type: "image", bytes: copy, stamp }, [copy]);
  }

  async #leave(type: "abort" | "salvage"): Promise<void> {
    try {
      if (!this.#isOver) await this.#ask({ type });
    } finally {
      this.#end();
    }
  }

  #ringFor(bytes: number): FrameRing {
    if (this.#ring === null || this.#ring.frames.frameBytes < bytes) {
      const frames = new FrameRing(bytes, this.#queueSize);
      this.#ring = { id: (this.#ring?.id ?? 0) + 1, frames };
      const { memory, slotBytes, slots } = frames;
      this.#post({ type: "ring", id: this.#ring.id, ring: { memory, slotBytes, slots } });
    }
    return this.#ring.frames;
  }

  #post(message: ToWorker, question: number | null = null, transferred: ArrayBuffer[] = []): void {
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
    switch (message.type) {
      case "taken":
        this.#progress = message.progress;
        for (const { ring, slot } of message.freed) {
          if (ring === this.#ring?.id) this.#ring.frames.free(slot);
        }
        if (!message.isImage) this.#inFlight--;
        this.#questions.take(question)?.resolve(message);
        this.#resolveRoom();
        break;
      case "accepted":
        this.#progress = message.progress;
        this.#audioBytes -= message.bytes;
        if (this.#audioBytes <= maxAudioBytes) this.#resolveAudioRoom();
        this.#questions.take(question)?.resolve(message);
        break;
      case "refused":
        this.#questions.take(question)?.reject(new RefusedFrame(receivedError(message.error)));
        break;
      case "failed":
        this.#fail(receivedError(message.error));
        break;
      case "ended":
        if (message.error === null) this.#questions.take(question)?.resolve(message);
        else this.#questions.take(question)?.reject(receivedError(message.error));
        break;
      default:
        this.#questions.take(question)?.resolve(message);
    }
    this.#keepAlive();
  }

  /** Fails the session, which then accepts only `abort` and `salvage`. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#inFlight = this.#audioBytes = 0;
    this.#resolveAudioRoom();
    this.#questions.fail(error);
    this.#resolveRoom();
  }

  /** The thread has ended, for whatever reason. */
  #handleEnd(cause: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#fail(
      new WriteError(`Cannot continue writing: the thread that encodes has ended (${cause.message})`, {
        code: "THREAD_ENDED",
        operation: "write in another thread",
        hint: 'With thread "main" frames are encoded in the thread that calls write',
        cause,
      }),
    );
    this.#questions.end();
    this.#keepAlive();
  }

  #resolveAudioRoom(): void {
    this.#audioRoom?.resolve();
    this.#audioRoom = null;
  }

  #resolveRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }

  #requireAlive(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** The program stays alive only while something is awaited from the thread. */
  #keepAlive(): void {
    const isNeeded = !this.#isOver &&
      (this.#questions.size > 0 || this.#inFlight > 0 || this.#audioBytes > 0);
    if (isNeeded === this.#isKeptAlive) return;
    this.#isKeptAlive = isNeeded;
    this.#thread.keepAlive(isNeeded);
  }

  #end(isReusable = this.#failure === null && this.#questions.size === 0): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#thread.leave(isReusable);
    this.#fail(new Error("The session has ended"));
  }
}
