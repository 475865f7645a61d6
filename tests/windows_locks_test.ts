import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { address, type Functions, NULL } from "../ffi/contract.ts";
import { FileLock } from "../ffi/files/file_lock.ts";
import { semaphoreLocks } from "../ffi/files/windows_locks.ts";
import type { semaphores } from "../ffi/kernel32.ts";
import { TemporaryFolder } from "./support/media.ts";
import { test } from "./support/test.ts";

/** Windows' semaphores, as documented: one for each name, as long as a handle of it is open. */
class Kernel implements Functions<typeof semaphores> {
  readonly #named = new Map<string, { count: number }>();
  readonly #open = new Map<bigint, { name: string; semaphore: { count: number } }>();
  #handles = 0n;

  /** The names of semaphores that are there. */
  get names(): string[] {
    return [...this.#named.keys()];
  }

  readonly CreateSemaphoreW: Functions<typeof semaphores>["CreateSemaphoreW"] = (...[, count, , units]) => {
    const name = new TextDecoder("utf-16le").decode(units!).replace(/\0$/, "");
    const semaphore = this.#named.get(name) ?? { count };
    this.#named.set(name, semaphore);
    this.#open.set(++this.#handles, { name, semaphore });
    return address(this.#handles);
  };

  readonly WaitForSingleObject: Functions<typeof semaphores>["WaitForSingleObject"] = (handle) => {
    const { semaphore } = this.#open.get(handle)!;
    if (semaphore.count === 0) return 0x102;
    semaphore.count--;
    return 0;
  };

  readonly ReleaseSemaphore: Functions<typeof semaphores>["ReleaseSemaphore"] = (handle, count) => {
    this.#open.get(handle)!.semaphore.count += count;
    return 1;
  };

  readonly CloseHandle: Functions<typeof semaphores>["CloseHandle"] = (handle) => {
    const { name } = this.#open.get(handle)!;
    this.#open.delete(handle);
    if (![...this.#open.values()].some((other) => other.name === name)) this.#named.delete(name);
    return 1;
  };
}

function isLock(taken: FileLock | "taken" | null): taken is FileLock {
  return taken !== null && taken !== "taken";
}

test("semaphoreLocks: a file has one lock, by whatever name, until that is disposed", () => {
  using folder = new TemporaryFolder();
  const [path, other] = [folder.file("a.mp4"), folder.file("b.mp4")];
  const kernel = new Kernel();
  const locks = semaphoreLocks(kernel);
  assertEquals(FileLock.take(locks, path, false), null);
  assertEquals(kernel.names, []);
  writeFileSync(path, "old");
  linkSync(path, other);
  for (let times = 0; times < 2; times++) {
    const lock = FileLock.take(locks, path, false);
    assert(isLock(lock));
    assert(lock.isOf(path) && lock.isOf(other));
    assertEquals([FileLock.take(locks, path, true), FileLock.take(locks, other, true)], ["taken", "taken"]);
    lock[Symbol.dispose]();
    lock[Symbol.dispose]();
    assertEquals([lock.isOf(path), kernel.names], [false, []]);
  }
});

test("semaphoreLocks: a file that took the place of another has a lock of its own", () => {
  using folder = new TemporaryFolder();
  const [path, other] = [folder.file("a.mp4"), folder.file("b.mp4")];
  const locks = semaphoreLocks(new Kernel());
  using first = FileLock.take(locks, path, true) as FileLock;
  writeFileSync(other, "new");
  renameSync(other, path);
  assert(!first.isOf(path));
  using second = FileLock.take(locks, path, false) as FileLock;
  assert(isLock(second) && second.isOf(path));
  rmSync(path);
  assert(!second.isOf(path));
});

test("semaphoreLocks: where Windows makes no semaphore, there is no lock", () => {
  using folder = new TemporaryFolder();
  const kernel = new Kernel();
  const without = Object.assign(Object.create(kernel) as Kernel, { CreateSemaphoreW: () => NULL });
  assertEquals(FileLock.take(semaphoreLocks(without), folder.file("a.mp4"), true), null);
  assertEquals(FileLock.take(semaphoreLocks(kernel), folder.path, false), null);
});
