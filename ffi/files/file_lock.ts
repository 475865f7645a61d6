/**
 * Locks on files, by which writers know of each other: in all threads, in all processes, by whatever name a
 * file is called. The system takes them back when a program ends.
 *
 * @module
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Functions } from "../contract.ts";
import { codeOf } from "./files.ts";

/** Of the libc that libavutil uses, where it has them: not on Windows. */
export const locking = {
  // int flock(int fd, int operation)
  flock: { parameters: ["i32", "i32"], result: "i32" },
} as const;

/** LOCK_EX and LOCK_NB, sys/file.h: for one only, without waiting. */
const exclusive = 2 | 4;

// Windows has no such flag.
const { O_NONBLOCK: nonBlocking = 0 } = constants;

function open(path: string, isMade: boolean): number {
  return openSync(path, constants.O_WRONLY | nonBlocking | (isMade ? constants.O_CREAT : 0));
}

/** A file that is locked, until the lock is disposed. */
export class FileLock implements Disposable {
  #file: number | null;

  private constructor(file: number) {
    this.#file = file;
  }

  /**
   * Locks a regular file, which is made where it is missing and `isMade` says so. `"taken"`: somebody else
   * has locked it. `null`: there is nothing to lock, or no way to.
   */
  static take(
    functions: Functions<typeof locking> | null,
    path: string,
    isMade: boolean,
  ): FileLock | "taken" | null {
    if (functions === null) return null;
    let file: number;
    try {
      file = open(path, isMade);
    } catch (error) {
      // Whoever opens the file for writing has the same error, and more to say.
      if (typeof codeOf(error) === "string") return null;
      throw error;
    }
    if (fstatSync(file).isFile()) {
      if (functions.flock(file, exclusive) === 0) return new FileLock(file);
      closeSync(file);
      return "taken";
    }
    closeSync(file);
    return null;
  }

  /** Whether the path is still that of the locked file: another one may have taken its place. */
  isOf(path: string): boolean {
    if (this.#file === null) return false;
    let other: number;
    try {
      other = open(path, false);
    } catch {
      return false;
    }
    try {
      const [own, there] = [fstatSync(this.#file), fstatSync(other)];
      return own.ino === there.ino && own.dev === there.dev;
    } finally {
      closeSync(other);
    }
  }

  /** Gives the file free. */
  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
