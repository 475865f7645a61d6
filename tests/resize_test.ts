import { statSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { createFileWriter, type RawFrame, UnsupportedError } from "../mod.ts";
import { pixelFormatByName, type PixelFormatInfo, pixelFormatNames } from "../src/libav/pixel_format.ts";
import { frameLayout } from "../src/video/pixels.ts";
import { geometryOf, type ResizeMode } from "../src/video/resizer.ts";
import { decode, lightOptions, probe, psnr, TemporaryFolder, writeFrames } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { decodeAll, knownPicture, layOut } from "./support/packed_formats.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth, testLong } = testsOf(import.meta.url);

const native = loadNative();
const modes: readonly ResizeMode[] = ["contain", "cover", "fill"];

interface Size {
  readonly width: number;
  readonly height: number;
}

const size = (width: number, height: number): Size => ({ width, height });
const noStep = { x: 1, y: 1 };
const pairs = { x: 2, y: 2 };

test("geometryOf: a picture is contained in, covers, or fills a video as its sides say", () => {
  const area = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });
  const cases = [
    ["contain", size(100, 100), size(200, 100), noStep, area(0, 0, 100, 100), area(50, 0, 100, 100)],
    ["contain", size(100, 50), size(100, 100), noStep, area(0, 0, 100, 50), area(0, 25, 100, 50)],
    ["contain", size(100, 50), size(100, 100), pairs, area(0, 0, 100, 50), area(0, 26, 100, 50)],
    ["contain", size(1, 1), size(640, 360), noStep, area(0, 0, 1, 1), area(140, 0, 360, 360)],
    ["contain", size(16384, 1), size(64, 48), noStep, area(0, 0, 16384, 1), area(0, 24, 64, 1)],
    ["contain", size(16384, 1), size(64, 48), pairs, area(0, 0, 16384, 1), area(0, 24, 64, 2)],
    ["contain", size(1, 16384), size(1, 1), pairs, area(0, 0, 1, 16384), area(0, 0, 1, 1)],
    ["cover", size(100, 100), size(200, 100), noStep, area(0, 25, 100, 50), area(0, 0, 200, 100)],
    ["cover", size(640, 480), size(1920, 1080), pairs, area(0, 60, 640, 360), area(0, 0, 1920, 1080)],
    // Nine and a half rows of ten are needed: all ten are scaled, and what is too much is left out after
    // that.
    ["cover", size(16, 10), size(1920, 1080), noStep, area(0, 0, 16, 10), area(0, -60, 1920, 1200)],
    ["cover", size(16384, 1), size(64, 48), noStep, area(8191, 0, 2, 1), area(-16, 0, 96, 48)],
    ["cover", size(1, 16384), size(48, 64), noStep, area(0, 8191, 1, 2), area(0, -16, 48, 96)],
    ["fill", size(100, 100), size(7, 300), pairs, area(0, 0, 100, 100), area(0, 0, 7, 300)],
  ] as const;
  for (const [mode, picture, video, step, source, target] of cases) {
    const what = `${mode} ${JSON.stringify(picture)} in ${JSON.stringify(video)}`;
    assertEquals(geometryOf(mode, picture, video, step), { source, target }, what);
  }
});

test("geometryOf: whatever the sides, a picture stays in the middle, keeps its shape, and its chroma whole", () => {
  const sides = [1, 2, 3, 7, 16, 47, 48, 100, 333, 640, 1080, 4096, 16384];
  const steps = [noStep, pairs, { x: 2, y: 1 }, { x: 4, y: 4 }, { x: 8, y: 1 }];
  for (const [pw, ph] of sides.flatMap((width) => sides.map((height) => [width, height] as const))) {
    for (const [vw, vh] of sides.flatMap((width) => sides.map((height) => [width, height] as const))) {
      for (const step of steps) {
        for (const mode of ["contain", "cover"] as const) {
          const { source, target } = geometryOf(mode, size(pw, ph), size(vw, vh), step);
          const what = `${mode} ${pw}x${ph} in ${vw}x${vh} by ${step.x},${step.y}: ${
            JSON.stringify([source, target])
          }`;
          const scale = Math[mode === "contain" ? "min" : "max"](vw / pw, vh / ph);
          for (
            const [from, to, picture, video, along] of [
              [
                { start: source.x, length: source.width },
                { start: target.x, length: target.width },
                pw,
                vw,
                step.x,
              ],
              [
                { start: source.y, length: source.height },
                { start: target.y, length: target.height },
                ph,
                vh,
                step.y,
              ],
            ] as const
          ) {
            assert(from.start >= 0 && from.length >= 1 && from.start + from.length <= picture, what);
            assert(from.start % along === 0 && Math.abs(to.start % along) === 0, what);
            if (mode === "contain") assert(to.start >= 0 && to.start + to.length <= video, what);
            else assert(to.start <= 0 && to.start + to.length >= video, what);
            // The middle of the picture is shown in the middle of the video.
            const middle = to.start + (picture / 2 - from.start) * to.length / from.length;
            const off = Math.abs(middle - video / 2);
            // To half a step; to one where the picture ends there.
            const isAtEnd = to.start === 0 || to.start + to.length < video + along;
            assert(off <= along * (isAtEnd ? 1 : 0.5) + 1e-6, `${what}: off by ${off}`);
            // Its sides are as long as they have to be, to the nearest step.
            const wanted = from.length * scale;
            assert(Math.abs(to.length - wanted) <= Math.max(along, along / 2 + 1), `${what}: ${wanted}`);
          }
        }
      }
    }
  }
});

/**
 * A smooth picture with a mark that moves: red, green and blue from 0 to 1 at a place, both sides of it from
 * 0 to 1.
 */
type Scene = (u: number, v: number) => readonly [number, number, number];

function scene(index: number): Scene {
  const mark = { u: 0.3 + 0.08 * index, v: 0.6 - 0.05 * index };
  return (u, v) => {
    const near = Math.exp(-((u - mark.u) ** 2 + (v - mark.v) ** 2) / 0.008);
    const wave = (phase: number): number =>
      0.5 + 0.22 * Math.sin(5 * u + phase) + 0.2 * Math.cos(4 * v + 2 * phase);
    return [
      0.9 * wave(0) * (1 - near) + near,
      0.9 * wave(1.5) * (1 - near),
      0.9 * wave(3) * (1 - near) + near,
    ];
  };
}

const grayOf = ([red, green, blue]: readonly [number, number, number]): number =>
  0.299 * red + 0.587 * green + 0.114 * blue;

/** Luma, Cb and Cr of ITU-R BT.601 in limited range, from 0 to 1 as fractions of what so many bits hold. */
function lumaChroma(color: readonly [number, number, number]): readonly [number, number, number] {
  const luma = grayOf(color);
  const [red, , blue] = color;
  return [16 + 219 * luma, 128 + 224 * (blue - luma) / 1.772, 128 + 224 * (red - luma) / 1.402];
}

/** Samples of a plane: one for each pixel, or group of pixels that share it, in the order of rows. */
function plane(
  { width, height }: Size,
  across: number,
  down: number,
  sample: (u: number, v: number, x: number, y: number) => readonly number[],
): number[] {
  const samples: number[] = [];
  for (let y = 0; y * down < height; y++) {
    for (let x = 0; x * across < width; x++) {
      samples.push(...sample((x + 0.5) * across / width, (y + 0.5) * down / height, x, y));
    }
  }
  return samples;
}

const bytes = (samples: readonly number[]): Uint8Array =>
  Uint8Array.from(samples, (value) => Math.round(value));
const words = (samples: readonly number[]): Uint16Array =>
  Uint16Array.from(samples, (value) => Math.round(value));
const floats = (samples: readonly number[]): Float32Array => Float32Array.from(samples);

type Draw = (draw: Scene, size: Size) => ArrayBufferView[];

/** 4:2:0 with luma of one byte. */
const planar420: Draw = (draw, size) => [
  bytes(plane(size, 1, 1, (u, v) => [lumaChroma(draw(u, v))[0]])),
  ...[1, 2].map((component) => bytes(plane(size, 2, 2, (u, v) => [lumaChroma(draw(u, v))[component]!]))),
];

/** A scene in several formats. */
const drawings: Readonly<Record<string, Draw>> = {
  rgba: (
    draw,
    size,
  ) => [bytes(plane(size, 1, 1, (u, v) => [...draw(u, v).map((value) => value * 255), 255]))],
  yuv420p: planar420,
  nv12: (draw, size) => [
    planar420(draw, size)[0]!,
    bytes(plane(size, 2, 2, (u, v) => lumaChroma(draw(u, v)).slice(1))),
  ],
  gray: (draw, size) => [bytes(plane(size, 1, 1, (u, v) => [grayOf(draw(u, v)) * 255]))],
  yuv422p10le: (draw, size) => [
    words(plane(size, 1, 1, (u, v) => [lumaChroma(draw(u, v))[0] * 4])),
    ...[1, 2].map((part) => words(plane(size, 2, 1, (u, v) => [lumaChroma(draw(u, v))[part]! * 4]))),
  ],
  uyvy422: (draw, size) => [
    bytes(plane(size, 2, 1, (u, v) => {
      const half = 0.5 / size.width;
      const [, cb, cr] = lumaChroma(draw(u, v));
      return [cb, lumaChroma(draw(u - half, v))[0], cr, lumaChroma(draw(u + half, v))[0]];
    })),
  ],
  gbrpf32le: (draw, size) =>
    [1, 2, 0].map((part) => floats(plane(size, 1, 1, (u, v) => [draw(u, v)[part]!]))),
  // Places in a palette of grays.
  pal8: (draw, size) => [
    bytes(plane(size, 1, 1, (u, v) => [grayOf(draw(u, v)) * 255])),
    Uint8Array.from({ length: 1024 }, (_, at) => (at % 4 === 3 ? 255 : at >> 2)),
  ],
  bayer_rggb8: (draw, size) => [
    bytes(plane(size, 1, 1, (u, v, x, y) => [draw(u, v)[x % 2 + y % 2]! * 255])),
  ],
};

/** Where each pixel of a video shows which place of a picture, exactly; `null` between bars. */
function placeIn(mode: ResizeMode, picture: Size, video: Size) {
  const [wider, higher] = [video.width / picture.width, video.height / picture.height];
  const scale = mode === "fill" ? null : Math[mode === "contain" ? "min" : "max"](wider, higher);
  const shown = size(picture.width * (scale ?? wider), picture.height * (scale ?? higher));
  return (x: number, y: number): { u: number; v: number } => ({
    u: (x + 0.5 - (video.width - shown.width) / 2) / shown.width,
    v: (y + 0.5 - (video.height - shown.height) / 2) / shown.height,
  });
}

/** The samples of one plane of a raw picture, row by row. */
function samplesOf(format: PixelFormatInfo, raw: Uint8Array, { width, height }: Size): ArrayLike<number>[][] {
  let start = 0;
  return frameLayout(format, width, height).planes.map(({ rowBytes, rows }) =>
    Array.from({ length: rows }, () => {
      const row = raw.slice(start, start += rowBytes);
      return format.depth > 8 ? new Uint16Array(row.buffer) : row;
    })
  );
}

/** What black is in each plane, and alpha that hides what is behind. */
function blackOf({ isRgb, isGray, depth, hasAlpha, planeCount }: PixelFormatInfo): number[] {
  const opaque = 2 ** depth - 1;
  const unit = 2 ** (depth - 8);
  const colors = isRgb ? [0, 0, 0] : isGray ? [0] : [16 * unit, 128 * unit, 128 * unit];
  return planeCount === 1 && colors.length > 1 ? colors : hasAlpha ? [...colors, opaque] : colors;
}

const video = size(96, 64);
/** Sizes of pictures, in turn: as the video, wider, higher, odd, smaller, larger. */
const pictures = [
  video,
  size(200, 50),
  size(50, 120),
  size(61, 91),
  size(24, 24),
  size(33, 22),
  size(300, 270),
  video,
];

interface Offset {
  /** How far the picture is shifted, in pixels of the video. */
  x: number;
  y: number;
  /** Root of the mean square of the differences, of 255. */
  difference: number;
}

/**
 * Compares a decoded RGB picture with the scene, and tells how far it is shifted (by least squares along the
 * scene's slopes).
 */
function offset(
  rgb: Uint8Array,
  place: (x: number, y: number) => { u: number; v: number },
  draw: Scene,
  isGray: boolean,
): Offset {
  const at = (x: number, y: number): readonly number[] => {
    const { u, v } = place(x, y);
    const color = draw(u, v);
    return isGray ? new Array(3).fill(grayOf(color)) : color;
  };
  let [xx, xy, yy, xd, yd, squares, count] = [0, 0, 0, 0, 0, 0, 0];
  for (let y = 0; y < video.height; y++) {
    for (let x = 0; x < video.width; x++) {
      const { u, v } = place(x, y);
      // Near edges, a filter has less to see.
      if (u < 0.04 || u > 0.96 || v < 0.04 || v > 0.96) continue;
      const expected = at(x, y);
      const [left, right, above, below] = [at(x - 0.5, y), at(x + 0.5, y), at(x, y - 0.5), at(x, y + 0.5)];
      for (const channel of [0, 1, 2]) {
        const difference = rgb[(y * video.width + x) * 3 + channel]! / 255 - expected[channel]!;
        const [slopeX, slopeY] = [right[channel]! - left[channel]!, below[channel]! - above[channel]!];
        xx += slopeX * slopeX;
        xy += slopeX * slopeY;
        yy += slopeY * slopeY;
        xd -= slopeX * difference;
        yd -= slopeY * difference;
        squares += difference * difference;
        count++;
      }
    }
  }
  const determinant = xx * yy - xy * xy;
  return {
    x: (xd * yy - yd * xy) / determinant,
    y: (yd * xx - xd * xy) / determinant,
    difference: Math.sqrt(squares / count) * 255,
  };
}

/**
 * The video's samples that lie between bars, a pixel away from the picture, and are not black; up to a few,
 * in words.
 */
function brightInBars(
  kept: PixelFormatInfo,
  raw: Uint8Array,
  place: (x: number, y: number) => { u: number; v: number },
): string[] {
  const black = blackOf(kept);
  const found: string[] = [];
  const isOutside = (x: number, y: number): boolean => {
    const { u, v } = place(x, y);
    return u < 0 || u > 1 || v < 0 || v > 1;
  };
  for (const [index, rows] of samplesOf(kept, raw, video).entries()) {
    const isChroma = !kept.isRgb && (index === 1 || index === 2);
    const [shiftX, shiftY] = isChroma ? [kept.log2ChromaWidth, kept.log2ChromaHeight] : [0, 0];
    for (const [y, row] of rows.entries()) {
      const count = row.length / (video.width >> shiftX);
      for (let x = 0; x < video.width >> shiftX; x++) {
        const [left, top] = [(x << shiftX) - 2, (y << shiftY) - 2];
        const corners = [[left, top], [left, top + 5], [left + 5, top], [left + 5, top + 5]] as const;
        if (!corners.every(([cx, cy]) => isOutside(cx, cy))) continue;
        for (let part = 0; part < count; part++) {
          // The fourth byte of bgr0 means nothing.
          const expected = count > 1 ? (part < 3 ? 0 : kept.hasAlpha ? 255 : null) : black[index]!;
          const value = row[x * count + part]!;
          if (expected !== null && value !== expected) found.push(`plane ${index} at ${x},${y}: ${value}`);
        }
      }
    }
  }
  return found.slice(0, 3);
}

/** How far a colour may be off on average, of 255, where the format has less of it to go by. */
const coarse: Readonly<Record<string, number>> = { bayer_rggb8: 8 };

/** Formats of each kind: packed, planar, deep, and of a colour pattern. */
const quickFormats = ["rgba", "nv12", "yuv422p10le", "bayer_rggb8"];

for (const [format, draw] of Object.entries(drawings)) {
  if (!isLong && !quickFormats.includes(format)) continue;
  testBoth(
    `resize: ${format} pictures of any size are scaled to where they belong, between black bars`,
    async () => {
      using folder = new TemporaryFolder();
      const described = pixelFormatByName(native, format)!;
      const isGray = described.isGray || described.isPalette;
      // Half a pixel, or half a sample of chroma; and what it can't be measured better than.
      const mostShift = {
        x: (1 << described.log2ChromaWidth) / 2 + 0.2,
        y: (1 << described.log2ChromaHeight) / 2 + 0.2,
      };
      const paths = modes.map((mode) => folder.file(`${mode}.mkv`));
      const frames = pictures.map((picture, index) => ({
        data: draw(scene(index), picture),
        ...picture,
        format,
      }));
      const stored: string[] = [];
      for (const [index, mode] of modes.entries()) {
        stored.push(await writeFrames(paths[index]!, "ffv1", frames, { resize: mode }));
      }
      const colors = decodeAll(paths, () => "rgb24", "scale=flags=accurate_rnd+full_chroma_int+bicubic");
      const raw = decodeAll(paths, (index) => stored[index]!);
      const problems: string[] = [];
      for (const [modeIndex, mode] of modes.entries()) {
        const kept = pixelFormatByName(native, stored[modeIndex]!)!;
        assertEquals(colors[modeIndex]!.length, pictures.length * video.width * video.height * 3);
        for (const [index, picture] of pictures.entries()) {
          const part = (frames: Uint8Array): Uint8Array => {
            const length = frames.length / pictures.length;
            return frames.slice(index * length, (index + 1) * length);
          };
          const place = placeIn(mode, picture, video);
          const what = `${mode} ${picture.width}x${picture.height}`;
          const { x, y } = offset(part(colors[modeIndex]!), place, scene(index), isGray);
          if (Math.abs(x) > mostShift.x || Math.abs(y) > mostShift.y) {
            problems.push(`${what}: shifted by ${x}, ${y}`);
          }
          const moved = (px: number, py: number) => place(px - x, py - y);
          const { difference } = offset(part(colors[modeIndex]!), moved, scene(index), isGray);
          if (difference > (coarse[format] ?? 3.5)) problems.push(`${what}: off by ${difference}`);
          problems.push(
            ...brightInBars(kept, part(raw[modeIndex]!), place).map((bright) => `${what}: ${bright}`),
          );
        }
      }
      assertEquals(problems, []);
    },
  );
}

test("resize: a square in one bit for each pixel stays a square", async () => {
  using folder = new TemporaryFolder();
  for (const [format, bitOfBright] of [["monow", 0], ["monob", 1]] as const) {
    const path = folder.file(`${format}.mkv`);
    const picture = size(57, 41);
    const rowBytes = Math.ceil(picture.width / 8);
    const data = new Uint8Array(rowBytes * picture.height);
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < rowBytes * 8; x++) {
        const isBright = x >= 10 && x < 30 && y >= 12 && y < 32;
        if (isBright === (bitOfBright === 1)) data[y * rowBytes + (x >> 3)]! |= 128 >> x % 8;
      }
    }
    const [width, height] = [114, 114];
    const options = { resize: "contain", width, height } as const;
    await writeFrames(path, "ffv1", [{ data, ...picture, format }], options);
    const gray = decode(path, "gray");
    const bright: { x: number; y: number }[] = [];
    for (const [at, value] of gray.entries()) {
      if (value >= 128) bright.push({ x: at % width, y: Math.floor(at / width) });
    }
    const xs = bright.map(({ x }) => x);
    const ys = bright.map(({ y }) => y);
    // Twice as large, 16 rows below the upper bar.
    const edges = [Math.min(...xs), Math.max(...xs) + 1, Math.min(...ys), Math.max(...ys) + 1];
    for (const [index, edge] of [20, 60, 40, 80].entries()) {
      assert(Math.abs(edges[index]! - edge) <= 1, `${format}: ${edges}`);
    }
    assert(Math.abs(bright.length - 1600) <= 90, `${format}: ${bright.length}`);
  }
});

testBoth(
  "resize: a picture in every pixel format is seen between bars, with alpha that hides what is behind them",
  async () => {
    using folder = new TemporaryFolder();
    const known = knownPicture();
    const all = pixelFormatNames(native).map((name) => pixelFormatByName(native, name)!)
      .filter(({ isHardware }) => !isHardware);
    const references = ["gray16le", "rgb48le"];
    const formats = isLong ? all : all.filter(({ name }, at) => at % 6 === 0 || references.includes(name));
    const names = formats.map(({ name }) => name);
    const drawn = layOut(names, known, folder);
    const [width, height] = [96, 96];
    const paths = names.map((name) => folder.file(`${name}.mkv`));
    for (const [index, name] of names.entries()) {
      const frame = { data: drawn.get(name)!, width: 48, height: 32, format: name };
      // Threads take longer to start than such small pictures to encode.
      const encoderOptions = { threads: 1 };
      await writeFrames(paths[index]!, "ffv1", [frame], { resize: "contain", width, height, encoderOptions });
    }
    const judge = "scale=flags=accurate_rnd+full_chroma_int+bicubic";
    const deep = decodeAll(paths, () => "rgba64le", judge).map((raw) => new Uint16Array(raw.buffer));
    // libswscale before FFmpeg 5 makes 16 bits of deep black exactly, and 8 bits not.
    const decoded = deep.map((samples) => Uint8Array.from(samples, (sample) => sample >> 8));
    const shown = (isGray: boolean) => decoded[names.indexOf(isGray ? "gray16le" : "rgb48le")]!;
    const problems: string[] = [];
    for (const [index, { name, isGray, depths, isBayer, isPalette }] of formats.entries()) {
      const picture = decoded[index]!;
      // 96x64 between bars of 16 rows; chroma at their edges is blended with the picture's.
      const bars = [picture.subarray(0, width * 7 * 4), picture.subarray(width * 89 * 4)];
      const isBlack = bars.every((bar) => bar.every((value, at) => value === (at % 4 === 3 ? 255 : 0)));
      if (!isBlack) problems.push(`${name}: its bars are ${bars[0]!.subarray(0, 4)}`);
      const opaque = (rgba: Uint8Array): Uint8Array =>
        rgba.subarray(width * 16 * 4, width * 80 * 4).map((value, at) => (at % 4 === 3 ? 255 : value));
      const depth = isPalette || isBayer ? 8 : Math.min(...depths);
      // What a coarse format rounds away, and what shared chroma blends.
      const least = depth < 4 ? 9 : depth < 8 ? 26 : 18;
      const noise = psnr(opaque(picture), opaque(shown(isGray)));
      if (noise < least) problems.push(`${name}: ${noise} dB`);
    }
    assertEquals(problems, []);
  },
);

const white = (width: number, height: number): RawFrame => ({
  data: new Uint8Array(width * height * 4).fill(255),
  width,
  height,
});

testLong("resize: a single pixel becomes a large video, and the longest row a small one", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const pixel = { data: Uint8Array.of(200, 100, 50, 255), width: 1, height: 1 };
  for (const mode of modes) {
    await writeFrames(path, "ffv1", [pixel], { resize: mode, width: 640, height: 360 });
    const decoded = decode(path, "rgba");
    for (const [x, isBar] of [[20, mode === "contain"], [320, false], [620, mode === "contain"]] as const) {
      const at = (180 * 640 + x) * 4;
      const expected = isBar ? [0, 0, 0, 255] : [200, 100, 50, 255];
      for (const [channel, value] of expected.entries()) {
        assert(
          Math.abs(decoded[at + channel]! - value) <= 1,
          `${mode}, ${x}: ${decoded.subarray(at, at + 4)}`,
        );
      }
    }
  }
  const long = new Uint8Array(16384 * 4);
  for (let x = 0; x < 16384; x++) long.set([x / 64, 255 - x / 64, 128, 255], x * 4);
  for (const [across, down, horizontal] of [[16384, 1, true], [1, 16384, false]] as const) {
    for (const mode of modes) {
      await writeFrames(path, "ffv1", [{ data: long, width: across, height: down }], {
        resize: mode,
        width: 64,
        height: 48,
      });
      const decoded = decode(path, "rgba");
      for (const along of [0.1, 0.5, 0.9]) {
        const [x, y] = horizontal ? [Math.floor(along * 64), 24] : [32, Math.floor(along * 48)];
        const red = mode === "cover" ? 128 : (horizontal ? (x + 0.5) / 64 : (y + 0.5) / 48) * 256;
        const got = decoded.subarray((y * 64 + x) * 4, (y * 64 + x) * 4 + 4);
        for (const [channel, value] of [red, 255 - red, 128, 255].entries()) {
          assert(Math.abs(got[channel]! - value) <= 3, `${mode} ${across}x${down} at ${along}: ${got}`);
        }
      }
    }
  }
});

test("resize: a large picture becomes a small one of its mean colours, and a small one a large one without steps", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const large = size(3000, 2000);
  const stripes = new Uint8Array(large.width * large.height * 4).fill(255);
  // Stripes of one pixel, which a filter that leaves pixels out would see as white or black.
  for (let at = 0; at < stripes.length; at += 8) stripes.fill(0, at, at + 3);
  await writeFrames(path, "ffv1", [{ data: stripes, ...large }], { resize: "fill", width: 30, height: 20 });
  const small = decode(path, "gray");
  assert(small.every((value) => Math.abs(value - 127.5) <= 4), `${small.subarray(0, 30)}`);
  // libswscale looks at four pixels where the picture has six or more across.
  const halves = new Uint8Array(8 * 8 * 4).fill(255);
  for (let at = 0; at < halves.length; at += 4) if (at / 4 % 8 < 4) halves.fill(0, at, at + 3);
  await writeFrames(path, "ffv1", [{ data: halves, width: 8, height: 8 }], {
    resize: "fill",
    width: 512,
    height: 512,
  });
  const row = decode(path, "gray").subarray(256 * 512, 257 * 512);
  const steps = Array.from(row.subarray(1), (value, x) => Math.abs(value - row[x]!));
  assert(Math.max(...steps) <= 8, `a step of ${Math.max(...steps)}`);
  assert(
    row[100] === 0 && Math.abs(row[256]! - 128) <= 4 && row[412] === 255,
    `${row[100]}, ${row[256]}, ${row[412]}`,
  );
});

test("width, height: the video has the sides that are given, and those of the first picture where one is left out", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  for (
    const [options, expected] of [
      [{ width: 100, height: 50 }, [100, 50]],
      [{ width: 100 }, [100, 30]],
      [{ height: 100 }, [40, 100]],
      [{}, [40, 30]],
    ] as const
  ) {
    await writeFrames(path, "ffv1", [white(40, 30), white(80, 80)], { resize: "fill", ...options });
    const { width, height, frames } = probe(path);
    assertEquals([width, height, frames], [...expected, 2]);
    assert(decode(path, "gray").every((value) => value === 255));
  }
});

test("resize: pictures of another size are refused without it", async () => {
  using folder = new TemporaryFolder();
  for (const options of [{}, { resize: "error" }, { width: 40, height: 30 }] as const) {
    await using writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, options);
    await writer.write(white(40, 30));
    await assertFails(() => writer.write(white(30, 40)), {
      type: RangeError,
      says: ["30x40", "40x30", '"contain", "cover" or "fill"'],
    });
    await writer.write(white(40, 30));
    assertEquals((await writer.close()).frames, 2);
  }
});

test("oddSize: odd sides that are asked for are padded, cropped or refused where the encoder needs even ones", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const gradient = (width: number, height: number): RawFrame => {
    const data = new Uint8Array(width * height * 4).fill(255);
    for (let at = 0; at < data.length; at += 4) data.fill(40 + (at / 4) % width * 150 / width, at, at + 3);
    return { data, width, height };
  };
  for (const format of ["rgba", "uyvy422", "monow"] as const) {
    for (const [oddSize, expected] of [["pad", [98, 62]], ["crop", [96, 60]]] as const) {
      const options = { oddSize, resize: "cover", width: 97, height: 61, quality: 1 } as const;
      const drawn = format === "rgba" ? [gradient(97, 61), gradient(50, 80)] : [97, 50].map((width) => {
        const rowBytes = format === "monow" ? Math.ceil(width / 8) : Math.ceil(width / 2) * 4;
        const data = new Uint8Array(rowBytes * 61);
        // Bright, with what is beyond the row's end dark.
        for (let y = 0; y < 61; y++) {
          const row = data.subarray(y * rowBytes, (y + 1) * rowBytes);
          if (format === "monow") row[rowBytes - 1] = 0xff >> (width % 8 || 8);
          else row.forEach((_, at) => row[at] = at % 2 === 0 ? 128 : at >> 1 < width ? 200 : 16);
        }
        return { data, width, height: 61, format };
      });
      await writeFrames(path, "h264", drawn, options);
      const stream = probe(path);
      assertEquals([stream.width, stream.height, stream.frames], [...expected, 2]);
      const luma = decode(path, "gray", "extractplanes=y");
      const [width, height] = expected;
      for (let at = 0; at < luma.length; at += width) {
        const [before, last] = luma.subarray(at + width - 2, at + width);
        assert(
          Math.abs(last! - before!) <= 6,
          `${format} ${oddSize}, row ${at / width % height}: ${before}, ${last}`,
        );
      }
    }
  }
  await assertFails(
    () => createFileWriter("h264", path, 25, { oddSize: "error", resize: "cover", width: 97, height: 61 }),
    { type: UnsupportedError, code: "ODD_SIZE", says: ["97", "pad"] },
  );
});

/** What may be off in a picture of one colour, of 255: lossy codecs do little for so few pixels. */
const mostOff = 16;

const codecs = {
  ...{
    h264: "mp4",
    hevc: "mp4",
    av1: "mp4",
    vp9: "webm",
    vp8: "webm",
    mpeg4: "avi",
    xvid: "avi",
    mjpeg: "avi",
  },
  ...{ prores: "mov", dnxhd: "mov", webp: "webp", gif: "gif", ffv1: "mkv", huffyuv: "avi", utvideo: "avi" },
  ...{ png: "mov", rawvideo: "nut" },
} as const;

testBoth(
  "write: the smallest and the longest pictures make right videos, or are refused with a clear error",
  async () => {
    using folder = new TemporaryFolder();
    const allSides = [[1, 1], [1, 40], [40, 1], [3, 3], [16384, 2], [2, 16384], [17000, 16]] as const;
    const sides = some(allSides, 2);
    const sure = ["h264", "ffv1", "rawvideo", "png", "gif", "huffyuv"];
    const tried = Object.entries(codecs).filter(([codec]) => isLong || [...sure, "vp9"].includes(codec));
    const written: { path: string; what: string; width: number; height: number }[] = [];
    for (const [codec, extension] of tried) {
      for (const [width, height] of sides) {
        const what = `${codec} ${width}x${height}`;
        const path = folder.file(`${codec}-${width}x${height}.${extension}`);
        const data = new Uint8Array(width * height * 4);
        for (let at = 0; at < data.length; at += 4) data.set([200, 100, 50, 255], at);
        const frame = { data, width, height };
        const error = await writeFrames(path, codec, [frame], { logLevel: "quiet", ...lightOptions(codec) })
          .then(
            () => null,
            (reason) => reason,
          );
        if (error === null) written.push({ path, what, width, height });
        else await assertFails(() => Promise.reject(error), { type: UnsupportedError, says: ["Cannot "] });
      }
    }
    const decoded = decodeAll(written.map(({ path }) => path), () => "rgb24");
    const problems: string[] = [];
    for (const [index, { what, width, height }] of written.entries()) {
      const rgb = decoded[index]!;
      const sizes = [
        width * height * 3,
        (width + width % 2) * (height + height % 2) * 3,
        (width + 1) * height * 3,
      ];
      // A GIF's frame lasts several of ffmpeg's.
      if (!sizes.some((size) => rgb.length % size === 0)) problems.push(`${what}: ${rgb.length} bytes`);
      const worst = rgb.reduce(
        (most, value, at) => Math.max(most, Math.abs(value - [200, 100, 50][at % 3]!)),
        0,
      );
      if (worst > mostOff) problems.push(`${what}: off by ${worst}, first ${rgb.subarray(0, 3)}`);
    }
    assertEquals(problems, []);
    const expected = sure.flatMap((codec) =>
      sides.filter((pair) => Math.max(...pair) <= 40).map(([width, height]) => `${codec} ${width}x${height}`)
    );
    const missing = expected.filter((what) => !written.some((file) => file.what === what));
    assertEquals(missing, []);
  },
);

test("width, height: sides beyond any encoder are refused when the writer opens", async () => {
  using folder = new TemporaryFolder();
  for (const codec of ["h264", "mpeg4", "vp9", "webp", "ffv1", "gif", "png", "prores"] as const) {
    for (
      const [width, height] of [[40_000_000, 2], [100_000, 100_000], [2 ** 31 - 1, 2 ** 31 - 1]] as const
    ) {
      const path = folder.file(`a.${codecs[codec]}`);
      const error = await createFileWriter(codec, path, 25, { width, height, logLevel: "quiet" })
        .then((writer) => writer.abort(), (reason) => reason);
      assert(error !== undefined, `${codec} ${width}x${height}`);
      await assertFails(() => Promise.reject(error), { type: UnsupportedError, says: ["Cannot "] });
    }
  }
});

testLong("write: the largest picture goes through a raw video", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.nut");
  const side = 16255;
  const data = new Uint8Array(side * side);
  for (let at = 0; at < data.length; at += 4099) data[at] = at >> 12;
  await writeFrames(path, "rawvideo", [{ data, width: side, height: side, format: "gray" }]);
  assert(statSync(path).size > data.length);
  const part = decode(path, "gray", `crop=${side}:1:0:${side - 1}`);
  assertEquals(part, data.subarray(side * (side - 1)));
});

test("width, height: a picture larger than any is refused with the limit", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.nut");
  const options = { width: 16384, height: 16384 };
  await assertFails(() => createFileWriter("rawvideo", path, 25, options), {
    type: UnsupportedError,
    code: "TOO_LARGE",
    says: ["16384x16384", "16255x16255"],
  });
});
