/**
 * Transparent pictures where the encoder keeps no alpha, and premultiplied ones.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import {
  createFileWriter,
  OptionError,
  type RawFrame,
  UnsupportedError,
  type WriterOptions,
} from "../mod.ts";
import { transcode } from "../recipes.ts";
import { missingEncoders } from "./support/features.ts";
import { assertFails } from "./support/messages.ts";
import { assertSameBytes, decode, frameTimes, TemporaryFolder } from "./support/media.ts";
import { randomNumbers } from "./support/random.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

const threads = ["main", "worker"] as const;

const side = 32;

/** A colour with alpha on all of a frame, in a packed format of so many bits. */
function solid(color: readonly number[], format: string, bits: 8 | 16 | 32 = 8): RawFrame {
  const order = { rgba: "rgba", bgra: "bgra", argb: "argb", abgr: "abgr", rgba64le: "rgba" }[format]!;
  const pixel = [...order].map((component) => color["rgba".indexOf(component)]!);
  const data = bits === 8 ? new Uint8Array(side * side * 4) : new Uint16Array(side * side * 4);
  const scale = bits === 8 ? 1 : 257;
  for (let at = 0; at < data.length; at++) data[at] = pixel[at % 4]! * scale;
  return { data, width: side, height: side, format };
}

async function firstPixel(
  path: string,
  codec: string,
  frames: readonly RawFrame[],
  options: WriterOptions,
): Promise<number[]> {
  const writer = await createFileWriter(codec, path, 25, options);
  for (const frame of frames) await writer.write(frame);
  await writer.close();
  return [...decode(path, "rgba").subarray(0, 4)];
}

function assertColor(
  actual: readonly number[],
  wanted: readonly number[],
  what: string,
  tolerance = 2,
): void {
  for (const [index, value] of wanted.entries()) assertAlmostEquals(actual[index]!, value, tolerance, what);
}

/** A colour over another, as an exact formula has it. */
function over([red, green, blue, alpha]: readonly number[], background: readonly number[]): number[] {
  const share = alpha! / 255;
  return [red, green, blue].map((value, index) => value! * share + background[index]! * (1 - share));
}

const halfWhite = [255, 255, 255, 128] as const;
const orange = [250, 120, 20, 64] as const;
const backgrounds: readonly (readonly [string | undefined, readonly number[]])[] = [
  [undefined, [0, 0, 0]],
  ["black", [0, 0, 0]],
  ["white", [255, 255, 255]],
  ["#20c83c", [32, 200, 60]],
  ["#F0a", [255, 0, 170]],
  ["Tomato", [255, 99, 71]],
];

for (const format of some(["rgba", "bgra", "argb", "abgr", "rgba64le"] as const, 4)) {
  testBoth(`background: ${format} without a place for alpha is laid over it`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    for (const [index, [background, behind]] of some(backgrounds, 2).entries()) {
      const options = {
        ...(background === undefined ? {} : { background }),
        thread: index % 2 === 0 ? "main" : "worker",
        quality: 1,
        pixelFormat: index % 3 === 0 ? "yuv420p" : "yuv444p",
      } as const;
      for (const color of [halfWhite, orange]) {
        const frame = solid(color, format, format === "rgba64le" ? 16 : 8);
        const pixel = await firstPixel(path, "h264", [frame], options);
        assertColor(pixel, over(color, behind), `${color} over ${background}`, 3);
      }
    }
  });
}

testBoth("background: RGB codecs, filters, resizing and deep formats have it, too", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const frame = solid(halfWhite, "rgba");
  const background = "#20c83c";
  const wanted = over(halfWhite, [32, 200, 60]);
  const cases: readonly (readonly [string, WriterOptions])[] = [
    ["huffyuv", { pixelFormat: "rgb24" }],
    ["ffv1", { pixelFormat: "bgr0" }],
    ["ffv1", { pixelFormat: "gbrp10le" }],
    ["ffv1", { pixelFormat: "yuv444p10le" }],
    ["ffv1", { pixelFormat: "gbrp16le" }],
    ["h264", { filter: "eq", quality: 1 }],
    ["h264", { filter: "hflip", quality: 1 }],
    ["h264", { filter: "format=yuv444p", quality: 1, pixelFormat: "yuv444p" }],
    ["h264", { width: 16, height: 16, resize: "fill", quality: 1 }],
    ["h264", { filter: "scale=64:64", quality: 1 }],
  ];
  for (const [codec, options] of some(cases, 3)) {
    const pixel = await firstPixel(path, codec, [frame], { ...options, background });
    assertColor(pixel, wanted, JSON.stringify(options), 3);
  }
});

test("background: filters that lay pictures over others get them with alpha", async () => {
  using folder = new TemporaryFolder();
  const filter = "split[a][b];[a]drawbox=c=blue:t=fill,format=rgb24[c];[c][b]overlay=format=rgb";
  const options = { filter, quality: 1, background: "red" } as const;
  const pixel = await firstPixel(folder.file("a.mkv"), "h264", [solid(halfWhite, "rgba")], options);
  assertColor(pixel, over(halfWhite, [0, 0, 255]), "over blue", 4);
});

for (
  const [format, bits] of [["yuva420p", 8], ["yuva444p", 8], ["yuva422p10le", 10], ["gbrap", 8], [
    "gbrap12le",
    12,
  ], ["ya8", 8]] as const
) {
  test(`background: ${format} is laid over it`, async () => {
    using folder = new TemporaryFolder();
    const white = 2 ** bits - 1;
    const isRgb = format.startsWith("gb"), isGray = format === "ya8";
    const unit = 2 ** (bits - 8);
    const plane = (value: number, count: number) =>
      bits === 8 ? new Uint8Array(count).fill(value) : new Uint16Array(count).fill(value);
    const chroma = format === "yuva420p"
      ? side * side / 4
      : format === "yuva422p10le"
      ? side * side / 2
      : side * side;
    const alpha = plane(Math.round(white / 4), side * side);
    const data = isGray
      ? Uint8Array.from({ length: side * side * 2 }, (_, at) => at % 2 === 0 ? 255 : 64)
      : isRgb
      ? [plane(white, side * side), plane(white, side * side), plane(white, side * side), alpha]
      : [plane(235 * unit, side * side), plane(128 * unit, chroma), plane(128 * unit, chroma), alpha];
    const frame = { data, width: side, height: side, format } as RawFrame;
    for (const [background, behind] of [["black", [0, 0, 0]], ["#20c83c", [32, 200, 60]]] as const) {
      const options = { background, quality: 1, pixelFormat: "yuv444p" } as const;
      const pixel = await firstPixel(folder.file("a.mkv"), "h264", [frame], options);
      assertColor(pixel, over([255, 255, 255, 63.75], behind), `over ${background}`, 3);
    }
  });
}

/** Planar formats with alpha, those without, and what black and a green background are in each plane. */
const planar = [
  {
    format: "yuva420p",
    twin: "yuv420p",
    bits: 8,
    across: 1,
    down: 1,
    background: "black",
    colors: [16, 128, 128],
  },
  {
    ...{ format: "yuva422p10le", twin: "yuv422p10le", bits: 10, across: 1, down: 0 },
    ...{ background: "black", colors: [64, 512, 512] },
  },
  {
    ...{ format: "gbrap12le", twin: "gbrp12le", bits: 12, across: 0, down: 0 },
    ...{ background: "#20c83c", colors: [200, 60, 32].map((value) => Math.round(value * 4095 / 255)) },
  },
] as const;

type Planar = typeof planar[number];
type Samples = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;

/** A size that no vector fits. Huffyuv takes no odd one. */
const uneven = { width: 38, height: 22 } as const;

/** The columns and rows of a plane. */
function planeSize({ across, down }: Planar, plane: number): readonly [columns: number, rows: number] {
  const isShared = plane === 1 || plane === 2;
  const { width, height } = uneven;
  return isShared ? [Math.ceil(width / (1 << across)), Math.ceil(height / (1 << down))] : [width, height];
}

/** The planes of a noisy frame; every third one is opaque. */
function noisyPlanes(kind: Planar, index: number, random: (below: number) => number): Samples[] {
  const white = 2 ** kind.bits - 1;
  return [0, 1, 2, 3].map((plane) => {
    const [columns, rows] = planeSize(kind, plane);
    const samples = kind.bits > 8 ? new Uint16Array(columns * rows) : new Uint8Array(columns * rows);
    return samples.map(() => plane === 3 && index % 3 === 0 ? white : random(white + 1)) as Samples;
  });
}

/** The planes without alpha, as exact arithmetic lays them over the background, as bytes. */
function laidPlanes(kind: Planar, planes: readonly Samples[]): Uint8Array[] {
  const white = 2 ** kind.bits - 1, alpha = planes[3]!;
  return kind.colors.map((color, plane) => {
    const samples = planes[plane]!.slice() as Samples;
    const [columns, rows] = planeSize(kind, plane);
    const [across, down] = columns === uneven.width ? [0, 0] : [kind.across, kind.down];
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) {
        let sum = 0;
        for (const row of [y << down, (y << down) + down]) {
          for (const column of [x << across, (x << across) + across]) {
            sum +=
              alpha[Math.min(row, uneven.height - 1) * uneven.width + Math.min(column, uneven.width - 1)]!;
          }
        }
        const opacity = sum / 4 / white, at = y * columns + x;
        samples[at] = Math.round(samples[at]! * opacity + color * (1 - opacity));
      }
    }
    return new Uint8Array(samples.buffer);
  });
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

for (const kind of planar) {
  for (const thread of threads) {
    test(`background: ${kind.format} is exact with uneven times, audio and encoding threads (thread: ${thread})`, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.mkv"), random = randomNumbers();
      const { format, twin, background } = kind;
      const writer = await createFileWriter("ffvhuff", path, 25, {
        ...{ pixelFormat: twin, background, thread, queueSize: 3, timing: "timestamps" },
        ...{ audio: { codec: "pcm_s16le" }, encoderOptions: { threads: 4 } },
      });
      const times: number[] = [], wanted: Uint8Array[] = [], writes: Promise<unknown>[] = [];
      for (let index = 0; index < 14; index++) {
        const time = index === 0 ? 0 : times.at(-1)! + 0.02 * (1 + index % 5);
        const data = noisyPlanes(kind, index, random);
        times.push(time);
        wanted.push(...laidPlanes(kind, data));
        // Nobody waits: frames are in the queue and in the encoder while others are laid over the background.
        writes.push(writer.write({ data, ...uneven, format }, { timestamp: time }));
        writes.push(writer.writeAudio({ data: new Float32Array(960), sampleRate: 48000, channels: 1 }));
      }
      await Promise.all(writes);
      await writer.close();
      assertSameBytes(decode(path, twin), joined(wanted), format);
      for (const [index, time] of frameTimes(path).entries()) assertAlmostEquals(time, times[index]!, 0.001);
    });
  }

  test(`background: ${kind.format} of a file is exact when that is transcoded`, async () => {
    using folder = new TemporaryFolder();
    const [source, path] = [folder.file("a.mkv"), folder.file("b.mkv")];
    const { format, twin, background } = kind, random = randomNumbers();
    const codec = format === "gbrap12le" ? "ffv1" : "ffvhuff";
    const writer = await createFileWriter(codec, source, 25, { pixelFormat: format });
    const wanted: Uint8Array[] = [];
    for (let index = 0; index < 8; index++) {
      const data = noisyPlanes(kind, index, random);
      wanted.push(...laidPlanes(kind, data));
      await writer.write({ data, ...uneven, format });
    }
    await writer.close();
    await transcode(source, path, "ffvhuff", {
      pixelFormat: twin,
      background,
      encoderOptions: { threads: 4 },
    });
    assertSameBytes(decode(path, twin), joined(wanted), format);
  });
}

test("background: opaque pictures are as they were without, between transparent ones", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const colors = [[250, 120, 20, 255], [250, 120, 20, 128], [20, 200, 60, 255], [20, 200, 60, 0]] as const;
  const writer = await createFileWriter("ffv1", path, 25, { pixelFormat: "bgr0", background: "white" });
  for (const color of colors) await writer.write(solid(color, "rgba"));
  await writer.close();
  const back = decode(path, "rgb24");
  for (const [index, color] of colors.entries()) {
    const at = index * side * side * 3;
    const wanted = over(color, [255, 255, 255]).map(Math.round);
    assertEquals([...back.subarray(at, at + 3)], wanted);
  }
});

test("background: what is no colour is refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  const open = (background: unknown) =>
    createFileWriter("h264", folder.file("a.mp4"), 25, { background: background as string });
  for (const background of ["", "#12345", "red@0.5", 7, "#12345678", "0x123456", [0, 0, 0]]) {
    await assertFails(() => open(background), { type: TypeError, says: ["background", "such as"] });
  }
  for (const background of ["nocolour", "random"]) {
    await assertFails(() => open(background), { type: OptionError, code: "BACKGROUND", says: [background] });
  }
});

for (const format of some(["rgba", "bgra", "argb", "abgr", "rgba64le"] as const, 4)) {
  testBoth(`premultipliedAlpha: ${format} has the colours that it had before`, async () => {
    using folder = new TemporaryFolder();
    const bits = format === "rgba64le" ? 16 : 8;
    for (const [index, alpha] of some([255, 200, 128, 64, 0], 2).entries()) {
      const straight = [240, 120, 60, alpha];
      const multiplied = straight.map((value, index) =>
        index === 3 ? value : Math.round(value * alpha / 255)
      );
      const frame = solid(multiplied, format, bits);
      for (const thread of isLong ? threads : [threads[index % 2]!]) {
        const options = { premultipliedAlpha: true, thread } as const;
        const kept = await firstPixel(folder.file("a.mkv"), "ffv1", [frame], options);
        assertAlmostEquals(kept[3]!, alpha, bits === 8 ? 0 : 1);
        if (alpha > 0) assertColor(kept, straight, `alpha ${alpha}`, (bits === 8 ? 1 : 2) + 64 / alpha);
        const dropped = await firstPixel(folder.file("b.mkv"), "h264", [frame], {
          ...options,
          ...{ background: "#20c83c", quality: 1, pixelFormat: "yuv444p" },
        });
        assertColor(dropped, over(straight, [32, 200, 60]), `alpha ${alpha} over green`, 3);
      }
    }
  });
}

test("premultipliedAlpha: frames without alpha are as they are, and luma with alpha is refused", async () => {
  using folder = new TemporaryFolder();
  const data = new Uint8Array(side * side * 3).fill(77);
  const frame = { data, width: side, height: side, format: "rgb24" } as const;
  const pixel = await firstPixel(folder.file("a.mkv"), "ffv1", [frame], { premultipliedAlpha: true });
  assertEquals(pixel, [77, 77, 77, 255]);
  const writer = await createFileWriter("h264", folder.file("b.mkv"), 25, { premultipliedAlpha: true });
  const luma = { data: new Uint8Array(side * side * 4), width: side, height: side, format: "yuva444p" };
  await assertFails(() => writer.write(luma), {
    type: UnsupportedError,
    code: "PREMULTIPLIED",
    says: ["yuva444p", "premultipliedAlpha"],
  });
});

for (
  const [codec, extension] of [["vp9", "webm"], ["png", "mov"], ["ffv1", "mkv"], ["apng", "apng"]] as const
) {
  test(`background: ${codec} keeps alpha, and has none`, {
    skip: missingEncoders(codec === "vp9" ? "libvpx-vp9" : codec),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(`a.${extension}`);
    const writer = await createFileWriter(codec, path, 25, { background: "red" });
    await writer.write(solid([0, 0, 255, 128], "rgba"));
    await writer.close();
    assert(/a/.test(writer.encoder!.pixelFormat));
    if (codec === "vp9") return;
    assertEquals([...decode(path, "rgba").subarray(0, 4)], [0, 0, 255, 128]);
  });
}
