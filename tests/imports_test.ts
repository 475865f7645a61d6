import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { repository } from "./support/processes.ts";

/** The floors of src/, the lowest first: a module may import from its own floor and from those below. */
const floors: readonly (readonly string[])[] = [
  ["libav"],
  ["video", "audio", "subtitles", "codecs"],
  ["container"],
  ["file"],
  ["engine"],
  ["thread", "capture"],
  ["writer", "reader", "live", "command", "doctor"],
];
/** Modules beside the floors that every floor may use. */
const common = [
  "src/errors.ts",
  "src/file_path.ts",
  "src/idle_timer.ts",
  "src/nearest.ts",
  "src/next_turn.ts",
  "src/option_checks.ts",
  "src/shown.ts",
  "src/size.ts",
];
/** What src/ may import of the FFI layer. */
const ffiDoors = ["ffi/mod.ts", "ffi/errors.ts"];

interface Arrow {
  readonly from: string;
  readonly to: string;
}

function modules(folder: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`);
}

const everyModule = ["mod.ts", ...modules("src"), ...modules("ffi")];

/** A module's text without comments; strings stay. */
function code(module: string): string {
  const text = readFileSync(join(repository, module), "utf8");
  return text.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)/g,
    (_all, string?: string) => string ?? "",
  );
}

/** What a module imports: as a path in the repository, or as written where it is a package. */
function importsOf(module: string): string[] {
  const statements =
    /^(?:import|export)\s[\w*{},\s]*\bfrom\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']/gm;
  const specifiers = [...code(module).matchAll(statements)].map(([, of, called]) => of ?? called!);
  return specifiers.map((specifier) =>
    specifier.startsWith(".")
      ? relative(repository, join(repository, dirname(module), specifier)).replaceAll("\\", "/")
      : specifier
  );
}

const arrows: readonly Arrow[] = everyModule.flatMap((from) => importsOf(from).map((to) => ({ from, to })));
const floorOf = (module: string): number =>
  floors.findIndex((folders) =>
    folders.some((folder) => module === `src/${folder}.ts` || module.startsWith(`src/${folder}/`))
  );
const shown = (wrong: readonly Arrow[]): string[] => wrong.map(({ from, to }) => `${from} -> ${to}`);

test("imports: the walk finds the modules and their imports", () => {
  assert(everyModule.length > 30, `${everyModule.length} modules`);
  assert(arrows.some(({ from, to }) => from === "mod.ts" && to === "src/writer/create_file_writer.ts"));
  assert(arrows.some(({ from, to }) => from === "src/engine/video_session.ts" && to === "ffi/mod.ts"));
  assert(arrows.some(({ from, to }) => from === "ffi/open.ts" && to === "ffi/symbols/avutil.ts"));
});

test("imports: every relative import is of a module that is there", () => {
  const local = arrows.filter(({ to }) => to.endsWith(".ts"));
  assertEquals(shown(local.filter(({ to }) => !everyModule.includes(to))), []);
});

test("imports: every module of src/ stands on a floor or is common", () => {
  assertEquals(
    everyModule.filter((module) =>
      module.startsWith("src/") && floorOf(module) < 0 && !common.includes(module)
    ),
    [],
  );
});

test("imports: ffi/ imports nothing from src/ or mod.ts", () => {
  assertEquals(
    shown(arrows.filter(({ from, to }) => from.startsWith("ffi/") && /^(src\/|mod\.ts)/.test(to))),
    [],
  );
});

test("imports: src/ never imports mod.ts, and mod.ts nothing but src/", () => {
  assertEquals(shown(arrows.filter(({ to }) => to === "mod.ts")), []);
  assertEquals(shown(arrows.filter(({ from, to }) => from === "mod.ts" && !to.startsWith("src/"))), []);
});

test("imports: inside src/ no arrow runs up", () => {
  const up = arrows.filter(({ from, to }) =>
    from.startsWith("src/") && to.startsWith("src/") && !common.includes(to) && floorOf(to) > floorOf(from)
  );
  assertEquals(shown(up), []);
});

test("imports: src/ knows the FFI layer by its front door only", () => {
  const wrong = arrows.filter(({ from, to }) =>
    from.startsWith("src/") && to.startsWith("ffi/") && !ffiDoors.includes(to)
  );
  assertEquals(shown(wrong), []);
});

test("imports: only src/errors.ts takes the errors past the front door", () => {
  const users = arrows.filter(({ from, to }) => from.startsWith("src/") && to === "ffi/errors.ts");
  assertEquals([...new Set(users.map(({ from }) => from))], ["src/errors.ts"]);
});

test("imports: no modules import each other in a circle, except for types", () => {
  const runtimeImports = new Map(everyModule.map((module) => {
    const text = code(module).replaceAll(/\b(?:import|export) type [^;]*;/g, "");
    const found = [...text.matchAll(/\bfrom\s*["'](\.[^"']+)["']/g)];
    return [
      module,
      found.map(([, to]) => relative(repository, join(repository, dirname(module), to!))),
    ] as const;
  }));
  const circles: string[] = [];
  const walk = (module: string, path: readonly string[]): void => {
    if (path.includes(module)) {
      circles.push([...path.slice(path.indexOf(module)), module].join(" -> "));
      return;
    }
    for (const next of runtimeImports.get(module) ?? []) walk(next, [...path, module]);
  };
  walk("mod.ts", []);
  assertEquals([...new Set(circles)], []);
});

test("imports: src/ and mod.ts know no runtime", () => {
  const wrong = everyModule.filter((module) => !module.startsWith("ffi/"))
    .filter((module) => /\b(?:Deno|Bun|process)\s*(?:\.|\?\.|\[)|\bbun:|\bnode:/.test(code(module)));
  assertEquals(wrong, []);
});

test("imports: in ffi/ each runtime is known to its adapter and to the one place that asks", () => {
  const mentions = (pattern: RegExp): string[] =>
    everyModule.filter((module) => module.startsWith("ffi/") && pattern.test(code(module)));
  assertEquals(mentions(/\bDeno\s*\./), ["ffi/deno.ts"]);
  assertEquals(mentions(/\bBun\s*\.|bun:ffi/), ["ffi/bun.ts"]);
});

test("imports: no struct offset and no raw pointer stands outside ffi/", () => {
  const wrong = everyModule.filter((module) => module.startsWith("src/"))
    .filter((module) => /UnsafePointer|getBigUint64|layouts/.test(code(module)));
  assertEquals(wrong, []);
});

test("imports: nothing is loaded, read or awaited while modules are imported", () => {
  const topLevelAwait = everyModule.filter((module) =>
    /^(?:export )?(?:const [^=]+= )?await\b/m.test(code(module))
  );
  assertEquals(topLevelAwait, []);
  const packages = new Set(arrows.map(({ to }) => to).filter((to) => !to.endsWith(".ts")));
  assertEquals([...packages].sort(), ["@std/path", "node:fs"]);
});
