/**
 * The process that plays cases, and the watch over it: one that crashes or hangs is replaced by another.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { FuzzCase, Outcome } from "./case_types.ts";
import type { ChildReport, ChildRequest } from "./child.ts";

/** How a runtime runs a script. */
export interface RuntimeProgram {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** A case that was played. */
export interface Played {
  /** `null` where the process died before it told. */
  readonly case: FuzzCase | null;
  readonly outcome: Outcome | null;
  /** How the process died, where it did. */
  readonly death: string | null;
  /** How many processes died before this one. */
  readonly process: number;
}

/** Many times what the slowest case needs. */
const caseTimeoutMs = 60_000;
const script = fileURLToPath(new URL("child.ts", import.meta.url));

/** Plays cases in a process that it starts and watches. */
export class Player implements Disposable {
  readonly #runtime: RuntimeProgram;
  readonly #folder: string;
  readonly #stderrPath: string;
  #child: ChildProcess | null = null;
  #deaths = 0;
  #take: (report: ChildReport) => void = () => {};
  #die: (how: string) => void = () => {};

  /** Plays with a runtime, in a folder. */
  constructor(runtime: RuntimeProgram, folder: string) {
    this.#runtime = runtime;
    this.#folder = folder;
    this.#stderrPath = join(folder, "stderr.txt");
  }

  /** Plays one case. One at a time. */
  async play(request: ChildRequest): Promise<Played> {
    const played = { case: null as FuzzCase | null, process: this.#deaths };
    const child = this.#child ??= this.#start();
    let isHung = false;
    const watchdog = setTimeout(() => {
      isHung = true;
      child.kill("SIGKILL");
    }, caseTimeoutMs);
    try {
      const outcome = await new Promise<Outcome | string>((resolve) => {
        this.#take = (report) => {
          if ("case" in report) played.case = report.case;
          if ("outcome" in report) resolve(report.outcome);
        };
        this.#die = resolve;
        child.stdin!.write(`${JSON.stringify(request)}\n`);
      });
      if (typeof outcome !== "string") return { ...played, outcome, death: null };
      this.#child = null;
      this.#deaths++;
      const how = isHung ? `hung for ${caseTimeoutMs / 1000} s` : outcome;
      const said = readFileSync(this.#stderrPath, "utf8").trim().slice(-1500);
      return { ...played, outcome: null, death: `the process ${how}\n${said}` };
    } finally {
      clearTimeout(watchdog);
    }
  }

  #start(): ChildProcess {
    const { program, args } = this.#runtime;
    const stderr = openSync(this.#stderrPath, "w");
    const child = spawn(program, [...args, script, this.#folder, this.#stderrPath], {
      stdio: ["pipe", "pipe", stderr],
      // glibc gives each thread of a codec a heap of its own, and their gaps grow for thousands of cases:
      // with one heap, memory is level unless something leaks.
      env: { ...process.env, NO_COLOR: "1", MALLOC_ARENA_MAX: "1" },
    });
    closeSync(stderr);
    child.stdin!.on("error", () => {});
    createInterface({ input: child.stdout! }).on("line", (line) => {
      // Some codecs print on stdout.
      if (line.startsWith("{")) this.#take(JSON.parse(line));
    });
    child.on("error", (error) => this.#die(`did not start: ${error.message}`));
    child.on("close", (code, signal) => this.#die(`ended with ${signal ?? `exit code ${code}`}`));
    return child;
  }

  /** Ends the process. */
  [Symbol.dispose](): void {
    this.#child?.kill("SIGKILL");
    this.#child = null;
  }
}
