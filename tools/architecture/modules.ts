/**
 * The modules of the project and what they import, read from the code.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository, with a slash at its end. */
export const repository: string = fileURLToPath(new URL("../..", import.meta.url));

/** The floors, the lowest first: a folder of `src/` imports from its own floor and from those below. */
export const floors: readonly (readonly string[])[] = [
  ["ffi"],
  ["libav"],
  ["video", "audio", "subtitles", "codecs"],
  ["container"],
  ["file"],
  ["engine"],
  ["thread", "capture", "avi"],
  ["worker"],
  ["writer", "reader", "source", "live", "command", "doctor", "opencv"],
  ["recipes"],
  ["cli"],
  ["mod.ts", "avi.ts", "cli.ts", "opencv.ts", "recipes.ts"],
];

/** What programs import. */
export const doors: readonly string[] = floors.at(-1)!;

/** One import: of a module by another, as paths in the repository. A package stands as it is written. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

function modulesIn(folder: string): string[] {
  return readdirSync(`${repository}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort();
}

/** Every module that programs import, directly or not. */
export const modules: readonly string[] = [...doors, ...modulesIn("ffi"), ...modulesIn("src")];

/** A module's text. */
export function textOf(module: string): string {
  return readFileSync(`${repository}${module}`, "utf8");
}

/** A module's text without comments; strings stay. */
export function codeOf(module: string): string {
  return textOf(module).replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)/g,
    (_all, string?: string) => string ?? "",
  );
}

function importsOf(module: string): string[] {
  const statements =
    /^(?:import|export)\s[\w*{},\s]*\bfrom\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']/gm;
  const specifiers = [...codeOf(module).matchAll(statements)].map(([, of, called]) => of ?? called!);
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? posix.join(posix.dirname(module), specifier) : specifier
  );
}

/** All imports, those of types among them. */
export function arrows(): Arrow[] {
  return modules.flatMap((from) => importsOf(from).map((to) => ({ from, to })));
}

/**
 * The modules that are loaded with a module, itself among them: not those of types, or imported by a call.
 */
export function loadedBy(module: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(module)) return found;
  found.add(module);
  const imports = /^(?:import|export)\s+(?!type\b)([^;]*?)\s*from\s*"([^"]+)"/gm;
  for (const [, names, to] of codeOf(module).matchAll(imports)) {
    const areTypes = /^\{[^}]*\}$/.test(names!) &&
      names!.slice(1, -1).split(",").every((name) => /^\s*(?:type\s|$)/.test(name));
    if (areTypes) continue;
    const path = to!.startsWith(".") ? new URL(to!, `file:///${module}`).pathname.slice(1) : to!;
    if (path.endsWith(".ts")) loadedBy(path, found);
    else found.add(path);
  }
  return found;
}

/**
 * Whether a module stands beside the floors, for every folder of `src/` to import: errors, and what messages
 * are made of.
 */
export function isCommon(module: string): boolean {
  return /^src\/\w+\.ts$/.test(module) && placeOf(module) === null;
}

/** The place that a module has on the floors: `"libav"`, `"mod.ts"`; `null` for what is common or outside. */
export function placeOf(module: string): string | null {
  const place = /^src\/(\w+)(?:\/|\.ts$)/.exec(module)?.[1] ?? module.split("/")[0]!;
  return floors.flat().includes(place) ? place : null;
}

/** The number of the floor that a module stands on; -1 for what stands on none. */
export function floorOf(module: string): number {
  const place = placeOf(module);
  return floors.findIndex((places) => place !== null && places.includes(place));
}

/** The circles among arrows, each as a path that ends where it begins. */
export function circles(edges: readonly Arrow[]): string[] {
  const targets = Map.groupBy(edges, ({ from }) => from);
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (node: string, path: readonly string[]): void => {
    if (path.includes(node)) {
      found.push([...path.slice(path.indexOf(node)), node].join(" -> "));
      return;
    }
    if (done.has(node)) return;
    for (const { to } of targets.get(node) ?? []) walk(to, [...path, node]);
    done.add(node);
  };
  for (const node of targets.keys()) walk(node, []);
  return found;
}

/** The imports between places, each with how many modules do so. */
export function placeArrows(): (Arrow & { readonly count: number })[] {
  const counts = new Map<string, number>();
  for (const { from, to } of arrows()) {
    const [one, other] = [placeOf(from), placeOf(to)];
    if (one === null || other === null || one === other) continue;
    const key = `${one} ${other}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([key, count]) => {
    const [from, to] = key.split(" ") as [string, string];
    return { from, to, count };
  });
}
