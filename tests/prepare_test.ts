import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, prepare } from "../mod.ts";
import { CountedThreads } from "./support/counted_threads.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { rejection } from "./support/messages.ts";
import { isBun, isDeno, repository, runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

/** What names a module of the project in an import. */
function fileUrl(module: string): string {
  return isBun ? `${repository}${module}` : pathToFileURL(`${repository}${module}`).href;
}

const moduleUrl = JSON.stringify(fileUrl("mod.ts"));

/** Runs a program, whose first two arguments are a folder for files and one without libraries. */
function run(program: string): { readonly status: number | null; readonly lines: string[] } {
  using folder = new TemporaryFolder();
  const script = folder.file("program.ts");
  writeFileSync(script, `import { createFileWriter, prepare } from ${moduleUrl};\n${program}`);
  const { status, stdout, stderr } = runScript(script, [folder.path]);
  return { status, lines: `${stdout}${stderr}`.trim().split("\n") };
}

test("prepare: the next writer has the thread that was started, and no second one is", async () => {
  using folder = new TemporaryFolder();
  using threads = new CountedThreads();
  await Promise.all([prepare(), prepare({})]);
  assertEquals(threads.started, 1);
  await prepare();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 25);
  for (let index = 0; index < 3; index++) await writer.write(barFrame(index));
  await writer.close();
  assertEquals([probe(path).frames, threads.started], [3, 1]);
});

test("prepare: with another workerUrl, the thread that is idle is not the one", () => {
  const { status, lines } = run(`
    import { writeFileSync } from "node:fs";
    import { pathToFileURL } from "node:url";
    import { runtime } from ${JSON.stringify(fileUrl("ffi/mod.ts"))};
    const path = process.argv[2] + "/avwriter_worker.ts";
    writeFileSync(path, ${JSON.stringify(`import "${fileUrl("src/worker/avwriter_worker.ts")}";`)});
    const workerUrl = pathToFileURL(path);
    const host = runtime();
    const start = host.startThread;
    const started = [];
    host.startThread = (...given) => {
      started.push(given[0].href === workerUrl.href);
      return start.call(host, ...given);
    };
    await prepare();
    await prepare({ workerUrl });
    const writer = await createFileWriter("ffv1", process.argv[2] + "/a.mkv", 25, { workerUrl });
    await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
    console.log((await writer.close()).frames, started.join());`);
  assertEquals([status, lines], [0, ["1 false,true"]]);
});

test("prepare: the thread is a web worker of Deno, also where the program has a class of its own for these", {
  skip: !isDeno && "only Deno's web workers are used",
}, () => {
  const { status, lines } = run(`
    let made = 0;
    globalThis.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        made++;
      }
    };
    await prepare();
    console.log(made);`);
  assertEquals([status, lines], [0, ["1"]]);
});

test("prepare: a writer that comes while the thread gets ready has it, too", () => {
  const { status, lines } = run(`
    prepare();
    const writer = await createFileWriter("ffv1", process.argv[2] + "/a.mkv", 25);
    await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
    console.log((await writer.close()).frames);`);
  assertEquals([status, lines], [0, ["1"]]);
});

test("prepare: a program ends with an idle thread, and waits for one that it waits for", () => {
  const { status, lines } = run(`await prepare(); prepare(); console.log("ready");`);
  assertEquals([status, lines], [0, ["ready"]]);
});

test("prepare: where there are no libraries, the writer tells", () => {
  const { status, lines } = run(`
    const libraryPath = process.argv[2];
    await prepare({ libraryPath });
    console.log("prepared");
    try { await createFileWriter("ffv1", libraryPath + "/a.mkv", 25, { libraryPath }); }
    catch (error) { console.log(error.name); }`);
  assertEquals([status, lines], [0, ["prepared", "LibraryNotFoundError"]]);
});

test("createFileWriter: Deno's tests find no library that it has left open", {
  skip: !isDeno && "only Deno looks",
}, () => {
  using folder = new TemporaryFolder();
  const script = folder.file("writer_test.ts");
  writeFileSync(
    script,
    `import { createFileWriter } from ${moduleUrl};
Deno.test({ name: "writer", sanitizeResources: true, fn: async () => {
  const writer = await createFileWriter("ffv1", ${JSON.stringify(folder.file("a.mkv"))}, 25);
  await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
  await writer.close();
} });`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, ["test", "-A", "--no-check", script], {
    encoding: "utf8",
  });
  assertEquals(status, 0, `${stdout}${stderr}`);
});

test("prepare: refuses what is no option of it", async () => {
  const error = await rejection(() => prepare({ thread: "main" } as never), "an option");
  assert(error instanceof TypeError);
  assertStringIncludes(error.message, "thread");
});
