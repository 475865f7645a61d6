import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { createFileWriter, type RawFrame, UnsupportedError, WriteError, type WriterOptions } from "../mod.ts";
import { undisposedObjects } from "../src/libav/owned.ts";
import { pixelFormatByName, type PixelFormatInfo, pixelFormatNames } from "../src/libav/pixel_format.ts";
import { createConverter } from "../src/video/conversion/create_converter.ts";
import { frameLayout } from "../src/video/pixels.ts";
import { missingPixelFormat } from "./support/features.ts";
import { assertSameBytes, decode, TemporaryFolder, writeFrames } from "./support/media.ts";
import { assertReadable } from "./support/messages.ts";
import {
  blockSide,
  decodeAll,
  formatsOfProgram,
  handPacked,
  isOfProgram,
  type KnownPicture,
  knownPicture,
  layOut,
  rampStart,
  visible,
  writtenByProgram,
} from "./support/packed_formats.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

const native = loadNative();

/** Formats that NUT has codes for in every release. */
const named = [
  ...[
    "monow",
    "monob",
    "gray",
    "gray16le",
    "gray16be",
    "ya8",
    "rgb24",
    "bgr24",
    "rgba",
    "bgra",
    "argb",
    "abgr",
  ],
  ...["rgb0", "0bgr", "rgb565le", "rgb565be", "rgb444le", "bgr555be", "rgb8", "bgr4", "rgb4_byte", "rgb48le"],
  ...[
    "rgba64be",
    "gbrp",
    "gbrp10le",
    "gbrap16le",
    "yuv420p",
    "yuv410p",
    "yuv444p16be",
    "yuva422p10le",
    "nv12",
  ],
  ...["uyvy422", "uyyvyy411", "xyz12le", "bayer_rggb8", "bayer_gbrg16le"],
];

/** Every format of the loaded libavutil that a program can hold in memory. */
const formats: readonly PixelFormatInfo[] = pixelFormatNames(native)
  .map((name) => pixelFormatByName(native, name)!)
  .filter(({ isHardware }) => !isHardware);
const names = formats.map(({ name }) => name);

/** Those that the tests go through one by one: all, or one of each kind and every fifth. */
const chosen = isLong
  ? formats
  : formats.filter(({ name }, index) => named.includes(name) || index % 5 === 0);
const chosenNames = chosen.map(({ name }) => name);

/** Bytes from one row to the next that leave a gap, of whole samples. */
const gap = 48;

/**
 * A picture given in one buffer, in one buffer with gaps between rows, and in a buffer for each plane with
 * other gaps.
 */
function ways(format: PixelFormatInfo, bytes: Uint8Array, width: number, height: number): RawFrame[] {
  const { planes } = frameLayout(format, width, height);
  const picture = { width, height, format: format.name };
  let start = 0;
  const apart = planes.map(({ rowBytes, rows }) => bytes.subarray(start, start += rowBytes * rows));
  const spread = (plane: Uint8Array, rowBytes: number, stride: number): Uint8Array => {
    const rows = plane.length / rowBytes;
    const spreadPlane = new Uint8Array(rows * stride).fill(0xa5);
    for (let row = 0; row < rows; row++) {
      spreadPlane.set(plane.subarray(row * rowBytes, (row + 1) * rowBytes), row * stride);
    }
    return spreadPlane;
  };
  const strides = planes.map(({ rowBytes }) => rowBytes + gap);
  const wide = planes.map(({ rowBytes }, index) => spread(apart[index]!, rowBytes, strides[index]!));
  const otherStrides = planes.map(({ rowBytes }, index) => rowBytes + gap * (index + 2));
  const wider = planes.map(({ rowBytes }, index) => spread(apart[index]!, rowBytes, otherStrides[index]!));
  return [
    { ...picture, data: bytes },
    { ...picture, data: Uint8Array.from(wide.flatMap((plane) => [...plane])), strides },
    // The last row may end with its pixels.
    { ...picture, data: wider.map((plane) => plane.subarray(0, plane.length - gap)), strides: otherStrides },
  ];
}

/** Writes frames of one size; returns the pixel format of the video. */
function write(
  path: string,
  codec: string,
  frames: readonly RawFrame[],
  options?: WriterOptions,
): Promise<string> {
  const { width, height } = frames[0]!;
  // Threads take longer to start than such small pictures to encode.
  const encoderOptions = { threads: 1 };
  return writeFrames(path, codec, frames, { width, height, encoderOptions, ...options });
}

/** Chroma as it is, not blended from pixel to pixel: the picture's blocks are as large as its samples. */
const judge = "scale=flags=neighbor+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact:sws_dither=none";

/** What libswscale may round away, of 65535, on the way into a deep format and back. */
const rounding = 48;

/** How far a channel may be off, of 65535. */
function tolerance({ name, depths, isBayer, isPalette, isRgb, isGray, isFloat }: PixelFormatInfo): number {
  // Where a channel is all but black beside bright ones: a difference of large numbers, with a gamma of 2.6.
  if (name.startsWith("xyz")) return 10 * 257;
  // libswscale before FFmpeg 5 makes 8 bits of every colour pattern.
  const bits = isPalette || isBayer ? 8 : isFloat ? 16 : Math.min(...depths);
  const step = 65535 / (2 ** bits - 1);
  // RGB and gray are rounded, or cut. Where there is chroma, red is off by as much as luma and 1.4 times as
  // much as Cr, or blue.
  const steps = isRgb || isGray || isPalette ? 1.5 : 3.5;
  return steps * step + rounding;
}

/** Whether a pixel of the known picture can come back from a format as it was. */
function isExact({ name, isBayer }: PixelFormatInfo, { width, rgba }: KnownPicture, pixel: number): boolean {
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  // A pixel has one colour, and the others of its neighbours: they are the same within a block.
  const isInner = (at: number): boolean => at % blockSide > 0 && at % blockSide < blockSide - 1;
  if (isBayer) return isInner(x) && isInner(y) && y < rampStart;
  if (!name.startsWith("xyz")) return true;
  // Z of bright blue and white is more than the format holds (IEC 61966-2-1, the third row of its matrix).
  const [red, green, blue] = [0, 1, 2].map((channel) => (rgba[pixel * 4 + channel]! / 65535) ** 2.2);
  return 0.0193 * red! + 0.1192 * green! + 0.9505 * blue! < 0.95;
}

/** Where a decoded picture is furthest off, and how far: colours and alpha. */
function worst(
  format: PixelFormatInfo,
  decoded: Uint16Array,
  picture: KnownPicture,
): { color: number; alpha: number } {
  const seen = visible(picture, format).rgba;
  const off = { color: 0, alpha: 0 };
  for (let at = 0; at < seen.length; at += 4) {
    off.alpha = Math.max(off.alpha, Math.abs(decoded[at + 3]! - seen[at + 3]!));
    if (!isExact(format, picture, at / 4)) continue;
    for (const channel of [0, 1, 2]) {
      off.color = Math.max(off.color, Math.abs(decoded[at + channel]! - seen[at + channel]!));
    }
  }
  return off;
}

/** The samples of one plane of a raw picture, row by row. */
function samplesOf(
  format: PixelFormatInfo,
  raw: Uint8Array,
  width: number,
  height: number,
): ArrayLike<number>[][] {
  let start = 0;
  return frameLayout(format, width, height).planes.map(({ rowBytes, rows }) =>
    Array.from({ length: rows }, () => {
      const row = raw.slice(start, start += rowBytes);
      return format.depth > 8 ? new Uint16Array(row.buffer) : row;
    })
  );
}

/**
 * The largest difference between samples of a picture and those at the same place in a larger one; not near
 * its right and lower edge.
 */
function largestDifference(
  part: readonly ArrayLike<number>[][],
  whole: readonly ArrayLike<number>[][],
  { width, margin }: { readonly width: number; readonly margin: number },
): number {
  let largest = 0;
  for (const [plane, rows] of part.entries()) {
    for (const [y, row] of rows.slice(0, rows.length - margin).entries()) {
      const end = row.length * (width - margin) / width;
      for (let x = 0; x < end; x++) {
        largest = Math.max(largest, Math.abs(row[x]! - whole[plane]![y]![x]!));
      }
    }
  }
  return largest;
}

test("pixelFormatNames: every pixel format of the library is one that these tests can make", () => {
  const written = formatsOfProgram();
  const unknown = names.filter((name) => !Object.hasOwn(handPacked, name) && !written.has(name));
  assertEquals(unknown, []);
});

test("layOut: what these tests lay out by hand is what ffmpeg lays out", () => {
  using folder = new TemporaryFolder();
  const picture = knownPicture();
  const written = formatsOfProgram();
  const both = names.filter((name) =>
    Object.hasOwn(handPacked, name) && isOfProgram(name) && written.has(name) && !name.startsWith("bgra64")
  );
  const byHand = layOut(both, picture, folder);
  const byProgram = writtenByProgram(both, picture, folder);
  const differing = both.filter((name) =>
    byHand.get(name)!.some((byte, index) => byte !== byProgram.get(name)![index])
  );
  assertEquals(differing, []);
});

testBoth(
  "write: a picture in every pixel format comes back from a lossless video, whatever its strides",
  async () => {
    using folder = new TemporaryFolder();
    const picture = knownPicture();
    const { width, height } = picture;
    const bytes = layOut(chosenNames, picture, folder);
    const problems: string[] = [];
    const paths = chosenNames.map((name) => folder.file(`${name}.mkv`));
    const stored: string[] = [];
    for (const [index, format] of chosen.entries()) {
      stored.push(await write(paths[index]!, "ffv1", ways(format, bytes.get(format.name)!, width, height)));
    }
    const decoded = decodeAll(paths, () => "rgba64le", judge);
    for (const [index, format] of chosen.entries()) {
      const [first, ...others] = [0, 1, 2].map((frame) =>
        new Uint16Array(decoded[index]!.buffer, frame * width * height * 8, width * height * 4)
      );
      const { color, alpha } = worst(format, first!, picture);
      const allowed = tolerance(format);
      if (color > allowed || alpha > allowed) {
        problems.push(
          `${format.name} as ${stored[index]}: off by ${color}, alpha by ${alpha}, of ${Math.round(allowed)}`,
        );
      }
      for (const [way, other] of others.entries()) {
        if (other.some((value, at) => value !== first![at])) {
          problems.push(`${format.name}: ${["gaps between rows", "planes apart"][way]} make another picture`);
        }
      }
    }
    assertEquals(problems, []);
  },
);

testBoth(
  "write: a picture of odd sides in every pixel format is the part of the even one that it is",
  async () => {
    using folder = new TemporaryFolder();
    const sizes = [[48, 32], [47, 31], [1, 1]] as const;
    const few = some(chosen, 4);
    const fewNames = few.map(({ name }) => name);
    const videos: { stored: string[]; raw: Uint8Array[] }[] = [];
    for (const [width, height] of sizes) {
      const bytes = layOut(fewNames, knownPicture(width, height), folder);
      const paths = fewNames.map((name) => folder.file(`${name}-${width}.mkv`));
      const stored: string[] = [];
      for (const [index, format] of few.entries()) {
        const [packed, , apart] = ways(format, bytes.get(format.name)!, width, height);
        stored.push(await write(paths[index]!, "ffv1", [packed!, apart!]));
      }
      videos.push({ stored, raw: decodeAll(paths, (index) => stored[index]!) });
    }
    const [whole, ...parts] = videos;
    const problems: string[] = [];
    for (const [part, { stored, raw }] of parts.entries()) {
      assertEquals(stored, whole!.stored);
      const [width, height] = sizes[part + 1]!;
      for (const [index, format] of few.entries()) {
        const kept = pixelFormatByName(native, stored[index]!)!;
        const wholePicture = samplesOf(kept, whole!.raw[index]!, ...sizes[0]);
        const length = raw[index]!.length / 2;
        for (const frame of [0, 1]) {
          const picture = raw[index]!.subarray(frame * length, (frame + 1) * length);
          // The last pixels of a colour pattern get colours from neighbours that the part does not have.
          const limits = { width, margin: format.isBayer ? Math.min(2, height) : 0 };
          const off = largestDifference(samplesOf(kept, picture, width, height), wholePicture, limits);
          if (off > 0) {
            problems.push(`${width}x${height} ${format.name} as ${kept.name}, frame ${frame}: ${off}`);
          }
        }
      }
    }
    assertEquals(problems, []);
  },
);

testBoth(
  "write: raw video holds every pixel format bit for bit, or is refused where the container has no code for it",
  async () => {
    using folder = new TemporaryFolder();
    const picture = knownPicture();
    const { width, height } = picture;
    const bytes = layOut(chosenNames, picture, folder);
    const written: string[] = [];
    for (const name of chosenNames) {
      const frame = { data: bytes.get(name)!, width, height, format: name };
      const error = await write(folder.file(`${name}.nut`), "rawvideo", [frame], { pixelFormat: name })
        .then(() => null, (reason) => reason);
      if (error === null) written.push(name);
      else {
        assertEquals([error.constructor, error.code], [UnsupportedError, "PIXEL_FORMAT"], String(error));
        assertReadable(error);
      }
    }
    assertEquals(named.filter((name) => !written.includes(name)), []);
    // NUT does not tell the range of luma.
    const read = written.map((name) => name.replace("yuvj", "yuv"));
    const decoded = decodeAll(written.map((name) => folder.file(`${name}.nut`)), (index) => read[index]!);
    const changed = written.filter((name, index) =>
      decoded[index]!.length !== bytes.get(name)!.length ||
      decoded[index]!.some((byte, at) => byte !== bytes.get(name)![at])
    );
    assertEquals(changed, []);
  },
);

test("write: a picture with a palette keeps its colours, and its palette where the codec has one", async () => {
  using folder = new TemporaryFolder();
  const clear = knownPicture();
  const { width, height } = clear;
  const opaque = visible(clear, { isGray: false, hasAlpha: false });
  for (
    const [codec, file, picture, format] of [
      ["png", "a.mkv", clear, "pal8"],
      ["ffv1", "b.mkv", clear, "bgra"],
      ["gif", "c.gif", opaque, "pal8"],
    ] as const
  ) {
    const data = handPacked["pal8"]!.pack([], picture);
    const path = folder.file(file);
    assertEquals(await write(path, codec, [{ data, width, height, format: "pal8" }]), format);
    const expected = Uint8Array.from(picture.rgba, (value) => Math.round(value / 257));
    assertSameBytes(decode(path, "rgba"), expected, codec);
  }
});

const rampWidth = 512;
const rampHeight = 64;

/** Gray that rises from left to right by a quarter of what 8 bits can tell apart. */
function rampAt(x: number): number {
  return 0.25 + x / 4 / 255;
}

/** Words or floats of one plane of the ramp. */
function rampPlane(
  sample: (value: number, x: number) => readonly number[],
  { width = rampWidth, height = rampHeight, isFloat = false, bytes = 2 } = {},
): Uint8Array {
  const row = Array.from({ length: width }, (_, x) => sample(rampAt(x), x)).flat();
  const samples = new (isFloat ? Float32Array : bytes === 4 ? Uint32Array : Uint16Array)(row.length * height);
  for (let y = 0; y < height; y++) samples.set(row, y * row.length);
  return new Uint8Array(samples.buffer);
}

/** Luma of limited range, in so many bits. */
const limited = (value: number, bits: number): number => Math.round((16 + 219 * value) * 2 ** (bits - 8));
const half = { width: rampWidth / 2, height: rampHeight / 2 };
const float = { isFloat: true };

/** The ramp in formats that tell apart more than 8 bits do. */
const deepRamps: Readonly<Record<string, readonly Uint8Array[]>> = {
  rgb48le: [rampPlane((value) => new Array(3).fill(Math.round(value * 65535)))],
  rgba64le: [rampPlane((value) => [...new Array(3).fill(Math.round(value * 65535)), 65535])],
  gbrpf32le: [0, 1, 2].map(() => rampPlane((value) => [value], float)),
  grayf32le: [rampPlane((value) => [value], float)],
  gray12le: [rampPlane((value) => [Math.round(value * 4095)])],
  x2rgb10le: [rampPlane((value) => [Math.round(value * 1023) * (1 + 1024 + 1024 ** 2)], { bytes: 4 })],
  yuv420p10le: [
    rampPlane((value) => [limited(value, 10)]),
    ...[0, 1].map(() => rampPlane(() => [512], half)),
  ],
  p010le: [rampPlane((value) => [limited(value, 10) << 6]), rampPlane(() => [512 << 6, 512 << 6], half)],
  yuv444p16le: [rampPlane((value) => [limited(value, 16)]), ...[0, 1].map(() => rampPlane(() => [32768]))],
};

/**
 * Families that have deep formats, with the encoder that is asked for one, and the format that proves it
 * able.
 */
const deepCodecs = [
  { codec: "ffv1", encoder: "ffv1", format: "yuv420p10le" },
  { codec: "hevc", encoder: "libx265", format: "yuv420p10le" },
  { codec: "prores", encoder: "prores_ks", format: "yuv422p10le" },
  { codec: "vp9", encoder: "libvpx-vp9", format: "yuv420p10le" },
] as const;

/**
 * The ramp as a decoded picture has it, from 0 to 1: the means of the columns of its first plane, which is
 * luma, green or gray.
 */
function decodedRamp(kept: PixelFormatInfo, raw: Uint8Array): number[] {
  const rows = samplesOf(kept, raw, rampWidth, rampHeight)[0]!;
  const samplesPerPixel = rows[0]!.length / rampWidth;
  const largest = 2 ** kept.depth - 1;
  const isLimited = !kept.isRgb && !kept.isGray;
  return Array.from({ length: rampWidth }, (_, x) => {
    const mean = rows.reduce((sum, row) => sum + row[x * samplesPerPixel]!, 0) / rampHeight;
    return isLimited ? (mean / 2 ** (kept.depth - 8) - 16) / 219 : mean / largest;
  });
}

for (const { codec, encoder, format } of deepCodecs) {
  test(
    `write: what 8 bits cannot tell apart stays apart in ${codec}`,
    { skip: missingPixelFormat(encoder, format) },
    async () => {
      using folder = new TemporaryFolder();
      // libvpx has alpha in 8 bits only.
      const given = Object.keys(deepRamps).filter((name) =>
        names.includes(name) && !(codec === "vp9" && name === "rgba64le")
      );
      const paths = given.map((name) => folder.file(`${name}.mkv`));
      const stored: PixelFormatInfo[] = [];
      for (const [index, name] of given.entries()) {
        const frame = { data: deepRamps[name]!, width: rampWidth, height: rampHeight, format: name };
        const quality = codec === "hevc" || codec === "vp9" ? { quality: 4 } : {};
        stored.push(pixelFormatByName(native, await write(paths[index]!, encoder, [frame], quality))!);
      }
      const decoded = decodeAll(paths, (index) => stored[index]!.name);
      for (const [index, name] of given.entries()) {
        assert(stored[index]!.depth >= 10, `${name} became ${stored[index]!.name}`);
        const values = decodedRamp(stored[index]!, decoded[index]!);
        const off = values.reduce((sum, value, x) => sum + Math.abs(value - rampAt(x)), 0) / rampWidth * 255;
        // 8 bits are off by a quarter of their step on average; 10 bits of limited range by a fourteenth of
        // it, twice.
        assert(off < 0.16, `${name} is off by ${off} of 255`);
      }
    },
  );
}

test("write: an encoder that fails with its first frame leaves no native object behind", async () => {
  using folder = new TemporaryFolder();
  const before = undisposedObjects();
  // Its size is refused only as it encodes; with a filter, the frame has waited for the next one, which does
  // not come.
  const options = { filter: "hflip", thread: "main", logLevel: "quiet" } as const;
  const writer = await createFileWriter("amv", folder.file("a.mkv"), 25, options);
  await writer.write({ data: new Uint8Array(26 * 20 * 3 / 2), width: 26, height: 20, format: "yuv420p" });
  await assertRejects(() => writer.close(), WriteError);
  assertEquals(undisposedObjects(), before);
});

testBoth("createConverter: an impossible conversion leaves no native object behind", () => {
  const meaning = { matrix: "bt709", range: "tv" } as const;
  const before = undisposedObjects();
  let refused = 0;
  for (const name of ["rgb48le", "rgb444le", "bayer_rggb8", "gbrpf32le"]) {
    const shape = { layout: frameLayout(pixelFormatByName(native, name)!, 16, 16), meaning };
    for (const format of some(formats.filter((other) => !other.isPalette), 3)) {
      try {
        createConverter(native, shape, { format, width: 16, height: 16, color: meaning })[Symbol.dispose]();
      } catch (error) {
        assert(error instanceof UnsupportedError, String(error));
        refused++;
      }
      assertEquals([name, format.name, undisposedObjects()], [name, format.name, before]);
    }
  }
  assert(refused > 0);
});
