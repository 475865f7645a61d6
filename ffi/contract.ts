/**
 * The contract between libav and a JavaScript runtime: how C types cross the border, and what a runtime
 * adapter provides.
 *
 * @module
 */

declare const addressBrand: unique symbol;

/** A native address. Arithmetic gives a plain `bigint`; {@linkcode address} brands it again. */
export type Address = bigint & { readonly [addressBrand]: true };

/** The null pointer. */
export const NULL: Address = 0n as Address;

/** Brands a number that is known to be a native address. */
export function address(value: bigint): Address {
  return value as Address;
}

/**
 * How a C parameter or result crosses the border.
 *
 * - `address`: a pointer that native code owns, as a `bigint`; null is `0n`.
 * - `buffer`: a pointer into JavaScript memory, which must stay valid only during the call: pass the view
 *   itself, or `null`. Not an empty view: Deno passes NULL for it, Bun an address of nothing. Never a result.
 * - `rational`: an `AVRational` by value. It is two 32-bit integers, which the C calling conventions of all
 *   64-bit systems pass as one 64-bit register, so it crosses as a packed `u64` (see
 *   `src/libav/rational.ts`).
 */
export type CType = "void" | "i32" | "u32" | "i64" | "u64" | "f64" | "address" | "buffer" | "rational";

/** The border signature of one C function. */
export interface CFunction {
  /** Parameter types, in order. */
  readonly parameters: readonly CType[];
  /** Result type. */
  readonly result: CType;
}

/** The functions needed from one library. */
export type SymbolTable = Readonly<Record<string, CFunction>>;

/** JavaScript memory that a C function may read or write during a call. */
export type NativeBuffer = ArrayBufferView<ArrayBufferLike>;

interface ParameterTypes {
  void: never;
  i32: number;
  u32: number;
  i64: bigint;
  u64: bigint;
  f64: number;
  address: Address;
  buffer: NativeBuffer | null;
  rational: bigint;
}

interface ResultTypes {
  void: void;
  i32: number;
  u32: number;
  i64: bigint;
  u64: bigint;
  f64: number;
  address: Address;
  buffer: never;
  rational: bigint;
}

type ParametersOf<P extends readonly CType[]> = { -readonly [I in keyof P]: ParameterTypes[P[I]] };

/** The callable form of a symbol table. */
export type Functions<T extends SymbolTable> = {
  readonly [Name in keyof T]: (
    ...parameters: ParametersOf<T[Name]["parameters"]>
  ) => ResultTypes[T[Name]["result"]];
};

/** The operating systems whose library names are known. */
export type SystemName = "linux" | "darwin" | "windows";

/** Another thread of this program, which runs a module. */
export interface Thread {
  /**
   * Sends it a message, cloned as the structured clone algorithm does. Memory that is shared stays shared,
   * and transferred buffers become the other thread's. A typed array costs much more than its buffer.
   */
  post(message: unknown, transferred?: ArrayBuffer[]): void;
  /** Whether the program stays alive while only this thread is left to wait for. It does not by default. */
  keepAlive(isNeeded: boolean): void;
  /** Ends it at once. */
  end(): void;
}

/** Receives events from a thread. */
export interface ThreadListener {
  /** It sent a message. */
  message(message: unknown): void;
  /** It did not start, threw an error or ended: no more messages come from it. */
  ended(error: Error): void;
}

/** The connection from a thread to the one that started it. */
export interface ParentThread {
  /** What the thread is for, as {@linkcode Runtime.startThread} was told. */
  readonly task: string;
  /** Sends it a message, as {@linkcode Thread.post} does. */
  post(message: unknown, transferred?: ArrayBuffer[]): void;
  /** Sets the handler of its messages, the first one included. */
  listen(take: (message: unknown) => void): void;
}

/** Everything that differs between runtimes. Each runtime has one thin adapter. */
export interface Runtime {
  /** Name and version, for reports: `"Deno 2.9.6"`. */
  readonly name: string;
  /** The operating system. */
  readonly system: SystemName;
  /** The processor, in Debian's multiarch spelling: `"x86_64"` or `"aarch64"`. */
  readonly architecture: string;
  /** Throws a `LibraryNotFoundError` where this runtime, as it was started, can't call native libraries. */
  requireFfi(): void;
  /**
   * Opens a library by absolute path and binds the symbols; throws where the library or a symbol is missing.
   */
  open<T extends SymbolTable>(path: string, symbols: T): Functions<T>;
  /**
   * Opens libraries in this order, for as long as the process lives, in a thread of the runtime's own: where
   * it can. Returns `false` where one can't be opened.
   */
  openAside?(paths: readonly string[]): Promise<boolean>;
  /** The address of a C function in a library, for other C code to call. */
  functionAddress(path: string, name: string): Address;
  /** Whether this library may be opened without a permission prompt. */
  mayOpen(path: string): boolean;
  /** Asks once for permission to open native libraries. Returns `false` where it is denied. */
  requestLibraries(): boolean;
  /** An environment variable, or `undefined` where it is unset or may not be read. */
  variable(name: string): string | undefined;
  /**
   * The text of a small file; `undefined` where it is missing or must not be read. Never prompts for
   * permission.
   */
  fileText(path: string): string | undefined;
  /**
   * A path with all links resolved; `undefined` where it does not exist or must not be read. Never prompts
   * for permission.
   */
  realPath(path: string): string | undefined;
  /** Whether a file or folder may be read without a permission prompt. */
  mayRead(path: string): boolean;
  /** Whether a file may be read and written without a permission prompt. */
  mayReadAndWrite(path: string): boolean;
  /** Throws the runtime's own error unless a host (with a port, where one is named) may be reached. */
  requireNetwork(host: string): void;
  /** Whether a path is a program, as far as this program may know. Never prompts for permission. */
  isProgram(path: string): boolean;
  /** Whether a program may be run without a permission prompt. */
  mayRun(path: string): boolean;
  /** Throws the runtime's own error unless a program may be run, with the environment that it gets. */
  requireRun(path: string): void;
  /** Whether any process may be sent a signal without a permission prompt. */
  maySignal(): boolean;
  /** The variables that a program gets. */
  environment(): Record<string, string>;
  /** Calls a function when this program ends, as far as the runtime tells. */
  onExit(action: () => void): void;
  /**
   * Sets an environment variable that native libraries read, unless it is set already. Does nothing where
   * that is not allowed.
   */
  setVariable(name: string, value: string): void;
  /**
   * Starts a thread with a module, which learns what it is for. Throws where that is not allowed; any other
   * failure is reported to the listener.
   */
  startThread(module: URL, task: string, listener: ThreadListener): Thread;
  /** Calls a function once, after so many milliseconds. Keeps no program alive. Returns what stops it. */
  startTimer(ms: number, action: () => void): () => void;
  /** Has the garbage collector run soon. It takes some tens of milliseconds. */
  collectGarbage(): void;
  /** The runtime's own error class of a name, such as Deno's `NotCapable`. */
  errorClass(name: string): (new (message: string) => Error) | undefined;
}
