import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { chunksOf, renderChunk } from "../examples/farm/film.ts";
import { nodeFlags } from "../tools/node_program.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { probe, TemporaryFolder } from "./support/media.ts";
import { isBun, isDeno, repository } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll, testLong } = testsOf(import.meta.url);

const farm = `${repository}examples/farm`;

function whyNot(): SkipReason {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return "there is no redis-server";
  if (!existsSync(`${farm}/node_modules/bullmq`)) return "examples/farm has no BullMQ: run npm install there";
  return missingEncoders("libx264");
}

/** A Redis server, and programs of the example that use it; all of them end with the scope. */
class Farm implements AsyncDisposable {
  readonly #port: number;
  readonly #programs: ChildProcess[] = [];

  private constructor(port: number) {
    this.#port = port;
  }

  static async start(folder: string): Promise<Farm> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, "close");
    const started = new Farm(port);
    const redis = started.#run("redis-server", [
      ...["--port", `${port}`, "--bind", "127.0.0.1", "--dir", folder, "--save", ""],
    ]);
    let said = "";
    for await (const bytes of redis.stdout!) {
      said += bytes;
      if (said.includes("Ready to accept connections")) break;
    }
    return started;
  }

  #run(program: string, parameters: readonly string[]): ChildProcess {
    const env = { ...process.env, REDIS_PORT: `${this.#port}` };
    const child = spawn(program, parameters, { env, cwd: farm, stdio: ["ignore", "pipe", "pipe"] });
    this.#programs.push(child);
    return child;
  }

  /** Starts the example with this runtime. */
  start(...parameters: string[]): ChildProcess {
    const flags = isDeno ? ["run", "-A", "--no-check"] : isBun ? [] : nodeFlags;
    return this.#run(process.execPath, [...flags, "farm.ts", ...parameters]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#programs.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
}

/** What a program has said until it ended. */
async function saidBy(child: ChildProcess): Promise<string> {
  let said = "";
  child.stdout!.on("data", (bytes) => said += bytes);
  child.stderr!.on("data", (bytes) => said += bytes);
  const [code] = await once(child, "close");
  assertEquals(code, 0, said);
  return said;
}

/** Fails unless a film is whole: frames, length, and sound to its end. */
function assertFilm(path: string, count: number): void {
  const { frames, duration } = probe(path);
  assertEquals(frames, count);
  assert(Math.abs(duration - count / 30) < 0.001, `${duration} s`);
  const pcm = execFileSync("ffmpeg", ["-v", "error", "-i", path, "-map", "0:a", "-f", "s16le", "-"], {
    maxBuffer: 2 ** 26,
  });
  // The last packet may have more samples than are heard.
  const samples = pcm.length / 2, heard = count * 1600;
  assert(samples >= heard && samples < heard + 1024, `${samples} samples for ${heard}`);
}

test("farm: a chunk has its frames, and is made once", { skip: missingEncoders("libx264") }, async () => {
  using folder = new TemporaryFolder();
  const chunks = chunksOf(7, 3, folder.path);
  assertEquals(chunks.map(({ first, frames }) => [first, frames]), [[0, 3], [3, 3], [6, 1]]);
  const last = chunks[2]!;
  await renderChunk(last);
  assertEquals(probe(last.path).frames, 1);
  const { mtimeMs } = statSync(last.path);
  await renderChunk(last);
  assertEquals([statSync(last.path).mtimeMs, readdirSync(folder.path).length], [mtimeMs, 1]);
});

testLong("farm: 37 chunks from a queue become one film, whoever makes them", { skip: whyNot() }, async () => {
  using folder = new TemporaryFolder();
  await using started = await Farm.start(folder.path);
  const workers = [started.start("work"), started.start("work")];
  const film = folder.file("film.mp4"), count = 37 * 2 - 1;
  const said = await saidBy(started.start("make", film, folder.file("chunks"), `${count}`, "2"));
  assertStringIncludes(said, `${count} frames of 37 chunks`);
  assertFilm(film, count);
  for (const worker of workers) {
    worker.kill("SIGTERM");
    await once(worker, "exit");
  }
  assertEquals(readdirSync(folder.file("chunks")).filter((name) => name.startsWith("chunk-")).length, 37);
});

testAll("farm: the chunk of a machine that dies is made by another one", { skip: whyNot() }, async () => {
  using folder = new TemporaryFolder();
  await using started = await Farm.start(folder.path);
  const dying = started.start("work");
  const film = folder.file("film.mp4"), chunks = folder.file("chunks");
  const made = saidBy(started.start("make", film, chunks, "1200", "400"));
  // In the middle of a chunk: it has another name.
  while (!existsSync(chunks) || !readdirSync(chunks).some((name) => /^chunk-\d+\..+\.mp4$/.test(name))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  dying.kill("SIGKILL");
  await once(dying, "exit");
  started.start("work");
  assertStringIncludes(await made, "1200 frames of 3 chunks");
  assertFilm(film, 1200);
});
