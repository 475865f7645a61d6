import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CommandError, type CommandOptions, type CommandProgress, ffmpeg } from "../mod.ts";
import { OutputLength, parseDuration } from "../src/command/output_length.ts";
import { ProgressReader } from "../src/command/progress.ts";
import { seeded } from "./support/chance.ts";
import type { SkipReason } from "./support/features.ts";
import { assertSameBytes, probe, TemporaryFolder } from "./support/media.ts";
import { commandLine, isDeno, runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth, testLong } = testsOf(import.meta.url);

const noShell: SkipReason = process.platform === "win32" && "a program of this test is a shell script";
const noProcesses: SkipReason = !existsSync("/proc/self/stat") && "only Linux tells all processes";

/** Busybox has another one. */
const noGuard: SkipReason = spawnSync("setpriv", ["--pdeathsig", "SIGKILL", "--", "true"]).status !== 0 &&
  "there is no setpriv of util-linux";

/** A program for the place of ffmpeg: a shell script. */
function script(folder: TemporaryFolder, text: string): string {
  const path = folder.file("program");
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What /proc says of the processes that this one has started. */
function children(parent = process.pid): { pid: number; state: string; name: string }[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const [, program, state, ppid] = /^\d+ \((.*)\) (\w) (\d+)/s.exec(
        readFileSync(`/proc/${name}/stat`, "utf8"),
      )!;
      return Number(ppid) === parent ? [{ pid: Number(name), state: state!, name: program! }] : [];
    } catch {
      return [];
    }
  });
}

/** Whether a process is there, and no zombie. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Waits until something holds; fails where it does not in time. */
async function until(holds: () => boolean, what: string, ms = 5000): Promise<void> {
  for (const end = performance.now() + ms; !holds(); await sleep(10)) {
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`);
  }
}

/** The error of a command. */
async function failure(args: string[], options: CommandOptions): Promise<CommandError> {
  return await assertRejects(() => ffmpeg(args, options), CommandError);
}

const endless = [
  "-f",
  "lavfi",
  "-i",
  "testsrc=size=320x240:rate=25",
  "-pix_fmt",
  "rgb24",
  "-f",
  "rawvideo",
  "-",
];
const rawVideo = ["-f", "rawvideo", "-pixel_format", "gray", "-video_size", "64x64"];

test("ffmpeg: a command makes its file and tells frames and length", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const { frames, seconds, stderr } = await ffmpeg([
    ...["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=2", "-c:v", "mpeg4", path],
  ]);
  // Where its last packet begins, or ends in newer releases.
  assert(seconds! > 1.9 && seconds! < 2.1, `${seconds} s`);
  assertEquals([frames, probe(path).frames], [50, 50]);
  assertStringIncludes(stderr, "Output #0");
  assert(!stderr.includes("configuration:") && !stderr.includes("\r"), stderr);
});

test("ffmpeg: arguments come as they are, without a shell", async () => {
  using folder = new TemporaryFolder();
  const [path, other] = [folder.file("a b'$(c)\".mkv"), folder.file("made")];
  const title = ` $(touch ${other}); "two"  'one' \\ \`touch ${other}\` * é\n$HOME`;
  await ffmpeg(["-f", "lavfi", "-i", "testsrc=size=64x64:duration=0.1", "-metadata", `title=${title}`, path]);
  const told = execFileSync("ffprobe", ["-v", "error", "-show_format", "-of", "json", path], {
    encoding: "utf8",
  });
  assertEquals(JSON.parse(told).format.tags.title, title);
  assert(!existsSync(other));
});

test("ffmpeg: a file that exists stays, unless overwrite", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  writeFileSync(path, "mine");
  const args = ["-f", "lavfi", "-i", "testsrc=size=64x64:duration=0.2", path];
  const { code, message } = await failure(args, {});
  assertEquals([code, readFileSync(path, "utf8")], ["EEXIST", "mine"]);
  assertStringIncludes(message, "overwrite");
  await ffmpeg(args, { overwrite: true });
  assertEquals(probe(path).frames, 5);
});

test("ffmpeg: wrong arguments and options are refused before anything runs", async () => {
  const refused: [unknown, unknown, string][] = [
    ["-i a.mp4 b.mp4", {}, "give a list of arguments"],
    [["-i", 5], {}, "the argument 1"],
    [["a\0b"], {}, "NUL"],
    [["-y", "a.mp4"], {}, "overwrite: true"],
    [["-n", "a.mp4"], { overwrite: true }, "overwrite: false"],
    [[], { timeoutSeconds: 0 }, "timeoutSeconds"],
    [[], { timeoutSeconds: NaN }, "timeoutSeconds"],
    [[], { input: "text" }, "input"],
    [[], { output: [] }, "output"],
    [[], { overwrite: 1 }, "overwrite"],
    [[], { path: "" }, "path"],
    [[], { signal: {} }, "signal"],
    [[], { onProgress: 1 }, "onProgress"],
    [[], { overwite: true }, "overwrite"],
    [[], null, "object"],
    [[], { path: new URL("https://example.com/ffmpeg") }, "file: URL"],
  ];
  for (const [args, options, said] of refused) {
    const error = await assertRejects(() => ffmpeg(args as string[], options as CommandOptions), TypeError);
    assertStringIncludes(error.message, said);
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  readable.getReader();
  writable.getWriter();
  for (const options of [{ input: readable }, { output: writable }]) {
    await assertRejects(() => ffmpeg([], options), TypeError, "nobody else");
  }
});

testLong("ffmpeg: progress grows to 1, in numbers", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  await ffmpeg(["-f", "lavfi", "-i", "testsrc=size=64x64:rate=25:duration=3", "-c:v", "mpeg4", path]);
  const told: CommandProgress[] = [];
  await ffmpeg(["-re", "-ss", "1", "-i", path, "-f", "null", "-"], {
    onProgress: (progress) => told.push(progress),
  });
  assert(told.length >= 3, `${told.length} reports`);
  const shares = told.map(({ finished }) => finished!);
  assertEquals(shares, shares.toSorted((one, other) => one - other));
  assert(shares.some((share) => share > 0.1 && share < 0.9), `${shares}`);
  const { frames, seconds, finished } = told.at(-1)!;
  assertEquals([frames, Math.round(seconds!), finished], [50, 2, 1]);
  for (const value of told.flatMap((progress) => Object.values(progress))) {
    assert(value === null || Number.isFinite(value), JSON.stringify(told));
  }
});

test("ffmpeg: progress that is not known is null, never NaN", () => {
  const told: unknown[] = [];
  const reader = new ProgressReader((report) => told.push(report));
  const text = "frame=1\nfps=0.00\nout_time_us=N/A\nspeed=N/A\nprogress=continue\n" +
    "out_time_us=-9223372036854775807\nspeed=1.5e+03x\nprogress=continue\nfps=nan\nframe=-nan\nout_time_us=-21333\nprogress=end\n";
  // However the bytes are divided.
  for (const byte of new TextEncoder().encode(text)) reader.add(Uint8Array.of(byte));
  assertEquals(told, [
    { frames: 1, fps: 0, seconds: null, speed: null },
    { frames: null, fps: null, seconds: null, speed: 1500 },
    { frames: null, fps: null, seconds: 0, speed: null },
  ]);
});

test("ffmpeg: the length of the output is told from options and inputs", () => {
  const cases: [args: string, durations: string[], seconds: number | null][] = [
    ["-i a b", ["00:01:40.50"], 100.5],
    ["-i a b", ["N/A"], null],
    ["-i a b", [], null],
    ["-ss 10 -i a b", ["00:01:40.00"], 90],
    ["-ss 10 -t 5 -i a b", ["00:01:40.00"], 5],
    ["-ss 10 -to 0:12.5 -i a b", ["00:01:40.00"], 2.5],
    ["-sseof -3 -i a b", ["00:01:40.00"], 3],
    ["-i a -t 200 b", ["00:01:40.00"], 100],
    ["-f lavfi -i x -t 1500ms b", ["N/A"], 1.5],
    ["-i a -ss 20 b", ["00:01:40.00"], 80],
    ["-i a -ss 20 -to 30 b", ["00:01:40.00"], 10],
    ["-i a -i c b", ["00:00:10.00", "00:00:20.00"], 20],
    ["-i a -i c -shortest b", ["00:00:10.00", "00:00:20.00"], 10],
    ["-stream_loop -1 -i a -i c -shortest b", ["00:00:01.00", "00:00:20.00"], 20],
    ["-stream_loop 2 -i a b", ["00:00:01.00"], 3],
    ["-i a -i c b", ["00:00:10.00", "N/A"], null],
    ["-f lavfi b", [], null],
  ];
  for (const [args, durations, seconds] of cases) {
    const length = new OutputLength(args.split(" "));
    for (const duration of durations) length.add(`  Duration: ${duration}, start: 0.000000, bitrate: 9 kb/s`);
    length.add("    DURATION        : 00:00:00.100000000");
    assertEquals([args, length.seconds], [args, seconds]);
  }
  assertEquals(["1:02:03.5", "90", "1:30", "2s", "5ms", "x", "-3"].map(parseDuration), [
    3723.5,
    90,
    90,
    2,
    0.005,
    null,
    null,
  ]);
});

testBoth("ffmpeg: bytes in and bytes out are the same ones, whoever gives and takes them", async () => {
  const next = seeded(7);
  const frames = Array.from({ length: 40 }, () => new Uint8Array(64 * 64).map(() => next()));
  const whole = new Uint8Array(await new Blob(frames).arrayBuffer());
  async function* reused(): AsyncGenerator<Uint8Array> {
    const memory = new Uint8Array(64 * 64);
    for (const frame of frames) {
      memory.set(frame);
      yield memory;
    }
  }
  const shared = new Uint8Array(new SharedArrayBuffer(whole.length));
  shared.set(whole);
  for (const input of some([reused(), new Blob(frames).stream(), whole, shared], 4)) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const args = [...rawVideo, "-i", "-", "-f", "rawvideo", "-"];
    const [bytes, { frames: told }] = await Promise.all([
      new Response(readable).bytes(),
      ffmpeg(args, { input, output: writable }),
    ]);
    assertSameBytes(bytes, whole, "the copy");
    assert(!writable.locked && !(input instanceof ReadableStream && input.locked));
    assertEquals(told, frames.length);
  }
});

test("ffmpeg: 1 MB of stderr leaves its last 64 KiB in the error", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const line = "x".repeat(99);
  const path = script(folder, `yes ${line} | head -c 1000000 >&2; echo "this is the last line" >&2; exit 7`);
  const { exitCode, code, stderr, message } = await failure([], { path });
  assertEquals([exitCode, code], [7, "EXIT_CODE"]);
  assert(stderr.length <= 65536 && stderr.length > 65536 - 200, `${stderr.length} characters`);
  assert(stderr.endsWith(`${line}\nthis is the last line\n`));
  assertStringIncludes(message, "this is the last line");
  const one = script(folder, "head -c 1000000 /dev/zero | tr '\\0' y >&2; exit 1");
  const { stderr: kept } = await failure([], { path: one });
  assert(
    /^y+$/.test(kept) && kept.length <= 65536 && kept.length > 65536 - 8192,
    `${kept.length} characters`,
  );
  // Short lines: 333,333 of them.
  const from = performance.now();
  const many = script(folder, `yes é | head -c 1000000 >&2`);
  const { stderr: ends } = await ffmpeg([], { path: many });
  assert(/^(?:é\n)+é?\ufffd?$/.test(ends) && ends.length > 43_000, `${ends.length} characters`);
  assert(performance.now() - from < 10_000, `${performance.now() - from} ms`);
});

test("ffmpeg: what it says and its errors have no keys", async () => {
  const [key, password] = ["live_92_SecretKey", "p4ssw0rd"];
  const address = `rtmp://viewer:${password}@127.0.0.1:1/app/${key}`;
  const error = await failure([
    "-f",
    "lavfi",
    "-i",
    "testsrc=duration=0.1",
    "-c:v",
    "flv",
    "-f",
    "flv",
    address,
  ], {});
  for (const secret of [key, password]) {
    assert(!error.message.includes(secret) && !error.stderr.includes(secret), error.stderr);
  }
  assertStringIncludes(error.stderr, "127.0.0.1:1/app/***");
});

test("ffmpeg: a program that is missing, or is none", async () => {
  using folder = new TemporaryFolder();
  const text = folder.file("text");
  writeFileSync(text, "no program");
  for (const path of ["ffmpeg-that-is-not-there", folder.file("none"), pathToFileURL(folder.file("none"))]) {
    const { code, exitCode, hint } = await failure([], { path });
    assertEquals([code, exitCode], ["ENOENT", null]);
    assertStringIncludes(hint!, "path");
  }
  if (process.platform !== "win32") assertEquals((await failure([], { path: text })).code, "EACCES");
});

test("ffmpeg: a program that is killed", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const { code, exitCode, stderr, message } = await failure([], {
    path: script(folder, "echo working >&2; kill -9 $$"),
  });
  assertEquals([code, exitCode, stderr], ["KILLED", null, "working\n"]);
  assertStringIncludes(message, "SIGKILL");
});

test("ffmpeg: standard input that is closed early ends the source, and is no error", async () => {
  let ended = 0;
  async function* forever(): AsyncGenerator<Uint8Array> {
    try {
      while (true) yield new Uint8Array(64 * 64);
    } finally {
      ended++;
    }
  }
  const stuck = new ReadableStream<Uint8Array>({
    pull: () => new Promise(() => {}),
    cancel: () => void ended++,
  });
  const args = [...rawVideo, "-i", "-", "-frames:v", "5", "-f", "null", "-"];
  assertEquals((await ffmpeg(args, { input: forever() })).frames, 5);
  await ffmpeg(["-f", "lavfi", "-i", "testsrc=duration=0.1", "-f", "null", "-"], { input: stuck });
  await until(() => ended === 2, "both sources are cancelled");
  assert(!stuck.locked);
});

test("ffmpeg: standard input that fails, or gives no bytes, ends the command with that error", async () => {
  const args = [...rawVideo, "-i", "-", "-f", "null", "-"];
  const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error("the disk is gone")) });
  await assertRejects(() => ffmpeg(args, { input: broken }), Error, "the disk is gone");
  async function* text(): AsyncGenerator<Uint8Array> {
    yield "text" as never;
  }
  await assertRejects(() => ffmpeg(args, { input: text() }), TypeError, "input");
});

testLong("ffmpeg: output that nobody asked for is thrown away", async () => {
  const { frames } = await ffmpeg(["-t", "2", ...endless]);
  assertEquals(frames, 50);
});

test("ffmpeg: output that is never read holds the program until an abort, which takes no time", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const control = new AbortController();
  const command = ffmpeg(endless, { output: writable, signal: control.signal });
  assertEquals(await Promise.race([command.catch(() => "ended"), sleep(300, "waits")]), "waits");
  const from = performance.now();
  const reason = new Error("enough");
  control.abort(reason);
  assertEquals(await command.catch((error) => error), reason);
  assert(performance.now() - from < 2000, `${performance.now() - from} ms`);
  assertEquals(await new Response(readable).bytes().catch((error) => error), reason);
});

testLong("ffmpeg: output that fails or is cancelled ends the command with that error", async () => {
  const full = new WritableStream<Uint8Array>({
    write: () => Promise.reject(new Error("no space")),
  });
  await assertRejects(() => ffmpeg(endless, { output: full }), Error, "no space");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const command = ffmpeg(endless, { output: writable });
  command.catch(() => {});
  const reader = readable.getReader();
  await reader.read();
  await reader.cancel(new Error("seen enough"));
  assert(await command.catch((error) => error) instanceof Error);
});

test("ffmpeg: an abort before the start starts nothing", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const made = folder.file("made");
  const path = script(folder, `touch ${made}`);
  const reason = new Error("not today");
  assertEquals(await ffmpeg([], { path, signal: AbortSignal.abort(reason) }).catch((error) => error), reason);
  await sleep(50);
  assert(!existsSync(made));
  await ffmpeg([], { path });
  assert(existsSync(made));
});

test("ffmpeg: an abort lets the program finish its file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const control = new AbortController();
  const reason = new Error("enough");
  const args = ["-re", "-f", "lavfi", "-i", "testsrc=size=64x64", "-c:v", "mpeg4", path];
  const onProgress = ({ frames }: CommandProgress): void => {
    if (frames! >= 3) control.abort(reason);
  };
  const { signal } = control;
  assertEquals(await ffmpeg(args, { signal, onProgress }).catch((error) => error), reason);
  assert(probe(path).frames >= 3);
});

test("ffmpeg: timeoutSeconds ends the program", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const from = performance.now();
  const path = script(folder, "echo waiting >&2; sleep 60");
  const { code, exitCode, stderr, message } = await failure([], { path, timeoutSeconds: 0.5 });
  assertEquals([code, exitCode, stderr], ["ETIMEDOUT", null, "waiting\n"]);
  assertStringIncludes(message, "0.5 s");
  const tookMs = performance.now() - from;
  assert(tookMs > 490 && tookMs < 4500, `${tookMs} ms`);
});

testLong("ffmpeg: an error of onProgress changes nothing", async () => {
  const printed: unknown[] = [];
  const { error } = console;
  console.error = (...args: unknown[]) => void printed.push(args);
  try {
    const fails = (): never => {
      throw new Error("mine");
    };
    const args = ["-f", "lavfi", "-i", "testsrc=duration=0.1", "-f", "null", "-"];
    assertEquals((await ffmpeg(args, { onProgress: fails })).frames, 3);
    await sleep(0);
    assertEquals(printed.length, 1);
  } finally {
    console.error = error;
  }
});

testLong("ffmpeg: a program that ignores SIGTERM is killed after 5 s with all that it has started", {
  skip: noShell || noProcesses,
}, async () => {
  using folder = new TemporaryFolder();
  const pids = folder.file("pids");
  const path = script(
    folder,
    `trap '' TERM\nsleep 60 & echo $! $$ > ${pids}.part; mv ${pids}.part ${pids}; wait; sleep 60`,
  );
  const control = new AbortController();
  const command = ffmpeg([], { path, signal: control.signal });
  command.catch(() => {});
  await until(() => existsSync(pids), "the program has started");
  const started = readFileSync(pids, "utf8").trim().split(" ").map(Number);
  assertEquals(started.map(isAlive), [true, true]);
  const from = performance.now();
  control.abort();
  assert(await command.catch((error) => error) instanceof Error);
  const tookMs = performance.now() - from;
  assert(tookMs > 4500 && tookMs < 8000, `${tookMs} ms`);
  await until(() => !started.some(isAlive), "all are gone", 1000);
});

test("ffmpeg: what a program leaves behind ends with it", { skip: noShell || noProcesses }, async () => {
  using folder = new TemporaryFolder();
  const pid = folder.file("pid");
  // It would hold on to the streams for a minute.
  await ffmpeg([], { path: script(folder, `sleep 60 & echo $! > ${pid}`), output: new WritableStream() });
  await until(() => !isAlive(Number(readFileSync(pid, "utf8"))), "it is gone", 1000);
});

for (const [count, path, register] of [[40, "true", test], [200, "ffmpeg", testLong]] as const) {
  register(
    `ffmpeg: ${count} at once (${path}), some of them aborted, leave no zombie`,
    { skip: noProcesses },
    async () => {
      const before = children().length;
      const args = ["-f", "lavfi", "-i", "testsrc=size=32x32:duration=0.1", "-f", "null", "-"];
      const reason = new Error("enough");
      const frames = await Promise.all(Array.from({ length: count }, (_, index) => {
        const control = new AbortController();
        if (index % 10 === 0) setTimeout(() => control.abort(reason), index);
        return ffmpeg(args, { path, signal: control.signal }).then(({ frames }) => frames, (error) => error);
      }));
      const wanted = path === "true" ? null : 3;
      for (const [index, told] of frames.entries()) {
        assert(told === wanted || index % 10 === 0 && told === reason, `${index}: ${told}`);
      }
      assertEquals(children().length, before);
    },
  );
}

for (const end of ["exit", "throw", "kill"] as const) {
  const register = end === "kill" ? test : testLong;
  register(`ffmpeg: the program ends with the one that runs it (${end})`, {
    skip: noShell || noProcesses || noGuard,
  }, async () => {
    using folder = new TemporaryFolder();
    const pids = folder.file("pids");
    const path = script(
      folder,
      `trap '' TERM\necho $$ $PPID > ${pids}.part; mv ${pids}.part ${pids}; while :; do sleep 0.05; done`,
    );
    const file = fileURLToPath(new URL("support/run_command.ts", import.meta.url));
    if (end === "kill") {
      const [command, ...rest] = commandLine(file, [path, "wait"], {});
      const child = spawn(command, rest, { stdio: "ignore" });
      await until(() => existsSync(pids), "the program has started", 20_000);
      child.kill("SIGKILL");
    } else runScript(file, [path, end]);
    const [pid] = readFileSync(pids, "utf8").split(" ").map(Number);
    await until(() => !isAlive(pid!), `the program of ${end} is gone`);
  });
}

testLong(
  "ffmpeg: Deno asks for the permissions to run it",
  { skip: !isDeno && "it is about Deno's permissions" },
  () => {
    const file = fileURLToPath(new URL("support/run_command.ts", import.meta.url));
    const args = ["ffmpeg", "ask", "-f", "lavfi", "-i", "testsrc=duration=0.1", "-f", "null", "-"];
    const run = (permissions: string[], args: string[]) => {
      const { stdout, stderr } = runScript(file, args, { permissions });
      if (stdout === "") throw new Error(stderr);
      return JSON.parse(stdout) as { name: string; message: string };
    };
    const enough = ["--allow-run=ffmpeg", "--allow-env"];
    assertEquals(run(enough, args), { name: "", message: "" });
    const from = performance.now();
    assertEquals(run(enough, ["ffmpeg", "stop", "-re", ...endless]), { name: "Error", message: "stopped" });
    assert(performance.now() - from < 5000, "SIGTERM did not end it");
    for (
      const [permissions, said] of [[["--allow-read"], "--allow-run"], [
        ["--allow-run=ffmpeg"],
        "--allow-env",
      ]] as const
    ) {
      const { name, message } = run([...permissions], args);
      assertEquals(name, "NotCapable");
      assertStringIncludes(message, said);
    }
  },
);
