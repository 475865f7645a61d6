/**
 * Writes random videos in random ways, on Deno and on Bun: each case must end as a correct file or a clear
 * error, without a crash, a hang or a leak. Ends with `N passed, N failed`.
 *
 *     deno run -A tools/fuzz/run.ts                                   a few hundred cases on each runtime
 *     deno run -A tools/fuzz/run.ts --seed 5000 --count 2000          the cases of the seeds 5000 to 6999
 *     deno run -A tools/fuzz/run.ts --runtime bun --seed 5017    one runtime; with --seed alone, one case
 *     deno run -A tools/fuzz/run.ts --case '{"seed":5017,...}'        a case as a failure printed it
 *
 * The same FFmpeg gives the same case for a seed. `--verbose` prints each case and what came of it.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import type { ChildRequest } from "./child.ts";
import { type Failure, fuzz, type FuzzReport } from "./fuzz.ts";
import type { Played } from "./player.ts";
import { Prober } from "./probe.ts";
import { runtimePrograms } from "./runtimes.ts";

const defaultCount = 500;

const { values: given } = parseArgs({
  options: {
    runtime: { type: "string" },
    seed: { type: "string" },
    count: { type: "string" },
    case: { type: "string" },
    verbose: { type: "boolean" },
  },
});

function* requested(): Generator<ChildRequest> {
  if (given.case !== undefined) return yield { case: JSON.parse(given.case) };
  const count = Number(given.count ?? (given.seed === undefined ? defaultCount : 1));
  const first = Number(given.seed ?? 1);
  for (let seed = first; seed < first + count; seed++) yield { seed };
}

function tellFailure({ runtime, request, case: test, what, complaints }: Failure): void {
  const which = "seed" in request ? `--seed ${request.seed}` : "--case";
  console.log(`FAILED on ${runtime}, ${which}: ${what}`);
  for (const { kind, text } of complaints) console.log(`  ${kind}: ${text.replaceAll("\n", "\n    ")}`);
  console.log(`  ${JSON.stringify(test)}`);
}

function tellPlayed({ case: test, outcome }: Played): void {
  console.log(JSON.stringify(test));
  console.log(`  ${JSON.stringify(outcome)}`);
}

function tellReport(runtime: string, { passed, failures, tally, seconds, memory }: FuzzReport): void {
  console.log(
    `${runtime}: ${passed} passed, ${failures.length} failed in ${seconds.toFixed(0)} s; memory ${memory}`,
  );
  const ends = Object.entries(tally).sort(([, one], [, other]) => other - one);
  console.log(`  came to ${ends.map(([end, count]) => `${end} (${count})`).join(", ")}`);
}

let passed = 0;
let failed = 0;
const prober = new Prober();
const programs = runtimePrograms().filter(({ name }) =>
  given.runtime === undefined || name === given.runtime
);
if (programs.length === 0) console.log(`There is no runtime ${given.runtime}`);
for (const runtime of programs) {
  const onPlayed = given.verbose ? { onPlayed: tellPlayed } : {};
  const report = await fuzz({ runtime, requests: requested(), onFailure: tellFailure, ...onPlayed, prober });
  tellReport(runtime.name, report);
  passed += report.passed;
  failed += report.failures.length;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || programs.length === 0 ? 1 : 0);
