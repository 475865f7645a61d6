/**
 * Sends the frames of a source to all that get them.
 *
 * @module
 */
import { Gate } from "../../gate.ts";
import type { Outlet } from "./outlet.ts";
import type { SourceFrame } from "./source_frame.ts";

/** The outlets of one source. */
export class Distributor {
  readonly #outlets = new Set<Outlet>();
  readonly #changed = new Gate();

  /** The outlets. */
  get outlets(): ReadonlySet<Outlet> {
    return this.#outlets;
  }

  /** Whether nobody gets frames. */
  get isEmpty(): boolean {
    return this.#outlets.size === 0;
  }

  /** Whether all of them take frames whose pixels are lent. */
  get takesLent(): boolean {
    return [...this.#outlets].every((outlet) => outlet.takesLent);
  }

  /** Sends frames to one more. */
  add(outlet: Outlet): void {
    this.#outlets.add(outlet);
  }

  /** Sends it no more frames. */
  remove(outlet: Outlet): void {
    this.#outlets.delete(outlet);
    this.tellRoom();
  }

  /** Has whoever waits for room look again. */
  tellRoom(): void {
    this.#changed.open();
  }

  /** Resolves once all have room for a frame, or for one that is not known yet. */
  async room(frame: SourceFrame | null): Promise<void> {
    while (![...this.#outlets].every((outlet) => outlet.hasRoom(frame))) await this.#changed.opened;
  }

  /** Sends a frame to all. The share in hand goes to them. */
  send(frame: SourceFrame): void {
    const outlets = [...this.#outlets];
    frame.hold(outlets.length);
    for (const outlet of outlets) outlet.push(outlets.length === 1 ? frame : frame.twin);
    frame.release();
  }

  /** Tells all that no frame comes any more. */
  end(): void {
    for (const outlet of this.#removeAll()) outlet.end();
  }

  /** Tells all that the source has failed. */
  fail(error: unknown): void {
    for (const outlet of this.#removeAll()) outlet.fail(error);
  }

  /** Resolves once nothing more is to be done with the frames that were sent. */
  async settled(): Promise<void> {
    await Promise.all([...this.#outlets].map((outlet) => outlet.settled()));
  }

  #removeAll(): Outlet[] {
    const outlets = [...this.#outlets];
    this.#outlets.clear();
    this.tellRoom();
    return outlets;
  }
}
