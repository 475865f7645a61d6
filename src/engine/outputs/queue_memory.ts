/**
 * The memory that an encoder shares with an output in another thread.
 *
 * @module
 */

/**
 * What an output does: it connects, takes packets, takes none for a second, waits for its next connection,
 * has given up, or has ended.
 */
export type OutputState = "connecting" | "live" | "stalled" | "retrying" | "failed" | "closed";

/** The states, by number. */
const outputStates: readonly OutputState[] = [
  ...["connecting", "live", "stalled", "retrying", "failed", "closed"] as const,
];

/** The words, by index. */
const words = {
  /** Counts all that the other thread may wait for. */
  changes: 0,
  pushed: 1,
  taken: 2,
  hasEnded: 3,
  state: 4,
  wantsKeyFrame: 5,
  streamsBytes: 6,
  frames: 7,
  packets: 8,
  droppedFrames: 9,
  droppedPackets: 10,
  connections: 11,
} as const;

/** Counters that threads read and write. */
export type QueueCounter = "frames" | "packets" | "droppedFrames" | "droppedPackets" | "connections";

/** How many packets fit: 20 s of 60 frames a second with two tracks of audio. */
const slots = 4096;
/** How many bytes may wait: 20 s of 12 Mbit/s. */
const maxQueuedBytes = 32n * 2n ** 20n;
/** The longest description of streams, with the tags of the file. */
const maxStreamsBytes = 2 ** 18;

const bigsAt = 64, streamsAt = 128, slotsAt = streamsAt + maxStreamsBytes;

/**
 * A queue of packets between two threads, and what each tells the other. Packets are addresses: libav's
 * memory is that of the whole process. One thread pushes, one takes.
 */
export class QueueMemory {
  /** The memory, to be shared with another thread. */
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  /** Bytes that wait, and bytes that were sent. */
  readonly #bigs: BigInt64Array;
  readonly #slots: BigUint64Array;

  /** Shares the memory of another one, if it is given. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(slotsAt + slots * 8)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, bigsAt / 4);
    this.#bigs = new BigInt64Array(memory, bigsAt, 2);
    this.#slots = new BigUint64Array(memory, slotsAt, slots);
  }

  #get(word: keyof typeof words): number {
    return Atomics.load(this.#words, words[word]);
  }

  #set(word: keyof typeof words, value: number): void {
    Atomics.store(this.#words, words[word], value);
    this.wake();
  }

  /** Has whoever waits look again. */
  wake(): void {
    Atomics.add(this.#words, words.changes, 1);
    Atomics.notify(this.#words, words.changes);
  }

  /** How many changes there were. */
  get changes(): number {
    return this.#get("changes");
  }

  /** Resolves with the next change after so many, or after a time. */
  async changed(seen: number, ms: number): Promise<void> {
    const { async, value } = Atomics.waitAsync(this.#words, words.changes, seen, ms);
    if (async) await value;
  }

  get state(): OutputState {
    return outputStates[this.#get("state")]!;
  }
  /** What has failed stays so. */
  set state(state: OutputState) {
    const failed = outputStates.indexOf("failed"), after = outputStates.indexOf(state);
    let before = Atomics.load(this.#words, words.state);
    for (;;) {
      if (before === failed) return;
      const seen = Atomics.compareExchange(this.#words, words.state, before, after);
      if (seen === before) break;
      before = seen;
    }
    this.wake();
  }

  /** Goes from one state to another, unless it is in a third by now. */
  turn(from: OutputState, to: OutputState): void {
    const [before, after] = [outputStates.indexOf(from), outputStates.indexOf(to)];
    if (Atomics.compareExchange(this.#words, words.state, before, after) === before) this.wake();
  }

  /** Whether it takes nothing any more. */
  get isOver(): boolean {
    return this.state === "failed" || this.state === "closed";
  }

  /** Whether the encoder has given everything. */
  get hasEnded(): boolean {
    return this.#get("hasEnded") !== 0;
  }

  /** The encoder gives nothing more. */
  end(): void {
    this.#set("hasEnded", 1);
  }

  /** Asks the encoder for a key frame. */
  askForKeyFrame(): void {
    this.#set("wantsKeyFrame", 1);
  }

  /** Whether a key frame was asked for, once. */
  takeKeyFrameRequest(): boolean {
    return Atomics.exchange(this.#words, words.wantsKeyFrame, 0) !== 0;
  }

  /** Describes the streams, once, before the first packet. */
  writeStreams(text: string): void {
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > maxStreamsBytes) {
      throw new RangeError("Cannot describe so many streams and tags for an output: 256 KiB are too few");
    }
    new Uint8Array(this.memory, streamsAt, bytes.length).set(bytes);
    this.#set("streamsBytes", bytes.length);
  }

  /** The description of the streams; `null` before it is there. */
  readStreams(): string | null {
    const length = this.#get("streamsBytes");
    if (length === 0) return null;
    // Decoders take no shared memory.
    return new TextDecoder().decode(new Uint8Array(this.memory, streamsAt, length).slice());
  }

  count(counter: QueueCounter): number {
    return this.#get(counter);
  }

  add(counter: QueueCounter, amount: number): void {
    Atomics.add(this.#words, words[counter], amount);
  }

  /** How many packets wait. */
  get length(): number {
    return (this.#get("pushed") - this.#get("taken")) >>> 0;
  }

  /** The share of the queue that is in use, from 0 to 1. */
  get fullness(): number {
    const bytes = Number(Atomics.load(this.#bigs, 0)) / Number(maxQueuedBytes);
    return Math.min(1, Math.max(this.length / slots, bytes));
  }

  /** Adds a packet. There is room for it. */
  push(packet: bigint, bytes: number): void {
    const at = this.#get("pushed");
    Atomics.store(this.#slots, at & (slots - 1), packet);
    Atomics.add(this.#bigs, 0, BigInt(bytes));
    Atomics.store(this.#words, words.pushed, at + 1 | 0);
    this.wake();
  }

  /** Takes the next packet; `null` where there is none. Its bytes wait until {@linkcode taken}. */
  take(): bigint | null {
    if (this.length === 0) return null;
    const at = this.#get("taken");
    const packet = Atomics.load(this.#slots, at & (slots - 1));
    Atomics.store(this.#words, words.taken, at + 1 | 0);
    return packet;
  }

  /** So many bytes wait no more. */
  taken(bytes: number): void {
    Atomics.sub(this.#bigs, 0, BigInt(bytes));
    this.wake();
  }

  /** Bytes that were sent. */
  get sentBytes(): number {
    return Number(Atomics.load(this.#bigs, 1));
  }
  set sentBytes(bytes: number) {
    Atomics.store(this.#bigs, 1, BigInt(bytes));
  }
}
