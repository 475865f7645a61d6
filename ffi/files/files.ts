/**
 * The few file operations that a writer needs, through Node's API: all runtimes have it, and Deno applies
 * its permissions to it, which libav's own file access would bypass.
 *
 * @module
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "../paths.ts";
import { runtime } from "../runtime.ts";

// Windows has no such flag.
const { O_NONBLOCK: nonBlocking = 0 } = constants;

/** The code of a system's error. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}

/**
 * Throws the system's error (or Deno's `NotCapable`) unless the path can be read; returns whether it is a
 * regular file.
 */
export function checkReadable(path: string): boolean {
  const file = openSync(path, constants.O_RDONLY | nonBlocking);
  try {
    return fstatSync(file).isFile();
  } finally {
    closeSync(file);
  }
}

/** All bytes of a file. Throws the system's error, or Deno's `NotCapable`. */
export function readFile(path: string): Uint8Array {
  return readFileSync(path);
}

/** The size of a file in bytes. */
export function fileBytes(path: string): number {
  const file = openSync(path, constants.O_RDONLY);
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

/**
 * Where the last whole box of an mp4 or mov file (ISO/IEC 14496-12) ends; `null` where it begins with none.
 */
export function endOfBoxes(path: string): number | null {
  const file = openSync(path, constants.O_RDONLY);
  try {
    const { size } = fstatSync(file);
    const header = new DataView(new ArrayBuffer(16));
    let end = 0;
    while (readSync(file, header, 0, 16, end) >= 8) {
      const short = header.getUint32(0);
      const length = short === 1 ? Number(header.getBigUint64(8)) : short;
      if (length < 8 || end + length > size) break;
      end += length;
    }
    return end === 0 ? null : end;
  } finally {
    closeSync(file);
  }
}

/** The size of the first top-level box of a name in an mp4 or mov file; `null` where there is none. */
export function boxBytes(path: string, name: string): number | null {
  const file = openSync(path, constants.O_RDONLY);
  try {
    const header = new DataView(new ArrayBuffer(8));
    for (let at = 0; readSync(file, header, 0, 8, at) === 8; at += header.getUint32(0)) {
      const found = String.fromCharCode(...new Uint8Array(header.buffer, 4, 4));
      if (found === name) return header.getUint32(0);
      // Those in front of the index are short.
      if (header.getUint32(0) < 8) return null;
    }
    return null;
  } finally {
    closeSync(file);
  }
}

/** How much of a file may wait to reach the disk, in bytes: what follows waits no longer than that takes. */
const unsyncedBytes = 16 * 2 ** 20;

/** Errors of file systems that know no such thing, and of Node with --permission, which refuses it. */
const noSync: readonly (string | undefined)[] = [
  ...["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"],
  "ERR_ACCESS_DENIED",
];

/** Waits until what was written into an open file is on the disk. */
export function sync(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    if (!noSync.includes(codeOf(error))) throw error;
  }
}

/** Sees to it that what others write into a file reaches the disk. */
export class SyncedFile implements Disposable {
  readonly #file: number;
  #bytes = 0;

  /** For an existing file. */
  constructor(path: string) {
    this.#file = openSync(path, constants.O_WRONLY);
  }

  /**
   * Counts bytes that were written, and waits for the disk now and then: a long wait can't be interrupted.
   */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes >= unsyncedBytes) this.sync();
  }

  /** Waits until all that was written is on the disk. */
  sync(): void {
    this.#bytes = 0;
    sync(this.#file);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/**
 * Waits until the names in a folder are on the disk. Windows does that by itself, and where the folder may
 * not be read, it can't be done.
 */
function syncFolder(path: string): void {
  if (!runtime().mayRead(path)) return;
  try {
    const folder = openSync(path, constants.O_RDONLY);
    try {
      sync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // The file is whole, whichever of its two forms a power cut leaves.
  }
}

/** Whether the system removes a file that is open, so that it is gone for all who open its path later. */
export function removesOpenFiles(): boolean {
  return runtime().system !== "windows";
}

/** Removes a file. A missing file is no error. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** Whether two paths are one file, by whatever names. */
export function isSameFile(one: string, other: string): boolean {
  const [first, second] = [one, other].map(statusOf);
  return first != null && second != null && first.ino === second.ino && first.dev === second.dev;
}

function statusOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    // Whoever opens it has the same error, and more to say. Deno's NotCapable has no code.
    if (typeof codeOf(error) === "string") return null;
    throw error;
  }
}

/**
 * Creates an empty file that will replace another one. It gets that file's permissions and owner as far as
 * the system allows, so that nobody can read it who cannot read the other.
 */
export function makeReplacement(path: string, replacement: string): void {
  removeFile(replacement);
  const original = openSync(path, constants.O_RDONLY);
  try {
    const { mode, uid, gid } = fstatSync(original);
    const file = openSync(replacement, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      takeAfter(file, mode, uid, gid);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(original);
  }
}

/** Creates an empty file in place of one that a killed program left. */
export function makeNewFile(path: string): void {
  removeFile(path);
  closeSync(openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666));
}

function takeAfter(file: number, mode: number, uid: number, gid: number): void {
  try {
    fchownSync(file, uid, gid);
  } catch {
    // Only root can change the owner.
  }
  try {
    fchmodSync(file, mode & 0o777);
  } catch (error) {
    // Node refuses it with --permission, whatever is granted: the file stays its owner's alone.
    if (codeOf(error) !== "ERR_ACCESS_DENIED") throw error;
  }
}

/**
 * Replaces a file by another, which is on the disk, in one step: a program that opens the path sees one of
 * them, complete, and so does one after a power cut.
 */
export function replaceFile(path: string, by: string): void {
  renameSync(by, path);
  syncFolder(dirname(path));
}

/**
 * Truncates a file that is longer than the given number of bytes, unless it has all bytes of the finished
 * file: then only closing it failed. A file that cannot be truncated stays as it is.
 */
export function cutFile(path: string, bytes: number, finishedBytes: number | null): void {
  try {
    // With write access alone, Deno needs no read permission.
    const file = openSync(path, constants.O_WRONLY);
    try {
      const { size } = fstatSync(file);
      if (size > bytes && size !== finishedBytes) ftruncateSync(file, bytes);
    } finally {
      closeSync(file);
    }
  } catch {
    // The caller has its own error to report.
  }
}

/** Replaces bytes of a file; returns whether it has as many. */
export function patchFile(path: string, offset: number, bytes: Uint8Array): boolean {
  // With write access alone, Deno needs no read permission.
  const file = openSync(path, constants.O_WRONLY);
  try {
    if (fstatSync(file).size < offset + bytes.length) return false;
    return writeSync(file, bytes, 0, bytes.length, offset) === bytes.length;
  } finally {
    closeSync(file);
  }
}

/** A file for what is read back later. It is gone when the process is, where the system allows that. */
export class ScratchFile implements Disposable {
  readonly #path: string;
  readonly #file: number;
  #isRemoved = false;
  #isClosed = false;
  #bytes = 0;

  /** Replaces a file of the path. */
  constructor(path: string) {
    this.#path = path;
    removeFile(path);
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      unlinkSync(path);
      this.#isRemoved = true;
    } catch {
      // Windows removes no file that is open.
    }
  }

  /** Adds bytes at the end. */
  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const written = writeSync(this.#file, bytes, from, bytes.length - from, this.#bytes);
      from += written;
      this.#bytes += written;
    }
  }

  /** Fills bytes from a place in the file. */
  read(into: Uint8Array, offset: number): void {
    for (let from = 0; from < into.length;) {
      const count = readSync(this.#file, into, from, into.length - from, offset + from);
      if (count === 0) {
        throw new RangeError(`Cannot read byte ${offset + from} of ${this.#path}: it ends before`);
      }
      from += count;
    }
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    closeSync(this.#file);
    if (!this.#isRemoved) removeFile(this.#path);
  }
}

/**
 * The names in a folder; `null` where the path is none. Throws the system's error, or Deno's `NotCapable`.
 */
export function namesIn(path: string): string[] | null {
  return statSync(path).isDirectory() ? readdirSync(path) : null;
}
