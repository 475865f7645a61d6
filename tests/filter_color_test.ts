/**
 * Colours through filters, and filters whose pictures change.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type ColorName, createFileWriter, OptionError, type RawFrame, type WriterOptions } from "../mod.ts";
import { assertFails } from "./support/messages.ts";
import { decode, probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 64, height = 720;

/** A frame of one colour. */
function solid(color: readonly number[], width: number, height: number): RawFrame & { data: Uint8Array } {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < data.length; at += 4) data.set(color, at);
  return { data, width, height };
}

const green = [20, 200, 60, 255] as const;

/** Luma and chroma of that green, by the formulas of the standards (BT.601, BT.709, BT.2020). */
function codesOf(color: ColorName): readonly [number, number, number] {
  const [red, blue] = color === "bt601"
    ? [0.299, 0.114]
    : color === "bt2020"
    ? [0.2627, 0.0593]
    : [0.2126, 0.0722];
  const [r, g, b] = [green[0] / 255, green[1] / 255, green[2] / 255];
  const luma = red * r + (1 - red - blue) * g + blue * b;
  const chroma = [(b - luma) / 2 / (1 - blue), (r - luma) / 2 / (1 - red)] as const;
  const isFull = color === "srgb";
  const [black, lumaSpan, chromaSpan] = isFull ? [0, 255, 255] : [16, 219, 224];
  return [black + lumaSpan * luma, 128 + chromaSpan * chroma[0], 128 + chromaSpan * chroma[1]];
}

/** The luma and chroma of the first pixel of a file, as they are stored. */
function firstCodes(path: string): readonly number[] {
  const { pix_fmt, width, height } = probe(path);
  const picture = decode(path, pix_fmt);
  const chroma = pix_fmt.includes("420") ? width * height / 4 : width * height;
  return [picture[0]!, picture[width * height]!, picture[width * height + chroma]!];
}

/** Filters that turn RGB into luma and chroma, and back, in several ways. */
const crossings: readonly string[] = [
  "eq",
  "hue",
  "unsharp",
  "format=yuv420p",
  "format=yuvj420p",
  "format=gbrp,format=yuv444p",
  "format=yuv420p,format=rgb24,format=yuv420p10le",
  "scale=64:720",
  "scale=64:720:flags=lanczos,format=yuv422p",
];

for (const color of ["bt709", "bt601", "bt2020", "srgb"] as const) {
  testBoth(
    `filter: RGB through filters that change the pixel format is ${color} where the stream says so`,
    async () => {
      using folder = new TemporaryFolder();
      const wanted = codesOf(color);
      for (const [index, filter] of some(crossings, color === "bt709" ? 3 : 8).entries()) {
        const path = folder.file(`${index}.mkv`);
        const options = { filter, preset: "ultrafast", quality: 1, pixelFormat: "yuv444p" } as const;
        // 720 lines are BT.709 unless asked otherwise.
        const asked = color === "bt709" ? {} : { color };
        const thread = index % 2 === 0 ? "main" : "worker";
        const writer = await createFileWriter("h264", path, 25, { ...options, ...asked, thread });
        await writer.write(solid(green, width, height));
        await writer.close();
        for (const [plane, code] of firstCodes(path).entries()) {
          assertAlmostEquals(code, wanted[plane]!, 2, `plane ${plane} after ${filter}`);
        }
      }
    },
  );
}

test("filter: luma and chroma that cross RGB in a filter come back as they were", async () => {
  using folder = new TemporaryFolder();
  const planes = [new Uint8Array(width * height).fill(146)];
  for (const code of [85, 55]) planes.push(new Uint8Array(width * height / 4).fill(code));
  for (const filter of ["format=gbrp,format=yuv444p", "format=rgba,format=yuv420p"]) {
    const path = folder.file("a.mkv");
    const options = { filter, preset: "ultrafast", quality: 1, pixelFormat: "yuv420p" } as const;
    const writer = await createFileWriter("h264", path, 25, options);
    await writer.write({ data: planes, width, height, format: "yuv420p" });
    await writer.close();
    for (const [plane, code] of firstCodes(path).entries()) {
      assertAlmostEquals(code, [146, 85, 55][plane]!, 2, `plane ${plane} after ${filter}`);
    }
  }
});

test("filter: gray of a filter keeps its luma", async () => {
  using folder = new TemporaryFolder();
  for (const filter of ["format=yuv420p,format=gray", "format=yuv444p,format=gray10le,format=yuv420p"]) {
    const path = folder.file("a.mkv");
    const options = { filter, preset: "ultrafast", quality: 1 } as const;
    const writer = await createFileWriter("h264", path, 25, options);
    await writer.write(solid(green, width, height));
    await writer.close();
    const [luma] = decode(path, "yuv420p");
    // FFmpeg 8.1 weighs gray as BT.601 does, whatever it is made of.
    const offs = [codesOf("bt709")[0], codesOf("bt601")[0]].map((wanted) => Math.abs(luma! - wanted));
    assert(Math.min(...offs) <= 2, `${filter}: ${luma}`);
  }
});

test("filter: a filter may make BT.601 of it, and colours stay", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const filter = "colormatrix=bt709:bt601";
  const options = { filter, preset: "ultrafast", quality: 1, pixelFormat: "yuv444p" } as const;
  const planes = [146, 85, 55].map((code) => new Uint8Array(width * height).fill(code));
  const writer = await createFileWriter("h264", path, 25, options);
  await writer.write({ data: planes, width, height, format: "yuv444p" });
  await writer.close();
  assertEquals(probe(path).color_space, "bt709");
  for (const [plane, code] of firstCodes(path).entries()) assertAlmostEquals(code, [146, 85, 55][plane]!, 2);
});

const growing = "scale=w='if(lt(t,0.1),32,64)':h=32:eval=frame";

for (const format of some(["rgba", "yuv420p", "yuv444p", "gray"] as const, 2)) {
  testBoth(`filter: pictures of ${format} that change size are refused in words, or resized`, async () => {
    using folder = new TemporaryFolder();
    const bytes = { rgba: 4, yuv420p: 1.5, yuv444p: 3, gray: 1 }[format] * 64 * 64;
    const frame = { data: new Uint8Array(bytes).fill(128), width: 64, height: 64, format };
    const filter = `format=${format},${growing}`;
    for (const codec of some(["ffv1", "h264"], 2)) {
      const path = folder.file(`${codec}.mkv`);
      const refusing = await createFileWriter(codec, path, 25, { filter });
      const writeAll = async () => {
        for (let index = 0; index < 4; index++) await refusing.write(frame);
        await refusing.close();
      };
      await assertFails(writeAll, {
        type: OptionError,
        code: "FILTER_SIZE",
        says: ["64x32", "this video is 32x32", growing],
      });
      for (const resize of ["contain", "cover", "fill"] as const) {
        const writer = await createFileWriter(codec, path, 25, { filter, resize });
        for (let index = 0; index < 4; index++) await writer.write(frame);
        await writer.close();
        const { frames, width, height } = probe(path);
        assertEquals([frames, width, height], [4, 32, 32]);
        // In the middle of all of them is the gray that was given, whatever lies beside it.
        const gray = decode(path, "gray", "crop=2:2,scale=in_range=full:out_range=full");
        const [first] = gray;
        for (const value of gray) assertAlmostEquals(value, first!, 2);
      }
    }
  });
}

test("filter: nothing runs before the first frame, and it runs on the frame's own format", async () => {
  using folder = new TemporaryFolder();
  const told = folder.file("told.txt");
  const escaped = told.replaceAll("\\", "/").replaceAll(":", "\\\\:");
  const filter = `signalstats,metadata=print:file=${escaped}:direct=1`;
  const options: WriterOptions = { filter, width: 64, height: 32, logLevel: "quiet" };
  const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, options);
  assert(!existsSync(told) || readFileSync(told, "utf8") === "");
  const planes = [
    new Uint8Array(64 * 32).fill(100),
    ...[90, 91].map((code) => new Uint8Array(16 * 32).fill(code)),
  ];
  const frame = { data: planes, width: 64, height: 32, format: "yuv411p" } as const;
  await writer.write(frame);
  await writer.close();
  assertEquals(probe(folder.file("a.mkv")).pix_fmt, "yuv411p");
  assert(readFileSync(told, "utf8").includes("lavfi.signalstats.YAVG=100"));
  assertEquals(readFileSync(told, "utf8").match(/frame:/g)?.length, 1);
});

for (const [name, range] of [["limited", "tv"], ["full", "pc"]] as const) {
  test(`gif: luma and chroma of ${name} range are read by their matrix`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.gif");
    const codes = codesOf(range === "tv" ? "bt709" : "srgb").map(Math.round);
    const frame = {
      data: [
        new Uint8Array(64 * 64).fill(codes[0]!),
        ...codes.slice(1).map((code) => new Uint8Array(32 * 32).fill(code)),
      ],
      ...{ width: 64, height: 64, format: "yuv420p" },
    };
    const color = { matrix: "bt709", primaries: "bt709", transfer: "bt709", range } as const;
    for (const filter of ["null", "hflip", "format=yuv444p"]) {
      const writer = await createFileWriter(
        "gif",
        path,
        25,
        filter === "null" ? { color } : { color, filter },
      );
      await writer.write(frame);
      await writer.close();
      const [red, green, blue] = decode(path, "rgb24");
      for (const [value, wanted] of [[red, 20], [green, 200], [blue, 60]]) {
        assertAlmostEquals(value!, wanted!, 2, `${name} range, filter ${filter}`);
      }
    }
  });
}
