/**
 * A disk that is soon full.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import type { SkipReason } from "./features.ts";
import { TemporaryFolder } from "./media.ts";

/** A disk of a few megabytes in memory. */
export class SmallDisk implements Disposable {
  readonly #folder = new TemporaryFolder();

  /** Mounts it; throws where that is not possible. */
  constructor(megabytes: number) {
    try {
      if (process.platform !== "linux") throw new Error("not Linux");
      this.#mount(`size=${megabytes}m`);
    } catch (error) {
      this.#folder[Symbol.dispose]();
      throw error;
    }
  }

  /** The reason where none can be mounted. */
  static get missing(): SkipReason {
    try {
      new SmallDisk(1)[Symbol.dispose]();
      return false;
    } catch {
      return "a small disk cannot be mounted here";
    }
  }

  /** The path of a file on it. */
  file(name: string): string {
    return this.#folder.file(name);
  }

  /** The names of the files on it. */
  get names(): string[] {
    return readdirSync(this.#folder.path);
  }

  /** Makes it larger. */
  grow(megabytes: number): void {
    this.#mount(`remount,size=${megabytes}m`);
  }

  #mount(options: string): void {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", this.#folder.path], { stdio: "pipe" });
  }

  [Symbol.dispose](): void {
    execFileSync("umount", ["-l", this.#folder.path]);
    this.#folder[Symbol.dispose]();
  }
}
