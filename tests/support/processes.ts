/**
 * Programs run by the runtime that runs the tests.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "../../tools/node_program.ts";
import type { ChildReport, ChildRequest } from "./child.ts";
import type { RecordFailure, RecordLine, RecordRequest } from "./record.ts";

/** Whether this is Deno. */
export const isDeno: boolean = "deno" in process.versions;

/** Whether this is Bun. */
export const isBun: boolean = "bun" in process.versions;

/** Whether this is Node, which the other two claim to be, too. */
export const isNode: boolean = !isDeno && !isBun;

/** The repository's folder. */
export const repository: string = fileURLToPath(new URL("../..", import.meta.url));

/** How a program is run. */
export interface RunOptions {
  /** Deno's permission flags, default: all; Node's flags, default: none. Bun has none. */
  readonly permissions?: readonly string[];
  /** Variables to set, or with `undefined` to unset. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** A command that runs the command after it: `["setpriv", "..."]`. */
  readonly wrapper?: readonly string[];
  /** Whether Deno may ask for permissions. Default: no. */
  readonly mayPrompt?: boolean;
}

/** How a program ended. */
export interface Ended {
  /** The exit code; `null` where a signal ended it. */
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Ten times what the slowest program needs: a hang is a failure, not a wait. */
const timeoutMs = 60_000;

/** The command that runs a script file with this runtime. */
export function commandLine(
  script: string,
  parameters: readonly string[],
  { permissions, wrapper = [], mayPrompt = false }: RunOptions,
): readonly [command: string, ...parameters: string[]] {
  const deno = ["run", "--no-check", `--config=${repository}deno.json`, ...permissions ?? ["-A"]];
  if (!mayPrompt) deno.push("--no-prompt");
  const runtime = isDeno ? deno : isBun ? [] : [...nodeFlags, ...permissions ?? []];
  const [command, ...rest] = [...wrapper, process.execPath, ...runtime, script, ...parameters];
  return [command!, ...rest];
}

/** Where and how long a program runs. */
function surroundings({ variables = {} }: RunOptions) {
  return {
    cwd: repository,
    env: { ...process.env, NO_COLOR: "1", ...variables },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  } as const;
}

/** Runs a script file with this runtime. */
export function runScript(script: string, parameters: readonly string[], options: RunOptions = {}): Ended {
  const [command, ...rest] = commandLine(script, parameters, options);
  const { status, signal, stdout, stderr } = spawnSync(command, rest, {
    ...surroundings(options),
    encoding: "utf8",
  });
  return { status, signal, stdout, stderr };
}

/**
 * Runs a script file with this runtime on a terminal, and gives each permission prompt the same answer;
 * returns all that it showed, and how many prompts there were.
 */
export async function runOnTerminal(
  script: string,
  parameters: readonly string[],
  permissions: readonly string[],
  answer: "y" | "n",
): Promise<{ readonly status: number | null; readonly shown: string; readonly prompts: number }> {
  const command = commandLine(script, parameters, { permissions, mayPrompt: true });
  const quoted = command.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn("script", ["-qec", quoted, "/dev/null"], {
    ...surroundings({}),
    stdio: ["pipe", "pipe", "inherit"],
  });
  let shown = "";
  const count = (text: string): number => shown.split(text).length - 1;
  child.stdout.setEncoding("utf8").on("data", (text: string) => shown += text);
  // What was typed before Deno listens is thrown away: the answer is given until Deno tells that it has it.
  const typing = setInterval(() => {
    if (count("Allow?") > count("Granted ") + count("Denied ")) child.stdin.write(`${answer}\n`);
  }, 250);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(typing);
  return { status, shown, prompts: count("Allow?") };
}

/**
 * Starts a script file with this runtime, and kills it after so many milliseconds from its first line on;
 * returns all its lines.
 */
export async function runUntilKilled(script: string, parameters: readonly string[], killMs: number): Promise<{
  readonly lines: readonly string[];
  /** When it was killed, in seconds since the first line. */
  readonly seconds: number;
}> {
  const [command, ...rest] = commandLine(script, parameters, {});
  const child = spawn(command, rest, { ...surroundings({}), stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  let complaints = "";
  let beganMs = 0, killedMs = 0;
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaints += text);
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    if (beganMs !== 0) return;
    beganMs = performance.now();
    setTimeout(() => {
      killedMs = performance.now();
      child.kill("SIGKILL");
    }, killMs);
  });
  await new Promise<void>((resolve) => child.on("close", () => resolve()));
  if (killedMs === 0) throw new Error(`The program ended before it was killed: ${complaints}`);
  return { lines, seconds: (killedMs - beganMs) / 1000 };
}

/** Runs `child.ts`, and fails unless it ends by itself, well and with a report. */
export function runChild(request: ChildRequest, options: RunOptions = {}): ChildReport {
  const script = fileURLToPath(new URL("child.ts", import.meta.url));
  const { status, signal, stdout, stderr } = runScript(script, [JSON.stringify(request)], options);
  if (status !== 0) {
    const what = `${request.codec} to ${request.path} ${JSON.stringify(request.options ?? {})}`;
    throw new Error(
      `${what}: the process ended with ${signal ?? `exit code ${status}`}: ${stderr.slice(-600)}`,
    );
  }
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

/** `record.ts` at work. It is killed at the end of its scope, if not before. */
export class Recording implements Disposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #reached = new Set<RecordLine["did"]>();
  #framesWritten = 0;
  #failure: RecordFailure | null = null;
  #complaints = "";
  #hasEnded = false;
  #wake = (): void => {};

  /** Starts it. */
  constructor(request: RecordRequest, options: RunOptions = {}) {
    const script = fileURLToPath(new URL("record.ts", import.meta.url));
    const [command, ...rest] = commandLine(script, [JSON.stringify(request)], options);
    this.#child = spawn(command, rest, { ...surroundings(options), stdio: ["ignore", "pipe", "pipe"] });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => this.#take(JSON.parse(line)));
    this.#child.stderr!.setEncoding("utf8").on("data", (text: string) => this.#complaints += text);
    this.#ended = new Promise((resolve) => {
      this.#child.on("close", () => {
        this.#hasEnded = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Frames that it told to be written. */
  get framesWritten(): number {
    return this.#framesWritten;
  }

  /** Whether it is gone. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Waits until it tells that it has come to a step; fails where it ends before. */
  async reach(step: RecordLine["did"]): Promise<void> {
    while (!this.#reached.has(step)) {
      if (this.#hasEnded) throw new Error(`The recording ended before "${step}": ${this.#complaints}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  /** Kills it at once, and waits until all that it told is read; fails where it was gone already. */
  async kill(): Promise<void> {
    if (this.#hasEnded) throw new Error(`The recording ended before it was killed: ${this.#complaints}`);
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** Waits for its end, and returns what failed, or `null`; fails where it ended otherwise. */
  async end(): Promise<RecordFailure | null> {
    await this.#ended;
    if (this.#failure === null && !this.#reached.has("closed")) {
      throw new Error(`The recording ended before it was closed: ${this.#complaints}`);
    }
    return this.#failure;
  }

  #take(line: RecordLine): void {
    if (line.did === "write") this.#framesWritten = line.frame + 1;
    if (line.did === "fail") this.#failure = line;
    this.#reached.add(line.did);
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

/** Whether a thread of a process has real-time priority, on Linux. */
export function hasRealTimeThread(pid: number): boolean {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).some((task) => {
    const path = `${tasks}/${task}/stat`;
    if (!existsSync(path)) return false;
    // The 41st field, after a name in parentheses, is the policy (proc(5)): SCHED_FIFO or SCHED_RR.
    const policy = readFileSync(path, "utf8").split(") ")[1]!.split(" ")[38]!;
    return policy === "1" || policy === "2";
  });
}
