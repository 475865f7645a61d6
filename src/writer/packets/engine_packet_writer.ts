/**
 * The packet writer over an engine.
 *
 * @module
 */
import type { MediaPacket } from "../../engine/copying/media_packet.ts";
import type { PacketSummary } from "../../engine/session_types.ts";
import { nextTurn } from "../../next_turn.ts";
import { shown } from "../../shown.ts";
import type { PacketEngine } from "../../thread/engine.ts";
import { Lifecycle } from "../lifecycle.ts";
import { ProgressTimer } from "../progress_timer.ts";
import type { PacketWriter, PacketWriterStats } from "./packet_writer.ts";

const isTime = (value: unknown): boolean => value === null || Number.isFinite(value);

/** A copy of a packet's fields. Throws a `TypeError` where it is none. */
function checkPacket(given: MediaPacket): MediaPacket {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Cannot write ${shown(given)}: give a packet of the source`);
  }
  const { data, kind, stream, timestamp, decodeTimestamp, duration, ...marks } = given;
  const { isKeyFrame, isDiscontinuous, sideData } = marks;
  const wrong = Object.entries({
    data: data instanceof Uint8Array,
    stream: Number.isInteger(stream),
    timestamp: isTime(timestamp),
    decodeTimestamp: isTime(decodeTimestamp),
    duration: Number.isFinite(duration) && duration >= 0,
    isKeyFrame: typeof isKeyFrame === "boolean",
    isDiscontinuous: typeof isDiscontinuous === "boolean",
    sideData: Array.isArray(sideData),
  }).find(([, isRight]) => !isRight)?.[0];
  if (wrong !== undefined) {
    const value = shown(given[wrong as keyof MediaPacket]);
    throw new TypeError(`Cannot write a packet whose ${wrong} is ${value}: give a packet of the source`);
  }
  return {
    ...{ data, kind, stream, timestamp, decodeTimestamp, duration },
    ...{ isKeyFrame, isDiscontinuous, sideData },
  };
}

/** A {@linkcode PacketWriter} over an engine. */
export class EnginePacketWriter implements PacketWriter {
  readonly #engine: PacketEngine;
  readonly #life: Lifecycle<PacketSummary>;
  readonly #progress: ProgressTimer<PacketWriterStats>;

  /** Takes over an engine. */
  constructor(
    engine: PacketEngine,
    signal: AbortSignal | undefined,
    onProgress: ((stats: PacketWriterStats) => void) | undefined,
    isQuiet: boolean,
  ) {
    this.#engine = engine;
    this.#progress = new ProgressTimer(onProgress, isQuiet);
    this.#life = new Lifecycle({
      finish: () => engine.finish(0n, () => this.#progress.tell(() => this.stats, false)),
      closed: () => this.#progress.tell(() => this.stats, true),
      abort: () => engine.abort(),
      salvage: () => engine.salvage(),
    }, signal);
  }

  get stats(): PacketWriterStats {
    const { frames: packets, bytes, seconds, finished } = this.#engine.stats;
    return { packets, bytes, seconds, finished };
  }

  async write(given: MediaPacket): Promise<void> {
    this.#life.requireOpen("write a packet");
    const packet = checkPacket(given);
    // Getters of the caller's object may have closed the writer.
    this.#life.requireOpen("write a packet");
    try {
      await this.#engine.writePacket(packet);
    } catch (error) {
      return await this.#life.fail("write a packet", error);
    }
    this.#progress.tell(() => this.stats, false);
    await nextTurn();
    this.#life.requireNotAborted("write a packet");
  }

  close(): Promise<PacketSummary> {
    return this.#life.close();
  }

  abort(reason?: unknown): Promise<void> {
    return this.#life.abort(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#life.dispose(async () => void await this.close());
  }
}
