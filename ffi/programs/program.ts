/**
 * Programs that run beside this one, through Node's API: both runtimes have it, and Deno applies its
 * permissions to it.
 *
 * @module
 */
import { basename } from "@std/path";
import type { Runtime } from "../contract.ts";
import { runtime } from "../runtime.ts";
import { findProgram } from "./find_program.ts";

/** The part of a stream of Node's that is in use. */
interface NodeStream {
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "close", listener: () => void): void;
  destroy(): void;
}

/** A program's standard input. */
interface NodeWritable extends NodeStream {
  write(bytes: Uint8Array, done: (error?: Error | null) => void): void;
  end(): void;
}

/** A program's standard output. */
type NodeReadable = NodeStream & AsyncIterable<Uint8Array>;

/** The part of Node's ChildProcess in use. */
interface NodeChild {
  readonly pid?: number;
  readonly stdin: NodeWritable | null;
  readonly stdout: NodeReadable | null;
  readonly stdio: readonly (NodeReadable | null)[];
  kill(signal: string): boolean;
  on(event: "exit" | "close", listener: (code: number | null, signal?: string | null) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

/** The parts of Node's `process` and `node:child_process` in use. */
interface NodeProcess {
  kill(pid: number, signal: string): void;
  getBuiltinModule(name: "node:child_process"): {
    spawn(path: string, args: readonly string[], options: {
      stdio: readonly ("pipe" | "ignore")[];
      env: Record<string, string>;
      detached: boolean;
      windowsHide: boolean;
    }): NodeChild;
  };
}

/** The descriptor after the standard ones. */
const extraDescriptor = 3;

/** A program to start. */
export interface ProgramRequest {
  /** Its absolute path, or a name that the system looks for in `PATH`. */
  readonly path: string;
  readonly args: readonly string[];
  /** Whether its standard input is a stream; otherwise it is empty. */
  readonly hasInput: boolean;
  /** Whether its standard output is a stream; otherwise it is thrown away. */
  readonly hasOutput: boolean;
  /** Called with what it writes to standard error. */
  readonly onStderr: (bytes: Uint8Array) => void;
  /** Called with what it writes to descriptor 3. */
  readonly onExtra: (bytes: Uint8Array) => void;
}

/** How a program ended. */
export interface ProgramEnd {
  /** Its exit code; `null` where a signal ended it. */
  readonly exitCode: number | null;
  /** The name of the signal that ended it; `null` where it ended by itself. */
  readonly signal: string | null;
}

/** The programs that run. */
const running = new Set<Program>();
let isWatching = false;

/** Has all programs killed when this one ends. */
function endWithThisProgram(program: Program): void {
  running.add(program);
  if (isWatching) return;
  isWatching = true;
  runtime().onExit(() => {
    for (const each of running) each.signal("SIGKILL");
  });
}

/**
 * The command that has the kernel kill a program together with the thread that started it, however that ends:
 * `setpriv` of util-linux, which becomes the program. None on other systems, or where it may not be run.
 */
function guardOf(host: Runtime, path: string): readonly string[] {
  if (host.system !== "linux" || !path.startsWith("/") || !host.isProgram(path)) return [];
  const setpriv = findProgram(host, "setpriv");
  // Busybox has one without this option.
  if (setpriv === null || !host.mayRun(setpriv)) return [];
  if (basename(host.realPath(setpriv) ?? "") !== "setpriv") return [];
  return [setpriv, "--pdeathsig", "SIGKILL", "--"];
}

/** A program that runs in a process group of its own. It is killed at the latest when this program ends. */
export class Program {
  readonly #child: NodeChild;
  readonly #process: NodeProcess;
  readonly #isGroup: boolean;
  readonly #inputClosed: Promise<void>;
  #hasEnded = false;
  /** Settles when it has ended, and the system has forgotten it. Rejects where it can't be started. */
  readonly ended: Promise<ProgramEnd>;
  /** Resolves when it has ended and all its streams have been read. */
  readonly closed: Promise<void>;

  /** Starts it. Throws where the runtime does not allow that. */
  constructor({ path, args, hasInput, hasOutput, onStderr, onExtra }: ProgramRequest) {
    const host = runtime();
    this.#process = (globalThis as unknown as { process: NodeProcess }).process;
    this.#isGroup = host.system !== "windows";
    const [command, ...rest] = [...guardOf(host, path), path, ...args];
    const child = this.#process.getBuiltinModule("node:child_process").spawn(command!, rest, {
      stdio: [hasInput ? "pipe" : "ignore", hasOutput ? "pipe" : "ignore", "pipe", "pipe"],
      env: host.environment(),
      detached: this.#isGroup,
      windowsHide: true,
    });
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (exitCode, signal = null) => resolve({ exitCode, signal }));
    });
    const closed: Promise<void> = new Promise((resolve) => child.on("close", () => resolve()));
    this.closed = closed;
    this.#inputClosed = child.stdin === null ? closed : new Promise((resolve) => {
      child.stdin!.on("close", resolve);
      closed.then(resolve);
    });
    // What fails there shows in the exit code.
    for (const stream of child.stdio) stream?.on("error", () => {});
    child.stdio[2]?.on("data", onStderr);
    child.stdio[extraDescriptor]?.on("data", onExtra);
    endWithThisProgram(this);
    const forget = (): void => {
      this.#hasEnded = true;
      running.delete(this);
      // What it has started ends with it, and lets go of the streams.
      this.signal("SIGKILL");
    };
    this.ended.then(forget, forget);
  }

  /** Resolves when it takes no more input. */
  get inputClosed(): Promise<void> {
    return this.#inputClosed;
  }

  /** Writes to its standard input; returns whether it still reads. */
  async write(bytes: Uint8Array): Promise<boolean> {
    const written: Promise<boolean> = new Promise((resolve) =>
      this.#child.stdin!.write(bytes, (error) => resolve(!error))
    );
    return await Promise.race([written, this.#inputClosed.then(() => false)]);
  }

  /** Ends its standard input. */
  endInput(): void {
    this.#child.stdin!.end();
  }

  /** What it writes to standard output. */
  get output(): AsyncIterable<Uint8Array> {
    return this.#child.stdout!;
  }

  /** Sends a signal to it and to all that it has started. */
  signal(name: "SIGTERM" | "SIGKILL"): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      if (this.#isGroup) return this.#process.kill(-pid, name);
    } catch (error) {
      if ((error as { code?: string }).code === "ESRCH") return;
      // Deno with a list of programs allows to signal the program alone.
    }
    if (!this.#hasEnded) this.#child.kill(name);
  }

  /** Closes its input and output at this end: it waits for neither any more. What it says is still heard. */
  disconnect(): void {
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
  }

  /** Closes all streams at this end. */
  close(): void {
    for (const stream of this.#child.stdio) stream?.destroy();
  }
}
