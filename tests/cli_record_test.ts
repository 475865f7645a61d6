import { spawn, spawnSync } from "node:child_process";
import { existsSync, linkSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../src/cli/arguments.ts";
import { requireOther } from "../src/cli/output.ts";
import { heardRate, listen, probeAudio } from "./support/audio.ts";
import { avwriter, noShell, words } from "./support/cli.ts";
import { missingDevices, missingEncoders } from "./support/features.ts";
import { frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { freePort, StreamServer } from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll, testLong } = testsOf(import.meta.url);

test("requireOther: a source is the output by any of its names", () => {
  using folder = new TemporaryFolder();
  const [path, other] = [folder.file("a.mkv"), folder.file("b.mkv")];
  for (const each of [path, other]) writeFileSync(each, "bytes");
  const linked = folder.file("linked.mkv");
  linkSync(path, linked);
  const again = `${folder.path}/../${basename(folder.path)}/a.mkv`;
  for (const output of [path, again, linked]) {
    assertThrows(() => requireOther(path, output), UsageError, "is the source");
  }
  for (const output of [other, folder.file("new.mkv")]) requireOther(path, output);
});

/** A clip of 30000/1001 frames a second, and sound. */
function source(path: string, seconds: number): void {
  const bars = `testsrc2=size=64x48:rate=30000/1001:duration=${seconds}`;
  const tone = `sine=sample_rate=44100:duration=${seconds}`;
  const args = ["-f", "lavfi", "-i", bars, "-f", "lavfi", "-i", tone, "-pix_fmt", "yuv420p", path];
  assertEquals(spawnSync("ffmpeg", ["-v", "error", "-y", ...args]).status, 0);
}

testLong("cli: record writes frames and sound of a file, or of stdin", { skip: noShell }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("in.mkv");
  source(path, 2);
  const written = folder.file("a.mp4");
  const { status, stdout, stderr } = avwriter("record", path, written, "--codec", "mpeg4", "--json");
  assertEquals([status, stderr], [0, ""]);
  const summary = JSON.parse(stdout);
  assertEquals([summary.frames, summary.encoder], [60, "mpeg4"]);
  const video = probe(written);
  assertEquals([video.frames, video.r_frame_rate], [60, "30000/1001"]);
  assertAlmostEquals(listen(written).length / heardRate, 2, 0.05);

  const short = folder.file("b.mkv");
  const args = ["record", "--codec", "mpeg4", "--no-audio", "--seconds", "1", "-", short];
  const piped = spawnSync(words[0]!, [...words.slice(1), ...args], { input: readFileSync(path) });
  assertEquals([piped.status, String(piped.stderr)], [0, ""]);
  assertEquals(probe(short).frames, 30);
  assertEquals(probeAudio(short), []);
});

testLong("cli: record leaves audio out of images that move", {
  skip: missingEncoders("gif", "apng"),
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("in.mp4");
  source(path, 0.2);
  for (const name of ["a.gif", "a.apng", "a.WEBP"]) {
    if (name.endsWith("WEBP") && missingEncoders("libwebp_anim") !== false) continue;
    const { status, stderr } = avwriter("record", path, folder.file(name));
    assertEquals([name, status, stderr], [name, 0, ""]);
    assert(statSync(folder.file(name)).size > 100);
  }
});

testLong("cli: record keeps what a phone turned upright, and uneven times", () => {
  using folder = new TemporaryFolder();
  const [path, turned, uneven] = [
    folder.file("in.mp4"),
    folder.file("turned.mp4"),
    folder.file("uneven.mkv"),
  ];
  source(path, 1);
  const ffmpeg = (...args: string[]) => assertEquals(spawnSync("ffmpeg", ["-v", "error", ...args]).status, 0);
  ffmpeg("-i", path, "-c", "copy", "-metadata:s:v", "rotate=90", turned);
  ffmpeg("-i", path, "-vf", "select=not(eq(mod(n\\,3)\\,1))", "-an", uneven);
  const [upright, same] = [folder.file("a.mkv"), folder.file("b.mkv")];
  for (const [from, to] of [[turned, upright], [uneven, same]]) {
    assertEquals(avwriter("record", from!, to!, "--codec", "ffv1").status, 0);
  }
  const { width, height, frames } = probe(upright);
  const isTurned = JSON.parse(avwriter("probe", "--json", turned).stdout).streams[0].rotation !== 0;
  // Newer programs write no rotation from this tag.
  assertEquals([width, height, frames], isTurned ? [48, 64, 30] : [64, 48, 30]);
  assertEquals(frameTimes(same), frameTimes(uneven));
});

testLong(
  "cli: record makes pictures of a size, with bars where their shape differs",
  { skip: noShell },
  () => {
    using folder = new TemporaryFolder();
    const path = folder.file("in.mkv"), written = folder.file("a.mp4");
    source(path, 0.5);
    const sizes = [
      [["--width", "32"], "32,24,1:1"],
      [["--width", "48", "--height", "48"], "48,48,1:1"],
      [["--width", "48", "--height", "48", "--resize", "cover"], "48,48,1:1"],
    ] as const;
    for (const [options, expected] of sizes) {
      const { status, stderr } = avwriter(
        "record",
        path,
        written,
        "--codec",
        "mpeg4",
        "--overwrite",
        ...options,
      );
      assertEquals([status, stderr], [0, ""]);
      const entries = "stream=width,height,sample_aspect_ratio";
      const args = [
        "-v",
        "error",
        "-select_streams",
        "v",
        "-show_entries",
        entries,
        "-of",
        "csv=p=0",
        written,
      ];
      assertEquals(String(spawnSync("ffprobe", args).stdout).trim(), expected);
    }
    const wrong = avwriter("record", path, written, "--overwrite", "--width", "0");
    assertEquals(wrong.status, 2);
  },
);

testLong("cli: record shows frames at their times where some are missing", () => {
  using folder = new TemporaryFolder();
  const [path, gaps] = [folder.file("in.mkv"), folder.file("gaps.mkv")];
  source(path, 2);
  const args = ["-i", path, "-vf", "select=not(eq(mod(n\\,15)\\,7))", "-an", gaps];
  assertEquals(spawnSync("ffmpeg", ["-v", "error", ...args]).status, 0);
  const [uneven, even] = [folder.file("a.mp4"), folder.file("b.avi")];
  for (const to of [uneven, even]) {
    assertEquals(avwriter("record", gaps, to, "--codec", "mpeg4").status, 0);
  }
  const grid = (n: number): number => n * 1001 / 30000;
  const expected = Array.from({ length: 60 }, (_, n) => n).filter((n) => n % 15 !== 7);
  const times = frameTimes(uneven);
  assertEquals(times.length, expected.length);
  for (const [index, n] of expected.entries()) assertAlmostEquals(times[index]!, grid(n), 0.00002);
  // AVI has one rate: frames before a gap are shown for longer.
  assertEquals([probe(even).frames, probe(even).r_frame_rate], [60, "30000/1001"]);
});

testLong("cli: Ctrl+C ends a recording, and the file is whole", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const [path, written] = [folder.file("in.mkv"), folder.file("a.mkv")];
  const long = "testsrc2=size=320x240:rate=25:duration=80";
  const args = ["-f", "lavfi", "-i", long, "-c:v", "mpeg4", "-b:v", "200k", path];
  assertEquals(spawnSync("ffmpeg", ["-v", "error", ...args]).status, 0);
  assertEquals(await interrupted(written, path), 130);
  const { frames } = probe(written);
  assert(frames > 0 && frames < 2000, `${frames} frames`);
});

/** Records a source, and presses Ctrl+C once something is written; returns the exit code. */
const interrupted = (written: string, ...args: string[]): Promise<unknown> =>
  recordUntil((pid) => process.kill(pid, "SIGINT"), written, ...args);

/** Records a source, and does something once a file is there; returns the exit code. */
async function recordUntil(
  act: (pid: number) => void,
  written: string,
  ...args: string[]
): Promise<unknown> {
  const command = [...words.slice(1), "record", "--codec", "mpeg4", "--quality", "high", ...args, written];
  const child = spawn(words[0]!, command, { stdio: ["ignore", "ignore", "pipe"] });
  let printed = "";
  child.stderr!.on("data", (bytes) => printed += bytes);
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const from = performance.now();
  while (!existsSync(written) || statSync(written).size < 20_000) {
    if (performance.now() - from > 30_000 || child.exitCode !== null) {
      child.kill("SIGKILL");
      throw new Error(`nothing was written: ${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  act(child.pid!);
  return await ended;
}

testAll("cli: record keeps what came before a server fell silent", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const clip = folder.file("clip.ts");
  const args = ["-f", "lavfi", "-i", "testsrc2=size=640x480:rate=25:duration=60", "-c:v", "mpeg4", clip];
  assertEquals(spawnSync("ffmpeg", ["-v", "error", ...args]).status, 0);
  using server = new StreamServer(clip, "http", await freePort());
  server.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const path = folder.file("silent.mp4");
  assertEquals(await recordUntil(() => server.freeze(), path, server.address), 1);
  const { frames } = probe(path);
  assert(frames > 1 && frames < 500, `${frames} frames`);
});

testLong("cli: record takes devices and addresses, and Ctrl+C ends them with a whole file", {
  skip: noShell || missingDevices(),
}, async () => {
  using folder = new TemporaryFolder();
  const pattern = "testsrc2=size=160x120:rate=25";
  const timed = folder.file("timed.mkv");
  const device = ["--device", "lavfi"];
  const { status, stderr } = avwriter(
    "record",
    ...device,
    "--seconds",
    "1",
    "--codec",
    "ffv1",
    pattern,
    timed,
  );
  assertEquals([status, stderr], [0, ""]);
  assertEquals(probe(timed).frames, 25);
  const bars = spawnSync("ffmpeg", [
    "-v",
    "error",
    "-f",
    "lavfi",
    "-i",
    pattern,
    "-t",
    "1",
    "-f",
    "md5",
    "-",
  ]);
  const own = spawnSync("ffmpeg", ["-v", "error", "-i", timed, "-f", "md5", "-"]);
  assertEquals(String(own.stdout), String(bars.stdout));

  const recorded = folder.file("device.mp4");
  assertEquals(await interrupted(recorded, ...device, "testsrc2=size=640x480:rate=25"), 130);
  const clip = folder.file("clip.ts");
  const noise = "testsrc2=size=640x480:rate=25:duration=60";
  const args = ["-f", "lavfi", "-i", noise, "-c:v", "mpeg4", "-b:v", "1M", clip];
  assertEquals(spawnSync("ffmpeg", ["-v", "error", ...args]).status, 0);
  using server = new StreamServer(clip, "http", await freePort());
  server.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const received = folder.file("received.mp4");
  assertEquals(await interrupted(received, server.address), 130);
  server.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const cut = folder.file("cut.mp4");
  // A stream without a length is over when its connection is.
  assertEquals(await recordUntil(() => server.stop(), cut, server.address), 0);
  for (const path of [recorded, received, cut]) {
    const { frames, width } = probe(path);
    assert(frames > 1 && frames < 500 && width === 640, `${frames} frames`);
    assertEquals(spawnSync("ffmpeg", ["-v", "error", "-i", path, "-f", "null", "-"]).stderr.toString(), "");
    // Nothing is left beside it.
    assertEquals(existsSync(`${path}.avwriter`), false);
  }
  const refused = avwriter("record", `http://127.0.0.1:${await freePort()}/a.ts`, folder.file("none.mp4"));
  assertEquals([refused.status, existsSync(folder.file("none.mp4"))], [1, false]);
  assert(refused.stderr.includes("Cannot"), refused.stderr);
});

testLong("cli: Ctrl+C while stdin is read writes no file", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const [path, written] = [folder.file("in.mkv"), folder.file("a.mkv")];
  source(path, 1);
  const child = spawn(words[0]!, [...words.slice(1), "record", "--codec", "mpeg4", "-", written], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let printed = "";
  for (const output of [child.stdout!, child.stderr!]) output.on("data", (bytes) => printed += bytes);
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  // More than a pipe holds: once all of it is taken, the program reads.
  const bytes = new Uint8Array(2_000_000);
  bytes.set(readFileSync(path).subarray(0, bytes.length));
  await new Promise<void>((resolve) => child.stdin!.write(bytes, () => resolve()));
  process.kill(child.pid!, "SIGINT");
  assertEquals([await ended, printed, existsSync(written)], [130, "", false]);
  child.stdin!.destroy();
});
