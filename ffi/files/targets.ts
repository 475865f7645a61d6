/**
 * What a path is that is to be written: a file of its own, a pipe, a device, a link.
 *
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
  unlinkSync,
} from "node:fs";
import { dirname } from "../paths.ts";
import { codeOf } from "./files.ts";
import { runtime } from "../runtime.ts";

// Windows has neither flag.
const { O_NONBLOCK: nonBlocking = 0, O_NOFOLLOW: notThroughLinks = 0 } = constants;

/** A pipe that is kept open: its reader sees the end of the file once nobody has it open. */
export class HeldPipe implements Disposable {
  #file: number | null;

  /** For an open file. */
  constructor(file: number) {
    this.#file = file;
  }

  /** Lets go of it. */
  [Symbol.dispose](): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/** A path that can be written. */
export interface Target {
  /** Whether it is, or will be, a regular file of its own: not a device, a pipe or a link. */
  readonly isOwnFile: boolean;
  /** The pipe that it is, kept open; `null` where it is none. */
  readonly pipe: HeldPipe | null;
}

const ownFile: Target = { isOwnFile: true, pipe: null };
const otherFile: Target = { isOwnFile: false, pipe: null };

/** Opens a path. A pipe stays open. */
function tryOpen(path: string, flags: number): Target {
  const file = openSync(path, flags);
  const { isFile, isPipe, isFolder } = kindOf(file);
  if (isPipe) return { isOwnFile: false, pipe: new HeldPipe(file) };
  closeSync(file);
  // Windows opens folders for writing, too.
  if (isFolder) throw Object.assign(new Error(`EISDIR: ${path} is a folder`), { code: "EISDIR" });
  return isFile ? ownFile : otherFile;
}

function kindOf(file: number): { isFile: boolean; isPipe: boolean; isFolder: boolean } {
  const stats = fstatSync(file);
  return { isFile: stats.isFile(), isPipe: stats.isFIFO(), isFolder: stats.isDirectory() };
}

/**
 * Throws the system's error (or Deno's `NotCapable`) unless a path can be written, and leaves the disk as it
 * was: a file that exists is opened without a change, one that does not is made and removed. ENXIO: a pipe
 * without a reader.
 */
export function checkWritable(path: string): Target {
  try {
    tryOpen(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return checkExisting(path);
  }
  unlinkSync(path);
  return ownFile;
}

function checkExisting(path: string): Target {
  try {
    return tryOpen(path, constants.O_WRONLY | nonBlocking | notThroughLinks);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "ELOOP" && code !== "EMLINK") throw error;
  }
  return { ...checkLink(path), isOwnFile: false };
}

function checkLink(path: string): Target {
  try {
    return tryOpen(path, constants.O_WRONLY | nonBlocking);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    // The link points to a file that does not exist yet. It is created, and removed where it can be found.
    const target = tryOpen(path, constants.O_WRONLY | constants.O_CREAT);
    unlinkSync(realpathSync(path));
    return target;
  }
}

/** How often a pipe is emptied, in milliseconds. */
const drainMs = 5;

/**
 * Reads a pipe, and discards what it reads, so that a thread that waits for its reader goes on. Does nothing
 * where the path is no pipe, or may not be read.
 */
export class PipeDrain implements Disposable {
  #file: number | null = null;
  #stop: () => void = () => {};

  /** Begins after so many milliseconds. */
  constructor(path: string, afterMs: number) {
    if (!runtime().mayRead(path)) return;
    this.#stop = runtime().startTimer(afterMs, () => this.#begin(path));
  }

  #begin(path: string): void {
    try {
      const file = openSync(path, constants.O_RDONLY | nonBlocking);
      if (kindOf(file).isPipe) this.#file = file;
      else closeSync(file);
    } catch {
      return;
    }
    this.#read(new Uint8Array(2 ** 16));
  }

  #read(room: Uint8Array): void {
    if (this.#file === null) return;
    try {
      while (readSync(this.#file, room) > 0);
    } catch {
      // It is empty (EAGAIN).
    }
    this.#stop = runtime().startTimer(drainMs, () => this.#read(room));
  }

  /** Ends it. */
  [Symbol.dispose](): void {
    this.#stop();
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/** The bit of a folder in which only a file's owner, or the folder's, may replace it. */
const sticky = 0o1000;

function statsOf(path: string): Stats | null {
  if (!runtime().mayRead(path)) return null;
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

/**
 * Whether a path is known to be that of a regular file, a folder, or nothing yet: whoever opens it waits for
 * nobody. Never prompts for permission.
 */
export function isPlainPath(path: string): boolean {
  if (!runtime().mayRead(path)) return false;
  try {
    const stats = statSync(path);
    return stats.isFile() || stats.isDirectory();
  } catch (error) {
    return codeOf(error) === "ENOENT";
  }
}

/**
 * Why an existing file can't be replaced by another in its folder, as far as that may be seen; `null` where
 * it can. `owner` is the user that files of this program belong to.
 */
export function obstacleTo(path: string, owner: number): "EPERM" | "EBUSY" | null {
  const [file, folder] = [statsOf(path), statsOf(dirname(path))];
  if (file === null) return null;
  const mounts = runtime().fileText("/proc/self/mountinfo") ?? "";
  // Spaces and other letters that end a field are in octal there.
  const escaped = path.replace(
    /[ \t\n\\]/g,
    (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  if (mounts.split("\n").some((line) => line.split(" ")[4] === escaped)) return "EBUSY";
  const isSticky = folder !== null && (folder.mode & sticky) !== 0;
  return isSticky && owner !== 0 && owner !== file.uid && owner !== folder.uid ? "EPERM" : null;
}

/** The user that a new file of a name belongs to. It is made, and removed. */
export function ownerOfNew(path: string): number {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    return fstatSync(file).uid;
  } finally {
    closeSync(file);
    unlinkSync(path);
  }
}
