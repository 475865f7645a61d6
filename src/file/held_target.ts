/**
 * The path that one writer writes: nobody else does so meanwhile.
 *
 * @module
 */
import { FileLock, type Native, type Target } from "../../ffi/mod.ts";
import { foldersOf } from "../container/many_files.ts";
import { WriteError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";
import { shown } from "../shown.ts";
import { requireWritable, requireWritableFolder } from "./target.ts";

/** A path that is written, until it is disposed. */
export class HeldTarget implements Disposable {
  readonly #native: Native;
  readonly #path: string;
  readonly #target: Target;
  /** Whether files are made in its folder. */
  readonly #isFolder: boolean;
  #lock: FileLock | null = null;

  private constructor(native: Native, path: string, target: Target, isFolder: boolean) {
    this.#isFolder = isFolder;
    this.#native = native;
    this.#path = path;
    this.#target = target;
  }

  /**
   * Throws a {@linkcode WriteError}, or Deno's own `NotCapable`, unless the path can be written, and nobody
   * else is writing it. Leaves the disk unchanged.
   */
  static take(
    native: Native,
    info: MuxerInfo,
    path: string,
    formatOptions: Readonly<Record<string, OptionValue>> | undefined,
  ): HeldTarget {
    if (info.opensFilesItself) {
      for (const folder of foldersOf(info, path, formatOptions)) requireWritableFolder(folder);
      return new HeldTarget(native, path, { isOwnFile: false, pipe: null }, true);
    }
    const held = new HeldTarget(native, path, requireWritable(path), false);
    if (!held.isPipe) held.#takeLock(false);
    return held;
  }

  /** Whether it is a regular file of its own, which an abort may remove. */
  get isOwnFile(): boolean {
    return this.#target.isOwnFile;
  }

  /** Whether it is a pipe. */
  get isPipe(): boolean {
    return this.#target.pipe !== null;
  }

  /** Makes and locks the file, before it is opened, where there was none, or it is another one by now. */
  lock(): void {
    if (this.isPipe || this.#isFolder || this.#lock?.isOf(this.#path)) return;
    this.#lock?.[Symbol.dispose]();
    this.#lock = null;
    this.#takeLock(true);
  }

  #takeLock(isMade: boolean): void {
    const lock = FileLock.take(this.#native.fileLocks(), this.#path, isMade);
    if (lock === "taken") throw inUse(this.#path);
    this.#lock = lock;
  }

  /** Whether nobody else writes the path. Locks it again where it was given free. */
  isMine(): boolean {
    if (this.#lock !== null || this.isPipe || this.#isFolder) return true;
    const lock = FileLock.take(this.#native.fileLocks(), this.#path, false);
    if (lock === "taken") return false;
    this.#lock = lock;
    return true;
  }

  /** Lets go of a pipe, which is open now. */
  letGoOfPipe(): void {
    this.#target.pipe?.[Symbol.dispose]();
  }

  /** Gives the path free. */
  [Symbol.dispose](): void {
    this.letGoOfPipe();
    this.#lock?.[Symbol.dispose]();
    this.#lock = null;
  }
}

/** The error of a second writer. */
export function inUse(path: string): WriteError {
  return new WriteError(`Cannot write ${shown(path)}: another writer is writing it`, {
    code: "IN_USE",
    operation: `open ${path} for writing`,
    hint: "Close that writer first, or choose another name",
  });
}
