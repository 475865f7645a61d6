/**
 * Keeps libraries for as long as the process lives. Deno and Node close those of a thread with it, and the
 * threads of encoders, which run on, would then run in memory that is gone.
 *
 * @module
 */
import type { SystemName } from "./contract.ts";
import { cString, wideString } from "./memory.ts";
import { windowsKernel } from "./kernel32.ts";

/** Opens a library for good, by its path; returns whether that could be done. */
type Keep = (path: string) => boolean;

/**
 * Binds a function of a library or, but on Windows, of one that it depends on; `null` where there is none.
 */
type Bind = (
  library: string,
  name: string,
  parameters: readonly ("buffer" | "u32")[],
) => ((...parameters: (Uint8Array | number)[]) => bigint) | null;

/** RTLD_NOW, dlfcn.h: 2 with every libc. */
export const bindNow = 2;

/**
 * What keeps libraries. It opens them once more, and never closes that: by `dlopen` of the libc that the
 * library itself uses, so that no permission for another library is needed.
 */
export class LibraryKeeper {
  readonly #bind: Bind;
  readonly #system: SystemName;
  readonly #kept = new Set<string>();
  #open: Keep | null = null;

  /** For a system, with what binds functions. */
  constructor(system: SystemName, bind: Bind) {
    this.#system = system;
    this.#bind = bind;
  }

  /** Keeps a library that is open. Where the system gives no way to, it ends with this thread. */
  keep(path: string): void {
    if (this.#kept.has(path)) return;
    this.#open ??= this.#system === "windows" ? this.#onWindows() : this.#byLibc(path);
    if (this.#open?.(path) === true) this.#kept.add(path);
  }

  #byLibc(path: string): Keep | null {
    const dlopen = this.#bind(path, "dlopen", ["buffer", "u32"]);
    return dlopen === null ? null : (library) => dlopen(cString(library), bindNow) !== 0n;
  }

  #onWindows(): Keep | null {
    const load = this.#bind(windowsKernel, "LoadLibraryW", ["buffer"]);
    return load === null ? null : (library) => load(wideString(library)) !== 0n;
  }
}
