/**
 * Manifests that are being written: two streams with one manifest would spoil each other.
 *
 * @module
 */
import { basename, dirname, join, runtime } from "../../../../ffi/mod.ts";
import { inUse } from "../../../file/held_target.ts";
import { areOneStream } from "../file_names.ts";

/** The paths of those of this thread. */
const held = new Set<string>();

/** A manifest that nobody else writes, until it is disposed. */
export class HeldManifest implements Disposable {
  #path: string | null = null;

  /** Throws a `WriteError` where another writer writes it, or a file of its name. An empty path is none. */
  constructor(path: string) {
    if (path === "") return;
    const folder = dirname(path);
    const own = join(runtime().realPath(folder) ?? folder, basename(path));
    const isTaken = (other: string): boolean =>
      dirname(other) === dirname(own) && areOneStream(basename(other), basename(own));
    if (held.values().some(isTaken)) throw inUse(path);
    held.add(this.#path = own);
  }

  /** Gives it free. */
  [Symbol.dispose](): void {
    if (this.#path !== null) held.delete(this.#path);
    this.#path = null;
  }
}
