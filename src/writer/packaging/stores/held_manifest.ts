/**
 * Manifests that are being written: two streams with one manifest would spoil each other.
 *
 * @module
 */
import { basename, dirname, join, runtime } from "../../../../ffi/mod.ts";
import { inUse } from "../../../file/held_target.ts";

/** The paths of those of this thread. */
const held = new Set<string>();

/** A manifest that nobody else writes, until it is disposed. */
export class HeldManifest implements Disposable {
  #path: string | null = null;

  /** Throws a `WriteError` where another writer is writing it. An empty path is none. */
  constructor(path: string) {
    if (path === "") return;
    const folder = dirname(path);
    const own = join(runtime().realPath(folder) ?? folder, basename(path));
    if (held.has(own)) throw inUse(path);
    held.add(this.#path = own);
  }

  /** Gives it free. */
  [Symbol.dispose](): void {
    if (this.#path !== null) held.delete(this.#path);
    this.#path = null;
  }
}
