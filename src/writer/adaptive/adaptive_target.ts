/**
 * What takes the bytes of engines for a stream in segments.
 *
 * @module
 */
import { settlesWithin } from "../../abortable.ts";
import type { TakeBytes } from "../../engine/session_types.ts";
import type { ByteTarget } from "../bytes/stream_engine.ts";
import { earlierLists } from "../packaging/earlier_list.ts";
import { filePrefix } from "../packaging/file_names.ts";
import { Packager, type PackagerOptions } from "../packaging/packager.ts";
import { HeldManifest } from "../packaging/stores/held_manifest.ts";
import { StoreQueue } from "../packaging/stores/store_queue.ts";
import type { SegmentStore } from "../packaging/stores/store.ts";

/** How long what is under way may take to be given up, in milliseconds. */
const abortMs = 100;
/** How long the end of a stream may take to be stored after a failure, in milliseconds. */
const salvageMs = 2000;

/** A stream in segments. */
export class AdaptiveTarget implements ByteTarget {
  readonly #path: string;
  readonly #format: string;
  readonly #held: HeldManifest;
  readonly #queue: StoreQueue;
  readonly #packager: Packager;

  /** Nothing is stored before the first fragment. Throws where another writer writes the same manifest. */
  constructor(store: SegmentStore, options: Omit<PackagerOptions, "earlier">) {
    this.#held = new HeldManifest(store.path);
    const { format, windowSegments, manifest } = options;
    // A live window goes on where another writer has stopped, for those who are at it.
    const folder = format === "hls" && windowSegments !== null ? store.folder?.() : undefined;
    const earlier = folder === undefined ? new Map() : earlierLists(folder, filePrefix(manifest));
    this.#path = store.path;
    this.#format = options.format;
    this.#queue = new StoreQueue(store);
    this.#packager = new Packager({ ...options, earlier }, this.#queue);
  }

  get summary(): ByteTarget["summary"] {
    return { path: this.#path, bytes: this.#queue.bytes, format: this.#format };
  }

  get room(): Promise<void> | null {
    return this.#queue.room;
  }

  /** Tells the time on the wall of second 0, in milliseconds since 1970. */
  begin(beganMs: number): void {
    this.#packager.beganMs = beganMs;
  }

  /** What takes the bytes of one of the engines. */
  taker(stream: number): TakeBytes {
    return (bytes) => this.#try(() => this.#packager.push(stream, bytes));
  }

  requireOpen(): void {
    this.#queue.requireOpen();
  }

  /** Lets others write the manifest, before anything was written. */
  giveBack(): void {
    this.#held[Symbol.dispose]();
  }

  async ready(): Promise<void> {
    for (let room = this.room; room !== null; room = this.room) await room;
    this.requireOpen();
  }

  async close(seconds: number | null): Promise<void> {
    using _held = this.#held;
    this.#try(() => this.#packager.finish(seconds));
    await this.#queue.drained();
  }

  /** Lists what is there, and that no more comes: players would wait for it. */
  async salvage(): Promise<void> {
    using _held = this.#held;
    this.#try(() => this.#packager.finish(null));
    const drained = this.#queue.drained();
    if (!await settlesWithin(drained, salvageMs)) this.#queue.fail(new Error("The writer has failed"));
  }

  async abort(reason: unknown): Promise<void> {
    using _held = this.#held;
    this.#queue.fail(reason);
    await settlesWithin(this.#queue.idle, abortMs);
  }

  /** Does something whose error the next call throws. */
  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#queue.fail(error);
    }
  }
}
