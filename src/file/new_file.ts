/**
 * A file that is made under another name, and takes its place once it is whole.
 *
 * @module
 */
import { removeFile, runtime } from "../../ffi/mod.ts";
import { UnsupportedError } from "../errors.ts";
import { Companion } from "./companion.ts";
import { companionPath, requireWritable } from "./target.ts";

/** The new file, until its scope ends: what was not placed is removed. */
export class NewFile implements Disposable {
  /** What it will be, with links followed. */
  readonly target: string;
  /** Whether there is a file in its place now. */
  readonly isThere: boolean;
  readonly #companion: Companion;

  /**
   * For a path. Its temporary name ends with the extension. Leaves the disk unchanged. Throws where neither
   * can be written, or where the path is no file.
   */
  constructor(path: string, action: string, extension = "") {
    const real = runtime().realPath(path);
    this.isThere = real !== undefined;
    this.target = real ?? path;
    requireOwnFile(this.target, action);
    const temporary = companionPath(this.target) + extension;
    requireWritable(temporary);
    this.#companion = new Companion(this.target, temporary);
  }

  /** Where it is made. */
  get path(): string {
    return this.#companion.path;
  }

  /** Makes it, empty, with the rights of the file that it will replace. */
  make(): void {
    if (this.isThere) this.#companion.make();
    else this.#companion.makeNew();
  }

  /** Has it take its place. */
  place(): void {
    this.#companion.replace(this.target);
  }

  /** The result of those who make it under its temporary name. What they leave is removed where they fail. */
  async madeBy<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      removeFile(this.path);
      throw error;
    }
  }

  /** Removes it where it was made here, unless it was placed. */
  [Symbol.dispose](): void {
    this.#companion[Symbol.dispose]();
  }
}

function requireOwnFile(path: string, action: string): void {
  const { isOwnFile, pipe } = requireWritable(path);
  pipe?.[Symbol.dispose]();
  if (isOwnFile) return;
  throw new UnsupportedError(`Cannot ${action} to ${path}: it is a device, a pipe or a link`, {
    code: "NO_REGULAR_FILE",
    operation: action,
    hint: "Name a file",
  });
}
