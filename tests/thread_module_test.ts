import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  createAudioWriter,
  createFileReader,
  createFileWriter,
  createVideoNode,
  OptionError,
  prepare,
  recoverFile,
  WriteError,
} from "../mod.ts";
import { RefusedCall } from "../src/engine/refused_call.ts";
import { receivedError, sentError } from "../src/thread/sent_error.ts";
import { missingDevices } from "./support/features.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { isBun, repository, runScript } from "./support/processes.ts";
import { test } from "./support/test.ts";

/** A module of this repository, as an import names it. Bun's bundler takes no addresses. */
const moduleUrl = (path: string): string =>
  JSON.stringify(isBun ? `${repository}${path}` : pathToFileURL(`${repository}${path}`).href);

/** A program that writes a video, with audio of a device where it is told so, and prints what it got. */
const program = `import { createFileWriter } from ${moduleUrl("mod.ts")};
import process from "node:process";
const [path, workerUrl, audio] = process.argv.slice(2);
try {
  const writer = await createFileWriter("mpeg4", path, 25, {
    ...(workerUrl ? { workerUrl } : {}),
    ...(audio ? { audio: { from: { system: "alsa", name: audio } } } : {}),
  });
  const frame = { data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 };
  for (let index = 0; index < 12; index++) await writer.write(frame);
  console.log((await writer.close()).frames);
} catch (error) {
  console.log(error.name, error.code, error.message);
}
`;

test("workerUrl: a module that is not there is told in one warning, and the file is written", () => {
  using folder = new TemporaryFolder();
  const script = folder.file("program.ts");
  writeFileSync(script, program);
  const missing = pathToFileURL(folder.file("nothing.js")).href;
  const { stdout, stderr } = runScript(script, [folder.file("a.mkv"), missing]);
  assertEquals(stdout.trim(), "12", stderr);
  assertEquals(stderr.trim().split("\n").length, 1, stderr);
  for (const part of ["avwriter: ", "nothing.js", "workerUrl"]) assertStringIncludes(stderr, part);
  assert(!/Uncaught|\.\./.test(stderr), stderr);
  assertEquals(probe(folder.file("a.mkv")).frames, 12);
});

test("workerUrl: names the module that the thread runs, for all that threads do", async () => {
  using folder = new TemporaryFolder();
  const own = folder.file("own.ts");
  const log = JSON.stringify(folder.file("log"));
  writeFileSync(
    own,
    `import { writeFileSync } from "node:fs";
// What is sent before the module listens must not be lost.
await new Promise((resolve) => setTimeout(resolve, 200));
await import(${moduleUrl("src/worker/avwriter_worker.ts")});
writeFileSync(${log}, "started", { flag: "ax" });`,
  );
  for (const workerUrl of [pathToFileURL(own), `${pathToFileURL(own).href}?again`]) {
    const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, { workerUrl });
    await writer.write(barFrame(0));
    await writer.close();
    execFileSync("rm", [folder.file("log")]);
    assertEquals(probe(folder.file("a.mkv")).frames, 1);
  }
  const audio = await createAudioWriter("pcm", folder.file("a.wav"), {
    workerUrl: `${pathToFileURL(own).href}?audio`,
  });
  await audio.write({ data: new Int16Array(4800), sampleRate: 48000 });
  assertEquals((await audio.close()).seconds, 0.1);
  execFileSync("rm", [folder.file("log")]);
  const { frames } = await recoverFile(folder.file("a.mkv"), {
    workerUrl: `${pathToFileURL(own).href}?repair`,
  });
  assertEquals(frames, 1);
  execFileSync("rm", [folder.file("log")]);
  await using source = await createFileReader(folder.file("a.mkv"), {
    workerUrl: `${pathToFileURL(own).href}?reading`,
  });
  assertEquals((await source.nextFrame())?.timestamp, 0);
  execFileSync("rm", [folder.file("log")]);
  await using node = await createVideoNode("null", { workerUrl: `${pathToFileURL(own).href}?filters` });
  assertEquals(node.status, "running");
  execFileSync("rm", [folder.file("log")]);
});

test("audio.from: where a device's thread cannot be started, the error says so", {
  skip: missingDevices(),
}, () => {
  using folder = new TemporaryFolder();
  const script = folder.file("program.ts");
  writeFileSync(script, program);
  const missing = pathToFileURL(folder.file("nothing.js")).href;
  const { stdout, stderr } = runScript(script, [folder.file("a.mkv"), missing, "null"]);
  assertStringIncludes(
    stdout,
    'ReadError NO_THREAD Cannot record from the alsa device "null": its thread',
    stderr,
  );
  assertStringIncludes(stdout, "nothing.js");
  assert(!stderr.includes("Uncaught"), stderr);
});

test(
  "thread: a program made one file by `bun build --compile` has its threads where it has their module, and else says so",
  {
    skip: !isBun && "it takes Bun to build it" || missingDevices(),
  },
  () => {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file("program.ts"), program);
    // What @avwriter/avwriter/worker is.
    writeFileSync(
      folder.file("avwriter_worker.ts"),
      `import ${moduleUrl("src/worker/avwriter_worker.ts")};`,
    );
    mkdirSync(folder.file("elsewhere"));
    const run = (name: string, ...parameters: string[]): string => {
      const { stdout, stderr } = spawnSync(folder.file(name), [folder.file("a.mkv"), ...parameters], {
        cwd: folder.file("elsewhere"),
        encoding: "utf8",
      });
      return `${stdout}${stderr}`;
    };
    for (const [name, entries] of [["with", ["avwriter_worker.ts"]], ["without", []]] as const) {
      execFileSync(process.execPath, ["build", "--compile", "program.ts", ...entries, "--outfile", name], {
        cwd: folder.path,
        stdio: "pipe",
      });
    }
    assertEquals(run("with"), "12\n");
    assertEquals(run("with", "", "null"), "12\n");
    assertStringIncludes(run("without"), "12\navwriter: frames are encoded in the thread that calls write");
    assertStringIncludes(run("without", "", "null"), "ReadError NO_THREAD");
    assertEquals(probe(folder.file("a.mkv")).frames, 12);
  },
);

test("thread: errors cross it by their name and fields, whatever copy of the class they are of", async () => {
  // A query makes another module of the same file.
  const copies = await import(`../src/errors.ts${"?copy"}`);
  const refused = await import(`../src/engine/refused_call.ts${"?copy"}`);
  const details = { code: "ENOSPC", operation: "write a.mp4", hint: "Free some space" };
  const cause = new copies.OptionError("Cannot set it", { code: "EINVAL", operation: "set" });
  const copy = new copies.WriteError("Cannot write", { ...details, cause });
  assert(!(copy instanceof WriteError) || copies.WriteError === WriteError);
  const error = receivedError(structuredClone(sentError(copy)));
  assertInstanceOf(error, WriteError);
  assertEquals([error.code, error.operation, error.hint], Object.values(details));
  assertEquals(error.message, "Cannot write. Free some space");
  assertInstanceOf(error.cause, OptionError);
  assert(RefusedCall.is(new refused.RefusedCall(new Error("broken"))));
  assert(!RefusedCall.is(new Error("broken")) && !RefusedCall.is(null));
});

test("createFileWriter: an abort while the thread loads what a writer needs leaves nothing, and the thread goes on", async () => {
  using folder = new TemporaryFolder();
  // A thread of its own, which has loaded nothing of that.
  const workerUrl = `${pathToFileURL(`${repository}src/worker/avwriter_worker.ts`).href}?abort`;
  await prepare({ workerUrl });
  const reason = new Error("not any more");
  const controller = new AbortController();
  const options = { audio: { codec: "flac" }, workerUrl, signal: controller.signal };
  const opening = createFileWriter("ffv1", folder.file("a.mkv"), 25, options);
  controller.abort(reason);
  assert(await opening.then(() => null, (error) => error) === reason);
  assertEquals(readdirSync(folder.path), []);
  const writer = await createFileWriter("ffv1", folder.file("b.mkv"), 25, { audio: {}, workerUrl });
  await writer.write(barFrame(0));
  await writer.writeAudio({ data: new Int16Array(1920), sampleRate: 48000, channels: 1 });
  assertEquals((await writer.close()).frames, 1);
  assertEquals(readdirSync(folder.path), ["b.mkv"]);
});
