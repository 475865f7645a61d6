import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createFileWriter, type DoctorReport } from "../mod.ts";
import { avwriter, commandFile, noShell, words } from "./support/cli.ts";
import type { SkipReason } from "./support/features.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { repository, runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

/** Terminals are made by a program of Linux's. */
const noTerminal: SkipReason = spawnSync("script", ["--version"]).status !== 0 &&
  "there is no program script";

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
  const { version, folder } = report.libraries!;
  assertStringIncludes(text.stdout.replaceAll(/ +/g, " "), `FFmpeg ${version} in ${folder}`);
  const [encoder] = report.encoders.mpeg4.filter(({ usable }) => usable);
  assert(new RegExp(`^mpeg4 .*${encoder!.name}`, "m").test(text.stdout), text.stdout);
});

testLong("cli: doctor ends with 1 where there are no libraries", () => {
  using folder = new TemporaryFolder();
  const variables = { AVWRITER_LIBRARY_PATH: folder.path };
  const { status, stdout, stderr } = runScript(commandFile, ["doctor"], { variables });
  assertEquals([status, stderr], [1, ""]);
  assert(/^FFmpeg +none/m.test(stdout), stdout);
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
