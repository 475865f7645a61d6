import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createFileWriter, UnsupportedError, type WriterOptions } from "../mod.ts";
import { missingEncoders, missingPixelFormat } from "./support/features.ts";
import { assertSameBytes, decode, probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 64, height = 48;

/** Samples of so many bits, none alike its neighbours. */
function samples(count: number, bits: number): Uint16Array {
  return new Uint16Array(count).map((_, index) => (index * 7919 + (index >> 5)) & (2 ** bits - 1));
}

const deepFrames = [
  ["h264", "libx264", "rgba64le", 4, 16],
  ["h264", "libx264", "gray16le", 1, 16],
  ["hevc", "libx265", "gray16le", 1, 16],
  ["utvideo", "utvideo", "rgb48le", 3, 16],
  ["huffyuv", "huffyuv", "rgba64le", 4, 16],
  ["vp9", "libvpx-vp9", "rgb48le", 3, 16],
] as const;

for (const [codec, encoder, format, components, bits] of some(deepFrames, 2)) {
  testBoth(`quality: lossless ${codec} of ${format} is refused with the encoders that keep every bit`, {
    skip: missingEncoders(encoder, "ffv1"),
  }, async () => {
    using folder = new TemporaryFolder();
    const writer = await createFileWriter(codec, folder.file("a.mkv"), 25, { quality: "lossless" });
    const data = samples(width * height * components, bits);
    const error = await assertRejects(() => writer.write({ data, width, height, format }), UnsupportedError);
    await writer.abort();
    assertEquals(error.code, "DEPTH");
    assertStringIncludes(error.message, "Encoders that keep every bit: ffv1");
  });
}

const keptFrames = [
  ["h264", "libx264", "yuv420p10le", 10],
  ["hevc", "libx265", "yuv420p12le", 12],
  ["hevc", "libx265", "yuv420p10le", 10],
] as const;

for (const [codec, encoder, format, bits] of some(keptFrames, 2)) {
  testBoth(`quality: lossless ${codec} of ${format} keeps every bit`, {
    skip: missingPixelFormat(encoder, format),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const data = samples(width * height * 1.5, bits);
    const writer = await createFileWriter(codec, path, 25, { quality: "lossless" });
    await writer.write({ data, width, height, format });
    await writer.close();
    assertEquals(writer.encoder!.pixelFormat, format);
    assertEquals(writer.encoder!.depthLoss, undefined);
    assertSameBytes(decode(path, format), new Uint8Array(data.buffer), format);
  });
}

test("alpha: to keep it is refused where filters drop it", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const frame = { data: picture(128), width, height };
  for (const thread of ["worker", "main"] as const) {
    const options = { alpha: "keep", filter: "format=yuv420p", thread } as const;
    const writer = await createFileWriter("ffv1", path, 25, options);
    const error = await assertRejects(() => writer.write(frame), UnsupportedError);
    await writer.abort();
    assertEquals(error.code, "ALPHA");
    assertStringIncludes(error.message, "yuv420p");
  }
  const kept = await createFileWriter("ffv1", path, 25, { alpha: "keep", filter: "hflip" });
  await kept.write(frame);
  await kept.close();
  assertEquals(decode(path, "rgba")[3], 128);
});

test("quality: lossless is refused where filters drop bits, and told with another quality", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const frame = { data: samples(width * height, 16), width, height, format: "gray16le" } as const;
  const lossless = await createFileWriter("ffv1", path, 25, { quality: "lossless", filter: "eq" });
  const error = await assertRejects(() => lossless.write(frame), UnsupportedError);
  await lossless.abort();
  assertEquals(error.code, "DEPTH");
  const told = await createFileWriter("ffv1", path, 25, { filter: "eq" });
  await told.write(frame);
  await told.close();
  assertEquals(told.encoder!.depthLoss, { from: 16, to: 8 });
  const kept = await createFileWriter("ffv1", path, 25, { quality: "lossless", filter: "null" });
  await kept.write(frame);
  await kept.close();
  assertEquals(kept.encoder!.depthLoss, undefined);
  assertSameBytes(decode(path, "gray16le"), new Uint8Array(frame.data.buffer), "gray16le");
});

for (const thread of ["worker", "main"] as const) {
  test(`encoder: tells of bits that are lost, in the thread "${thread}"`, {
    skip: missingEncoders("libx264"),
  }, async () => {
    using folder = new TemporaryFolder();
    const writer = await createFileWriter("h264", folder.file("a.mp4"), 25, { thread });
    await writer.write({ data: samples(width * height * 3, 16), width, height, format: "rgb48le" });
    await writer.close();
    assertEquals(writer.encoder!.depthLoss, { from: 16, to: 8 });
  });
}

test("logLevel: at warning, bits that are lost are told once", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  const print = console.error;
  const printed: string[] = [];
  console.error = (...words) => void printed.push(words.join(" "));
  try {
    for (const logLevel of ["warning", "error"] as const) {
      const options = { logLevel, width, height, thread: "main" } as const;
      const writer = await createFileWriter("h264", folder.file("a.mp4"), 25, options);
      const frame = { data: new Uint16Array(width * height), width, height, format: "gray16le" } as const;
      for (let index = 0; index < 3; index++) await writer.write(frame);
      await writer.close();
    }
  } finally {
    console.error = print;
  }
  assertEquals(printed.length, 1, printed.join("\n"));
  assertStringIncludes(printed[0]!, "the frames have 16 bits per component, but libx264 gets 8 (yuv420p)");
});

/** RGBA of one alpha everywhere. */
function picture(alpha: number): Uint8ClampedArray {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set([at & 255, 80, 160, alpha], at);
  return data;
}

/** The encoder's pixel format for frames of these alphas. */
async function formatFor(
  codec: string,
  path: string,
  alphas: number[],
  options: WriterOptions,
): Promise<string> {
  const writer = await createFileWriter(codec, path, 25, options);
  for (const alpha of alphas) await writer.write({ data: picture(alpha), width, height });
  await writer.close();
  assertEquals(probe(path).frames, alphas.length);
  return writer.encoder!.pixelFormat;
}

test("alpha: vp9 leaves it out where the first frame is opaque, unless it must be kept", {
  skip: missingEncoders("libvpx-vp9"),
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.webm");
  const size = { width, height };
  assertEquals(await formatFor("vp9", path, [255, 255], {}), "yuv420p");
  assertEquals(await formatFor("vp9", path, [255, 255], { ...size, thread: "main" }), "yuv420p");
  assertEquals(await formatFor("vp9", path, [255, 128], { alpha: "keep" }), "yuva420p");
  assertEquals(await formatFor("vp9", path, [128, 255], {}), "yuva420p");
  assertEquals(await formatFor("vp9", path, [128, 255], size), "yuva420p");
  assertEquals(await formatFor("vp9", path, [128, 128], { alpha: "discard" }), "yuv420p");
  // Whoever says the pixel format has decided.
  assertEquals(await formatFor("vp9", path, [255], { pixelFormat: "yuva420p" }), "yuva420p");
  const timed = await createFileWriter("vp8", path, 25, { timing: "timestamps", filter: "hflip" });
  await timed.write({ data: picture(255), width, height, format: "bgra" }, { timestamp: 0 });
  await timed.close();
  assertEquals(timed.encoder!.pixelFormat, "yuv420p");
});

test("alpha: other codecs keep it, opaque or not, unless it is to be discarded", async () => {
  using folder = new TemporaryFolder();
  for (const [codec, file] of [["ffv1", "a.mkv"], ["qtrle", "a.mov"], ["png", "b.mov"]] as const) {
    const path = folder.file(file);
    const kept = await formatFor(codec, path, [255], { alpha: "keep" });
    assert(/a|argb/.test(kept), `${codec}: ${kept}`);
    assertEquals(await formatFor(codec, path, [255], {}), kept);
    const opaque = await formatFor(codec, path, [255], { alpha: "discard" });
    assert(!/a/.test(opaque), `${codec}: ${opaque}`);
    assertSameBytes(decode(path, "rgba"), new Uint8Array(picture(255).buffer), codec);
  }
});

test("alpha: to keep it is refused where there is none", async () => {
  using folder = new TemporaryFolder();
  for (const [codec, file] of [["h264", "a.mp4"], ["vp9", "a.mp4"], ["mjpeg", "a.avi"]] as const) {
    const error = await assertRejects(
      () => createFileWriter(codec, folder.file(file), 25, { alpha: "keep" }),
      UnsupportedError,
    );
    assertEquals(error.code, "ALPHA", error.message);
  }
});
