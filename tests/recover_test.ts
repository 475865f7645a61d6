import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createFileWriter,
  type FrameRate,
  ReadError,
  recoverFile,
  UnsupportedError,
  WriteError,
  type WriterOptions,
} from "../mod.ts";
import { Encoder } from "../src/libav/encoder.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { runScript } from "./support/processes.ts";
import { seeded } from "./support/chance.ts";
import { assertOrdinary, packetSums, play, toldSeconds } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth, testLong } = testsOf(import.meta.url);

const width = 320;
const height = 180;

/** What is on the disk when so many frames were written, as a kill would leave it. */
async function interrupted(
  codec: string,
  path: string,
  frames: number,
  { fps = 30, ...options }: WriterOptions & { fps?: FrameRate } = {},
): Promise<void> {
  const under = path.replace(/(?=\.\w+$)/, "-under-way");
  const writer = await createFileWriter(codec, under, fps, { logLevel: "error", ...options });
  for (let index = 0; index < frames; index++) await writer.write(barFrame(index, width, height));
  // However busy the machine is, the encoder has had all frames.
  while (writer.stats.queued > 0) await sleep(5);
  copyFileSync(under, path);
  await writer.abort();
}

test("recoverFile: a file that cannot be recovered is refused with a clear error, and stays as it was", async () => {
  using folder = new TemporaryFolder();
  const next = seeded(3);
  const contents: readonly (readonly [name: string, content: Uint8Array | string])[] = [
    ["garbage.mp4", Uint8Array.from({ length: 5000 }, next)],
    ["garbage.mkv", Uint8Array.from({ length: 5000 }, next)],
    ["empty.mp4", ""],
    ["empty.mkv", ""],
    ["text.mp4", "It was a dark and stormy night.\n"],
    ["text.mkv", "It was a dark and stormy night.\n"],
    // A playlist is not followed.
    ["list.mp4", "#EXTM3U\n#EXTINF:1,\ngarbage.mp4\n"],
    ["boxes.mp4", "\0\0\0\x08free\0\0\0\x08mdat"],
  ];
  for (const [name, content] of contents) {
    const path = folder.file(name);
    writeFileSync(path, content);
    const before = readFileSync(path);
    await assertFails(() => recoverFile(path), { type: ReadError, says: [`Cannot recover ${path}: `] });
    assertSameBytes(readFileSync(path), before, name);
  }
  assertEquals(readdirSync(folder.path).sort(), contents.map(([name]) => name).sort());
});

test("recoverFile: a path that is not a file is refused with a clear error", async () => {
  using folder = new TemporaryFolder();
  await assertFails(() => recoverFile(folder.file("missing.mp4")), {
    type: ReadError,
    code: "ENOENT",
    says: ["missing.mp4", "there is no such file"],
  });
  await assertFails(() => recoverFile(folder.file("no/such/folder.mp4")), {
    type: ReadError,
    code: "ENOENT",
    says: [],
  });
  mkdirSync(folder.file("folder.mp4"));
  await assertFails(() => recoverFile(folder.file("folder.mp4")), { type: ReadError, says: ["folder.mp4"] });
  // deno-lint-ignore no-explicit-any
  await assertFails(() => recoverFile(7 as any), { type: TypeError, says: ["path"] });
  assertEquals(readdirSync(folder.path), ["folder.mp4"]);
});

test("recoverFile: a named pipe is refused with a clear error", {
  skip: process.platform === "win32" && "Windows has no named pipes in folders",
}, async () => {
  using folder = new TemporaryFolder();
  execFileSync("mkfifo", [folder.file("pipe.mp4")]);
  await assertFails(() => recoverFile(folder.file("pipe.mp4")), {
    type: ReadError,
    says: ["not a regular file"],
  });
});

test("recoverFile: a name that tells no container is refused with what it needs", async () => {
  using folder = new TemporaryFolder();
  const written = folder.file("a.mp4");
  await interrupted("mpeg4", written, 20);
  const names = [["a", "it has no extension"], ["a.xyzzy", '".xyzzy"'], ["a.png", "many files"]] as const;
  for (const [name, says] of names) {
    const path = folder.file(name);
    copyFileSync(written, path);
    const error = await assertFails(() => recoverFile(path), {
      type: UnsupportedError,
      code: "MUXER_NOT_FOUND",
      says: [basename(folder.path), name, says, "Name the file", ".mp4"],
    });
    // It takes no options.
    assert(!error.message.includes("option"), error.message);
    assertSameBytes(readFileSync(path), readFileSync(written), name);
  }
  assertEquals(readdirSync(folder.path).sort(), ["a", "a.mp4", "a.png", "a.xyzzy"]);
});

testLong(
  "recoverFile: a recording whose encoder fails between frames that it reorders is an ordinary file that tells its length",
  { skip: missingEncoders("libx264") },
  async () => {
    using folder = new TemporaryFolder();
    const send = Encoder.prototype.send;
    const wrong: string[] = [];
    for (let limit = 60; limit < 64; limit++) {
      const path = folder.file(`${limit}.mp4`);
      const writer = await createFileWriter("h264", path, 10, { thread: "main" });
      let sent = 0;
      Encoder.prototype.send = function (frame): void {
        if (sent++ === limit) throw new Error("it broke");
        send.call(this, frame);
      };
      try {
        const writeAll = async (): Promise<void> => {
          for (let index = 0; index < 80; index++) await writer.write(barFrame(index, width, height));
        };
        await assertRejects(writeAll, Error, "it broke");
        const played = play(path, { width, fps: 10, isCut: true });
        assertOrdinary(path);
        const told = toldSeconds(path);
        if (Math.abs(told - played.seconds) > 0.002) {
          wrong.push(`it lasts ${played.seconds} s, but tells ${told}`);
        }
      } finally {
        Encoder.prototype.send = send;
      }
    }
    assertEquals(wrong, []);
  },
);

test("recoverFile: a name that is taken beside the recording is reported, and the recording stays as it was", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  await interrupted("mpeg4", path, 20);
  mkdirSync(`${path}.avwriter`);
  const before = readFileSync(path);
  await assertFails(() => recoverFile(path), { type: WriteError, code: "EISDIR", says: ["a.mp4.avwriter"] });
  assertSameBytes(readFileSync(path), before, "the recording");
});

test("recoverFile: a recovered file keeps its permissions, and a link to it stays one", {
  skip: process.platform === "win32" && "Windows has no permission bits",
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  await interrupted("mpeg4", path, 20);
  chmodSync(path, 0o600);
  const link = folder.file("link.mp4");
  symlinkSync(path, link);
  const { frames } = await recoverFile(link);
  assert(lstatSync(link).isSymbolicLink(), "the link is a file now");
  assertOrdinary(path);
  assertEquals(play(path, { width, fps: 30 }).frames, frames);
  assertEquals(statSync(path).mode & 0o777, 0o600);
});

testBoth("recoverFile: a file that needs no repair comes out as good as it was, every time", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  for (
    const [codec, name] of some(
      [["h264", "a.mp4"], ["h264", "a.mov"], ["h264", "a.mkv"], ["mpeg4", "b.mp4"]] as const,
      2,
    )
  ) {
    const path = folder.file(name);
    const writer = await createFileWriter(codec, path, 30);
    for (let index = 0; index < 20; index++) await writer.write(barFrame(index, width, height));
    await writer.close();
    const before = packetSums(path);
    for (const time of ["once", "twice"]) {
      assertEquals((await recoverFile(path)).frames, 20, `${name} ${time}`);
      assertEquals(packetSums(path), before, `${name} ${time}`);
      assertOrdinary(path);
    }
  }
});

testBoth("recoverFile: a recovered recording keeps its tags, its rate and all that its stream says", {
  skip: missingEncoders("libx265", "libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const recordings: readonly (readonly [codec: string, name: string, expected: object])[] = [
    ["hevc", "a.mp4", { codec_tag_string: "hvc1" }],
    ["h264", "b.mov", { codec_tag_string: "avc1" }],
    ["h264", "c.mkv", {}],
  ];
  const color = { color_space: "bt2020nc", color_primaries: "bt2020", color_transfer: "smpte2084" };
  for (const [codec, name, expected] of some(recordings, 2)) {
    const path = folder.file(name);
    await interrupted(codec, path, 150, {
      preset: "veryfast",
      fps: "30000/1001",
      color: { matrix: "bt2020nc", primaries: "bt2020", transfer: "smpte2084" },
      sampleAspectRatio: "4:3",
    });
    const before = probe(path);
    await recoverFile(path);
    const after = probe(path);
    const wanted = { ...color, ...expected, r_frame_rate: "30000/1001" };
    for (const [field, value] of Object.entries(wanted)) {
      assertEquals([name, field, after[field as keyof typeof after]], [name, field, value]);
    }
    assertEquals([name, after.frames], [name, before.frames]);
    // mp4 keeps no rate but what its frames make on average, of which the cut may have taken some from
    // between others.
    const nominal = 30000 / 1001;
    const { frames, seconds } = play(path, { width, fps: nominal, isCut: true });
    const average = name.endsWith(".mkv") ? nominal : frames / seconds;
    const [num, den] = after.avg_frame_rate.split("/").map(Number);
    assert(
      Math.abs(num! / den! - average) < 1e-4,
      `${name} has ${num}/${den} frames a second, not ${average}`,
    );
    assertEquals([name, frames], [name, after.frames]);
  }
});

for (const extension of ["mp4", "mkv"]) {
  testBoth(`recoverFile: a recording into ${extension}, cut anywhere, is made an ordinary file or refused`, {
    skip: missingEncoders("libx264"),
  }, async () => {
    using folder = new TemporaryFolder();
    const whole = folder.file(`whole.${extension}`);
    const path = folder.file(`a.${extension}`);
    await interrupted("h264", whole, 120);
    const bytes = readFileSync(whole);
    const next = seeded(7);
    const wrong: string[] = [];
    let recovered = 0;
    const count = isLong ? 40 : 5;
    for (let number = 0; number < count; number++) {
      const length = next() % bytes.length;
      writeFileSync(path, bytes.subarray(0, length));
      try {
        const frames = await recoverFile(path).then((summary) => summary.frames, (error) => {
          assert(error instanceof ReadError, `${error}`);
          return null;
        });
        if (frames === null) {
          assertSameBytes(readFileSync(path), bytes.subarray(0, length), "what was refused");
        } else {
          recovered++;
          assertOrdinary(path);
          const played = play(path, { width, fps: 30, isCut: true });
          const told = toldSeconds(path);
          assertEquals([played.frames, Math.abs(told - played.seconds) < 0.002], [frames, true], `${told} s`);
        }
        assertEquals(existsSync(`${path}.avwriter`), false);
      } catch (error) {
        wrong.push(`${length} of ${bytes.length} bytes: ${(error as Error).message}`);
      }
    }
    assertEquals(wrong, []);
    // How much a recording has on the disk when it is interrupted is the machine's doing.
    assert(recovered >= (isLong ? count * 3 / 8 : 1), `only ${recovered} of ${count} were recovered`);
  });
}

testBoth(
  "recoverFile: a recording with wrong bytes is made a file or refused: nothing crashes, and nothing hangs",
  {
    skip: missingEncoders("libx264"),
  },
  async () => {
    using folder = new TemporaryFolder();
    const next = seeded(11);
    const paths: string[] = [];
    for (const extension of ["mp4", "mov", "mkv"]) {
      const whole = folder.file(`whole.${extension}`);
      await interrupted("h264", whole, 120);
      for (let number = 0; number < (isLong ? 40 : 9); number++) {
        const bytes = readFileSync(whole);
        // A third of them in the headers only.
        const end = number % 3 === 0 ? 1000 : bytes.length;
        for (let count = 1 + next() % 20; count > 0; count--) bytes[next() % end] = next();
        paths.push(folder.file(`${number}.${extension}`));
        writeFileSync(paths.at(-1)!, bytes);
      }
    }
    const script = folder.file("recover.ts");
    writeFileSync(
      script,
      `import { recoverFile } from ${JSON.stringify(new URL("../mod.ts", import.meta.url).href)};
    for (const path of ${JSON.stringify(paths)}) {
      console.log(await recoverFile(path).then(() => "recovered", (error) => error.constructor.name));
    }`,
    );
    const before = paths.map((path) => readFileSync(path));
    const { status, signal, stdout, stderr } = runScript(script, []);
    assertEquals([status, signal], [0, null], stderr);
    const results = stdout.trim().split("\n");
    assertEquals(results.length, paths.length);
    assertEquals(results.filter((result) => !["recovered", "ReadError", "WriteError"].includes(result)), []);
    for (const [index, result] of results.entries()) {
      if (result !== "recovered") assertSameBytes(readFileSync(paths[index]!), before[index]!, paths[index]!);
    }
    assertEquals(readdirSync(folder.path).filter((name) => name.endsWith(".avwriter")), []);
  },
);
