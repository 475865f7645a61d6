import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { libraryFileName, libraryMajor, type LibraryName } from "../ffi/locate.ts";
import { loadNative } from "../ffi/mod.ts";
import type { WriterOptions } from "../mod.ts";
import type { ChildReport } from "./support/child.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { assertSameBytes, probe, TemporaryFolder } from "./support/media.ts";
import { hasRealTimeThread, isDeno, Recording, runChild, runScript } from "./support/processes.ts";
import { assertOrdinary, play, playRest, type RecordRequest } from "./support/record.ts";
import { cuesOf } from "./support/subtitles.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const libraries: readonly LibraryName[] = ["avutil", "swresample", "swscale", "avcodec", "avformat"];

function libraryPaths(): string[] {
  const { folder, avcodecMajor } = loadNative();
  const system = process.platform === "win32"
    ? "windows"
    : process.platform === "darwin"
    ? "darwin"
    : "linux";
  return libraries.map((library) =>
    `${folder}/${libraryFileName(system, library, libraryMajor(library, avcodecMajor))}`
  );
}

/** Bun grants everything, and Node has grants of its own: there is nothing to test there. */
const skip: SkipReason = !isDeno && "only Deno has such permissions";

/**
 * Variables that may name the libraries' folder: the program has to know where they are to open what it is
 * granted.
 */
const readVariables = "--allow-env=AVWRITER_LIBRARY_PATH,LD_LIBRARY_PATH";

function write(
  path: string,
  permissions: readonly string[],
  options?: WriterOptions,
  codec = "mpeg4",
): ChildReport {
  return runChild({ codec, path, frames: 3, width: 64, height: 48, ...(options && { options }) }, {
    permissions: permissions.includes("-A") ? permissions : [readVariables, ...permissions],
  });
}

/** The grant of the libraries alone. */
const ffi = (): string => `--allow-ffi=${libraryPaths().join(",")}`;

test("permissions: with the five libraries and the file granted, the file is written", { skip }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const { error, framesWritten } = write(path, [ffi(), `--allow-write=${path}`]);
  assertEquals([error, framesWritten], [null, 3]);
  assertEquals(readdirSync(folder.path), ["a.mp4"]);
  assertEquals(probe(path).frames, 3);
});

test(
  "permissions: with the libraries' folder and the file's folder granted, the file is written",
  { skip },
  () => {
    using folder = new TemporaryFolder();
    const { error } = write(folder.file("a.mkv"), [
      `--allow-ffi=${loadNative().folder}`,
      `--allow-write=${folder.path}`,
    ]);
    assertEquals(error, null);
    assertEquals(probe(folder.file("a.mkv")).frames, 3);
  },
);

test("subtitles.from: a file is read with its own grant, and not without", { skip }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const from = folder.file("film.srt");
  writeFileSync(from, "1\n00:00:00,000 --> 00:00:00,100\nSeen\n");
  const grants = [ffi(), `--allow-write=${path}`];
  const refused = write(path, grants, { subtitles: { from } });
  assertEquals([refused.failedAt, refused.error!.type], ["open", "NotCapable"]);
  assert(!existsSync(path));
  const { error } = write(path, [...grants, `--allow-read=${from}`], { subtitles: { from } });
  assertEquals(error, null);
  assertEquals(cuesOf(path).map(({ text }) => text), ["Seen"]);
});

test("passes: what waits for the second pass needs a grant of its own, which is asked for at once", {
  skip: skip || missingEncoders("libx264"),
}, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4"), waiting = `${path}.avwriter-passes`;
  const options = { passes: 2, bitrate: "100k" } as const;
  const grants = [ffi(), `--allow-write=${path}`, `--allow-read=${path}`];
  const refused = write(path, grants, options, "libx264");
  assertEquals([refused.failedAt, refused.error!.type], ["open", "NotCapable"]);
  assertEquals(readdirSync(folder.path), []);
  const more = [ffi(), `--allow-write=${path},${waiting}`, `--allow-read=${path},${waiting}`];
  assertEquals(write(path, more, options, "libx264").error, null);
  assertEquals(readdirSync(folder.path), ["a.mp4"]);
});

test(
  "permissions: without --allow-ffi the error says --allow-ffi, and not to install anything",
  { skip },
  () => {
    using folder = new TemporaryFolder();
    const { failedAt, error } = write(folder.file("a.mp4"), ["--allow-write"]);
    assertEquals(failedAt, "open");
    assertEquals([error!.type, error!.code, error!.operation], [
      "LibraryNotFoundError",
      "EPERM",
      "load FFmpeg's libraries",
    ]);
    assertStringIncludes(error!.message, "Cannot load FFmpeg's libraries: ");
    assertStringIncludes(error!.message, "--allow-ffi");
    assert(!error!.message.includes("apt-get"), error!.message);
    assertEquals(readdirSync(folder.path), []);
  },
);

testBoth(
  "permissions: with some of the libraries granted the error says --allow-ffi, and not to install anything",
  { skip },
  () => {
    using folder = new TemporaryFolder();
    for (const granted of some(libraryPaths(), 4)) {
      const { failedAt, error } = write(folder.file("a.mp4"), ["--allow-write", `--allow-ffi=${granted}`]);
      assertEquals(failedAt, "open");
      assertEquals(
        [granted, error!.type, error!.code],
        [granted, "LibraryNotFoundError", "EPERM"],
        error!.message,
      );
      assertStringIncludes(error!.message, "--allow-ffi");
      assert(!error!.message.includes("apt-get"), error!.message);
    }
  },
);

function assertNotCapable({ failedAt, error }: ChildReport, path: string): void {
  assertEquals(failedAt, "open");
  assertEquals(error!.type, "NotCapable", error!.message);
  assertStringIncludes(error!.message, path);
  assertStringIncludes(error!.message, "--allow-write");
}

test(
  "permissions: without --allow-write Deno's own error names the path, and nothing is written",
  { skip },
  () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    assertNotCapable(write(path, ["--allow-ffi"]), path);
    assertNotCapable(write(path, ["--allow-ffi", `--allow-write=${folder.file("b.mp4")}`]), path);
    assertNotCapable(write(path, ["-A", `--deny-write=${folder.path}`]), path);
    assertEquals(readdirSync(folder.path), []);
  },
);

test(
  "audio.from: a file is read only with --allow-read, and a host only with --allow-net",
  { skip },
  () => {
    using folder = new TemporaryFolder();
    const [path, source] = [folder.file("a.mkv"), folder.file("audio.wav")];
    const header =
      "RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\x08\0\0\0";
    writeFileSync(source, `${header}........`, "latin1");
    const granted = ["--allow-ffi", `--allow-write=${folder.path}`];
    const options = { audio: { from: source, codec: "pcm" } };
    assertEquals(write(path, [...granted, `--allow-read=${source}`], options).error, null);
    const { failedAt, error } = write(path, granted, options);
    assertEquals([failedAt, error!.type], ["open", "NotCapable"]);
    assertStringIncludes(error!.message, "--allow-read");
    const script = fileURLToPath(new URL("support/net_audio.ts", import.meta.url));
    const open = (...permissions: string[]): string =>
      runScript(script, [path, "http://127.0.0.1:1/a.wav"], {
        permissions: [readVariables, ...granted, ...permissions],
      })
        .stdout;
    assertStringIncludes(open(), 'NotCapable: Requires net access to "127.0.0.1:1"');
    assertStringIncludes(open("--allow-net=example.com"), "NotCapable");
    assertStringIncludes(
      open("--allow-net=127.0.0.1:1"),
      "ReadError: Cannot read the audio of http://127.0.0.1:1/a.wav",
    );
  },
);

test("permissions: without --allow-write an existing file stays as it is", { skip }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  writeFileSync(path, "precious");
  assertNotCapable(write(path, ["--allow-ffi"]), path);
  assertEquals(readFileSync(path, "utf8"), "precious");
});

test("permissions: a way out of the granted folder is refused", { skip }, () => {
  using folder = new TemporaryFolder();
  for (const name of ["granted", "other"]) mkdirSync(folder.file(name));
  const { failedAt } = write(`${folder.file("granted")}/../other/a.mp4`, [
    "--allow-ffi",
    `--allow-write=${folder.file("granted")}`,
  ]);
  assertEquals(failedAt, "open");
  assertEquals(existsSync(folder.file("other/a.mp4")), false);
});

testBoth(
  "permissions: containers that open their files themselves need the permission as well",
  { skip },
  () => {
    using folder = new TemporaryFolder();
    const muxers: readonly (readonly [format: string, name: string, codec: string])[] = [
      ["hls", "list.m3u8", "mpeg4"],
      ["segment", "part%d.ts", "mpeg4"],
      ["dash", "manifest.mpd", "mpeg4"],
      ["image2", "frame%03d.png", "png"],
    ];
    const wrong: string[] = [];
    for (const [format, name, codec] of some(muxers, 3)) {
      const { error } = write(folder.file(name), ["--allow-ffi"], { format }, codec);
      if (error?.type !== "NotCapable") {
        wrong.push(
          `${format}: ${error === null ? "no error" : error.message}`,
        );
      }
      const written = readdirSync(folder.path);
      if (written.length > 0) wrong.push(`${format} wrote ${written.join(", ")}`);
      for (const file of written) rmSync(folder.file(file));
    }
    assertEquals(wrong, []);
  },
);

testBoth("permissions: no container writes elsewhere through one that it is told of", { skip }, () => {
  using folder = new TemporaryFolder();
  for (const name of ["granted", "other"]) mkdirSync(folder.file(name));
  const out = folder.file("other/out.mkv");
  const granted = [
    "--allow-ffi",
    `--allow-write=${folder.file("granted")}`,
    `--allow-read=${folder.file("granted")}`,
  ];
  const ways: readonly (readonly [name: string, options: Partial<WriterOptions>, type: string])[] = [
    [`[f=matroska]${out}`, { format: "fifo", formatOptions: { fifo_format: "tee" } }, "UnsupportedError"],
    ["a.mkv", { format: "fifo", formatOptions: { fifo_format: "matroska" } }, "UnsupportedError"],
    [`[f=matroska]${out}`, { format: "tee" }, "UnsupportedError"],
    ["a%d.ts", { format: "segment", formatOptions: { segment_list: out } }, "NotCapable"],
    ["a%d.ts", { format: "segment", formatOptions: { segment_header_filename: out } }, "NotCapable"],
    ["a.m3u8", { format: "hls", formatOptions: { hls_segment_filename: out } }, "NotCapable"],
    ["a.m3u8", { format: "hls", formatOptions: { master_pl_name: "../other/m.m3u8" } }, "NotCapable"],
    ["a.mpd", { format: "dash", formatOptions: { init_seg_name: "../other/init.mp4" } }, "NotCapable"],
  ];
  const wrong: string[] = [];
  for (const [name, options, type] of some(ways, 3)) {
    const { error } = write(folder.file(`granted/${name}`), granted, options, "mpeg4");
    if (error?.type !== type) {
      wrong.push(`${name} ${JSON.stringify(options)}: ${error?.type} ${error?.message}`);
    }
  }
  assertEquals(wrong, []);
  assertEquals(readdirSync(folder.file("other")), []);
});

/** A recording of 320x180 bars in a process with these permissions, besides those for the libraries. */
function startRecording(
  path: string,
  permissions: readonly string[],
  request: Partial<RecordRequest>,
): Recording {
  const bars = { codec: "mpeg4", path, fps: 30, width: 320, height: 180, frames: 10 };
  return new Recording({ ...bars, ...request }, { permissions: [readVariables, ffi(), ...permissions] });
}

/** Kills a recording after a moment; returns whether what is left plays. */
async function survivesKill(path: string, permissions: readonly string[]): Promise<boolean> {
  using recording = startRecording(path, permissions, { frames: 1000, pace: 30 });
  await recording.reach("open");
  await sleep(600);
  await recording.kill();
  return spawnSync("ffprobe", ["-v", "quiet", path]).status === 0;
}

testBoth("crashSafe: needs both files to be granted for reading and writing, and is left out otherwise", {
  skip,
}, async () => {
  using folder = new TemporaryFolder();
  const cases: readonly (readonly [isSafe: boolean, (path: string) => string[]])[] = [
    [false, (path) => [`--allow-write=${path}`]],
    [false, (path) => [`--allow-write=${path},${path}.avwriter`]],
    [false, (path) => [`--allow-write=${path},${path}.avwriter`, `--allow-read=${path}.avwriter`]],
    [false, (path) => [`--allow-write=${path}`, `--allow-read=${path},${path}.avwriter`]],
    [true, (path) => [`--allow-write=${path},${path}.avwriter`, `--allow-read=${path},${path}.avwriter`]],
    [true, () => [`--allow-write=${folder.path}`, `--allow-read=${folder.path}`]],
  ];
  await Promise.all(
    some(cases, 4).map(async ([isSafe, grant], index) => {
      const path = folder.file(`${index}.mp4`);
      const permissions = grant(path);
      assertEquals([permissions, await survivesKill(path, permissions)], [permissions, isSafe]);
      using recording = startRecording(path, permissions, {});
      assertEquals(await recording.end(), null, `${permissions}`);
      assertEquals(play(path, { width: 320, fps: 30 }).frames, 10);
      assertOrdinary(path);
    }),
  );
  assertEquals(readdirSync(folder.path).filter((name) => name.endsWith(".avwriter")), []);
});

testBoth(
  "crashSafe: true without the permissions is Deno's own error, and nothing is written",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const both = `${path},${path}.avwriter`;
    for (
      const permissions of some([
        [`--allow-write=${path}`, `--allow-read=${both}`],
        [`--allow-write=${both}`, `--allow-read=${path}`],
        [`--allow-write=${both}`, `--allow-read=${path}.avwriter`],
        [`--allow-write=${both}`],
      ], 3)
    ) {
      using recording = startRecording(path, permissions, { options: { crashSafe: true } });
      const failure = await recording.end();
      assertEquals([permissions, failure?.type], [permissions, "NotCapable"], failure?.message);
      assertStringIncludes(failure!.message, path);
      assertEquals(readdirSync(folder.path), []);
    }
    using recording = startRecording(path, [`--allow-write=${both}`, `--allow-read=${both}`], {
      options: { crashSafe: true },
    });
    assertEquals(await recording.end(), null);
    assertEquals(play(path, { width: 320, fps: 30 }).frames, 10);
  },
);

test("permissions: a failing disk is reported as such without read permission, and what is left plays", {
  skip: skip || process.platform === "win32" && "Windows has no limit on the size of files",
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const request = {
    codec: "mpeg4",
    path,
    width: 320,
    height: 180,
    fps: 30,
    frames: 60,
    content: "noise",
  } as const;
  using recording = new Recording(request, {
    permissions: [readVariables, ffi(), `--allow-write=${path}`],
    wrapper: ["sh", "-c", 'ulimit -f 2000; trap "" XFSZ; exec "$@"', "sh"],
  });
  const failure = await recording.end();
  assertEquals([failure?.type, failure?.code], ["WriteError", "EFBIG"], failure?.message);
  assert(playRest(path, recording.framesWritten, request) !== null, "nothing plays");
});

test(
  "permissions: with the five libraries alone, no thread gets real-time priority from its encoder",
  {
    skip: skip || process.platform !== "linux" && "only Linux tells a thread's policy" ||
      missingEncoders("libsvtav1"),
  },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const options = { thread: "main" } as const;
    using recording = startRecording(path, [`--allow-write=${path}`], { codec: "av1", options, pace: 10 });
    await recording.reach("write");
    assertEquals(hasRealTimeThread(recording.pid), false);
    assertEquals(await recording.end(), null);
  },
);

testBoth(
  "recoverFile: needs the file to be granted for reading and writing, and the one beside it",
  { skip },
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mp4");
    const both = `${path},${path}.avwriter`;
    assert(await survivesKill(path, [`--allow-write=${both}`, `--allow-read=${both}`]));
    const before = readFileSync(path);
    const script = folder.file("recover.ts");
    const module = JSON.stringify(new URL("../mod.ts", import.meta.url).href);
    writeFileSync(
      script,
      `import { recoverFile } from ${module};
    console.log(await recoverFile(${
        JSON.stringify(path)
      }).then(() => "recovered", (error) => error.constructor.name));`,
    );
    const recover = (permissions: readonly string[]): string => {
      const { stdout, stderr } = runScript(script, [], {
        permissions: [readVariables, ffi(), ...permissions],
      });
      return stdout.trim() || stderr;
    };
    for (
      const permissions of some([
        [`--allow-write=${both}`],
        [`--allow-read=${both}`],
        [`--allow-write=${path}`, `--allow-read=${both}`],
        [`--allow-write=${both}`, `--allow-read=${path}.avwriter`],
        [`--allow-write=${both}`, `--allow-read=${path}`],
      ], 3)
    ) {
      assertEquals([permissions, recover(permissions)], [permissions, "NotCapable"]);
      assertSameBytes(readFileSync(path), before, `${permissions}`);
      assertEquals(readdirSync(folder.path).sort(), ["a.mp4", "recover.ts"]);
    }
    assertEquals(recover([`--allow-write=${both}`, `--allow-read=${both}`]), "recovered");
    assertOrdinary(path);
  },
);

test("permissions: importing the module needs none and does nothing", { skip }, () => {
  using folder = new TemporaryFolder();
  const script = folder.file("import.ts");
  const module = JSON.stringify(new URL("../mod.ts", import.meta.url).href);
  writeFileSync(script, `import * as all from ${module}; console.log(Object.keys(all).length);`);
  // What it imports is there: else Deno itself may tell that it asks a registry.
  const { status, stdout, stderr } = runScript(script, [], { permissions: ["--cached-only"] });
  assertEquals([status, stderr], [0, ""]);
  assert(Number(stdout) >= 9, stdout);
  // Denied outright, even the question would throw or print.
  const denied = runScript(script, [], {
    permissions: ["--cached-only", "--deny-ffi", "--deny-env", "--deny-read", "--deny-sys", "--deny-net"],
  });
  assertEquals([denied.status, denied.stderr], [0, ""]);
});

test("permissions: a file is read with the grant for it alone, and not without", { skip }, () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  assertEquals(write(path, ["-A"]).error, null);
  const script = fileURLToPath(new URL("./support/read_frames.ts", import.meta.url));
  const read = (...granted: string[]): string =>
    runScript(script, [path], { permissions: [readVariables, ffi(), ...granted] }).stdout.trim();
  // Without a thread: that needs avwriter's own folder.
  assertEquals(read(`--allow-read=${path}`), "3 frames");
  assertEquals(read(`--allow-read=${folder.file("b.mkv")}`), "NotCapable");
  const own = fileURLToPath(new URL("..", import.meta.url));
  assertEquals(read(`--allow-read=${path},${own}`), "3 frames");
});
