import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, type DoctorReport } from "../mod.ts";
import { heardRate, listen, probeAudio } from "./support/audio.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { barFrame, frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { commandLine, type Ended, repository, runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const file = fileURLToPath(new URL("../cli.ts", import.meta.url));
const noShell: SkipReason = process.platform === "win32" && "it needs a shell";

const avwriter = (...args: string[]): Ended => runScript(file, args);

/** Terminals are made by a program of Linux's. */
const noTerminal: SkipReason = spawnSync("script", ["--version"]).status !== 0 &&
  "there is no program script";

/** The shell's words for the program. */
const words = commandLine(file, [], {});

/** Writes a short video. */
async function clip(path: string, frames = 12): Promise<void> {
  await using writer = await createFileWriter("mpeg4", path, 25, { metadata: { title: "Bars" }, audio: {} });
  for (let index = 0; index < frames; index++) await writer.write(barFrame(index));
  await writer.writeAudio({ data: new Float32Array(48000 * frames / 25), sampleRate: 48000, channels: 1 });
}

/** Images that count on from 9 to 10. */
function images(folder: TemporaryFolder): void {
  const args = ["-f", "lavfi", "-i", "testsrc=size=64x48:rate=25", "-frames:v", "11", folder.file("%d.png")];
  assertEquals(spawnSync("ffmpeg", ["-v", "error", ...args]).status, 0);
}

test("cli: without a command, and with one that there is not, it tells its usage and ends with 2", () => {
  const { status, stdout, stderr } = avwriter("encoed");
  assertEquals([status, stdout], [2, ""]);
  assertStringIncludes(stderr, 'Did you mean "encode"?');
});

testLong("cli: help", () => {
  for (const args of [["--help"], ["help"], ["-h"]]) {
    const { status, stdout, stderr } = avwriter(...args);
    assertEquals([status, stderr], [0, ""]);
    for (const name of ["doctor", "probe", "record", "encode", "recover", "ffmpeg"]) {
      assertStringIncludes(stdout, `  ${name}`);
    }
  }
  for (const args of [["encode", "--help"], ["help", "encode"]]) {
    const { status, stdout } = avwriter(...args);
    assertEquals(status, 0);
    assertStringIncludes(stdout, "--fps N");
  }
  assertEquals(avwriter().status, 2);
});

testLong("cli: a wrong usage ends with 2 and changes nothing", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  await clip(path);
  const before = readFileSync(path);
  const wrong: [args: string[], said: string][] = [
    [["probe"], "one file"],
    [["probe", path, path], "one file"],
    [["recover"], "one file"],
    [["recover", "--outptu", "x", path], "--output"],
    [["recover", path, "--output"], "needs a value"],
    [["doctor", "--json=yes"], "has no value"],
    [["record", path], "a source and a file"],
    [["record", path, path], "--overwrite"],
    [["record", "--overwrite", path, path], "is the source"],
    [["record", "--overwrite", `${folder.path}/../${basename(folder.path)}/a.mp4`, path], "is the source"],
    [["record", path, folder.file("new.xyz")], "--codec"],
    [["record", path, folder.file("new.mp4"), "--seconds", "0"], "above 0"],
    [["encode", path], "images and a file"],
    [["encode", folder.path, path], "--overwrite"],
    [["encode", folder.path, folder.file("new.mp4")], "no image"],
    [["encode", path, folder.file("new.xyz")], "--codec"],
    [["encode", path, folder.file("new.mp4"), "--width", "wide"], "a number"],
    [["ffmpeg"], "arguments"],
    [["ffmpeg", "--json", "-i", path, "-f", "mpegts", "-"], "--json"],
  ];
  for (const [args, said] of wrong) {
    const { status, stdout, stderr } = avwriter(...args);
    assertEquals([args, status, stdout], [args, 2, ""]);
    assertStringIncludes(stderr, said);
  }
  assertEquals(readFileSync(path), before);
  assert(!existsSync(folder.file("new.mp4")));
});

testLong("cli: doctor tells the libraries in use, for people and as JSON", () => {
  const { status, stdout, stderr } = avwriter("doctor", "--json");
  assertEquals([status, stderr], [0, ""]);
  const report = JSON.parse(stdout) as DoctorReport;
  const text = avwriter("doctor");
  assertEquals([text.status, text.stderr], [0, ""]);
  assertStringIncludes(text.stdout, `FFmpeg    ${report.libraries!.version} in ${report.libraries!.folder}`);
  const [encoder] = report.encoders.mpeg4.filter(({ usable }) => usable);
  assert(new RegExp(`^mpeg4 .*${encoder!.name}`, "m").test(text.stdout), text.stdout);
});

testLong("cli: doctor ends with 1 where there are no libraries", () => {
  using folder = new TemporaryFolder();
  const variables = { AVWRITER_LIBRARY_PATH: folder.path };
  const { status, stdout, stderr } = runScript(file, ["doctor"], { variables });
  assertEquals([status, stderr], [1, ""]);
  assertStringIncludes(stdout, "FFmpeg    none");
});

test("cli: probe tells what is in a file, as JSON", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  await clip(path);
  const { status, stdout, stderr } = avwriter("probe", path, "--json");
  assertEquals([status, stderr], [0, ""]);
  const { streams, tags, seconds } = JSON.parse(stdout);
  const [video, audio] = streams;
  assertEquals(
    [video.type, video.codec, video.width, video.height, video.pixelFormat, video.frameRate, video.isCover],
    ["video", "mpeg4", 160, 90, "yuv420p", { num: 25, den: 1 }, false],
  );
  assertEquals([audio.type, audio.codec, audio.sampleRate, audio.channels], ["audio", "aac", 48000, 2]);
  // Older releases count the encoder's padding.
  assert(seconds > 0.47 && seconds < 0.53, `${seconds} s`);
  assertEquals(tags.title, "Bars");
});

testLong("cli: probe for people, and of files that are none", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  await clip(path);
  assertStringIncludes(avwriter("probe", path).stdout, "0  video  mpeg4  160x90, yuv420p, 25 fps");
  writeFileSync(folder.file("text.mp4"), "no video");
  // A playlist would have other files opened.
  writeFileSync(folder.file("list.mp4"), `#EXTM3U\n#EXTINF:1,\n${path}\n#EXT-X-ENDLIST\n`);
  for (const name of ["text.mp4", "list.mp4", "none.mp4"]) {
    const { status, stdout, stderr } = avwriter("probe", folder.file(name));
    assertEquals([name, status, stdout], [name, 1, ""]);
    assertStringIncludes(stderr, folder.file(name));
  }
});

testLong("cli: encode writes images in the order in which people count", () => {
  using folder = new TemporaryFolder();
  images(folder);
  const path = folder.file("a.mkv");
  const { status, stdout, stderr } = avwriter(
    "encode",
    folder.path,
    path,
    "--codec",
    "ffv1",
    "--fps=30000/1001",
    "--json",
  );
  assertEquals([status, stderr], [0, ""]);
  assertEquals([JSON.parse(stdout).frames, JSON.parse(stdout).encoder], [11, "ffv1"]);
  assertEquals([probe(path).frames, probe(path).avg_frame_rate], [11, "30000/1001"]);
  const hashes = (...input: string[]): string[] => {
    const args = ["-v", "error", ...input, "-pix_fmt", "rgb24", "-f", "framehash", "-hash", "md5", "-"];
    const lines = spawnSync("ffmpeg", args, { encoding: "utf8" }).stdout.split("\n");
    return lines.filter((line) => /^0/.test(line)).map((line) => line.split(",").at(-1)!.trim());
  };
  assertEquals(hashes("-i", path), hashes("-i", folder.file("%d.png")));
});

testLong("cli: encode leaves no file where an image can't be read, and replaces one with --overwrite", () => {
  using folder = new TemporaryFolder();
  images(folder);
  const path = folder.file("a.mp4");
  writeFileSync(folder.file("5.png"), "no image");
  const failed = avwriter("encode", folder.path, path, "--codec", "mpeg4");
  assertEquals([failed.status, failed.stdout, existsSync(path)], [1, "", false]);
  const pictures = [folder.file("1.png"), folder.file("2.png")];
  for (const options of [[], ["--overwrite", "--width", "32", "--height", "24", "--resize", "fill"]]) {
    assertEquals(avwriter("encode", "--codec", "mpeg4", ...options, ...pictures, path).status, 0);
  }
  assertEquals([probe(path).frames, probe(path).width], [2, 32]);
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
  const child = spawn(words[0]!, [...words.slice(1), "record", "--codec", "mpeg4", path, written], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const from = performance.now();
  while (!existsSync(written) || statSync(written).size < 20_000) {
    if (performance.now() - from > 30_000) throw new Error("nothing was written");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  process.kill(child.pid!, "SIGINT");
  assertEquals(await ended, 130);
  const { frames } = probe(written);
  assert(frames > 0 && frames < 2000, `${frames} frames`);
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

testLong("cli: recover repairs a recording that was cut off", async () => {
  using folder = new TemporaryFolder();
  const [path, other] = [folder.file("a.mkv"), folder.file("b.mkv")];
  await clip(path, 50);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length * 0.7));
  const { status, stdout } = avwriter("recover", path, "--output", other, "--json");
  assertEquals(status, 0);
  assert(JSON.parse(stdout).frames > 10);
  assertEquals(probe(other).frames, JSON.parse(stdout).frames);
  assertEquals(avwriter("recover", folder.file("none.mkv")).status, 1);
});

testLong("cli: ffmpeg runs the program, with files and in pipes", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const [path, copy] = [folder.file("a.mp4"), folder.file("b.mkv")];
  await clip(path);
  const { status, stdout, stderr } = avwriter("ffmpeg", "--json", "-i", path, "-c", "copy", copy);
  assertEquals([status, stderr, JSON.parse(stdout).frames], [0, "", 12]);
  const again = avwriter("ffmpeg", "-i", path, "-c", "copy", copy);
  assertEquals(again.status, 1);
  assertStringIncludes(again.stderr, "exists");
  assertEquals(avwriter("ffmpeg", "-i", path, "-c", "copy", "-y", copy).status, 0);
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const shell = (line: string) => spawnSync("sh", ["-c", line], { encoding: "utf8", cwd: repository });
  const rest = "-i - -an -f rawvideo -pix_fmt gray - | md5sum";
  const [piped, plain] = [
    shell(`cat ${copy} | ${quoted} ffmpeg ${rest}`),
    shell(`cat ${copy} | ffmpeg -v error ${rest}`),
  ];
  assertEquals([piped.stdout, piped.stderr], [plain.stdout, ""]);
  const endless = shell(`${quoted} ffmpeg -f lavfi -i testsrc -f rawvideo - | head -c 100000 | wc -c`);
  assertEquals([endless.stdout.trim(), endless.stderr], ["100000", ""]);
});

testLong("cli: ffmpeg tells why it failed, without keys", () => {
  const address = "rtmp://127.0.0.1:1/app/SecretKey";
  const { status, stdout, stderr } = avwriter(
    "ffmpeg",
    "-f",
    "lavfi",
    "-i",
    "testsrc=d=0.1",
    "-f",
    "flv",
    address,
  );
  assertEquals([status, stdout], [1, ""]);
  assertStringIncludes(stderr, "127.0.0.1:1/app/***");
  assert(!stderr.includes("SecretKey"), stderr);
});

testLong("cli: Ctrl+C ends with 130, and ffmpeg finishes its file", { skip: noShell }, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const [program, ...rest] = words;
  const args = [
    "ffmpeg",
    "-re",
    "-f",
    "lavfi",
    "-i",
    "testsrc=size=64x48:rate=25",
    "-flush_packets",
    "1",
    path,
  ];
  const child = spawn(program, [...rest, ...args], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("exit", (code) => resolve(code)));
  const from = performance.now();
  while (!existsSync(path) || readFileSync(path).length < 2000) {
    if (performance.now() - from > 30_000) throw new Error("ffmpeg wrote nothing");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // Deno's own child.kill would tell the signal in place of the exit code.
  process.kill(child.pid!, "SIGINT");
  assertEquals(await ended, 130);
  assert(probe(path).frames > 0);
});

testLong("cli: progress is one line on a terminal, and nothing elsewhere", { skip: noTerminal }, async () => {
  using folder = new TemporaryFolder();
  const [path, copy] = [folder.file("a.mp4"), folder.file("b.mkv")];
  await clip(path, 50);
  const args = ["ffmpeg", "-re", "-i", path, "-c", "copy", "-y", copy];
  const line = [...words, ...args].map((word) => `'${word}'`).join(" ");
  const { stdout, status } = spawnSync("script", ["-qec", line, "/dev/null"], { encoding: "utf8" });
  assertEquals(status, 0);
  const shown = stdout.split("\r\x1b[K");
  assert(shown.filter((text) => /^\d+ %, \d+ frames, [\d.]+ s/.test(text)).length >= 3, stdout);
  // At the end it is gone.
  assert(/^50 frames, [\d.]+ s\r?\n$/.test(shown.at(-1)!), stdout);
  const elsewhere = avwriter(...args);
  assertEquals([elsewhere.status, elsewhere.stderr], [0, ""]);
});

test("cli: imported, it does nothing", async () => {
  const { main } = await import("../cli.ts");
  assertEquals(typeof main, "function");
});
