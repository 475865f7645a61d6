import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createFileWriter, type RawFrame, UnsupportedError } from "../mod.ts";
import { barFrame, decode, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { assertFails, assertReadable } from "./support/messages.ts";

// deno-lint-ignore no-explicit-any
type Anything = any;
/** A wrong frame: what it is, the frame, the error's class, and parts of its message. */
type Wrong = readonly [
  what: string,
  frame: Anything,
  type: typeof TypeError | typeof RangeError,
  ...says: string[],
];

const width = 64;
const height = 48;
const rgbaBytes = width * height * 4;
const good = (index: number): RawFrame => barFrame(index, width, height);
/** A good frame but for some fields. */
const but = (fields: Record<string, unknown>) => ({ ...good(0), ...fields });

function detached(): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(rgbaBytes);
  structuredClone(data.buffer, { transfer: [data.buffer] });
  return data;
}

const shapes: readonly Wrong[] = [
  ["null", null, TypeError, "Cannot write a frame that is null", "{ data, width, height }"],
  ["undefined", undefined, TypeError, "Cannot write a frame that is undefined", "{ data, width, height }"],
  ["a number", 5, TypeError, "a number"],
  ["a string", "frame", TypeError, "a string"],
  ["a bigint", 5n, TypeError, "a bigint"],
  ["a function", () => good(0), TypeError, "a function"],
  ["an array", [good(0)], TypeError, "an array", "one frame after another"],
  ["bytes of a PNG file", new Uint8Array(8), TypeError, "a Uint8Array", "{ image: it }"],
  ["a buffer", new ArrayBuffer(8), TypeError, "an ArrayBuffer", "{ image: it }"],
  [
    "a canvas",
    { getContext: () => {}, width, height },
    TypeError,
    "context.getImageData(0, 0, width, height)",
  ],
  ["a canvas context", { getImageData: () => {} }, TypeError, "getImageData(0, 0, width, height)"],
  ["a VideoFrame", { copyTo: () => {}, codedWidth: width }, TypeError, "copyTo"],
  ["a Blob", new Blob([new Uint8Array(8)]), TypeError, "a Blob", "await it.arrayBuffer()"],
  ["a misspelt field", but({ fromat: "rgb24" }), TypeError, 'no field "fromat". Did you mean "format"?'],
  ["a timestamp", but({ timestamp: 1 }), TypeError, '"timestamp"', "the second argument"],
  ["another program's field", but({ linesize: [256] }), TypeError, 'Did you mean "strides"?'],
  ["an image with a size", { image: new Uint8Array(8), width }, TypeError, "An image says its size itself"],
  ["an image with a misspelt field", { image: new Uint8Array(8), imge: 1 }, TypeError, 'no field "imge"'],
  [
    "no width",
    { data: new Uint8Array(rgbaBytes), height },
    TypeError,
    "width is undefined",
    "number of pixels",
  ],
  [
    "no height",
    { data: new Uint8Array(rgbaBytes), width },
    TypeError,
    "height is undefined",
    "number of pixels",
  ],
  ["width as text", but({ width: "64" }), TypeError, 'width is "64"'],
  ["width as bigint", but({ width: 64n }), TypeError, "width is 64"],
  ["width as symbol", but({ width: Symbol("w") }), TypeError, "width is Symbol(w)"],
  ["zero width", but({ width: 0 }), RangeError, "width is 0", "whole number from 1"],
  ["zero height", but({ height: 0 }), RangeError, "height is 0", "whole number from 1"],
  ["negative width", but({ width: -64 }), RangeError, "width is -64"],
  ["NaN width", but({ width: NaN }), RangeError, "width is NaN"],
  ["half a pixel", but({ height: 47.5 }), RangeError, "height is 47.5"],
  ["infinite height", but({ height: Infinity }), RangeError, "height is Infinity"],
  ["format as number", but({ format: 26 }), TypeError, "format is 26", "pixel format's name"],
  ["format null", but({ format: null }), TypeError, "format is null", "pixel format's name"],
];

const buffers: readonly Wrong[] = [
  ["data as text", but({ data: "pixels" }), TypeError, 'data is "pixels"', "typed array"],
  ["data null", but({ data: null }), TypeError, "data is null", "typed array"],
  ["data absent", { width, height }, TypeError, "data is undefined", "typed array"],
  ["data a number", but({ data: 5 }), TypeError, "data is 5", "typed array"],
  ["data a symbol", but({ data: Symbol("d") }), TypeError, "data is Symbol(d)", "typed array"],
  ["data an object", but({ data: {} }), TypeError, "data is an object", "typed array"],
  ["data a Map", but({ data: new Map() }), TypeError, "data is a Map", "typed array"],
  ["an array of numbers", but({ data: [1] }), TypeError, "data[0] is 1", "typed array"],
  ["a plane for each channel", but({ data: [1, 2, 3, 4] }), RangeError, "4 buffers", "1 plane"],
  ["no plane at all", but({ data: [] }), RangeError, "0 buffers", "1 plane"],
  [
    "a byte too few",
    but({ data: new Uint8Array(rgbaBytes - 1) }),
    RangeError,
    `${rgbaBytes - 1} bytes`,
    `needs ${rgbaBytes}`,
  ],
  ["an empty buffer", but({ data: new Uint8Array(0) }), RangeError, "0 bytes", `needs ${rgbaBytes}`],
  [
    "a byte too many",
    but({ data: new Uint8Array(rgbaBytes + 1) }),
    RangeError,
    `${rgbaBytes + 1} bytes`,
    `needs ${rgbaBytes}`,
    "give that part of it",
  ],
  ["a whole memory", but({ data: new ArrayBuffer(65536) }), RangeError, "65536 bytes", `needs ${rgbaBytes}`],
  [
    "more than the last stride",
    but({ data: new Uint8Array(300 * 48 + 1), strides: [300] }),
    RangeError,
    `needs ${300 * 47 + 256}`,
  ],
  ...[Uint16Array, Int16Array, Float32Array, Float64Array, BigUint64Array].map((View): Wrong => [
    `a ${View.name} for bytes`,
    but({ data: new View(rgbaBytes / View.BYTES_PER_ELEMENT) }),
    TypeError,
    View.name,
    "rgba has whole numbers of 8 bits",
  ]),
  [
    "pixelFormat by FFmpeg's name",
    but({ pixelFormat: "rgba" }),
    RangeError,
    '"rgba-unorm8" or "rgba-float16"',
  ],
  ["pixelFormat beside format", but({ format: "rgba", pixelFormat: "rgba-float16" }), TypeError, "both"],
  ["a linear colorSpace", but({ colorSpace: "srgb-linear" }), RangeError, '"srgb" or "display-p3"'],
  ["colorSpace as object", but({ colorSpace: {} }), RangeError, '"srgb" or "display-p3"'],
  [
    "a view that is too short",
    but({ data: new Uint8Array(new ArrayBuffer(rgbaBytes), 1) }),
    RangeError,
    `${rgbaBytes - 1} bytes`,
  ],
  ["a short shared buffer", but({ data: new SharedArrayBuffer(16) }), RangeError, "16 bytes"],
  ["a detached view", but({ data: detached() }), TypeError, "data is detached"],
  ["a detached buffer", but({ data: detached().buffer }), TypeError, "data is detached"],
  ["a detached plane", but({ data: [detached()] }), TypeError, "data[0] is detached"],
  ["strides as number", but({ strides: 256 }), TypeError, "strides are 256", "array of numbers"],
  ["strides null", but({ strides: null }), TypeError, "strides are null", "array of numbers"],
  ["a stride too many", but({ strides: [256, 256] }), RangeError, "2 strides", "1 plane"],
  ["a stride of 0", but({ strides: [0] }), RangeError, "stride of plane 0 is 0", "256 bytes"],
  ["a stride below the row", but({ strides: [255] }), RangeError, "stride of plane 0 is 255", "256 bytes"],
  ["a negative stride", but({ strides: [-256] }), RangeError, "stride of plane 0 is -256"],
  ["a NaN stride", but({ strides: [NaN] }), RangeError, "stride of plane 0 is NaN"],
  ["a stride as text", but({ strides: ["256"] }), TypeError, 'stride of plane 0 is "256"', "number"],
  ["a stride as symbol", but({ strides: [Symbol("s")] }), TypeError, "Symbol(s)", "number"],
  [
    "strides that the buffer lacks",
    but({ strides: [300] }),
    RangeError,
    `${rgbaBytes} bytes`,
    `needs ${300 * 47 + 256}`,
  ],
  ["a stride beyond C", but({ strides: [2 ** 31] }), RangeError, "2147483648", "2147483647"],
];

const formats: readonly Wrong[] = [
  ["a misspelt format", but({ format: "rgbaa" }), RangeError, '"rgbaa"', 'Did you mean "rgba"?'],
  [
    "a format like none",
    but({ format: "qqqqqqqq" }),
    RangeError,
    '"qqqqqqqq"',
    "no pixel format of that name",
  ],
  ["an empty format", but({ format: "" }), RangeError, '""'],
  ["NUL in the format", but({ format: "rg\0ba" }), RangeError, '"rg\\u0000ba"'],
  ["a device's format", but({ format: "vaapi" }), RangeError, "vaapi", "memory"],
];

const luma = new Uint8Array(width * height);
const chroma = new Uint8Array(width * height / 4);
const planar = (fields: Record<string, unknown>) => ({
  width,
  height,
  format: "yuv420p",
  data: [luma, chroma, chroma],
  ...fields,
});
const planes: readonly Wrong[] = [
  [
    "a short plane",
    planar({ data: [luma, chroma, chroma.subarray(1)] }),
    RangeError,
    "plane 2 has 767 bytes",
    "needs 768",
  ],
  ["a plane too few", planar({ data: [luma, chroma] }), RangeError, "2 buffers", "3 planes"],
  ["a plane that is none", planar({ data: [luma, null, chroma] }), TypeError, "data[1] is null"],
  ["a detached plane", planar({ data: [luma, chroma, detached()] }), TypeError, "data[2] is detached"],
  ["one short buffer", planar({ data: new Uint8Array(4607) }), RangeError, "4607 bytes", "needs 4608"],
  ["a short stride", planar({ strides: [64, 31, 32] }), RangeError, "stride of plane 1 is 31", "32 bytes"],
];

async function refuses(write: (frame: RawFrame) => Promise<void>, wrongs: readonly Wrong[]): Promise<void> {
  const unlike: string[] = [];
  for (const [what, frame, type, ...says] of wrongs) {
    const error = await write(frame).then(() => null, (reason) => reason as Error);
    if (error === null) unlike.push(`${what}: taken`);
    else if (error.constructor !== type || !says.every((part) => error.message.includes(part))) {
      unlike.push(`${what}: ${error.constructor.name}: ${error.message}`);
    } else assertReadable(error);
  }
  assertEquals(unlike, []);
}

/** Refuses wrong frames before, between and after good ones, and checks that the file holds the good ones. */
async function refusesAmongGood(wrongs: readonly Wrong[], first: readonly Wrong[] = wrongs): Promise<void> {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 25);
  await refuses((frame) => writer.write(frame), first);
  for (let index = 0; index < 3; index++) {
    await writer.write(good(index));
    await refuses((frame) => writer.write(frame), wrongs);
  }
  assertEquals(writer.stats.frames, 3);
  assertEquals((await writer.close()).frames, 3);
  const decoded = decode(path, "rgba");
  assertEquals(decoded.length, 3 * rgbaBytes);
  for (let index = 0; index < 3; index++) {
    const frame = decoded.subarray(index * rgbaBytes, (index + 1) * rgbaBytes);
    assertEquals(psnr(frame, good(index).data as Uint8Array), Infinity, `frame ${index}`);
  }
}

test("write: what is not a frame is refused, and the writer goes on", async () => {
  await refusesAmongGood(shapes);
});

test("write: buffers and strides that do not hold a frame are refused, and the writer goes on", async () => {
  await refusesAmongGood(buffers);
});

test("write: unknown pixel formats, and those not for memory, are refused, and the writer goes on", async () => {
  await refusesAmongGood([], formats);
});

test("write: planes that do not hold a frame are refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25);
  await refuses((frame) => writer.write(frame), planes);
  await writer.write(planar({}) as RawFrame);
  await refuses((frame) => writer.write(frame), planes);
  assertEquals((await writer.close()).frames, 1);
  assertEquals(probe(folder.file("a.mkv")).frames, 1);
});

test("write: a frame of another size or format than the first is refused with both", async () => {
  await refusesAmongGood([
    ["smaller", barFrame(0, 32, 24), RangeError, "32x24", "64x48", "scale the frame"],
    ["turned", barFrame(0, 48, 64), RangeError, "48x64", "64x48"],
    ["huge", but({ width: 1e9, height: 1e9 }), RangeError, "1000000000x1000000000", "64x48"],
    ["another format", but({ format: "bgra" }), TypeError, "bgra", "rgba", "one format"],
  ], []);
});

test("write: a first frame of another size than the options give is refused, and the right one is taken", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, { width, height });
  const error = await assertRejects(() => writer.write(barFrame(0, 32, 24)), RangeError);
  assertReadable(error);
  assertStringIncludes(error.message, "32x24");
  assertStringIncludes(error.message, "64x48");
  await writer.write(good(0));
  assertEquals((await writer.close()).frames, 1);
});

test("write: a first frame that the encoder refuses ends the writer with one error", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg1video", folder.file("a.mkv"), 25, { logLevel: "quiet" });
  const wide = { data: new Uint8Array(10_000 * 16 * 4), width: 10_000, height: 16 };
  const error = await assertFails(() => writer.write(wide), {
    type: UnsupportedError,
    operation: "open encoder mpeg1video",
    says: ["Cannot open encoder mpeg1video for 10000x16 yuv420p"],
  });
  for (const later of [() => writer.write(good(0)), () => writer.close(), () => writer.close()]) {
    assert(await later().then(() => null, (again) => again) === error);
  }
});

test("write: a frame whose fields throw is the caller's error, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25);
  await writer.write(good(0));
  class Mischief extends Error {}
  const frame = Object.defineProperty({ data: luma, height }, "width", {
    get(): number {
      throw new Mischief("gotcha");
    },
  });
  await assertRejects(() => writer.write(frame as unknown as RawFrame), Mischief, "gotcha");
  await writer.write(good(1));
  assertEquals((await writer.close()).frames, 2);
});

test("write: an invalid timestamp or duration is refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25);
  for (const timing of [null, 5, "key"]) {
    const error = await assertRejects(() => writer.write(good(0), timing as Anything), TypeError);
    assertReadable(error);
  }
  await writer.write(good(0));
  assertEquals((await writer.close()).frames, 1);
});
