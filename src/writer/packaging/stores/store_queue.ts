/**
 * Files on their way to where they are stored, one after another.
 *
 * @module
 */
import { Gate } from "../../../gate.ts";
import type { FileTaker } from "../packager.ts";
import type { SegmentFile } from "../segment.ts";
import type { SegmentStore } from "./store.ts";

/** So many files may wait before more frames are waited for. */
const maxWaiting = 16;

/** What is to be done with a file. */
interface Task {
  readonly name: string;
  /** What it is; `null`: it is removed. */
  readonly content: { readonly bytes: Uint8Array<ArrayBuffer>; readonly type: string } | null;
}

/** A queue of files. */
export class StoreQueue implements FileTaker {
  readonly #store: SegmentStore;
  readonly #tasks: Task[] = [];
  readonly #aborting = new AbortController();
  readonly #changed = new Gate();
  /** Removals under way, which files are not to wait for. */
  readonly #removals = new Set<Promise<void>>();
  #isBusy = false;
  #working: Promise<void> = Promise.resolve();
  #bytes = 0;
  /** What ended it. */
  #failure: { readonly error: unknown } | null = null;

  /** An empty one. */
  constructor(store: SegmentStore) {
    this.#store = store;
  }

  /** How many bytes were stored. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What a writer waits for before it makes more; `null` where there is room, or will never be. */
  get room(): Promise<void> | null {
    return this.#failure === null && this.#tasks.length > maxWaiting ? this.#changed.opened : null;
  }

  /** Throws where no more is stored. */
  requireOpen(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  put({ name, bytes }: SegmentFile, type: string): void {
    // Of a playlist that waits, the newest is of use: what that lists is stored before it. But the one that
    // has waited longest stays, as on a slow server none would ever be stored.
    const newest = this.#tasks.findLastIndex((task) => task.name === name);
    const oldest = this.#tasks.findIndex((task, index) =>
      task.name === name && !(index === 0 && this.#isBusy)
    );
    if (oldest >= 0 && oldest < newest) this.#tasks.splice(newest, 1);
    this.#add({ name, content: { bytes, type } });
  }

  remove(name: string): void {
    this.#add({ name, content: null });
  }

  /** Resolves once all is stored. Throws what went wrong. */
  async drained(): Promise<void> {
    while (this.#failure === null && this.#tasks.length > 0) await this.#changed.opened;
    await Promise.all(this.#removals);
    this.requireOpen();
  }

  /** Resolves once nothing is under way. */
  get idle(): Promise<void> {
    return Promise.all([this.#working, ...this.#removals]).then(() => {});
  }

  /** Stores no more; what is under way is given up. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#tasks.length = 0;
    this.#aborting.abort(error);
    this.#changed.open();
  }

  #add(task: Task): void {
    if (this.#failure !== null) return;
    this.#tasks.push(task);
    if (!this.#isBusy) this.#working = this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let task = this.#tasks[0]; task !== undefined; task = this.#tasks[0]) {
      try {
        await this.#do(task);
      } catch (error) {
        this.fail(error);
      }
      this.#tasks.shift();
      this.#changed.open();
    }
    this.#isBusy = false;
  }

  async #do({ name, content }: Task): Promise<void> {
    const { signal } = this.#aborting;
    if (content === null) return this.#remove(name);
    await this.#store.put(name, content.bytes, content.type, signal);
    this.#bytes += content.bytes.length;
  }

  #remove(name: string): void {
    const removal = this.#store.remove(name, this.#aborting.signal)
      .catch((error) => this.fail(error))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}
