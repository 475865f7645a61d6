/**
 * The outputs of one writer.
 *
 * @module
 */
import type { FedOutput } from "../../engine/outputs/packet_feeds.ts";
import type { OutputStats } from "../../engine/outputs/output_stats.ts";
import type { EngineOptions } from "../../thread/engine.ts";
import { OutputThread } from "../../thread/outputs/output_thread.ts";
import { unlessAborted } from "../../abortable.ts";
import { AdaptiveOutput, type EncodeFacts, planAdaptive } from "../adaptive/adaptive_output.ts";
import { isAdaptive } from "../adaptive/adaptive_place.ts";
import { ByteStream } from "../bytes/byte_stream.ts";
import { guarded } from "../progress_timer.ts";
import type { OutputOptions } from "./output_options.ts";
import { defaultWriteTimeout } from "./output_address.ts";
import { outputTarget, type Placed, requireApart } from "./output_target.ts";

/** The outputs of a writer. */
export interface OutputsPlan {
  readonly outputs: readonly OutputOptions[];
  /** Whether the first one is what the writer was made for. */
  readonly hasPrimary: boolean;
}

/** The writer that has outputs. */
export interface SetContext {
  /** The file that it writes itself; empty where there is none. */
  readonly path: string;
  /** How many tracks it has. */
  readonly tracks: number;
  /** Whether nothing is to be printed. */
  readonly isQuiet: boolean;
  readonly encode: EncodeFacts;
}

/** The outputs in other threads. */
export class OutputSet {
  readonly #threads: readonly OutputThread[];
  readonly #streams: (ByteStream | AdaptiveOutput)[] = [];
  /** The one that the writer was made for; `null` where that is a file or a stream. */
  readonly primary: OutputThread | null;

  /**
   * Starts them all. Throws where one of them is no place to write to, and then nothing is started.
   */
  constructor(
    { outputs, hasPrimary }: OutputsPlan,
    { libraryPath, workerModule }: EngineOptions,
    { path, tracks, isQuiet, encode }: SetContext,
  ) {
    // All are checked before one is started.
    const named = (index: number): string =>
      hasPrimary ? index === 0 ? "target" : `outputs[${index - 1}]` : `outputs[${index}]`;
    const placed = outputs.map((options, index): Placed => {
      const { target, format } = options;
      const adaptive = isAdaptive(target, format)
        ? planAdaptive(options, target, encode, named(index))
        : null;
      return { options, adaptive, target: adaptive?.target ?? outputTarget(options, tracks, named(index)) };
    });
    requireApart(placed, path, named);
    const threads: OutputThread[] = [];
    this.#threads = threads;
    try {
      for (const [index, { target, options, adaptive }] of placed.entries()) {
        const { writeTimeoutSeconds = defaultWriteTimeout, onSdp } = options;
        const isRemote = target.kind === "network" || target.kind === "http";
        // A second PUT would replace what the server has of the first.
        const isOnce = target.kind === "http" && target.method === "PUT";
        const { reconnect = isOnce ? { attempts: 0 } : {} } = options;
        const stream = adaptive !== null
          ? new AdaptiveOutput(adaptive, encode)
          : options.target instanceof WritableStream
          ? new ByteStream(options.target)
          : null;
        if (stream !== null) this.#streams.push(stream);
        threads.push(
          new OutputThread({
            ...{ target, libraryPath, workerModule },
            reconnect: isRemote ? reconnect : null,
            // Of the writer's own target, the caller is told.
            isAwaited: options.reconnect !== undefined && !(hasPrimary && index === 0),
            ...{ writeTimeoutSeconds, isPatient: !isRemote },
            ...(stream === null ? {} : { stream }),
            ...(onSdp === undefined ? {} : { onSdp: guarded("onSdp", onSdp, isQuiet) }),
          }),
        );
      }
    } catch (error) {
      this.refuse();
      throw error;
    }
    this.primary = hasPrimary ? threads[0]! : null;
  }

  /** Waits for the first connection of what the writer was made for. */
  async connect(signal: AbortSignal | undefined): Promise<void> {
    if (this.primary !== null) await unlessAborted(this.primary.connected, signal);
  }

  /** What an encoder gives packets to. */
  get fed(): FedOutput[] {
    return this.#threads.map(({ memory, target }) => ({ memory, target }));
  }

  get stats(): readonly OutputStats[] {
    return this.#threads.map(({ stats }) => stats);
  }

  /** Whether a segment begins in one of them with the next frame, which is at this time. */
  beginsSegment(seconds: number): boolean {
    let begins = false;
    // Each of them counts.
    for (const stream of this.#streams) {
      if (stream instanceof AdaptiveOutput && stream.begins(seconds)) begins = true;
    }
    return begins;
  }

  /** Throws where none of them is left. */
  requireOne(): void {
    if (this.primary === null) return;
    const failure = this.primary.failure;
    if (failure !== null && this.#threads.every((thread) => thread.isOver)) throw failure;
  }

  /** Gives up the addresses that have not taken everything in so many seconds from now. */
  endWithin(seconds: number): void {
    for (const thread of this.#threads) thread.endWithin(seconds);
  }

  /** Waits until all have sent what they were given. Throws where none is left of a writer without a file. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#threads.map(({ ended }) => ended));
    this.requireOne();
  }

  /** After a failure of the encoder: files become what they can be, all else ends. */
  async salvage(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.salvage()));
  }

  /** Ends them all before anything was written; streams are given back. */
  async refuse(): Promise<void> {
    for (const stream of this.#streams) stream.giveBack();
    await this.abort();
  }

  /** Ends them all, whatever they wait for. */
  async abort(reason?: unknown): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.abort(reason)));
  }
}
