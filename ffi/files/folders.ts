/**
 * Folders for files that are gone when the work is done.
 *
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";

/** A folder of files for a while. */
export class ScratchFolder implements Disposable {
  /** Its path. */
  readonly path: string;
  #isRemoved = false;

  /** Makes it, empty, in place of one that a killed program left. Only its owner may look into it. */
  constructor(path: string) {
    this.path = path;
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { mode: 0o700 });
  }

  /** Removes it with all that is in it. */
  [Symbol.dispose](): void {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    rmSync(this.path, { recursive: true, force: true });
  }
}
