/**
 * The second file, which takes the place of a recording.
 *
 * @module
 */
import { makeNewFile, makeReplacement, removeFile, replaceFile } from "../../ffi/mod.ts";

/**
 * A file next to a recording. It is removed at the end of its scope, unless it took the recording's place.
 */
export class Companion implements Disposable {
  readonly #recording: string;
  /** Its path. */
  readonly path: string;
  /** Whether this one made it: another's is not removed. */
  #isMade = false;

  /** For the recording at a path, whose rights it gets. Leaves the disk unchanged. */
  constructor(recording: string, path: string) {
    this.#recording = recording;
    this.path = path;
  }

  /** Makes it, empty, in place of one that a killed program left. */
  make(): void {
    this.#isMade = false;
    makeReplacement(this.#recording, this.path);
    this.#isMade = true;
  }

  /** The same where there is no recording whose rights it could get. */
  makeNew(): void {
    makeNewFile(this.path);
    this.#isMade = true;
  }

  /** Takes the place of a file, in one step. Neither may be open: Windows replaces no open file. */
  replace(path: string): void {
    replaceFile(path, this.path);
    this.#isMade = false;
  }

  /** Removes it. */
  [Symbol.dispose](): void {
    if (this.#isMade) removeFile(this.path);
    this.#isMade = false;
  }
}
