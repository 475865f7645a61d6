/**
 * The Node adapter.
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
import { LibraryNotFoundError } from "../errors.ts";
import { LibraryKeeper } from "../library_keeper.ts";
import { threadOf, workerThreads } from "../threads.ts";
import { setForNativeCode } from "./environment.ts";
import { isProgram } from "./programs.ts";
import { collectV8Garbage } from "./v8.ts";

/** The part of `node:ffi` in use. */
interface NodeFfi {
  dlopen(
    path: string,
    symbols: Record<string, { arguments: string[]; return: string }>,
  ): { functions: Record<string, unknown>; lib: { getSymbol(name: string): bigint } };
}

interface NodeProcess {
  readonly platform: string;
  readonly arch: string;
  readonly versions: { readonly node: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `--permission` grants; missing where all is allowed. */
  readonly permission?: { has(scope: string, reference?: string): boolean };
  on(event: "exit", listener: () => void): void;
  getBuiltinModule(name: "node:ffi"): NodeFfi;
  getBuiltinModule(name: "node:module"): { isBuiltin(name: string): boolean };
  getBuiltinModule(name: "node:fs"): {
    readFileSync(path: string, encoding: "utf8"): string;
    realpathSync(path: string): string;
  };
}

const nativeTypes: Readonly<Record<CType, string>> = {
  void: "void",
  i32: "int32",
  u32: "uint32",
  i64: "int64",
  u64: "uint64",
  f64: "double",
  address: "uint64",
  buffer: "buffer",
  rational: "uint64",
};

function foreignFunction(signature: CFunction): { arguments: string[]; return: string } {
  return {
    arguments: signature.parameters.map((type) => nativeTypes[type]),
    return: nativeTypes[signature.result],
  };
}

/** Node's error for what its permissions do not grant. */
function accessDenied(message: string): Error {
  return Object.assign(new Error(message), { code: "ERR_ACCESS_DENIED" });
}

function systemName(platform: string): SystemName {
  if (platform === "win32") return "windows";
  return platform === "darwin" ? "darwin" : "linux";
}

/** Reads something under Node's permissions; `undefined` where that fails. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Whether this Node can call native libraries. Asking prints nothing, using it prints a warning. */
function hasFfi(process: NodeProcess): boolean {
  // Old ones lack the function, too.
  return tried(() => process.getBuiltinModule("node:module").isBuiltin("node:ffi")) ?? false;
}

/** Binds one function; `null` where there is none. */
function bind(
  { dlopen }: NodeFfi,
  library: string,
  name: string,
  parameters: readonly ("buffer" | "u32")[],
): ((...parameters: (Uint8Array | number)[]) => bigint) | null {
  const signature = { arguments: parameters.map((type) => nativeTypes[type]), return: "uint64" };
  const functions = tried(() => dlopen(library, { [name]: signature }).functions);
  return functions?.[name] as ((...parameters: (Uint8Array | number)[]) => bigint) | undefined ?? null;
}

/** Makes the adapter. */
export function createNodeRuntime(): Runtime {
  const { process } = globalThis as unknown as { process: NodeProcess };
  const isGranted = (scope: string, reference?: string): boolean =>
    process.permission?.has(scope, reference) ?? true;
  const system = systemName(process.platform);
  const ffi = (): NodeFfi => process.getBuiltinModule("node:ffi");
  const keeper = new LibraryKeeper(system, (...wanted) => bind(ffi(), ...wanted));
  return {
    name: `Node ${process.versions.node}`,
    system,
    architecture: process.arch === "arm64" ? "aarch64" : "x86_64",

    requireFfi(): void {
      if (hasFfi(process)) return;
      throw new LibraryNotFoundError(
        `Cannot call native libraries here: Node ${process.versions.node} has no node:ffi`,
        {
          code: "NO_FFI",
          operation: "load FFmpeg's libraries",
          hint: "Use Node 26.10 or newer (or 26.1 with --experimental-ffi), Deno or Bun",
        },
      );
    },
    open<T extends SymbolTable>(path: string, symbols: T): Functions<T> {
      const wanted = Object.fromEntries(
        Object.entries(symbols).map(([name, signature]) => [name, foreignFunction(signature)]),
      );
      const { functions } = ffi().dlopen(path, wanted);
      keeper.keep(path);
      return functions as unknown as Functions<T>;
    },

    functionAddress(path: string, name: string): Address {
      return address(ffi().dlopen(path, {}).lib.getSymbol(name));
    },

    mayOpen(_path: string): boolean {
      return isGranted("ffi");
    },
    requestLibraries(): boolean {
      return isGranted("ffi");
    },
    variable(name: string): string | undefined {
      return process.env[name];
    },
    fileText(path: string): string | undefined {
      return tried(() => process.getBuiltinModule("node:fs").readFileSync(path, "utf8"));
    },
    realPath(path: string): string | undefined {
      return tried(() => process.getBuiltinModule("node:fs").realpathSync(path));
    },
    mayRead(path: string): boolean {
      return isGranted("fs.read", path);
    },
    mayReadAndWrite(path: string): boolean {
      return isGranted("fs.read", path) && isGranted("fs.write", path);
    },
    requireNetwork(host: string): void {
      if (isGranted("net")) return;
      throw accessDenied(`Access to ${host} needs --allow-net`);
    },
    isProgram,
    mayRun(_path: string): boolean {
      return isGranted("child");
    },
    requireRun(path: string): void {
      if (!isGranted("child")) throw accessDenied(`To run ${path} needs --allow-child-process`);
    },
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
      const { Worker } = workerThreads();
      const worker = new Worker(module, { workerData: task });
      worker.on("message", (message: unknown) => listener.message(message));
      worker.on("error", (error: Error) => listener.ended(error));
      worker.on("exit", (code: number) => listener.ended(new Error(`The thread ended with ${code}`)));
      return threadOf(worker);
    },
    startTimer(ms: number, action: () => void): () => void {
      const timer = setTimeout(action, ms);
      // Node's timers are objects.
      (timer as unknown as { unref(): void }).unref();
      return () => clearTimeout(timer);
    },
    collectGarbage(): void {
      collectV8Garbage();
    },
    errorClass(_name: string): undefined {
      return undefined;
    },
  };
}
