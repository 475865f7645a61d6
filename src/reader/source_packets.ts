/**
 * The packets of an open source.
 *
 * @module
 */
import type { CopiedFile, MediaPacket } from "../engine/copying/media_packet.ts";
import {
  type AttachedPackets,
  noteDescription,
  type PacketSource,
  type PacketTarget,
} from "../engine/copying/packet_source.ts";
import { ReadError } from "../errors.ts";
import { shown } from "../shown.ts";

/** What packets are read from. */
export interface PacketInput {
  /** Packets from the beginning. Those of a live source end as soon as the signal is aborted. */
  packets(signal?: AbortSignal): AsyncGenerator<MediaPacket, void, undefined>;
  describe(): Promise<CopiedFile>;
}

/** The most packets that may wait for one reader of a live source: some 8 s of video with audio. */
const maxWaiting = 1024;
/** The most bytes of them: uncompressed pictures are large. */
const maxWaitingBytes = 64 * 1024 * 1024;

/** A reader of a live source. */
interface LiveReader {
  readonly waiting: MediaPacket[];
  waitingBytes: number;
  wake: () => void;
  isTooSlow: boolean;
}

/** The packets of a live source, which come once: all readers get those that come from now on. */
export class SharedPackets implements PacketInput {
  readonly #input: PacketInput;
  readonly #readers = new Set<LiveReader>();
  #end: { readonly failure: { readonly error: unknown } | null } | null = null;
  #isRunning = false;

  constructor(input: PacketInput) {
    this.#input = input;
  }

  describe(): Promise<CopiedFile> {
    return this.#input.describe();
  }

  async *packets(signal?: AbortSignal): AsyncGenerator<MediaPacket, void, undefined> {
    const reader: LiveReader = { waiting: [], waitingBytes: 0, wake: () => {}, isTooSlow: false };
    const wake = (): void => reader.wake();
    signal?.addEventListener("abort", wake);
    this.#readers.add(reader);
    if (!this.#isRunning) void this.#run();
    try {
      while (!signal?.aborted) {
        while (reader.waiting.length > 0) {
          const packet = reader.waiting.shift()!;
          reader.waitingBytes -= packet.data.length;
          yield packet;
        }
        if (reader.isTooSlow) throw tooSlow();
        if (this.#end?.failure) throw this.#end.failure.error;
        if (this.#end !== null) return;
        await new Promise<void>((resolve) => reader.wake = resolve);
      }
    } finally {
      signal?.removeEventListener("abort", wake);
      this.#readers.delete(reader);
    }
  }

  /** Takes what comes, until the source ends: it can't be held up. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      for await (const packet of this.#input.packets()) this.#give(packet);
      this.#end = { failure: null };
    } catch (error) {
      this.#end = { failure: { error } };
    }
    for (const { wake } of this.#readers) wake();
  }

  #give(packet: MediaPacket): void {
    for (const reader of this.#readers) {
      reader.waitingBytes += packet.data.length;
      // A single packet may be as large as it is.
      const isFull = reader.waiting.length === maxWaiting ||
        reader.waiting.length > 0 && reader.waitingBytes > maxWaitingBytes;
      if (isFull) this.#readers.delete(reader);
      else reader.waiting.push(packet);
      reader.isTooSlow = isFull;
      reader.wake();
    }
  }
}

function tooSlow(): ReadError {
  return new ReadError(
    `Cannot read on: ${maxWaiting} packets wait, or 64 MiB of them, and a live source does not`,
    {
      code: "TOO_SLOW",
      operation: "read packets",
      hint: "Take packets faster, or write them to a faster disk",
    },
  );
}

/** Gives the packets of a source to one target. */
class PacketFlow implements AttachedPackets {
  readonly #target: PacketTarget;
  readonly finished: Promise<void>;
  #written = 0;
  #state: AttachedPackets["state"] = "attached";
  #error: unknown = null;
  readonly #leaving = new AbortController();

  constructor(input: PacketInput, target: PacketTarget) {
    this.#target = target;
    this.finished = this.#run(input);
    // Who wants to know looks there.
    this.finished.catch(() => {});
  }

  get written(): number {
    return this.#written;
  }

  get state(): AttachedPackets["state"] {
    return this.#state;
  }

  get error(): unknown {
    return this.#error;
  }

  /** Takes no more packets. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    await this.finished;
  }

  async #run(input: PacketInput): Promise<void> {
    const { signal } = this.#leaving;
    try {
      for await (const packet of input.packets(signal)) {
        if (signal.aborted) break;
        await this.#target.write(packet);
        this.#written++;
      }
      this.#state = signal.aborted ? "detached" : "ended";
    } catch (error) {
      this.#state = "failed";
      this.#error = error;
      throw error;
    }
  }
}

/** The packets of a source. */
export class SourcePackets implements PacketSource {
  readonly #input: PacketInput;
  readonly #flows = new Map<PacketTarget, PacketFlow>();

  constructor(input: PacketInput) {
    this.#input = input;
    noteDescription(this, () => input.describe(), input instanceof SharedPackets);
  }

  attach(target: PacketTarget): AttachedPackets {
    if (typeof target?.write !== "function") {
      throw new TypeError(
        `Cannot attach ${shown(target)}: give a packet writer, or an object with write(packet)`,
      );
    }
    if (this.#flows.get(target)?.state === "attached") {
      throw new TypeError("Cannot attach a target twice: detach it before");
    }
    const flow = new PacketFlow(this.#input, target);
    this.#flows.set(target, flow);
    return flow;
  }

  async detach(target: PacketTarget): Promise<void> {
    const flow = this.#flows.get(target);
    if (flow === undefined) throw new TypeError("Cannot detach a target that was never attached");
    await flow.leave();
  }

  /** Detaches all targets. */
  async detachAll(): Promise<void> {
    await Promise.allSettled([...this.#flows.values()].map((flow) => flow.leave()));
  }

  [Symbol.asyncIterator](): AsyncIterator<MediaPacket> {
    return this.#input.packets();
  }
}
