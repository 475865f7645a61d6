/**
 * What goes on in the thread of an output: connections, one after another, and the packets that they take.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { WriteError } from "../../errors.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { Reconnection, type ReconnectOptions } from "../../reconnection.ts";
import type { SessionControl } from "../../engine/ending/session_control.ts";
import type { PacketOutput } from "./packet_output.ts";
import { PacketQueue } from "./packet_queue.ts";
import type { QueueMemory } from "../../engine/outputs/queue_memory.ts";
import { isRefusal, outputError, type Redact, refusal } from "./refusals.ts";

/** How long a thread waits at most before it looks again, in milliseconds. */
const idleMs = 1000;
/** How much earlier than due a packet may leave, in seconds. */
const leadSeconds = 0.25;

/** How much faster than they are shown packets leave after a program was late. */
const catchUp = 0.05;

/** How long a first connection may last that a server closes because it refuses, in milliseconds. */
const refusedMs = 500;
/** How long a connection lasts that holds, in milliseconds; one that ends sooner is a try that has failed. */
const holdsMs = 5000;

/** What an output tells while it works. */
export interface OutputEvents {
  /** The first connection is there; with streams, the header was written. */
  opened(what: "connected" | "begun"): void;
  /** A connection was lost, or could not be made again: another is tried. */
  lost(error: Error): void;
}

/** How an output works. */
export interface OutputPlan {
  readonly label: string;
  /** Takes secrets out of messages. */
  readonly redact: Redact;
  readonly create: () => PacketOutput;
  /** How it comes back; `null`: it does not. */
  readonly reconnect: ReconnectOptions | null;
  /** Whether a first connection that fails is tried again, too. */
  readonly isAwaited: boolean;
  readonly isPaced: boolean;
  /** Whether a lost connection is noticed so late that the first try need not wait. */
  readonly isNoticedLate: boolean;
  /** Whether its servers refuse by closing a connection that was just made. */
  readonly refusesByClosing: boolean;
  readonly writeTimeoutSeconds: number;
  /** How long the connection stays open after the end, for a receiver that plays with a delay, in seconds. */
  readonly lingerSeconds: number;
}

/** Thrown where the output is to end. */
class Ended extends Error {}

/** Has packets go to one connection after another, until the encoder has ended. */
export class OutputSession {
  readonly #plan: OutputPlan;
  readonly #memory: QueueMemory;
  readonly #control: SessionControl;
  readonly #queue: PacketQueue;
  readonly #events: OutputEvents;
  readonly #reconnection: Reconnection;
  #output: PacketOutput | null = null;
  /** Bytes of connections before. */
  #bytes = 0;
  /** Whether packets are left out until a key frame comes. */
  #needsKey = false;
  /** When the connection was made, by `performance.now()`. */
  #connectedMs = 0;
  /** When a packet of time 0 is due, at first and now, and when it was moved, by `performance.now()`. */
  #origin: { readonly firstMs: number; ms: number; movedMs: number } | null = null;

  constructor(
    native: Native,
    memory: QueueMemory,
    control: SessionControl,
    plan: OutputPlan,
    events: OutputEvents,
  ) {
    this.#plan = plan;
    this.#memory = memory;
    this.#control = control;
    this.#queue = new PacketQueue(native, memory);
    this.#events = events;
    this.#reconnection = new Reconnection(plan.reconnect ?? {});
  }

  /** Works until the end. Throws why the output has failed. */
  async run(): Promise<void> {
    try {
      await this.#open();
      for (;;) {
        const seen = this.#memory.changes;
        this.#requireGoingOn();
        const packet = this.#queue.take();
        if (packet !== null) await this.#send(packet);
        else if (!this.#memory.hasEnded) await this.#memory.changed(seen, idleMs);
        else break;
      }
      await this.#watched("finish", () => this.#output!.finish());
      this.#queue.settle("sent");
      this.#countBytes();
      await this.#linger();
      this.#memory.state = "closed";
    } catch (error) {
      this.#memory.state = error instanceof Ended ? "closed" : "failed";
      if (!(error instanceof Ended)) throw this.#told(error);
    } finally {
      this.#free();
      this.#queue[Symbol.dispose]();
    }
  }

  /** Makes the first connection. What goes wrong then is the caller's to know, unless it may begin later. */
  async #open(): Promise<void> {
    for (;;) {
      try {
        await this.#connect();
        break;
      } catch (error) {
        const delay = this.#plan.isAwaited && !(error instanceof Ended) ? this.#delay(error, true) : null;
        if (delay === null) throw error;
        this.#free();
        this.#needsKey = true;
        this.#memory.state = "retrying";
        this.#events.lost(this.#told(error));
        await this.#pause(delay);
        if (this.#memory.hasEnded) throw error;
      }
    }
    this.#isConnected();
    if (this.#needsKey) {
      this.#queue.dropAll();
      this.#memory.askForKeyFrame();
    }
    this.#events.opened("begun");
  }

  async #connect(): Promise<void> {
    this.#output = this.#plan.create();
    await this.#watched("connect", () => this.#output!.connect());
    this.#events.opened("connected");
    while (this.#queue.streams === null) {
      const seen = this.#memory.changes;
      this.#requireGoingOn();
      if (this.#memory.hasEnded) throw new Ended();
      if (this.#queue.streams === null) await this.#memory.changed(seen, idleMs);
    }
    await this.#watched("begin", () => this.#output!.begin(this.#queue.streams!));
  }

  #isConnected(): void {
    this.#memory.add("connections", 1);
    this.#connectedMs = performance.now();
    this.#memory.state = "live";
  }

  async #send(packet: NativePacket): Promise<void> {
    if (this.#needsKey) {
      if (packet.streamIndex !== 0 || !packet.isKey) return this.#queue.drop(packet);
      this.#needsKey = false;
    }
    if (this.#plan.isPaced) await this.#untilDue(packet);
    this.#requireGoingOn();
    const { streamIndex } = packet;
    try {
      await this.#watched("write", () => this.#output!.write(packet));
    } catch (error) {
      this.#queue.settle("lost");
      this.#queue.drop({ streamIndex });
      return await this.#recover(error);
    }
    this.#queue.gather({ streamIndex });
    const { gathers = false, bytes } = this.#output!;
    if (!gathers || bytes === 0 || bytes + this.#bytes > this.#memory.sentBytes) this.#queue.settle("sent");
    this.#memory.turn("stalled", "live");
    if (performance.now() - this.#connectedMs > holdsMs) this.#reconnection.succeeded();
    this.#countBytes();
  }

  /** Waits until a packet is due. */
  async #untilDue({ streamIndex, dts }: NativePacket): Promise<void> {
    const { num, den } = this.#queue.streams!.streams[streamIndex]!.timeBase;
    const packetMs = Number(dts) * num / den * 1000;
    const nowMs = performance.now();
    // A program that was late puts off what follows, and makes up for it little by little. What has waited
    // for the receiver catches up at once.
    this.#origin ??= { firstMs: nowMs - packetMs, ms: nowMs - packetMs, movedMs: nowMs };
    const origin = this.#origin;
    origin.ms = Math.max(origin.firstMs, origin.ms - (nowMs - origin.movedMs) * catchUp);
    origin.movedMs = nowMs;
    if (nowMs > origin.ms + packetMs && this.#memory.length === 0) origin.ms = nowMs - packetMs;
    const dueMs = origin.ms + packetMs - leadSeconds * 1000;
    for (;;) {
      const seen = this.#memory.changes;
      const waitMs = dueMs - performance.now();
      if (waitMs <= 0 || this.#control.isAborted) return;
      await this.#memory.changed(seen, waitMs);
    }
  }

  /** Makes connections until one holds. Throws where there is none to come. */
  async #recover(lost: unknown): Promise<void> {
    const lastedMs = performance.now() - this.#connectedMs;
    const isFirst = this.#memory.count("connections") === 1;
    const mayRefuse = isFirst && lastedMs < holdsMs;
    let error = isFirst && lastedMs < refusedMs && this.#plan.refusesByClosing ? refusal() : lost;
    let hasTried = false;
    for (;;) {
      this.#free();
      this.#requireGoingOn();
      const delay = this.#delay(error, mayRefuse && !hasTried);
      if (delay === null) throw error;
      // Only the first try is early.
      const pause = this.#plan.isNoticedLate && error === lost ? 0 : delay;
      hasTried = true;
      this.#memory.state = "retrying";
      this.#events.lost(this.#told(error));
      await this.#pause(pause);
      if (this.#memory.hasEnded) throw error;
      try {
        this.#output = this.#plan.create();
        await this.#watched("connect", () => this.#output!.connect());
        await this.#watched("begin", () => this.#output!.begin(this.#queue.streams!));
        break;
      } catch (failure) {
        if (failure instanceof Ended) throw failure;
        error = failure;
      }
    }
    this.#queue.dropAll();
    this.#needsKey = true;
    this.#memory.askForKeyFrame();
    this.#origin = null;
    this.#isConnected();
  }

  /** Seconds until the next try after an error; `null` where there is none. */
  #delay(error: unknown, isFirst: boolean): number | null {
    if (this.#plan.reconnect === null || isRefusal(error, isFirst) || this.#memory.hasEnded) return null;
    return this.#reconnection.nextDelay();
  }

  /** Waits, and leaves out all packets that come meanwhile. */
  async #pause(seconds: number): Promise<void> {
    const endMs = performance.now() + seconds * 1000;
    for (;;) {
      const seen = this.#memory.changes;
      this.#requireGoingOn();
      this.#queue.dropAll();
      const waitMs = endMs - performance.now();
      if (waitMs <= 0 || this.#memory.hasEnded) return;
      await this.#memory.changed(seen, waitMs);
    }
  }

  /** Leaves a receiver time to use what it has got. */
  async #linger(): Promise<void> {
    const endMs = performance.now() + this.#plan.lingerSeconds * 1000;
    for (;;) {
      const seen = this.#memory.changes;
      this.#requireGoingOn();
      const waitMs = endMs - performance.now();
      if (waitMs <= 0) return;
      await this.#memory.changed(seen, waitMs);
    }
  }

  #requireGoingOn(): void {
    if (this.#control.isAborted && !this.#control.isLate) throw new Ended();
  }

  /** Does something that may take long, and is interrupted then. */
  async #watched(action: string, call: () => void | Promise<void>): Promise<void> {
    try {
      await this.#control.timedLater(() => this.#interrupted(call));
    } catch (error) {
      this.#requireInTime(action, error);
      throw error;
    }
    // Some protocols say nothing of what was interrupted.
    this.#requireInTime(action);
  }

  /** Does something; does not wait for a promise that it returns once it is interrupted. */
  async #interrupted(call: () => void | Promise<void>): Promise<void> {
    const done = call();
    if (done === undefined) return;
    let isDone = false;
    const settled = done.finally(() => {
      isDone = true;
      this.#memory.wake();
    });
    settled.catch(() => {});
    for (;;) {
      const seen = this.#memory.changes;
      if (isDone) return await settled;
      if (this.#control.isAborted) return;
      await this.#memory.changed(seen, idleMs);
    }
  }

  #requireInTime(action: string, cause?: unknown): void {
    this.#requireGoingOn();
    if (!this.#control.isLate) return;
    // At the end, it may have less time than that.
    const waited = (performance.now() - this.#control.beganMs) / 1000;
    const seconds = Number(Math.min(this.#plan.writeTimeoutSeconds, waited).toFixed(1));
    throw new WriteError(
      action === "write" ? `it has taken nothing for ${seconds} s` : `it has not answered for ${seconds} s`,
      { code: "ETIMEDOUT", operation: action, hint: null, cause },
    );
  }

  #told(error: unknown): Error {
    const { label, redact, reconnect } = this.#plan;
    return outputError(label, error, redact, reconnect !== null);
  }

  #countBytes(): void {
    this.#memory.sentBytes = this.#bytes + this.#output!.bytes;
  }

  /** Ends the connection, which does not wait where it was interrupted. */
  #free(): void {
    if (this.#output === null) return;
    this.#bytes = this.#memory.sentBytes;
    this.#output[Symbol.dispose]();
    this.#output = null;
    this.#control.goOn();
  }
}
