/**
 * The runtimes that peers run on, and how a program is run on each.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { nodeFlags, nodeProgram, nodeVariables } from "../tools/node_program.ts";

/** A runtime's name. */
export type RuntimeName = "deno" | "bun" | "node";

/** The runtimes as people write them. */
export const runtimeTitles: Readonly<Record<RuntimeName, string>> = {
  deno: "Deno",
  bun: "Bun",
  node: "Node",
};

/** How long one peer may take for one round. */
const timeoutMs = 10 * 60_000;

/** The repository's folder. */
export const repository: string = fileURLToPath(new URL("..", import.meta.url));

/** The runtime that this program runs on. */
export const thisRuntime: RuntimeName = "deno" in process.versions
  ? "deno"
  : "bun" in process.versions
  ? "bun"
  : "node";

/** The programs that the set-up installs. */
const installed: Partial<Record<RuntimeName, string>> = {
  bun: `${repository}node_modules/bun/bin/bun.exe`,
  node: `${repository}${nodeProgram}`,
};

function works(program: string): boolean {
  return spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;
}

/** The program of a runtime; `null` where it is not found. */
export function findRuntime(name: RuntimeName): string | null {
  if (name === thisRuntime) return process.execPath;
  const ours = installed[name];
  return [...(ours !== undefined && existsSync(ours) ? [ours] : []), name].find(works) ?? null;
}

/** The version of a runtime, as people write it. */
export function runtimeVersion(name: RuntimeName, program: string): string {
  const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
  const version = /\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] ?? "of unknown version";
  return `${runtimeTitles[name]} ${version}`;
}

/** A script to run on a runtime. */
export interface ScriptRun {
  readonly runtime: RuntimeName;
  /** The runtime's program. */
  readonly program: string;
  readonly script: string;
  readonly parameter: string;
  readonly denoFlags?: readonly string[] | undefined;
  /** The only core that all its threads may run on, by `taskset`; absent: all. */
  readonly core?: number | undefined;
}

/** Whether a program can be pinned to a core here. */
export function canPinTo(core: number): boolean {
  return spawnSync("taskset", ["-c", `${core}`, "true"], { stdio: "ignore" }).status === 0;
}

/** Runs a script to its end; returns the last line that it printed. What it says on stderr is passed on. */
export async function runScript(
  { runtime, program, script, parameter, denoFlags = [], core }: ScriptRun,
): Promise<string> {
  const flags: Readonly<Record<RuntimeName, readonly string[]>> = {
    deno: [
      ...["run", "-A", "--no-check", "--v8-flags=--expose-gc", `--config=${repository}deno.json`],
      ...denoFlags,
    ],
    bun: [],
    node: ["--expose-gc", ...nodeFlags],
  };
  const command = [program, ...flags[runtime], script, parameter];
  if (core !== undefined) command.unshift("taskset", "-c", `${core}`);
  const child = spawn(command[0]!, command.slice(1), {
    cwd: repository,
    env: { ...process.env, NO_COLOR: "1", ...nodeVariables },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => output += text);
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new Error(`${script} ended with ${signal ?? `exit code ${code}`}`);
  return output.trimEnd().split("\n").at(-1)!;
}
