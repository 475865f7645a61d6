/**
 * Folders: for files that are gone when the work is done, and for those that are kept for a while.
 *
 * @module
 */
import { mkdirSync, readdirSync, rmdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "../paths.ts";

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

/** Makes a folder, with those that it is in. One that is there is no error. */
export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true });
}

/** Removes a folder that has nothing in it; returns whether it did. */
export function removeEmptyFolder(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** A file that is there. */
export interface FoundFile {
  /** Its path. */
  readonly path: string;
  /** Its size. */
  readonly bytes: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly writtenMs: number;
}

/** The regular files in a folder and in those in it, up to a depth. */
export function filesBelow(folder: string, depth: number): FoundFile[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): FoundFile[] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 1 ? filesBelow(path, depth - 1) : [];
    const found = entry.isFile() ? statSync(path, { throwIfNoEntry: false }) : undefined;
    return found === undefined ? [] : [{ path, bytes: found.size, writtenMs: found.mtimeMs }];
  });
}

/** Whether something has a path. */
export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The free bytes of the disk that a folder is on. Throws Deno's `NotCapable` without `--allow-sys`. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return Number(bavail) * Number(bsize);
}
