import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFileWriter, type RawFrame, UnsupportedError, type WriterOptions } from "../mod.ts";
import { assertSameBytes, decode, probe, TemporaryFolder } from "./support/media.ts";
import { decodeAll } from "./support/packed_formats.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 64, height = 48;

/** Bytes that differ everywhere, the same on every run. */
function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

async function writeOne(
  path: string,
  codec: string,
  frame: RawFrame,
  options?: WriterOptions,
): Promise<void> {
  await using writer = await createFileWriter(codec, path, 25, options);
  await writer.write(frame);
}

/** Bytes of a 64x48 frame of each format. */
const losslessFormats: Readonly<Record<string, number>> = {
  rgba: 4,
  bgra: 4,
  argb: 4,
  abgr: 4,
  rgb24: 3,
  bgr24: 3,
  gray: 1,
  yuv420p: 1.5,
  yuv422p: 2,
  yuv444p: 3,
  nv12: 1.5,
  nv21: 1.5,
  uyvy422: 2,
  yuyv422: 2,
  yuva420p: 2.5,
  gbrp: 3,
  gray16le: 2,
  yuv420p10le: 3,
  rgb48le: 6,
  rgba64le: 8,
};

/** The pictures of raw videos as they lie in their files. */
function storedPictures(paths: readonly string[]): Uint8Array[] {
  const stored = (path: string): string => `${path}.stored`;
  execFileSync("ffmpeg", [
    ...["-v", "error"],
    ...paths.flatMap((path) => ["-i", path]),
    ...paths.flatMap((path, index) => ["-map", `${index}:v`, "-c", "copy", "-f", "rawvideo", stored(path)]),
  ]);
  return paths.map((path) => new Uint8Array(readFileSync(stored(path))));
}

test("write: frames of each format go through a raw stream untouched, and are read as what they are", async () => {
  using folder = new TemporaryFolder();
  const formats = Object.keys(losslessFormats);
  const paths = formats.map((format) => folder.file(`${format}.nut`));
  const frames: Uint8Array[] = [];
  for (const [index, format] of formats.entries()) {
    let data = noise(width * height * losslessFormats[format]!);
    if (format === "yuv420p10le") data = data.map((byte, at) => at % 2 === 1 ? byte & 3 : byte);
    frames.push(data);
    await writeOne(paths[index]!, "rawvideo", { data, width, height, format }, { pixelFormat: format });
  }
  const stored = storedPictures(paths);
  const decoded = decodeAll(paths, (index) => formats[index]!);
  for (const [index, format] of formats.entries()) {
    assertSameBytes(stored[index]!, frames[index]!, `${format} in the file`);
    assertSameBytes(decoded[index]!, frames[index]!, `${format} decoded`);
  }
});

const lossless = ["ffv1", "huffyuv", "utvideo", "png"].flatMap((codec) =>
  ["rgba", "bgra", "argb", "abgr", "rgb24", "bgr24"].map((format) => ({ codec, format }))
);

testBoth("pixelFormat: a lossless codec gets one that keeps every byte of the frame", async () => {
  using folder = new TemporaryFolder();
  // So many that each codec is in the quick run.
  for (const { codec, format } of some(lossless, 5)) {
    const path = folder.file(`${codec}-${format}.mkv`);
    const data = noise(width * height * losslessFormats[format]!);
    await writeOne(path, codec, { data, width, height, format });
    assertSameBytes(decode(path, format), data, `${codec} ${format}`);
  }
});

test("write: the same picture in rgba, bgra, rgb24 and bgr24 gives the same video", async () => {
  using folder = new TemporaryFolder();
  const rgb = noise(width * height * 3);
  const picture = (order: readonly number[]): Uint8Array => {
    const data = new Uint8Array(width * height * order.length).fill(255);
    for (let pixel = 0; pixel < width * height; pixel++) {
      for (const [place, channel] of order.entries()) {
        if (channel < 3) data[pixel * order.length + place] = rgb[pixel * 3 + channel]!;
      }
    }
    return data;
  };
  const videos: Uint8Array[] = [];
  for (
    const [format, order] of [["rgba", [0, 1, 2, 3]], ["bgra", [2, 1, 0, 3]], ["rgb24", [0, 1, 2]], [
      "bgr24",
      [2, 1, 0],
    ]] as const
  ) {
    const path = folder.file(`${format}.mp4`);
    await writeOne(path, "h264", { data: picture(order), width, height, format });
    videos.push(decode(path, "yuv420p"));
  }
  for (const video of videos) assertSameBytes(video, videos[0]!, "the picture");
});

test("write: strides, planes apart, offsets in a larger buffer and shared memory all mean the same picture", async () => {
  using folder = new TemporaryFolder();
  const data = noise(width * height * 1.5);
  const luma = data.subarray(0, width * height);
  const chroma = [luma.length, luma.length * 1.25].map((start) =>
    data.subarray(start, start + luma.length / 4)
  );
  const padded = (plane: Uint8Array, rowBytes: number, stride: number): Uint8Array => {
    const rows = plane.length / rowBytes;
    // The last row ends with its pixels.
    const wide = new Uint8Array(stride * (rows - 1) + rowBytes).fill(99);
    for (let row = 0; row < rows; row++) {
      wide.set(plane.subarray(row * rowBytes, (row + 1) * rowBytes), row * stride);
    }
    return wide;
  };
  const larger = new Uint8Array(data.length + 13);
  larger.set(data, 13);
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  const resizable = new ArrayBuffer(data.length, { maxByteLength: data.length * 2 });
  new Uint8Array(resizable).set(data);
  const whole = new Uint8Array(80 * height + 40 * 24 * 2);
  whole.set(padded(luma, 64, 80), 0);
  whole.set(padded(chroma[0]!, 32, 40), 80 * height);
  whole.set(padded(chroma[1]!, 32, 40), 80 * height + 40 * 24);
  const ways: RawFrame[] = [
    { data, width, height },
    { data: data.slice().buffer, width, height },
    { data: new DataView(larger.buffer, 13), width, height },
    { data: larger.subarray(13), width, height },
    { data: shared, width, height },
    { data: shared.buffer, width, height },
    { data: resizable, width, height },
    { data: [luma, ...chroma], width, height },
    {
      data: [padded(luma, 64, 77), padded(chroma[0]!, 32, 33), chroma[1]!],
      width,
      height,
      strides: [77, 33, 32],
    },
    { data: whole, width, height, strides: [80, 40, 40] },
  ];
  for (const [index, way] of ways.entries()) {
    const path = folder.file(`${index}.nut`);
    await writeOne(path, "rawvideo", { ...way, format: "yuv420p" });
    assertSameBytes(decode(path, "yuv420p"), data, `way ${index}`);
  }
});

test("write: where the queue has room, the caller may change its buffer as soon as write has been called", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("reused.nut");
  const data = new Uint8Array(width * height);
  const writer = await createFileWriter("rawvideo", path, 25, { queueSize: 5 });
  const written: Promise<void>[] = [];
  for (let gray = 0; gray < 5; gray++) {
    data.fill(gray * 50);
    written.push(writer.write({ data, width, height, format: "gray" }));
  }
  data.fill(7);
  await Promise.all(written);
  await writer.close();
  const decoded = decode(path, "gray");
  for (let gray = 0; gray < 5; gray++) assertEquals(decoded[gray * width * height + 5], gray * 50);
});

test("write: alpha is kept by vp9 and webp, and dropped where the codec has none", async () => {
  using folder = new TemporaryFolder();
  const data = new Uint8Array(width * height * 4);
  for (let index = 0; index < data.length; index += 4) data.set([200, 100, 50, index % 256], index);
  const vp9 = await createFileWriter("vp9", folder.file("a.webm"), 25);
  await vp9.write({ data, width, height });
  assertEquals(vp9.encoder?.pixelFormat, "yuva420p");
  await vp9.close();
  const mp4 = await createFileWriter("vp9", folder.file("a.mp4"), 25);
  await mp4.write({ data, width, height });
  assertEquals(mp4.encoder?.pixelFormat, "yuv420p");
  await mp4.close();
});

/** Solid colours: the corners of RGB, and some of its middle. */
const patches: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [255, 255, 255],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 0],
  [0, 255, 255],
  [255, 0, 255],
  [128, 128, 128],
  [200, 30, 90],
  [12, 200, 255],
  [18, 18, 20],
];

const colorCases = [
  { lines: 480, color: undefined, tags: ["smpte170m", "smpte170m", "smpte170m", "tv"] },
  { lines: 720, color: undefined, tags: ["bt709", "bt709", "bt709", "tv"] },
  { lines: 480, color: "bt709", tags: ["bt709", "bt709", "bt709", "tv"] },
  { lines: 480, color: "bt2020", tags: ["bt2020nc", "bt2020-10", "bt2020", "tv"] },
  { lines: 480, color: "srgb", tags: ["bt709", "iec61966-2-1", "bt709", "pc"] },
  { lines: 480, color: { range: "pc" }, tags: ["smpte170m", "smpte170m", "smpte170m", "pc"] },
] as const;

for (const { lines, color, tags } of colorCases) {
  test(`color: solid colours at ${lines} lines come back by their tags (${JSON.stringify(color ?? "default")})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("patches.mp4");
    const options: WriterOptions = { quality: 4, ...(color === undefined ? {} : { color }) };
    const writer = await createFileWriter("h264", path, 25, options);
    const data = new Uint8Array(128 * lines * 4);
    for (const [red, green, blue] of patches) {
      for (let at = 0; at < data.length; at += 4) data.set([red, green, blue, 255], at);
      await writer.write({ data, width: 128, height: lines });
    }
    await writer.close();
    const stream = probe(path);
    assertEquals([stream.color_space, stream.color_transfer, stream.color_primaries, stream.color_range], [
      ...tags,
    ]);
    const matrix = { smpte170m: "smpte170m", bt709: "bt709", bt2020nc: "bt2020" }[tags[0]];
    const filter = `scale=in_color_matrix=${matrix}:in_range=${tags[3]}:flags=accurate_rnd+full_chroma_int`;
    const decoded = decode(path, "rgb24", filter);
    for (const [index, patch] of patches.entries()) {
      const middle = index * 128 * lines * 3 + (lines / 2 * 128 + 64) * 3;
      for (const [channel, value] of patch.entries()) {
        const error = Math.abs(decoded[middle + channel]! - value);
        assert(error <= 2, `${patch} came back as ${decoded.subarray(middle, middle + 3)}`);
      }
    }
  });
}

const matrices = { smpte170m: [0.299, 0.114], bt709: [0.2126, 0.0722] } as const;

test("write: rgba becomes yuv420p within one code value of the exact conversion, chroma averaged over its pixels", async () => {
  using folder = new TemporaryFolder();
  for (const [name, [red, blue]] of Object.entries(matrices)) {
    const path = folder.file(`${name}.nut`);
    const data = noise(width * height * 4).map((value, at) => at % 4 === 3 ? 255 : value);
    await writeOne(path, "rawvideo", { data, width, height }, {
      pixelFormat: "yuv420p",
      color: { matrix: name },
    });
    const decoded = decode(path, "yuv420p");
    const green = 1 - red - blue;
    const luma = (r: number, g: number, b: number) => red * r + green * g + blue * b;
    let worstLuma = 0;
    let worstChroma = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [r, g, b] = data.subarray((y * width + x) * 4) as unknown as [number, number, number];
        const exact = 16 + luma(r, g, b) * 219 / 255;
        worstLuma = Math.max(worstLuma, Math.abs(decoded[y * width + x]! - exact));
      }
    }
    for (let y = 0; y < height; y += 2) {
      for (let x = 0; x < width; x += 2) {
        let cb = 0;
        let cr = 0;
        for (const [dy, dx] of [[0, 0], [0, 1], [1, 0], [1, 1]] as const) {
          const [r, g, b] = data.subarray(((y + dy) * width + x + dx) * 4) as unknown as [
            number,
            number,
            number,
          ];
          cb += (b - luma(r, g, b)) / (2 * (1 - blue)) / 4;
          cr += (r - luma(r, g, b)) / (2 * (1 - red)) / 4;
        }
        const at = width * height + (y / 2) * (width / 2) + x / 2;
        worstChroma = Math.max(worstChroma, Math.abs(decoded[at]! - (128 + cb * 224 / 255)));
        worstChroma = Math.max(
          worstChroma,
          Math.abs(decoded[at + width * height / 4]! - (128 + cr * 224 / 255)),
        );
      }
    }
    assert(worstLuma <= 1, `${name}: luma is off by ${worstLuma}`);
    assert(worstChroma <= 1, `${name}: chroma is off by ${worstChroma}`);
  }
});

/** A frame whose right and bottom edges differ from their neighbours. */
function edged(oddWidth: number, oddHeight: number): Uint8Array {
  const data = new Uint8Array(oddWidth * oddHeight * 4).fill(255);
  for (let y = 0; y < oddHeight; y++) {
    for (let x = 0; x < oddWidth; x++) {
      const gray = y === oddHeight - 1 ? 220 : x === oddWidth - 1 ? 160 : 60;
      data.fill(gray, (y * oddWidth + x) * 4, (y * oddWidth + x) * 4 + 3);
    }
  }
  return data;
}

const oddSizes = [[1, 1], [3, 5], [161, 91], [160, 91], [161, 90]] as const;

testBoth(
  "oddSize: odd sizes are padded with their edges where the encoder needs even ones, and kept elsewhere",
  async () => {
    using folder = new TemporaryFolder();
    for (const [oddWidth, oddHeight] of some(oddSizes, 2)) {
      const data = edged(oddWidth, oddHeight);
      const path = folder.file(`${oddWidth}x${oddHeight}.mp4`);
      await writeOne(path, "h264", { data, width: oddWidth, height: oddHeight }, { quality: 1 });
      const stream = probe(path);
      const [codedWidth, codedHeight] = [oddWidth + oddWidth % 2, oddHeight + oddHeight % 2];
      assertEquals([stream.width, stream.height], [codedWidth, codedHeight]);
      const luma = decode(path, "gray", "extractplanes=y");
      const at = (x: number, y: number) => luma[y * codedWidth + x]!;
      for (let y = 0; y < codedHeight; y++) {
        assert(
          Math.abs(at(codedWidth - 1, y) - at(oddWidth - 1, y)) <= 3,
          `column of ${oddWidth}x${oddHeight} at ${y}`,
        );
      }
      for (let x = 0; x < codedWidth; x++) {
        assert(
          Math.abs(at(x, codedHeight - 1) - at(x, oddHeight - 1)) <= 3,
          `row of ${oddWidth}x${oddHeight} at ${x}`,
        );
      }
      const exact = folder.file(`${oddWidth}x${oddHeight}.mkv`);
      await writeOne(exact, "ffv1", { data, width: oddWidth, height: oddHeight });
      assertSameBytes(decode(exact, "rgba"), data, `${oddWidth}x${oddHeight}`);
    }
  },
);

test("oddSize: crop leaves the odd column and row out, and error refuses the frame", async () => {
  using folder = new TemporaryFolder();
  const data = edged(161, 91);
  const path = folder.file("crop.mp4");
  await writeOne(path, "h264", { data, width: 161, height: 91 }, { oddSize: "crop", quality: 1 });
  const stream = probe(path);
  assertEquals([stream.width, stream.height], [160, 90]);
  const luma = decode(path, "gray", "extractplanes=y");
  const expected = 16 + 60 * 219 / 255;
  assert(luma.every((value) => Math.abs(value - expected) <= 3));
  const options: WriterOptions = { oddSize: "error", width: 161, height: 91 };
  let message = "";
  await createFileWriter("h264", folder.file("error.mp4"), 25, options).catch((error) =>
    message = error.message
  );
  assert(message.includes("161"), message);
});

test("pixelFormat: raw video in one that the container cannot name is refused before the file is touched", async () => {
  using folder = new TemporaryFolder();
  const pixels = width * height;
  for (
    const [file, format, bytes] of [
      ["p010.nut", "p010le", pixels * 3],
      ["pal8.mkv", "pal8", pixels + 1024],
    ] as const
  ) {
    const path = folder.file(file);
    writeFileSync(path, "precious");
    const writer = await createFileWriter("rawvideo", path, 25);
    const frame = { data: noise(bytes), width, height, format };
    await assertRejects(() => writer.write(frame), UnsupportedError);
    assertEquals(readFileSync(path, "utf8"), "precious");
  }
});
