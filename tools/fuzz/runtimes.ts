/**
 * The runtimes at hand.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { isDeno, isNode, repository } from "../../tests/support/processes.ts";
import { nodeFlags } from "../node_program.ts";
import type { RuntimeProgram } from "./player.ts";

const denoArgs = ["run", "-A", "--no-check", `--config=${repository}deno.json`];

function bunAt(program: string): RuntimeProgram {
  return { name: "bun", program, args: [] };
}

function denoAt(program: string): RuntimeProgram {
  return { name: "deno", program, args: denoArgs };
}

/** The runtime that runs this. */
export function thisRuntime(): RuntimeProgram {
  if (isNode) return { name: "node", program: process.execPath, args: nodeFlags };
  return isDeno ? denoAt(process.execPath) : bunAt(process.execPath);
}

/** This runtime and the other one, where it is at hand. */
export function runtimePrograms(): RuntimeProgram[] {
  const installed = `${repository}node_modules/bun/bin/bun.exe`;
  const other = isDeno ? bunAt(existsSync(installed) ? installed : "bun") : denoAt("deno");
  const isThere = spawnSync(other.program, ["--version"]).status === 0;
  return isThere ? [thisRuntime(), other] : [thisRuntime()];
}
