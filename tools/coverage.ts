/**
 * Checks which share of the branches a run of the tests took.
 *
 * @module
 */
import type { TestResult } from "./matrix/report.ts";

/** The code that is measured: neither tests nor tools. */
const measuredFiles = "/(?:mod\\.ts|(?:src|ffi)/.*\\.ts)$";

/** The arguments of `deno test` that gather what {@linkcode checkBranches} reads. */
export function coverageArguments(folder: string): string[] {
  return [`--coverage=${folder}`, "--coverage-raw-data-only"];
}

/**
 * Removes what threads and programs left that were ended while they wrote it: `deno coverage` reads all or
 * nothing.
 */
async function removeUnfinished(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const isWhole = !name.endsWith(".json") || (await Deno.readTextFile(path)).trimEnd().endsWith("}");
    if (!isWhole) await Deno.remove(path);
  }
}

/**
 * Prints the table of `deno coverage`, and returns one test: it failed where the share of branches is below
 * the floor in `deno.json` (`coverage.thresholds`).
 */
export async function checkBranches(folder: string): Promise<TestResult> {
  await removeUnfinished(folder);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", folder, `--include=${measuredFiles}`],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  const complaints = decoder.decode(stderr).trim();
  console.log(`\n${decoder.decode(stdout)}${complaints}`);
  const reason = success ? "" : /\S+ coverage \S+ is below .*/.exec(complaints)?.[0] ?? complaints;
  return { name: "branch coverage", status: success ? "passed" : "failed", reason };
}
