/**
 * Frames as `ImageData` has them: half floats, Display P3, and views of other types.
 *
 * @module
 */
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { createFileWriter, type RawFrame, UnsupportedError, type WriterOptions } from "../mod.ts";
import { assertFails } from "./support/messages.ts";
import { decode, probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const side = 16;

/** The bits of a 16-bit floating-point number that is a multiple of a 1024th from 0 to 2. */
function half(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(value));
  return exponent + 15 << 10 | Math.round((value / 2 ** exponent - 1) * 1024);
}

/** What `new ImageData(side, side, { pixelFormat: "rgba-float16" })` is, of one colour. */
function halfFloats(color: readonly number[]): RawFrame {
  const data = Uint16Array.from({ length: side * side * 4 }, (_, at) => half(color[at % 4]!));
  const { Float16Array } = globalThis as unknown as {
    Float16Array?: new (buffer: ArrayBuffer) => ArrayBufferView;
  };
  const view = Float16Array === undefined ? data : new Float16Array(data.buffer);
  return { data: view, width: side, height: side, pixelFormat: "rgba-float16", colorSpace: "srgb" };
}

async function write(
  path: string,
  codec: string,
  frame: RawFrame,
  options: WriterOptions = {},
): Promise<void> {
  const writer = await createFileWriter(codec, path, 25, options);
  for (let index = 0; index < 3; index++) await writer.write(frame);
  await writer.close();
}

for (const thread of ["main", "worker"] as const) {
  test(`pixelFormat: rgba-float16 keeps more than 8 bits, and is not linear (thread ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const color = [0.25 + 1 / 1024, 0.5, 0.75, 1];
    await write(path, "ffv1", halfFloats(color), { thread });
    const back = new Uint16Array(decode(path, "rgba64le").slice(0, 8).buffer);
    for (const [index, value] of color.entries()) assertAlmostEquals(back[index]! / 65535, value, 1 / 4096);
    await write(path, "h264", halfFloats([1.5, 0, 0.5, 1]), { thread, quality: 1, pixelFormat: "yuv444p" });
    const [red, green, blue] = decode(path, "rgb24");
    for (const [value, wanted] of [[red, 255], [green, 0], [blue, 128]]) {
      assertAlmostEquals(value!, wanted!, 3);
    }
    await write(path, "h264", halfFloats([1, 1, 1, 0.5]), { thread, quality: 1, background: "blue" });
    const over = decode(path, "rgb24");
    for (const [index, wanted] of [128, 128, 255].entries()) assertAlmostEquals(over[index]!, wanted, 4);
  });
}

testBoth("colorSpace: display-p3 is what the stream is tagged with", async () => {
  using folder = new TemporaryFolder();
  const data = new Uint8ClampedArray(side * side * 4).fill(255);
  const frame = {
    data,
    width: side,
    height: side,
    colorSpace: "display-p3",
    pixelFormat: "rgba-unorm8",
  } as const;
  for (
    const [codec, file] of some(
      [["h264", "a.mp4"], ["hevc", "a.mov"], ["ffv1", "a.mkv"], ["vp9", "a.webm"]] as const,
      2,
    )
  ) {
    for (const options of [{}, { color: { range: "tv" } }, { filter: "hflip" }] as const) {
      const path = folder.file(file);
      await write(
        path,
        codec,
        frame,
        { preset: codec === "hevc" ? "ultrafast" : undefined, ...options } as WriterOptions,
      );
      const { color_primaries, color_transfer } = probe(path);
      assertEquals([file, color_primaries, color_transfer], [file, "smpte432", "iec61966-2-1"]);
    }
  }
  const plain = { data, width: side, height: side, colorSpace: "srgb" } as const;
  await write(folder.file("a.mp4"), "h264", plain);
  assertEquals(probe(folder.file("a.mp4")).color_primaries, "smpte170m");
});

test("colorSpace: display-p3 is refused where the file says something else, or nothing", async () => {
  using folder = new TemporaryFolder();
  const data = new Uint8Array(side * side * 4);
  const plain = { data, width: side, height: side };
  const frame = { ...plain, colorSpace: "display-p3" };
  for (const color of ["bt709", "srgb", { primaries: "bt2020" }] as const) {
    const writer = await createFileWriter("h264", folder.file("a.mp4"), 25, { color });
    await assertFails(() => writer.write(frame), { type: RangeError, says: ["display-p3", "option color"] });
    await writer.write(plain);
    await assertFails(() => writer.write(frame), {
      type: TypeError,
      says: ["display-p3", "frames are srgb"],
    });
    await writer.close();
  }
  const gif = await createFileWriter("gif", folder.file("a.gif"), 25);
  await assertFails(() => gif.write(frame), {
    type: UnsupportedError,
    code: "COLOR_SPACE_NOT_FOR_CONTAINER",
    says: ["display-p3", "gif"],
  });
});

test("data: views of samples or of whole pixels are taken", async () => {
  using folder = new TemporaryFolder();
  const bytes = Uint8Array.from({ length: side * side * 4 }, (_, at) => at % 4 === 3 ? 255 : at & 255);
  const views: readonly ArrayBufferView[] = [
    ...[bytes, new Uint8ClampedArray(bytes.buffer), new Int8Array(bytes.buffer), new DataView(bytes.buffer)],
    ...[new Uint32Array(bytes.buffer), new Int32Array(bytes.buffer)],
  ];
  for (const data of views) {
    const path = folder.file("a.mkv");
    await write(path, "ffv1", { data, width: side, height: side });
    assertEquals(decode(path, "rgba").subarray(0, bytes.length), bytes);
  }
  const padded = { data: new Uint8Array(256 * side), width: side, height: side, strides: [256] };
  await write(folder.file("b.mkv"), "ffv1", padded);
  await write(folder.file("b.mkv"), "ffv1", { ...padded, data: new Uint8Array(256 * (side - 1) + side * 4) });
});

test("data: first frames whose buffers are of other numbers are refused", async () => {
  using folder = new TemporaryFolder();
  const pixels = side * side;
  const wrong: readonly (readonly [Partial<RawFrame>, typeof TypeError | typeof RangeError, string])[] = [
    [
      { format: "yuv444p", data: [pixels, pixels + 1, pixels].map((bytes) => new Uint8Array(bytes)) },
      ...[RangeError, `plane 1 has ${pixels + 1} bytes`] as const,
    ],
    [{ format: "rgba64le", data: new Float32Array(pixels * 2) }, TypeError, "whole numbers of 16 bits"],
    [{ format: "gray16le", data: new Uint32Array(pixels / 2) }, TypeError, "whole numbers of 16 bits"],
    [
      { format: "grayf32le", data: new Float64Array(pixels / 2) },
      TypeError,
      "floating-point numbers of 32 bits",
    ],
    [{ pixelFormat: "rgba-float16", data: new Uint8Array(pixels * 4) }, RangeError, `needs ${pixels * 8}`],
    [{ pixelFormat: "rgba-float16", data: new Float32Array(pixels * 2) }, TypeError, "of 16 bits"],
  ];
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25);
  for (const [fields, type, says] of wrong) {
    const frame = { width: side, height: side, ...fields } as RawFrame;
    await assertFails(() => writer.write(frame), { type, says: [says] });
  }
  await writer.abort();
});
