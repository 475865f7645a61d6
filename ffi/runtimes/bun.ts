/**
 * The Bun adapter.
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
import { setForNativeCode } from "./environment.ts";
import { isProgram } from "./programs.ts";
import { threadOf } from "../threads.ts";

/** The part of `bun:ffi` in use, declared here so that the module type-checks under Deno as well. */
interface BunFfi {
  dlopen(
    path: string,
    symbols: Record<string, { args: string[]; returns: string }>,
  ): { symbols: Record<string, unknown> };
}

interface BunProcess {
  readonly platform: string;
  readonly arch: string;
  readonly versions: { readonly bun: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  on(event: "exit", listener: () => void): void;
  getBuiltinModule(name: "bun:ffi"): BunFfi;
  getBuiltinModule(name: "node:fs"): {
    readFileSync(path: string, encoding: "utf8"): string;
    realpathSync(path: string): string;
  };
}

/** The part of Bun's global object in use. */
interface BunGlobal {
  gc(isSynchronous: boolean): void;
}

/** A web worker, with what Bun adds to it. It starts sooner than one of `node:worker_threads`. */
type BunWorker = Worker & { ref(): void; unref(): void };

/** Its options, with what Bun adds: arguments that end the thread's `process.argv`. */
interface BunWorkerOptions extends WorkerOptions {
  readonly argv: readonly string[];
}

const nativeTypes: Readonly<Record<CType, string>> = {
  void: "void",
  i32: "i32",
  u32: "u32",
  i64: "i64",
  u64: "u64",
  f64: "f64",
  address: "u64",
  buffer: "ptr",
  rational: "u64",
};

function foreignFunction(signature: CFunction): { args: string[]; returns: string } {
  return {
    args: signature.parameters.map((type) => nativeTypes[type]),
    returns: nativeTypes[signature.result],
  };
}

/** The error of a report, which has lines of the code around it and a stack. */
function reportedError(report: string): Error {
  const [line] = /^(?:\w*Error|error): .*$/m.exec(report) ?? [report.trim()];
  return Object.assign(new Error(line), { stack: report });
}

function systemName(platform: string): SystemName {
  if (platform === "win32") return "windows";
  return platform === "darwin" ? "darwin" : "linux";
}

/** Makes the adapter. */
export function createBunRuntime(): Runtime {
  const { process, Bun } = globalThis as unknown as { process: BunProcess; Bun: BunGlobal };
  const { dlopen } = process.getBuiltinModule("bun:ffi");
  return {
    name: `Bun ${process.versions.bun}`,
    system: systemName(process.platform),
    architecture: process.arch === "arm64" ? "aarch64" : "x86_64",

    requireFfi(): void {},
    open<T extends SymbolTable>(path: string, symbols: T): Functions<T> {
      const wanted = Object.fromEntries(
        Object.entries(symbols).map(([name, signature]) => [name, foreignFunction(signature)]),
      );
      return dlopen(path, wanted).symbols as unknown as Functions<T>;
    },

    functionAddress(path: string, name: string): Address {
      const found = dlopen(path, { [name]: { args: [], returns: "void" } }).symbols[name];
      return address(BigInt((found as { readonly ptr: number }).ptr));
    },

    // Bun has no permissions: everything is allowed.
    mayOpen(_path: string): boolean {
      return true;
    },
    requestLibraries(): boolean {
      return true;
    },
    variable(name: string): string | undefined {
      return process.env[name];
    },
    fileText(path: string): string | undefined {
      try {
        return process.getBuiltinModule("node:fs").readFileSync(path, "utf8");
      } catch {
        return undefined;
      }
    },
    realPath(path: string): string | undefined {
      try {
        return process.getBuiltinModule("node:fs").realpathSync(path);
      } catch {
        return undefined;
      }
    },
    mayRead(_path: string): boolean {
      return true;
    },
    mayReadAndWrite(_path: string): boolean {
      return true;
    },
    requireNetwork(_host: string): void {},
    isProgram,
    mayRun(_path: string): boolean {
      return true;
    },
    requireRun(_path: string): void {},
    maySignal(): boolean {
      return true;
    },
    environment(): Record<string, string> {
      return { ...process.env } as Record<string, string>;
    },
    onExit(action: () => void): void {
      process.on("exit", action);
    },
    setVariable(name: string, value: string): void {
      setForNativeCode(this, name, value);
    },
    startThread(module: URL, task: string, listener: ThreadListener): Thread {
      const options: BunWorkerOptions = { type: "module", argv: [task] };
      const worker = new Worker(module.href, options) as BunWorker;
      worker.addEventListener("message", ({ data }) => listener.message(data));
      worker.addEventListener("error", ({ message }) => listener.ended(reportedError(message)));
      worker.addEventListener("close", () => listener.ended(new Error("The thread ended")));
      return threadOf(worker);
    },
    startTimer(ms: number, action: () => void): () => void {
      const timer = setTimeout(action, ms);
      // Bun's timers are objects, as Node's are.
      (timer as unknown as { unref(): void }).unref();
      return () => clearTimeout(timer);
    },
    collectGarbage(): void {
      Bun.gc(true);
    },
    errorClass(_name: string): undefined {
      return undefined;
    },
  };
}
