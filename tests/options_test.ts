import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { createFileWriter, type WriterOptions } from "../mod.ts";
import { missingEncoders, missingPixelFormat } from "./support/features.ts";
import { barFrame, decode, probe, psnr, TemporaryFolder, writeBars } from "./support/media.ts";
import { runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 160, height = 90;

/** Writes bars and returns the file's bytes. */
async function bytesOf(path: string, codec: string, options: WriterOptions, count = 50): Promise<Uint8Array> {
  await writeBars(await createFileWriter(codec, path, 25, options), count);
  return readFileSync(path);
}

/** The settings that x264 and x265 write into their streams. */
function embeddedSettings(bytes: Uint8Array): string {
  const text = new TextDecoder("latin1").decode(bytes);
  return /options: ([\x20-\x7e]*)/.exec(text)?.[1] ?? "";
}

const mjpeg = ["mjpeg", "mjpeg"] as const;
const usualCodecs = [["h264", "libx264"], ["hevc", "libx265"], ["vp9", "libvpx-vp9"]] as const;

for (const [codec, encoder] of some([...usualCodecs, mjpeg], 3)) {
  testBoth(`quality: levels of ${codec} go from small to faithful`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    const sizes: number[] = [];
    const ratios: number[] = [];
    for (const quality of ["low", "medium", "high"] as const) {
      const path = folder.file(`${codec}-${quality}.mkv`);
      sizes.push((await bytesOf(path, codec, { quality }, 10)).length);
      ratios.push(psnr(decode(path, "rgba").subarray(0, width * height * 4), barFrame(0).data));
    }
    assert(sizes[0]! < sizes[1]! && sizes[1]! < sizes[2]!, `${codec}: ${sizes}`);
    assert(ratios[0]! < ratios[1]! && ratios[1]! < ratios[2]!, `${codec}: ${ratios}`);
  });
}

for (const [codec, encoder] of some([...usualCodecs, ["libaom-av1", "libaom-av1"] as const], 2)) {
  testBoth(`quality: lossless ${codec} keeps every sample of the encoder's pixel format`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    const luma = new Uint8Array(64 * 64 * 1.5).map((_, index) => (index * 7919) >>> 3);
    const path = folder.file(`${codec}.mkv`);
    const options: WriterOptions = { quality: "lossless", width: 64, height: 64 };
    // libavcodec took libaom before 2.0 for experimental.
    if (codec === "libaom-av1") options.encoderOptions = { strict: "experimental" };
    const writer = await createFileWriter(codec, path, 25, options);
    await writer.write({ data: luma, width: 64, height: 64, format: "yuv420p" });
    await writer.close();
    assertEquals(psnr(decode(path, "yuv420p"), luma), Infinity, codec);
  });
}

test("quality: lossless RGB keeps every sample", { skip: missingEncoders("libx264rgb") }, async () => {
  using folder = new TemporaryFolder();
  const rgb = folder.file("rgb.mkv");
  const frame = barFrame(3, 61, 33);
  const writer = await createFileWriter("libx264rgb", rgb, 25, { quality: "lossless" });
  await writer.write(frame);
  await writer.close();
  assertEquals(psnr(decode(rgb, "rgba"), frame.data), Infinity);
});

test("quality: a number is on the encoder's own scale", async () => {
  using folder = new TemporaryFolder();
  const bytes = await bytesOf(folder.file("a.mp4"), "h264", { quality: 33.5 });
  assert(embeddedSettings(bytes).includes("crf=33.5"), embeddedSettings(bytes));
});

test("bitrate, maxBitrate: reach the encoder, as numbers or with a letter", async () => {
  using folder = new TemporaryFolder();
  const options = { bitrate: "0.3M", maxBitrate: 500_000 };
  const settings = embeddedSettings(await bytesOf(folder.file("a.mp4"), "h264", options));
  for (const part of ["rc=abr", "bitrate=300", "vbv_maxrate=500", "vbv_bufsize=500"]) {
    assert(settings.includes(part), settings);
  }
  const capped = embeddedSettings(
    await bytesOf(folder.file("b.mp4"), "h264", { quality: 18, maxBitrate: "800k" }),
  );
  for (const part of ["crf=18.0", "vbv_maxrate=800"]) assert(capped.includes(part), capped);
});

test("preset, tune, profile: reach the encoder", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const options = { preset: "ultrafast", tune: "zerolatency", profile: "baseline" };
  const settings = embeddedSettings(await bytesOf(path, "h264", options));
  for (const part of ["cabac=0", "ref=1", "bframes=0"]) {
    assert(settings.includes(part), settings);
  }
  const probed = execFileSync("ffprobe", [
    "-v",
    "error",
    "-show_entries",
    "stream=profile",
    "-of",
    "csv=p=0",
    path,
  ]);
  assertEquals(probed.toString().trim(), "Constrained Baseline");
});

test("profile: one of prores brings its pixel format", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mov");
  await writeBars(await createFileWriter("prores", path, 25, { profile: "4444" }), 2);
  assert(probe(path).pix_fmt.startsWith("yuva444p1"), probe(path).pix_fmt);
});

/** The indices of a file's key frames. */
function keyFrames(path: string): number[] {
  const arguments_ = [
    "-v",
    "error",
    "-select_streams",
    "v:0",
    "-show_entries",
    "frame=key_frame",
    "-of",
    "csv=p=0",
    path,
  ];
  const flags = execFileSync("ffprobe", arguments_, { encoding: "utf8" }).split("\n").filter((line) =>
    line !== ""
  );
  return flags.flatMap((line, index) => (line.startsWith("1") ? [index] : []));
}

testBoth(
  "keyFrameInterval: in seconds it bounds the distance of key frames, and a frame can be made one",
  async () => {
    using folder = new TemporaryFolder();
    for (const codec of some(["h264", "vp9", "mpeg4"], 2)) {
      const path = folder.file(`${codec}.mkv`);
      await writeBars(await createFileWriter(codec, path, 25, { keyFrameInterval: 0.4 }), 50);
      const indices = keyFrames(path);
      assertEquals(indices[0], 0);
      for (const [place, index] of indices.entries()) {
        assert((indices[place + 1] ?? 50) - index <= 10, `${codec}: ${indices}`);
      }
      const forced = folder.file(`forced-${codec}.mkv`);
      const writer = await createFileWriter(codec, forced, 25, { keyFrameInterval: 10 });
      for (let index = 0; index < 30; index++) {
        await writer.write(barFrame(index), {
          keyFrame: index === 17,
        });
      }
      await writer.close();
      assert(keyFrames(forced).includes(17), `${codec}: ${keyFrames(forced)}`);
    }
  },
);

test("encoderOptions, formatOptions: any option passes through, over the defaults", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const encoderOptions = { crf: 31, "x264-params": "keyint=7:min-keyint=7", bf: 1, threads: 1 };
  const bytes = await bytesOf(path, "h264", {
    encoderOptions,
    formatOptions: { movflags: "faststart", brand: "isom", use_editlist: false },
  });
  const settings = embeddedSettings(bytes);
  for (const part of ["crf=31.0", "keyint=7", "bframes=1", "threads=1"]) {
    assert(settings.includes(part), settings);
  }
  assertEquals(new TextDecoder("latin1").decode(bytes.subarray(8, 12)), "isom");
  assertEquals(new TextDecoder("latin1").decode(bytes).includes("elst"), false);
});

test(
  "encoder: an encoder's exact name is used, and writer.encoder tells the choice and what was passed over",
  {
    skip: missingEncoders("libsvtav1", "libaom-av1"),
  },
  async () => {
    using folder = new TemporaryFolder();
    const byName = await createFileWriter("libaom-av1", folder.file("a.mkv"), 25);
    assertEquals(byName.encoder, { name: "libaom-av1", codec: "av1", pixelFormat: "yuv420p", rejected: [] });
    await byName.abort();
    // SVT-AV1 has no 4:4:4: the family goes on to an encoder that has.
    const fallback = await createFileWriter("av1", folder.file("b.mkv"), 25, { pixelFormat: "yuv444p" });
    assertEquals(fallback.encoder?.name, "libaom-av1");
    assertEquals(fallback.encoder?.rejected.map((rejected) => rejected.name), ["libsvtav1"]);
    assert(fallback.encoder?.rejected[0]?.reason.includes("yuv444p"));
    await writeBars(fallback, 2);
    assertEquals(probe(folder.file("b.mkv")).pix_fmt, "yuv444p");
  },
);

for (
  const [codec, file, expected] of [
    ["vp9", "a.webm", "yuv420p10le"],
    ["h264", "a.mp4", "yuv420p"],
    ["ffv1", "a.mkv", "rgb48le"],
  ] as const
) {
  test(`pixelFormat: frames of more than 8 bits stay deep where the codec plays everywhere so: ${codec}`, {
    skip: codec === "vp9" && missingPixelFormat("libvpx-vp9", expected),
  }, async () => {
    using folder = new TemporaryFolder();
    const data = new Uint8Array(64 * 64 * 6);
    const writer = await createFileWriter(codec, folder.file(file), 25);
    await writer.write({ data, width: 64, height: 64, format: "rgb48le" });
    await writer.close();
    assertEquals([codec, probe(folder.file(file)).pix_fmt], [
      codec,
      codec === "ffv1" ? probe(folder.file(file)).pix_fmt : expected,
    ]);
    if (codec === "ffv1") assertEquals(psnr(decode(folder.file(file), "rgb48le"), data), Infinity);
  });
}

/** What a function prints on stderr through console.error. */
async function printed(body: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  const original = console.error;
  console.error = (...parts: unknown[]) => void lines.push(parts.join(" "));
  try {
    await body();
  } finally {
    console.error = original;
  }
  return lines.join("\n");
}

const commandCases = [
  { codec: "h264", file: "a.mp4", width: 160, height: 90, options: {} },
  { codec: "h264", file: "odd.mp4", width: 161, height: 91, options: {} },
  {
    codec: "h264",
    file: "crop.mov",
    width: 161,
    height: 91,
    options: { oddSize: "crop", preset: "fast", quality: "high" },
  },
  {
    codec: "hevc",
    file: "a.mp4",
    width: 160,
    height: 90,
    options: { color: "bt709", keyFrameInterval: 0.2 },
  },
  { codec: "mpeg4", file: "it's.avi", width: 160, height: 90, options: { quality: 5 } },
  { codec: "ffv1", file: "a.mkv", width: 160, height: 90, options: {} },
  { codec: "mjpeg", file: "a.avi", width: 160, height: 90, options: { bitrate: "1M" } },
  { codec: "gif", file: "a.gif", width: 160, height: 90, options: {} },
] as const;

for (const { codec, file, width, height, options } of some(commandCases, 2)) {
  testBoth(
    `logLevel: the ffmpeg command that "info" prints for ${codec} into ${file} makes the same video`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(file);
      const block = await printed(async () => {
        const writer = await createFileWriter(codec, path, "30000/1001", {
          ...options,
          logLevel: "info",
          // What another thread prints can't be caught here.
          thread: "main",
        });
        await writeBars(writer, 12, width, height);
      });
      for (const part of [path, "FFmpeg", "libavcodec", codec, `${width}x${height}`, "30000/1001"]) {
        assert(block.includes(part), block);
      }
      const command = /the same\s+(ffmpeg .*)$/m.exec(block)?.[1];
      assert(command !== undefined, block);
      const ours = decode(path, "rgba");
      const raw = folder.file("raw.rgba");
      const frames = Array.from({ length: 12 }, (_, index) => barFrame(index, width, height).data);
      writeFileSync(raw, Buffer.concat(frames));
      execFileSync("sh", ["-c", `${command.replace("ffmpeg", "ffmpeg -v error -y")} < ${raw}`]);
      const theirs = decode(path, "rgba");
      assertEquals(theirs.length, ours.length);
      // Frame threads may round rate control apart; the picture is the same one.
      assert(psnr(ours, theirs) > 45, `${psnr(ours, theirs)} dB`);
    },
  );
}

for (const [codec, encoder] of some([...usualCodecs, ["av1", "libsvtav1"] as const], 3)) {
  testBoth(`logLevel: nothing is printed at the default level, not even by ${encoder}`, {
    skip: missingEncoders(encoder),
  }, () => {
    using folder = new TemporaryFolder();
    const script = fileURLToPath(new URL("support/child.ts", import.meta.url));
    const request = { codec, path: folder.file(`${codec}.mkv`), frames: 3, width: 160, height: 90 };
    const { status, stderr } = runScript(script, [JSON.stringify(request)]);
    assertEquals([codec, status, stderr.trim()], [codec, 0, ""]);
  });
}

test("logLevel: nothing is printed at quiet, not even by x265 about a profile that it does not know", {
  skip: missingEncoders("libx265"),
}, () => {
  using folder = new TemporaryFolder();
  const script = fileURLToPath(new URL("support/child.ts", import.meta.url));
  const options = { profile: "hq", logLevel: "quiet" };
  const request = {
    codec: "libx265",
    path: folder.file("a.mp4"),
    options,
    frames: 1,
    width: 160,
    height: 90,
  };
  const { stdout, stderr } = runScript(script, [JSON.stringify(request)]);
  assertEquals([JSON.parse(stdout).failedAt, stderr.trim()], ["open", ""]);
});

test("keyFrameInterval: in seconds it is exact at rates that are not whole numbers", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  await writeBars(await createFileWriter("h264", path, 29.97, { keyFrameInterval: 1 }), 65);
  assertEquals(keyFrames(path), [0, 30, 60]);
  assertAlmostEquals(probe(path).duration, 65 * 1001 / 30000, 0.0001);
});
