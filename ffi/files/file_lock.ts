/**
 * Locks on files, by which writers know of each other: in all threads, in all processes, by whatever name a
 * file is called. The system takes them back when a program ends.
 *
 * @module
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Functions } from "../contract.ts";
import { codeOf } from "./files.ts";

/** How a system locks files. */
export interface FileLocks {
  /**
   * Locks an open file, and closes it: now, or with the lock. `"taken"`: somebody else has locked it. `null`:
   * it can't be locked.
   */
  lock(file: number): Disposable | "taken" | null;
}

/** Of the libc that libavutil uses, where it has them: not on Windows. */
export const locking = {
  // int flock(int fd, int operation)
  flock: { parameters: ["i32", "i32"], result: "i32" },
} as const;

/** LOCK_EX and LOCK_NB, sys/file.h: for one only, without waiting. */
const exclusive = 2 | 4;

/** Locks that belong to open files. */
export function fileLocksOf({ flock }: Functions<typeof locking>): FileLocks {
  return {
    lock(file: number): Disposable | "taken" {
      const isLocked = flock(file, exclusive) === 0;
      if (isLocked) return { [Symbol.dispose]: () => closeSync(file) };
      closeSync(file);
      return "taken";
    },
  };
}

// Windows has no such flag.
const { O_NONBLOCK: nonBlocking = 0 } = constants;

function open(path: string, isMade: boolean): number {
  return openSync(path, constants.O_WRONLY | nonBlocking | (isMade ? constants.O_CREAT : 0));
}

/** What tells an open file from all others. On Windows it does not fit into a double. */
export function identityOf(file: number): string {
  const { dev, ino } = fstatSync(file, { bigint: true });
  return `${dev}-${ino}`;
}

/** A file that is locked, until the lock is disposed. */
export class FileLock implements Disposable {
  readonly #identity: string;
  #lock: Disposable | null;

  private constructor(identity: string, lock: Disposable) {
    this.#identity = identity;
    this.#lock = lock;
  }

  /**
   * Locks a regular file, which is made where it is missing and `isMade` says so. `"taken"`: somebody else
   * has locked it. `null`: there is nothing to lock, or no way to.
   */
  static take(locks: FileLocks | null, path: string, isMade: boolean): FileLock | "taken" | null {
    if (locks === null) return null;
    let file: number;
    try {
      file = open(path, isMade);
    } catch (error) {
      // Whoever opens the file for writing has the same error, and more to say.
      if (typeof codeOf(error) === "string") return null;
      throw error;
    }
    if (!fstatSync(file).isFile()) {
      closeSync(file);
      return null;
    }
    const identity = identityOf(file);
    const lock = locks.lock(file);
    return lock === null || lock === "taken" ? lock : new FileLock(identity, lock);
  }

  /** Whether the path is still that of the locked file: another one may have taken its place. */
  isOf(path: string): boolean {
    if (this.#lock === null) return false;
    let other: number;
    try {
      other = open(path, false);
    } catch {
      return false;
    }
    try {
      return identityOf(other) === this.#identity;
    } finally {
      closeSync(other);
    }
  }

  /** Gives the file free. */
  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
    this.#lock = null;
  }
}
