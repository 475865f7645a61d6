/**
 * Audio of an input device, on the writer's clock.
 *
 * @module
 */
import { keepDevices, librariesFor, type Thread } from "../../ffi/mod.ts";
import { unlessAborted } from "../abortable.ts";
import type { DeviceSource } from "../audio/audio_source.ts";
import { cutSamples } from "../audio/samples.ts";
import { ReadError } from "../errors.ts";
import type { Samples } from "../libav/audio_frame.ts";
import { receivedSamples } from "../thread/sending/sent_bytes.ts";
import { receivedError } from "../thread/sent_error.ts";
import { reasonOf, startThread } from "../thread/thread_task.ts";
import type { CapturedSamples } from "./capture_device.ts";
import type { CaptureRequest, FromCapture } from "./capture_worker.ts";

/** How long opening a device may take, in milliseconds. */
const openingMs = 5000;
/** How long a device may deliver nothing before it has failed, in milliseconds. */
const silentMs = 2000;
/** How long to wait for the end of a device, in milliseconds. */
const maxWaitMs = 300;
/**
 * How much of what is captured before the first frame is kept, in seconds: a frame may be waiting already.
 */
const keptSeconds = 1;

/** Takes samples that are heard at a time in seconds of the video. */
type TakeSamples = (samples: Samples, seconds: number) => void;

/** Options of a capture. */
export interface CaptureOptions extends Pick<CaptureRequest, "libraryPath" | "logLevel"> {
  /** The module of avwriter's threads. */
  readonly workerModule: URL;
}

/** A device being captured. */
export class AudioCapture {
  readonly #source: DeviceSource;
  readonly #thread: Thread;
  readonly #isStopped: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  /** The thread has begun to open the device. */
  readonly #opening: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #opened: PromiseWithResolvers<void> = Promise.withResolvers();
  /** The first samples. */
  readonly #heard: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #ended: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Samples from before the video began. */
  readonly #early: CapturedSamples[] = [];
  /** When the video began, in seconds since 1970, and who takes the samples from then on. */
  #video: { readonly begin: number; readonly take: TakeSamples } | null = null;
  /** When the video ends, in seconds. */
  #end = Infinity;
  #lastMs = performance.now();
  #failure: Error | null = null;
  /** Whether the thread has told anything. */
  #hasBegun = false;
  #hasEnded = false;

  private constructor(source: DeviceSource, { libraryPath, logLevel, workerModule }: CaptureOptions) {
    this.#source = source;
    this.#thread = startThread({ workerModule, libraryPath }, "capture", {
      message: (message) => this.#receive(message as FromCapture),
      ended: (error) => {
        if (!this.#hasEnded) this.#fail(this.#hasBegun ? error : noThreadError(source, error));
      },
    });
    // The promises that the opener does not await would otherwise report the same error again.
    for (const { promise } of [this.#opening, this.#opened]) promise.catch(() => {});
    // An opening device keeps the program alive; a recording one does not.
    this.#thread.keepAlive(true);
    this.#thread.post(
      {
        source,
        logLevel,
        libraryPath: librariesFor(libraryPath),
        isStopped: this.#isStopped,
      } satisfies CaptureRequest,
    );
  }

  /**
   * Opens a device and starts capturing. Resolves once it delivers audio. Throws a {@linkcode ReadError} or
   * an `UnsupportedError` where it cannot be opened, and at once the reason of a signal that is aborted.
   */
  static async open(
    source: DeviceSource,
    options: CaptureOptions,
    signal: AbortSignal | undefined,
  ): Promise<AudioCapture> {
    signal?.throwIfAborted();
    const live = AudioCapture.#start(source, options);
    try {
      await unlessAborted(live.#waitUntilHeard(), signal);
      live.#thread.keepAlive(false);
      return live;
    } catch (error) {
      live.#thread.end();
      throw error;
    }
  }

  static #start(source: DeviceSource, options: CaptureOptions): AudioCapture {
    try {
      return new AudioCapture(source, options);
    } catch (error) {
      throw noThreadError(source, error as Error);
    }
  }

  async #waitUntilHeard(): Promise<void> {
    await this.#opening.promise;
    const isOpen = await this.#waitFor(this.#opened.promise, openingMs);
    if (!isOpen) {
      throw this.#error("Cannot record from", `it did not open in ${openingMs / 1000} s`, "ETIMEDOUT");
    }
    await this.#waitFor(this.#heard.promise, silentMs);
  }

  /** Why no more audio comes; `null` while it works. */
  get failure(): Error | null {
    const silence = performance.now() - this.#lastMs;
    if (this.#failure !== null || this.#hasEnded || silence <= silentMs) return this.#failure;
    const words = `it has delivered nothing for ${Math.round(silence / 1000)} s`;
    return this.#error("Cannot continue recording from", words, "NO_AUDIO");
  }

  /**
   * The video begins: at `beginMs` on the clock of `performance.now()`. Samples go to `take` from then on.
   */
  begin(beginMs: number, take: TakeSamples): void {
    this.#video = { begin: (performance.timeOrigin + beginMs) / 1000, take };
    for (const heard of this.#early.splice(0)) this.#give(heard);
  }

  /**
   * Ends the capture at a time in seconds of the video. Waits for what was captured until now, but not for a
   * device that delivers nothing.
   */
  async stop(endSeconds: number): Promise<void> {
    this.#failure = this.failure;
    this.#end = Math.min(this.#end, endSeconds);
    Atomics.store(this.#isStopped, 0, 1);
    if (!this.#hasEnded) {
      this.#thread.keepAlive(true);
      await this.#waitFor(this.#ended.promise, maxWaitMs);
      this.#hasEnded = true;
      this.#thread.keepAlive(false);
    }
    this.#thread.end();
  }

  /** Waits for a promise for at most the given time; returns whether it resolved. */
  async #waitFor(event: Promise<void>, ms: number): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), ms));
    try {
      return await Promise.race([event.then(() => true), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(message: FromCapture): void {
    this.#lastMs = performance.now();
    switch (message.type) {
      case "opening":
        this.#hasBegun = true;
        keepDevices(message.devicesPath);
        return this.#opening.resolve();
      case "opened":
        return this.#opened.resolve();
      case "captured":
        this.#heard.resolve();
        return this.#give({ samples: receivedSamples(message.samples), time: message.time });
      case "failed":
        return this.#fail(receivedError(message.error));
      case "ended":
        this.#hasEnded = true;
        return this.#ended.resolve();
    }
  }

  #give(heard: CapturedSamples): void {
    const { samples, time } = heard;
    const { count, sampleRate } = samples;
    if (this.#video === null) {
      this.#early.push(heard);
      while (this.#early[0]!.time < time - keptSeconds) this.#early.shift();
      return;
    }
    const seconds = time - this.#video.begin;
    const from = Math.min(count, Math.max(0, Math.round(-seconds * sampleRate)));
    const to = Math.min(count, Math.max(0, Math.round((this.#end - seconds) * sampleRate)));
    if (from < to) this.#video.take(cutSamples(samples, from, to), seconds + from / sampleRate);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#opening.reject(error);
    this.#opened.reject(error);
    this.#heard.resolve();
    this.#ended.resolve();
  }

  #error(action: string, words: string, code: string): ReadError {
    const { system, name } = this.#source;
    return new ReadError(
      `${action} the ${system} device ${JSON.stringify(name)}: ${words}`,
      {
        code,
        operation: "read audio",
        hint: "Check whether it is connected and not muted by the system",
      },
    );
  }
}

/** Without a thread, waiting for a device would hold up the program. */
function noThreadError({ system, name }: DeviceSource, cause: Error): ReadError {
  return new ReadError(
    `Cannot record from the ${system} device ${JSON.stringify(name)}: its thread cannot be started: ${
      reasonOf(cause)
    }`,
    {
      code: "NO_THREAD",
      operation: "read audio",
      hint: "A bundle needs the module of avwriter's threads beside it, or named by the option workerUrl",
      cause,
    },
  );
}
