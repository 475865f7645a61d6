import { test } from "node:test";
import { readdirSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import {
  type Arrow,
  arrows as findArrows,
  circles,
  codeOf,
  doors,
  floorOf,
  isCommon,
  loadedBy,
  modules,
  placeArrows,
  placeOf,
  repository,
  textOf,
} from "../tools/architecture/modules.ts";

/** What src/ may import of the FFI layer. */
const ffiDoors = ["ffi/mod.ts", "ffi/errors.ts"];
const maxLines = 350;
const maxFiles = 20;

const arrows = findArrows();
const shown = (wrong: readonly Arrow[]): string[] => wrong.map(({ from, to }) => `${from} -> ${to}`);

test("imports: the walk finds the modules and their imports", () => {
  assert(modules.length > 30, `${modules.length} modules`);
  assert(arrows.some(({ from, to }) => from === "mod.ts" && to === "src/writer/create_file_writer.ts"));
  assert(arrows.some(({ from, to }) => from === "src/engine/video_session.ts" && to === "ffi/mod.ts"));
  assert(arrows.some(({ from, to }) => from === "ffi/open.ts" && to === "ffi/symbols/avutil.ts"));
});

test("imports: every relative import is of a module that is there", () => {
  const local = arrows.filter(({ to }) => to.endsWith(".ts"));
  assertEquals(shown(local.filter(({ to }) => !modules.includes(to))), []);
});

test("imports: every module of src/ stands on a floor or is common", () => {
  assertEquals(modules.filter((module) => placeOf(module) === null && !isCommon(module)), []);
});

test("imports: what is common imports nothing of a floor but ffi/", () => {
  const wrong = arrows.filter(({ from, to }) => isCommon(from) && to.startsWith("src/") && !isCommon(to));
  assertEquals(shown(wrong), []);
});

test("imports: ffi/ imports nothing from src/ or a front door", () => {
  assertEquals(
    shown(
      arrows.filter(({ from, to }) =>
        from.startsWith("ffi/") && (to.startsWith("src/") || doors.includes(to))
      ),
    ),
    [],
  );
});

test("imports: nothing imports a front door, and those nothing but src/", () => {
  assertEquals(shown(arrows.filter(({ to }) => doors.includes(to))), []);
  assertEquals(shown(arrows.filter(({ from, to }) => doors.includes(from) && !to.startsWith("src/"))), []);
});

test("imports: no arrow runs up", () => {
  assertEquals(shown(arrows.filter(({ from, to }) => !isCommon(from) && floorOf(to) > floorOf(from))), []);
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

test("imports: no modules and no folders import each other in a circle, not even types", () => {
  assertEquals(circles(arrows), []);
  assertEquals(circles(placeArrows()), []);
});

test("imports: a circle is found", () => {
  const edges = [["a", "b"], ["b", "c"], ["c", "b"], ["c", "d"]].map(([from, to]) => ({
    from: from!,
    to: to!,
  }));
  assertEquals(circles(edges), ["b -> c -> b"]);
});

test(`imports: no file of src/ and ffi/ has more than ${maxLines} lines, and no folder more than ${maxFiles} files`, () => {
  const long = modules.filter((module) => textOf(module).split("\n").length > maxLines + 1);
  assertEquals(long, []);
  const folders = new Set(
    modules.filter((module) => !doors.includes(module)).map((module) => module.replace(/\/[^/]*$/, "")),
  );
  const full = [...folders].filter((folder) =>
    readdirSync(`${repository}${folder}`, { withFileTypes: true }).filter((entry) => entry.isFile()).length >
      maxFiles
  );
  assertEquals(full, []);
});

test("imports: src/ and the front doors know no runtime", () => {
  const wrong = modules.filter((module) => !module.startsWith("ffi/"))
    .filter((module) => /\b(?:Deno|Bun|process)\s*(?:\.|\?\.|\[)|\bbun:|\bnode:/.test(codeOf(module)));
  assertEquals(wrong, []);
});

test("imports: in ffi/ each runtime is known to its adapter and to the one place that asks", () => {
  const mentions = (pattern: RegExp): string[] =>
    modules.filter((module) => module.startsWith("ffi/") && pattern.test(codeOf(module)));
  assertEquals(mentions(/\bDeno\s*\./), ["ffi/runtimes/deno.ts"]);
  assertEquals(mentions(/\bBun\s*\.|bun:ffi/), ["ffi/runtimes/bun.ts"]);
  assertEquals(mentions(/node:ffi/), ["ffi/runtimes/node.ts"]);
});

test("imports: no struct offset and no raw pointer stands outside ffi/", () => {
  const wrong = modules.filter((module) => module.startsWith("src/"))
    .filter((module) => /UnsafePointer|getBigUint64|layouts/.test(codeOf(module)));
  assertEquals(wrong, []);
});

test("imports: nothing is loaded, read or awaited while modules are imported", () => {
  const topLevelAwait = modules.filter((module) =>
    /^(?:export )?(?:const [^=]+= )?await\b/m.test(codeOf(module))
  );
  assertEquals(topLevelAwait, []);
  const packages = new Set(arrows.map(({ to }) => to).filter((to) => !to.endsWith(".ts")));
  assertEquals([...packages].sort(), ["node:buffer", "node:fs", "node:path", "node:url"]);
});

test("imports: the thread that encodes loads what few writers need only for those", () => {
  const loaded = loadedBy("src/thread/worker.ts");
  assert(loaded.has("src/engine/video_session.ts"), "the walk finds modules");
  const rare = /^src\/engine\/(?:audio_|copying\/|outputs\/packet_feed|passes\/|reading\/|segments\/seg)/;
  assertEquals([...loaded].filter((module) => rare.test(module)), []);
});
