/**
 * The Deno adapter. It uses `dlopen` and symbol calls only: `Deno.UnsafePointer` and its kin are refused
 * under a scoped `--allow-ffi=PATH` grant, which this module is meant to run with.
 *
 * @module
 */
import {
  type Address,
  address,
  type CFunction,
  type CType,
  type Functions,
  type Runtime,
  type SymbolTable,
  type SystemName,
  type Thread,
  type ThreadListener,
} from "../contract.ts";
import { bindNow, LibraryKeeper } from "../library_keeper.ts";
import { cString } from "../memory.ts";
import { threadOf, workerThreads } from "../threads.ts";
import { collectV8Garbage } from "./v8.ts";

const nativeTypes: Readonly<Record<CType, Deno.NativeResultType>> = {
  void: "void",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  u64: "u64",
  f64: "f64",
  address: "usize",
  buffer: "buffer",
  rational: "u64",
};

function foreignFunction(signature: CFunction): Deno.ForeignFunction {
  return {
    parameters: signature.parameters.map((type) => nativeTypes[type] as Deno.NativeType),
    result: nativeTypes[signature.result],
  };
}

/** The bits of a file's mode with which its owner, its group or others may execute it. */
const anyExecutes = 0o111;

function systemName(): SystemName {
  return Deno.build.os === "darwin" || Deno.build.os === "windows" ? Deno.build.os : "linux";
}

/** What a thread says whose module can't be imported. */
interface NotStarted {
  readonly notStarted: string;
}

/**
 * A module that imports the one to run, of whatever address (`node:worker_threads` takes files only), and
 * tells why it can't: Deno itself would print the error as an uncaught one.
 */
function starter(module: URL): URL {
  const code = `try { await import(${JSON.stringify(module.href)}); }
catch (error) { postMessage({ notStarted: String(error?.message ?? error) }); }`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** What decides whether a web worker keeps the program alive: a method, which counts its calls. */
type Reference = (isKept: boolean) => void;

/**
 * The method by which Deno references its web workers: the only one that is named by a symbol without a
 * description. It is not documented; `null` where it is not there.
 */
function referenceSymbol(): symbol | null {
  // Programs may put a class of their own in its place, which extends it.
  for (let { prototype } = Worker; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const found = Object.getOwnPropertySymbols(prototype).find((symbol) => {
      const { value } = Object.getOwnPropertyDescriptor(prototype, symbol)!;
      return symbol.description === undefined && typeof value === "function" && value.length === 1;
    });
    if (found !== undefined) return found;
  }
  return null;
}

/** A web worker: it starts in a third of the time of one of `node:worker_threads`. */
function startWebWorker(module: URL, task: string, listener: ThreadListener, symbol: symbol): Thread {
  const worker = new Worker(starter(module), { type: "module", name: task });
  const refer = (worker as unknown as Record<symbol, Reference>)[symbol]!.bind(worker);
  let isKept = true;
  const keepAlive = (isNeeded: boolean): void => {
    if (isNeeded !== isKept) refer(isNeeded);
    isKept = isNeeded;
  };
  const end = (error: Error): void => {
    worker.terminate();
    listener.ended(error);
  };
  // Where it is terminated from outside, without an error, there is no event and nothing notices: what waits
  // for it waits until it is aborted. Threads of `node:worker_threads` have the event "exit" for that.
  worker.addEventListener("message", ({ data }) => {
    const { notStarted } = data as Partial<NotStarted>;
    if (notStarted === undefined) listener.message(data);
    else end(new Error(notStarted));
  });
  worker.addEventListener("error", (event) => {
    // Else the program would end.
    event.preventDefault();
    end(new Error(event.message.replace(/^Uncaught (?:Error: )?/, "")));
  });
  keepAlive(false);
  return {
    post: (message, transferred = []) => worker.postMessage(message, transferred),
    keepAlive,
    end: () => end(new Error("The thread was ended")),
  };
}

/** A thread of `node:worker_threads`. */
function startNodeWorker(module: URL, task: string, listener: ThreadListener): Thread {
  const { Worker } = workerThreads();
  // Its copy of the environment would need the permission to read all of it.
  const worker = new Worker(starter(module), { env: {}, workerData: task });
  worker.on("message", (message: unknown) => {
    const { notStarted } = message as Partial<NotStarted>;
    if (notStarted === undefined) return listener.message(message);
    listener.ended(new Error(notStarted));
    worker.terminate();
  });
  worker.on("error", (error: Error) => listener.ended(error));
  worker.on("exit", (code: number) => listener.ended(new Error(`The thread ended with ${code}`)));
  return threadOf(worker);
}

/** Binds one function; `null` where there is none, or it may not be opened. */
function bind(
  library: string,
  name: string,
  parameters: readonly ("buffer" | "u32")[],
): ((...parameters: (Uint8Array | number)[]) => bigint) | null {
  // A prompt for another library than FFmpeg's would be a surprise.
  if (Deno.permissions.querySync({ name: "ffi", path: library }).state !== "granted") return null;
  try {
    const { symbols } = Deno.dlopen(library, { [name]: { parameters, result: "usize", optional: true } });
    return symbols[name] as ((...parameters: (Uint8Array | number)[]) => bigint) | null;
  } catch {
    return null;
  }
}

/** Makes the adapter. */
export function createDenoRuntime(): Runtime {
  const keeper = new LibraryKeeper(systemName(), bind);
  return {
    name: `Deno ${Deno.version.deno}`,
    system: systemName(),
    architecture: Deno.build.arch,

    requireFfi(): void {},
    open<T extends SymbolTable>(path: string, symbols: T): Functions<T> {
      const wanted = Object.fromEntries(
        Object.entries(symbols).map(([name, signature]) => [name, foreignFunction(signature)]),
      );
      const library = Deno.dlopen(path, wanted);
      keeper.keep(path);
      return library.symbols as unknown as Functions<T>;
    },

    async openAside(paths: readonly string[]): Promise<boolean> {
      try {
        // The dlopen of the libc that libavutil uses. What Deno opens itself would be closed with this.
        const library = Deno.dlopen(paths[0]!, {
          dlopen: { parameters: ["buffer", "u32"], result: "usize", nonblocking: true },
        });
        try {
          for (const path of paths) {
            if (await library.symbols.dlopen(cString(path), bindNow) === 0n) return false;
          }
          return true;
        } finally {
          library.close();
        }
      } catch {
        return false;
      }
    },

    functionAddress(path: string, name: string): Address {
      // What is declared as a variable is found by its address. av_fast_realloc returns what it gets where
      // that is large enough: Deno itself tells addresses only to those who may open all libraries.
      const { symbols } = Deno.dlopen(path, {
        [name]: { type: "pointer" },
        av_fast_realloc: { parameters: ["pointer", "buffer", "usize"], result: "usize" },
      });
      const found = symbols[name] as unknown as Deno.PointerValue;
      const same = symbols.av_fast_realloc as (
        pointer: Deno.PointerValue,
        size: Uint32Array<ArrayBuffer>,
        least: bigint,
      ) => bigint;
      return address(same(found, new Uint32Array(1), 0n));
    },

    mayOpen(path: string): boolean {
      return Deno.permissions.querySync({ name: "ffi", path }).state === "granted";
    },

    requestLibraries(): boolean {
      return Deno.permissions.requestSync({ name: "ffi" }).state === "granted";
    },

    variable(name: string): string | undefined {
      const permission = Deno.permissions.querySync({ name: "env", variable: name });
      return permission.state === "granted" ? Deno.env.get(name) : undefined;
    },

    fileText(path: string): string | undefined {
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
      try {
        return Deno.readTextFileSync(path);
      } catch {
        return undefined;
      }
    },

    realPath(path: string): string | undefined {
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return undefined;
      try {
        return Deno.realPathSync(path);
      } catch {
        return undefined;
      }
    },

    mayRead(path: string): boolean {
      return Deno.permissions.querySync({ name: "read", path }).state === "granted";
    },

    mayReadAndWrite(path: string): boolean {
      return (["read", "write"] as const).every((name) =>
        Deno.permissions.querySync({ name, path }).state === "granted"
      );
    },

    requireNetwork(host: string): void {
      if (Deno.permissions.requestSync({ name: "net", host }).state === "granted") return;
      throw new Deno.errors.NotCapable(
        `Requires net access to "${host}", run again with the --allow-net flag`,
      );
    },

    isProgram(path: string): boolean {
      if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return false;
      try {
        const { isFile, mode } = Deno.statSync(path);
        return isFile && (mode === null || (mode & anyExecutes) !== 0);
      } catch {
        return false;
      }
    },

    mayRun(path: string): boolean {
      return Deno.permissions.querySync({ name: "run", command: path }).state === "granted";
    },

    requireRun(path: string): void {
      if (Deno.permissions.requestSync({ name: "run", command: path }).state !== "granted") {
        throw new Deno.errors.NotCapable(
          `Requires run access to "${path}", run again with the --allow-run flag`,
        );
      }
      if (Deno.permissions.requestSync({ name: "env" }).state === "granted") return;
      throw new Deno.errors.NotCapable(
        `Requires env access, which "${path}" inherits, run again with the --allow-env flag`,
      );
    },

    maySignal(): boolean {
      return Deno.permissions.querySync({ name: "run" }).state === "granted";
    },

    environment(): Record<string, string> {
      const all = Deno.env.toObject();
      if (this.maySignal()) return all;
      // With a list of programs, Deno runs none with variables that load code into it.
      return Object.fromEntries(Object.entries(all).filter(([name]) => !/^(?:LD|DYLD)_/.test(name)));
    },

    onExit(action: () => void): void {
      globalThis.addEventListener("unload", action);
    },

    setVariable(name: string, value: string): void {
      const permission = Deno.permissions.querySync({ name: "env", variable: name });
      if (permission.state === "granted" && Deno.env.get(name) === undefined) Deno.env.set(name, value);
    },

    startThread(module: URL, task: string, listener: ThreadListener): Thread {
      const symbol = referenceSymbol();
      return symbol === null
        ? startNodeWorker(module, task, listener)
        : startWebWorker(module, task, listener, symbol);
    },

    startTimer(ms: number, action: () => void): () => void {
      const timer = setTimeout(action, ms);
      Deno.unrefTimer(timer);
      return () => clearTimeout(timer);
    },

    collectGarbage(): void {
      collectV8Garbage();
    },

    errorClass(name: string): (new (message: string) => Error) | undefined {
      return (Deno.errors as Readonly<Record<string, new (message: string) => Error>>)[name];
    },
  };
}
