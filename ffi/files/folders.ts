/**
 * Folders for files that are gone when the work is done.
 *
 * @module
 */
import { mkdirSync, rmSync, statSync } from "node:fs";

/** Removes a folder with all that is in it. A missing one is no error. */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** What tells a folder from a later one of its name; `null` where there is none. */
function identity(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev} ${found.ino} ${found.birthtimeNs}`;
}

/** A folder of files for a while. */
export class ScratchFolder implements Disposable {
  /** Its path. */
  readonly path: string;
  readonly #identity: string | null;

  /** Makes it, empty, in place of one that a killed program left. Only its owner may look into it. */
  constructor(path: string) {
    this.path = path;
    removeFolder(path);
    mkdirSync(path, { mode: 0o700 });
    this.#identity = identity(path);
  }

  /** Removes it with all that is in it, unless that was done before, and it is another one by now. */
  [Symbol.dispose](): void {
    if (identity(this.path) === this.#identity) removeFolder(this.path);
  }
}
