/**
 * A file that is written at any place.
 *
 * @module
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { sync } from "./files.ts";

/** A file that is written at any place; a pipe or a device only from the first byte to the last. */
export class RandomFile implements Disposable {
  readonly #file: number;
  /** Whether bytes can be written at any place. */
  readonly isSeekable: boolean;

  /** Makes the file, or empties one that exists. Throws the system's error, or Deno's `NotCapable`. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
    this.isSeekable = fstatSync(this.#file).isFile();
  }

  /** Writes all of the bytes, at a place where that can be. */
  write(bytes: Uint8Array, offset: number): void {
    for (let from = 0; from < bytes.length;) {
      from += writeSync(
        this.#file,
        bytes,
        from,
        bytes.length - from,
        this.isSeekable ? offset + from : null,
      );
    }
  }

  /** Waits until all that was written is on the disk. */
  sync(): void {
    if (this.isSeekable) sync(this.#file);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
