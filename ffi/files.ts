/**
 * The few file operations that a writer needs, through Node's API: both runtimes have it, and Deno applies
 * its permissions to it, which libav's own file access would bypass.
 *
 * @module
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  unlinkSync,
} from "node:fs";

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | null)?.code;
}

/** Opens and closes a file; returns whether it is a regular one. */
function tryOpen(path: string, flags: number): boolean {
  const file = openSync(path, flags);
  try {
    return fstatSync(file).isFile();
  } finally {
    closeSync(file);
  }
}

/**
 * Throws the system's error (or Deno's `NotCapable`) unless the file can be written, and leaves the disk as
 * it was: a file that exists is opened without a change, one that does not is made and removed.
 *
 * @returns Whether the path is, or will be, a regular file of its own: not a device, a pipe or a link, which
 * nobody should remove.
 */
export function checkWritable(path: string): boolean {
  try {
    tryOpen(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    return checkExisting(path);
  }
  unlinkSync(path);
  return true;
}

// Windows has neither flag.
const { O_NONBLOCK: nonBlocking = 0, O_NOFOLLOW: notThroughLinks = 0 } = constants;

function checkExisting(path: string): boolean {
  try {
    return tryOpen(path, constants.O_WRONLY | nonBlocking | notThroughLinks);
  } catch (error) {
    const code = codeOf(error);
    // Does not wait for a named pipe that has no reader yet.
    if (code === "ENXIO") return false;
    if (code !== "ELOOP" && code !== "EMLINK") throw error;
  }
  checkLink(path);
  return false;
}

function checkLink(path: string): void {
  try {
    tryOpen(path, constants.O_WRONLY | nonBlocking);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    // The link points to a file that does not exist yet. It is created, and removed where it can be found.
    tryOpen(path, constants.O_WRONLY | constants.O_CREAT);
    unlinkSync(realpathSync(path));
  }
}

/**
 * Throws the system's error (or Deno's `NotCapable`) unless the path can be read; returns whether it is a
 * regular file.
 */
export function checkReadable(path: string): boolean {
  return tryOpen(path, constants.O_RDONLY | nonBlocking);
}

/** All bytes of a file. Throws the system's error, or Deno's `NotCapable`. */
export function readFile(path: string): Uint8Array {
  return readFileSync(path);
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

/** Removes a file. A missing file is no error. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/**
 * Creates an empty file that will replace another one. It gets that file's permissions and owner as far as
 * the system allows, so that nobody can read it who cannot read the other.
 */
export function makeReplacement(path: string, replacement: string): void {
  removeFile(replacement);
  // With write access alone, Deno needs no read permission.
  const original = openSync(path, constants.O_WRONLY);
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

/** Replaces a file by another in one step: a program that opens the path sees one of them, complete. */
export function replaceFile(path: string, by: string): void {
  renameSync(by, path);
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
