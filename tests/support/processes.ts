/**
 * Programs run by the runtime that runs the tests.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { ChildReport, ChildRequest } from "./child.ts";

/** Whether this is Deno. */
export const isDeno: boolean = "deno" in process.versions;

/** The repository's folder. */
export const repository: string = fileURLToPath(new URL("../..", import.meta.url));

/** How a program is run. */
export interface RunOptions {
  /** Deno's permission flags; default: all. Bun has none. */
  readonly permissions?: readonly string[];
  /** Variables to set, or with `undefined` to unset. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** A command that runs the command after it: `["setpriv", "..."]`. */
  readonly wrapper?: readonly string[];
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

/** Runs a script file with this runtime. */
export function runScript(
  script: string,
  parameters: readonly string[],
  { permissions = ["-A"], variables = {}, wrapper = [] }: RunOptions = {},
): Ended {
  const runtime = isDeno
    ? ["run", "--no-prompt", "--no-check", `--config=${repository}deno.json`, ...permissions]
    : [];
  const [command, ...rest] = [...wrapper, process.execPath, ...runtime, script, ...parameters];
  const { status, signal, stdout, stderr } = spawnSync(command!, rest, {
    cwd: repository,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...variables },
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  return { status, signal, stdout, stderr };
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
