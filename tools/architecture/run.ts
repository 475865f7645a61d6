/**
 * Draws the imports between the folders of the code, with Mermaid, into `docs/internals/imports.md`.
 *
 * usage: deno run -A tools/architecture/run.ts [--check]
 *
 * With `--check` nothing is written: it fails where the file is not what would be drawn.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { type Arrow, floors, isCommon, modules, placeArrows, placeOf, repository } from "./modules.ts";

const path = `${repository}docs/internals/imports.md`;

/** Whether other arrows lead from one place to the other, too. */
function isImplied({ from, to }: Arrow, arrows: readonly Arrow[]): boolean {
  const reached = new Set<string>();
  const walk = (place: string): void => {
    for (const arrow of arrows) {
      if (arrow.from !== place || arrow.from === from && arrow.to === to || reached.has(arrow.to)) continue;
      reached.add(arrow.to);
      walk(arrow.to);
    }
  };
  walk(from);
  return reached.has(to);
}

const idOf = (place: string): string => place.replaceAll(/\W/g, "_");

function draw(): string {
  const arrows = placeArrows();
  const counts = Map.groupBy(modules, (module) => placeOf(module));
  const present = floors.map((places) => places.filter((place) => counts.has(place)))
    .filter((places) => places.length > 0)
    .reverse();
  const boxes = present.flatMap((places, index) => [
    `  subgraph floor${present.length - index}[" "]`,
    ...places.map((place) => {
      const { length } = counts.get(place)!;
      return `    ${idOf(place)}["${place}${length === 1 ? "" : `<br/>${length} modules`}"]`;
    }),
    "  end",
  ]);
  const order = present.flat();
  const at = (place: string): number => order.indexOf(place);
  const sorted = arrows.toSorted((one, other) => at(one.from) - at(other.from) || at(one.to) - at(other.to));
  const drawn = sorted.filter((arrow) => !isImplied(arrow, arrows))
    .map(({ from, to }) => `  ${idOf(from)} --> ${idOf(to)}`);
  const rows = order.filter((place) => sorted.some(({ from }) => from === place)).map((place) => {
    const targets = sorted.filter(({ from }) => from === place);
    return `| ${place} | ${targets.map(({ to, count }) => `${to} (${count})`).join(", ")} |`;
  });
  return `<!-- Made by \`deno task architecture\`: do not edit. -->

# Imports between folders

Each floor imports from its own and from those below. The picture leaves out an arrow where other arrows lead to the same folder; the
table has all of them, with the number of imports.

\`\`\`mermaid
flowchart TD
${[...boxes, ...drawn].join("\n")}
\`\`\`

| Folder | Imports from |
| ------ | ------------ |
${rows.join("\n")}

Every folder of \`src/\` may import the modules of \`src/\` itself: ${
    modules.filter(isCommon).map((module) => `\`${module.slice(4)}\``).join(", ")
  }.
`;
}

/** The text as `deno fmt` leaves it. */
function formatted(text: string): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["fmt", "--quiet", "--config", `${repository}deno.json`, "--ext", "md", "-"],
    { input: text, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** The text of the file; empty where there is none. */
function currentText(): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

const text = formatted(draw());
if (!process.argv.includes("--check")) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
} else if (currentText() !== text) {
  console.error("docs/internals/imports.md is not current: run deno task architecture");
  process.exitCode = 1;
} else {
  console.log("docs/internals/imports.md is current");
}
