/**
 * Installs the package in the forms in which it is published, from registries on loopback into empty
 * projects, and runs README's program from them. Prints a table of where its frames were encoded, which must
 * be a thread everywhere.
 *
 * What `deno compile` builds on is no package of npm. Where `DENORT_BIN` names no such program, what it makes
 * is not run, but has to have the module of the threads (`embedded`).
 *
 *     deno task test:packages             all rows
 *     deno task test:packages WORD...     the rows that have all of these words
 *
 * @module
 */
import { buildJsr, buildJsrNpm, buildNpm } from "./build.ts";
import type { Verdict } from "./project.ts";
import { startRegistries } from "./registries.ts";
import { controls, type Row, rows } from "./rows.ts";

/** A row as a line of the table. */
const line = (cells: readonly string[]): string =>
  cells.map((cell, index) => cell.padEnd([10, 62, 8, 11, 0][index]!)).join("  ").trimEnd();

async function main(words: readonly string[]): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "avwriter-packages-" });
  const problems: string[] = [];
  try {
    const forms = { jsr: `${folder}/jsr`, jsrNpm: `${folder}/jsr-npm`, npm: `${folder}/npm` };
    await buildJsr(forms.jsr);
    await buildJsrNpm(forms.jsrNpm);
    await buildNpm(forms.npm);
    const check = async (row: Row, expected: Verdict): Promise<void> => {
      await using registries = await startRegistries(forms);
      const from = performance.now();
      const verdict = await row.run(registries).catch((error) => ({ problem: String(error) }));
      const place = typeof verdict === "string" ? verdict : "FAILED";
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      console.log(line([row.form, row.way, row.runsOn, place.padEnd(10), `${seconds} s`]));
      if (verdict === expected) return;
      const what = typeof verdict === "string" ? `${verdict}, not ${expected}` : verdict.problem;
      problems.push(`${row.form}, ${row.way}, on ${row.runsOn}: ${what}`);
    };
    console.log(line(["form", "way", "runs on", "encodes in"]));
    const chosen = rows.filter((row) =>
      words.every((word) => `${row.form} ${row.way} ${row.runsOn}`.includes(word))
    );
    const waiting = [...chosen];
    const work = async (): Promise<void> => {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        await check(row, row.expected ?? "thread");
      }
    };
    await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, work));
    if (words.length === 0) {
      console.log("\nWhat starts no thread:");
      for (const [row, expected] of await controls()) await check(row, expected);
    }
    for (const problem of problems) console.log(`\nFAILED: ${problem}`);
    return problems.length === 0 && chosen.length > 0 ? 0 : 1;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  Deno.chdir(new URL("../..", import.meta.url));
  Deno.exit(await main(Deno.args));
}
