/**
 * Locks on files for Windows.
 *
 * @module
 */
import { closeSync } from "node:fs";
import { type Functions, NULL } from "../contract.ts";
import { wideString } from "../memory.ts";
import type { semaphores } from "../kernel32.ts";
import { type FileLocks, identityOf } from "./file_lock.ts";

/** WAIT_OBJECT_0, winbase.h: nobody else has it. */
const isFree = 0;

/**
 * Locks by semaphores that are named after files. A lock of the file itself would need it open, and Windows
 * replaces and removes no file that is open. A semaphore belongs to no thread, unlike a mutex: a thread with
 * two writers has two locks.
 */
export function semaphoreLocks(kernel: Functions<typeof semaphores>): FileLocks {
  return {
    lock(file: number): Disposable | "taken" | null {
      const name = `Global\\avwriter-${identityOf(file)}`;
      closeSync(file);
      const semaphore = kernel.CreateSemaphoreW(null, 1, 1, wideString(name));
      if (semaphore === NULL) return null;
      if (kernel.WaitForSingleObject(semaphore, 0) !== isFree) {
        kernel.CloseHandle(semaphore);
        return "taken";
      }
      return {
        [Symbol.dispose](): void {
          kernel.ReleaseSemaphore(semaphore, 1, null);
          kernel.CloseHandle(semaphore);
        },
      };
    },
  };
}
