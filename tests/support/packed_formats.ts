/**
 * A picture that is known in RGB, laid out in every pixel format: by the ffmpeg program where its libswscale
 * writes the format, and by hand from a twin that it writes where not.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { TemporaryFolder } from "./media.ts";

/** A picture whose every channel is known. */
export interface KnownPicture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and alpha of each pixel, from 0 to 65535. */
  readonly rgba: Uint16Array<ArrayBuffer>;
}

/** The whole picture; smaller ones are cut from its upper left. */
const whole = { width: 48, height: 32 } as const;
/** Blocks of one colour, as wide and high as the coarsest chroma: each chroma sample lies in one of them. */
export const blockSide = 4;
const columns = whole.width / blockSide;
/** Where the blocks end and a gray ramp begins, whose value changes from pixel to pixel. */
export const rampStart = 24;
/** Steps of the ramp: few enough for a palette, beside the blocks. */
const rampSteps = 160;

/** A number from 0 to 1 that looks like chance, the same for the same seed. */
function chance(seed: number): number {
  const state = Math.imul(seed ^ seed >>> 15, 0x2c1b3c6d);
  return ((Math.imul(state ^ state >>> 12, 0x297a2d39) >>> 8) & 0xffff) / 0xffff;
}

function blockColor(column: number, row: number): readonly [number, number, number] {
  const along = column / (columns - 1);
  if (row === 0) return column < 8 ? [column & 1, column >> 1 & 1, column >> 2 & 1] : [along, along, along];
  if (row === 1) return [along, 0, 1 - along];
  if (row === 2) return [1, 1 - along, along];
  const seed = (row * columns + column) * 3;
  return [chance(seed + 1), chance(seed + 2), chance(seed + 3)];
}

/** Red, green, blue and alpha of a pixel, from 0 to 1. */
function colorAt(x: number, y: number): readonly [number, number, number, number] {
  if (y >= rampStart) {
    const pixels = (whole.height - rampStart) * whole.width;
    const gray = Math.floor(((y - rampStart) * whole.width + x) * rampSteps / pixels) / (rampSteps - 1);
    return [gray, gray, gray, 1];
  }
  const column = Math.floor(x / blockSide);
  const row = Math.floor(y / blockSide);
  return [...blockColor(column, row), 1 - (column + row) % 6 / 5];
}

/** A picture of at most 48x32: blocks of colours and translucency above, and a gray ramp below. */
export function knownPicture(width: number = whole.width, height: number = whole.height): KnownPicture {
  const rgba = new Uint16Array(width * height * 4);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      rgba.set(colorAt(x, y).map((value) => Math.round(value * 65535)), at);
    }
  }
  return { width, height, rgba };
}

/** Luma by ITU-R BT.601, as pictures of fewer than 720 lines have it. */
function luma([red, green, blue]: ArrayLike<number> & Iterable<number>): number {
  return 0.299 * red! + 0.587 * green! + 0.114 * blue!;
}

/**
 * What is to be seen of a picture in a format: gray where it has no colours, and opaque where it has no
 * alpha.
 */
export function visible(
  { width, height, rgba }: KnownPicture,
  { isGray, hasAlpha }: { readonly isGray: boolean; readonly hasAlpha: boolean },
): KnownPicture {
  const seen = rgba.slice();
  for (let at = 0; at < seen.length; at += 4) {
    if (isGray) seen.fill(luma(seen.subarray(at, at + 3)), at, at + 3);
    if (!hasAlpha) seen[at + 3] = 65535;
  }
  return { width, height, rgba: seen };
}

/** What a layout is made from: the bytes of twins, and the picture itself. */
type Pack = (twins: readonly Uint8Array[], picture: KnownPicture) => Uint8Array;

/** A format that is laid out by hand. */
export interface HandPacked {
  /** The formats that it is made from. */
  readonly from: readonly string[];
  readonly pack: Pack;
}

function swapped(from: string, wordBytes: number): HandPacked {
  return {
    from: [from],
    pack: ([bytes]) => bytes!.map((_, index) => bytes![index + wordBytes - 1 - 2 * (index % wordBytes)]!),
  };
}

/** Samples of a pixel in another order. */
function reordered(from: string, order: readonly number[], sampleBytes: number): HandPacked {
  return {
    from: [from],
    pack: ([bytes]) => {
      const packed = new Uint8Array(bytes!.length);
      for (let at = 0; at < packed.length; at += sampleBytes) {
        const place = at / sampleBytes % order.length;
        const source = at + (order[place]! - place) * sampleBytes;
        packed.set(bytes!.subarray(source, source + sampleBytes), at);
      }
      return packed;
    },
  };
}

/** Samples from planes of the same size, one of each plane in turn. */
function interleaved(planes: readonly Uint8Array[], sampleBytes: number): Uint8Array {
  const bytes = new Uint8Array(planes.length * planes[0]!.length);
  for (let from = 0, to = 0; from < planes[0]!.length; from += sampleBytes) {
    for (const plane of planes) {
      bytes.set(plane.subarray(from, from + sampleBytes), to);
      to += sampleBytes;
    }
  }
  return bytes;
}

/** Planes one after another, as long as given. */
function split(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let start = 0;
  return lengths.map((length) => bytes.subarray(start, start += length));
}

function equalParts(bytes: Uint8Array, count: number): Uint8Array[] {
  return split(bytes, new Array(count).fill(bytes.length / count));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const part of parts) {
    bytes.set(part, start);
    start += part.length;
  }
  return bytes;
}

/** The planes of a twin with luma, Cb and Cr apart, and chroma shared by so many pixels across. */
function lumaChroma(bytes: Uint8Array, { width, height }: KnownPicture, across: number, sampleBytes: number) {
  const luma = width * height * sampleBytes;
  const chroma = Math.ceil(width / across) * height * sampleBytes;
  return split(bytes, [luma, chroma, chroma]) as [Uint8Array, Uint8Array, Uint8Array];
}

function semiPlanar(from: string, sampleBytes: number): HandPacked {
  return {
    from: [from],
    pack: ([bytes], picture) => {
      const [luma, cb, cr] = lumaChroma(bytes!, picture, 2, sampleBytes);
      return joined(luma, interleaved([cb, cr], sampleBytes));
    },
  };
}

const words = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.slice().buffer as ArrayBuffer);
const floats = (bytes: Uint8Array): Float32Array => new Float32Array(bytes.slice().buffer as ArrayBuffer);
const bytesOf = ({ buffer }: { readonly buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(buffer);

/** Luma, Cb, luma, Cr in words of 16 bits, with the value in the upper ones. */
function packed422(from: string, bits: number): HandPacked {
  return {
    from: [from],
    pack: ([bytes], picture) => {
      const { width, height } = picture;
      const [luma, cb, cr] = lumaChroma(bytes!, picture, 2, 2).map(words) as Uint16Array[];
      const pairs = Math.ceil(width / 2);
      const packed = new Uint16Array(pairs * 4 * height);
      for (let y = 0; y < height; y++) {
        for (let pair = 0; pair < pairs; pair++) {
          const left = y * width + pair * 2;
          const chroma = y * pairs + pair;
          // The second pixel of the last pair may lie beyond an odd picture.
          const right = pair * 2 + 1 < width ? luma![left + 1]! : 0;
          const values = [luma![left]!, cb![chroma]!, right, cr![chroma]!];
          packed.set(values.map((value) => value << 16 - bits), chroma * 4);
        }
      }
      return bytesOf(packed);
    },
  };
}

/** Cb, luma, luma, Cr, luma, luma: four pixels in six bytes. */
const uyyvyy411: HandPacked = {
  from: ["yuv411p"],
  pack: ([bytes], picture) => {
    const { width, height } = picture;
    const [luma, cb, cr] = lumaChroma(bytes!, picture, 4, 1);
    const groups = Math.ceil(width / 4);
    const packed = new Uint8Array(groups * 6 * height);
    for (let y = 0; y < height; y++) {
      for (let group = 0; group < groups; group++) {
        const lumaAt = (x: number): number => (x < width ? luma[y * width + x]! : 0);
        const x = group * 4;
        const at = y * groups + group;
        packed.set([cb[at]!, lumaAt(x), lumaAt(x + 1), cr[at]!, lumaAt(x + 2), lumaAt(x + 3)], at * 6);
      }
    }
    return packed;
  },
};

/** Two pixels in a byte, the left one in its upper half. */
function halfBytes(from: string): HandPacked {
  return {
    from: [from],
    pack: ([bytes], { width, height }) => {
      const rowBytes = Math.ceil(width / 2);
      const packed = new Uint8Array(rowBytes * height);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          packed[y * rowBytes + (x >> 1)]! |= bytes![y * width + x]! << (x % 2 === 0 ? 4 : 0);
        }
      }
      return packed;
    },
  };
}

/**
 * Red, green and blue of a pixel as bits of one number: named from its most significant bit on, `x` for those
 * without a meaning, each with how many bits it has: `"r5g6b5"`.
 */
function bits(layout: string, bytesPerPixel: 1 | 2 | 4): HandPacked {
  const fields = [...layout.matchAll(/([rgbx])(\d+)/g)].map(([, name, width]) => ({
    channel: "rgb".indexOf(name!),
    width: Number(width),
  }));
  return {
    from: [],
    pack: (_, { rgba }) => {
      const packed = new (bytesPerPixel === 4 ? Uint32Array : bytesPerPixel === 2 ? Uint16Array : Uint8Array)(
        rgba.length / 4,
      );
      for (let pixel = 0; pixel < packed.length; pixel++) {
        for (const { channel, width } of fields) {
          const value = channel < 0 ? 0 : Math.round(rgba[pixel * 4 + channel]! / 65535 * (2 ** width - 1));
          packed[pixel] = packed[pixel]! << width | value;
        }
      }
      return bytesOf(packed);
    },
  };
}

/** Gray of so many bits, from black to white over all its values, and alpha after it where asked for. */
function gray(depth: number, hasAlpha = false): HandPacked {
  return {
    from: [],
    pack: (_, { rgba }) => {
      const samples: number[] = [];
      const scale = (2 ** depth - 1) / 65535;
      for (let at = 0; at < rgba.length; at += 4) {
        samples.push(Math.round(luma(rgba.subarray(at, at + 3)) * scale));
        if (hasAlpha) samples.push(Math.round(rgba[at + 3]! * scale));
      }
      return depth === 8 ? Uint8Array.from(samples) : bytesOf(Uint16Array.from(samples));
    },
  };
}

/** Bright pixels and dark ones, eight in a byte, the left one in its uppermost bit. */
function bright(bitOfBright: 0 | 1): HandPacked {
  return {
    from: ["gray16le"],
    pack: ([bytes], { width, height }) => {
      const gray = words(bytes!);
      const rowBytes = Math.ceil(width / 8);
      const packed = new Uint8Array(rowBytes * height);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const bit = gray[y * width + x]! >= 0x8000 ? bitOfBright : 1 - bitOfBright;
          packed[y * rowBytes + (x >> 3)]! |= bit << 7 - x % 8;
        }
      }
      return packed;
    },
  };
}

/** 16-bit integers as 32-bit ones: 65535 becomes 2^32 - 1. */
function doubled(from: string): HandPacked {
  return {
    from: [from],
    pack: ([bytes]) => bytesOf(Uint32Array.from(words(bytes!), (word) => word * 65537)),
  };
}

/** IEEE 754's binary16 of a number from 0 to 1, to the nearest (RFC: IEEE 754-2008, 3.4). */
function half(value: number): number {
  if (value < 2 ** -24) return 0;
  const exponent = Math.max(-14, Math.floor(Math.log2(value)));
  // A subnormal number has no leading one; a fraction that is rounded up to two carries into the exponent by
  // itself.
  const fraction = Math.round(value * 2 ** (10 - exponent));
  return exponent === -14 && fraction < 1024 ? fraction : (exponent + 15 << 10) + fraction - 1024;
}

function halves(from: string): HandPacked {
  return { from: [from], pack: ([bytes]) => bytesOf(Uint16Array.from(floats(bytes!), half)) };
}

/** Planes of green, blue, red and perhaps alpha as pixels of red, green, blue. */
function pixelsOfFloats(from: string): HandPacked {
  const hasAlpha = from.startsWith("gbra");
  return {
    from: [from],
    pack: ([bytes]) => {
      const [green, blue, red, ...alpha] = equalParts(bytes!, hasAlpha ? 4 : 3);
      return interleaved([red!, green!, blue!, ...alpha], 4);
    },
  };
}

/** Gray from 0 to 1. */
const floatingGray: HandPacked = {
  from: ["gray16le"],
  pack: ([bytes]) => bytesOf(Float32Array.from(words(bytes!), (word) => word / 65535)),
};

const grayAndAlpha: HandPacked = {
  from: ["grayf32le", "gbrapf32le"],
  pack: ([gray, color]) => interleaved([gray!, equalParts(color!, 4)[3]!], 4),
};

/** One colour of each pixel, by a pattern of two rows of two: `"rggb"`. */
function bayer(pattern: string, bytesPerSample: 1 | 2): HandPacked {
  const channels = [...pattern].map((name) => "rgb".indexOf(name));
  return {
    from: [],
    pack: (_, { width, height, rgba }) => {
      const samples = new Uint16Array(width * height);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          samples[y * width + x] = rgba[(y * width + x) * 4 + channels[y % 2 * 2 + x % 2]!]!;
        }
      }
      return bytesPerSample === 2
        ? bytesOf(samples)
        : Uint8Array.from(samples, (sample) => Math.round(sample / 257));
    },
  };
}

/** Each pixel's place in a palette of its colours, and that palette: 256 times blue, green, red, alpha. */
const pal8: HandPacked = {
  from: [],
  pack: (_, { rgba }) => {
    const places = new Map<string, number>();
    const indices = new Uint8Array(rgba.length / 4);
    const palette = new Uint8Array(1024);
    for (let pixel = 0; pixel < indices.length; pixel++) {
      const [red, green, blue, alpha] = Array.from(
        rgba.subarray(pixel * 4, pixel * 4 + 4),
        (value) => Math.round(value / 257),
      );
      const color = [blue!, green!, red!, alpha!];
      const place = places.get(color.join()) ?? places.size;
      places.set(color.join(), place);
      palette.set(color, place * 4);
      indices[pixel] = place;
    }
    if (places.size > 256) throw new Error(`the picture has ${places.size} colours`);
    return joined(indices, palette);
  },
};

const bayerPatterns = ["bggr", "rggb", "gbrg", "grbg"];

/** The formats that are laid out by hand, although a program may write some of them as well. */
export const handPacked: Readonly<Record<string, HandPacked>> = {
  pal8,
  // libswscale rounds to some 11 bits on the way to these.
  bgra64le: reordered("rgba64le", [2, 1, 0, 3], 2),
  bgra64be: swapped("bgra64le", 2),
  // libswscale would strew dots.
  monow: bright(0),
  monob: bright(1),
  rgb8: bits("r3g3b2", 1),
  bgr8: bits("b2g3r3", 1),
  rgb4_byte: bits("r1g2b1", 1),
  bgr4_byte: bits("b1g2r1", 1),
  // Not as libswscale writes them, which has the left pixel in the lower half, but as pixfmt.h says.
  rgb4: halfBytes("rgb4_byte"),
  bgr4: halfBytes("bgr4_byte"),
  rgb565le: bits("r5g6b5", 2),
  rgb565be: swapped("rgb565le", 2),
  bgr565le: bits("b5g6r5", 2),
  bgr565be: swapped("bgr565le", 2),
  rgb555le: bits("x1r5g5b5", 2),
  rgb555be: swapped("rgb555le", 2),
  bgr555le: bits("x1b5g5r5", 2),
  bgr555be: swapped("bgr555le", 2),
  rgb444le: bits("x4r4g4b4", 2),
  rgb444be: swapped("rgb444le", 2),
  bgr444le: bits("x4b4g4r4", 2),
  bgr444be: swapped("bgr444le", 2),
  x2rgb10le: bits("x2r10g10b10", 4),
  uyyvyy411,
  nv16: semiPlanar("yuv422p", 1),
  nv20le: semiPlanar("yuv422p10le", 2),
  nv20be: swapped("nv20le", 2),
  y210le: packed422("yuv422p10le", 10),
  y210be: swapped("y210le", 2),
  y212le: packed422("yuv422p12le", 12),
  y212be: swapped("y212le", 2),
  y216le: packed422("yuv422p16le", 16),
  y216be: swapped("y216le", 2),
  ayuv64be: swapped("ayuv64le", 2),
  x2rgb10be: swapped("x2rgb10le", 4),
  x2bgr10le: bits("x2b10g10r10", 4),
  x2bgr10be: swapped("x2bgr10le", 4),
  xv30be: swapped("xv30le", 4),
  v30xbe: swapped("v30xle", 4),
  xv36be: swapped("xv36le", 2),
  xv48be: swapped("xv48le", 2),
  // libswscale of FFmpeg 9 makes deep gray of 8 bits.
  gray: gray(8),
  ya8: gray(8, true),
  ya16le: gray(16, true),
  ya16be: swapped("ya16le", 2),
  ...Object.fromEntries([9, 10, 12, 14, 16].flatMap((depth) => [
    [`gray${depth}le`, gray(depth)],
    [`gray${depth}be`, swapped(`gray${depth}le`, 2)],
  ])),
  // libswscale of FFmpeg 7 and later writes it in limited range.
  grayf32le: floatingGray,
  grayf32be: swapped("grayf32le", 4),
  gray32le: doubled("gray16le"),
  gray32be: swapped("gray32le", 4),
  rgb96le: doubled("rgb48le"),
  rgb96be: swapped("rgb96le", 4),
  rgba128le: doubled("rgba64le"),
  rgba128be: swapped("rgba128le", 4),
  gbrap32le: doubled("gbrap16le"),
  gbrap32be: swapped("gbrap32le", 4),
  rgbf32le: pixelsOfFloats("gbrpf32le"),
  rgbf32be: swapped("rgbf32le", 4),
  rgbaf32le: pixelsOfFloats("gbrapf32le"),
  rgbaf32be: swapped("rgbaf32le", 4),
  rgbf16le: halves("rgbf32le"),
  rgbf16be: swapped("rgbf16le", 2),
  rgbaf16le: halves("rgbaf32le"),
  rgbaf16be: swapped("rgbaf16le", 2),
  gbrpf16le: halves("gbrpf32le"),
  gbrpf16be: swapped("gbrpf16le", 2),
  gbrapf16le: halves("gbrapf32le"),
  gbrapf16be: swapped("gbrapf16le", 2),
  grayf16le: halves("grayf32le"),
  grayf16be: swapped("grayf16le", 2),
  yaf32le: grayAndAlpha,
  yaf32be: swapped("yaf32le", 4),
  yaf16le: halves("yaf32le"),
  yaf16be: swapped("yaf16le", 2),
  ...Object.fromEntries(bayerPatterns.flatMap((pattern) => [
    [`bayer_${pattern}8`, bayer(pattern, 1)],
    [`bayer_${pattern}16le`, bayer(pattern, 2)],
    [`bayer_${pattern}16be`, swapped(`bayer_${pattern}16le`, 2)],
  ])),
};

/** The formats that the ffmpeg program at hand writes. */
export function formatsOfProgram(): ReadonlySet<string> {
  const list = execFileSync("ffmpeg", ["-v", "quiet", "-pix_fmts"], { encoding: "utf8" });
  return new Set([...list.matchAll(/^.O[.H][.P][.B] +(\S+) +\d/gm)].map(([, name]) => name!));
}

/** Chroma is the mean of the pixels that it covers, and nothing is strewn to hide coarse steps. */
const scaling = "scale=flags=area+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact:sws_dither=none";

/** What makes a format of the whole picture, and a part of the size given of it. */
function filtersTo(name: string, { width, height }: KnownPicture): string {
  const converted = `${scaling},format=${name}`;
  if (width === whole.width && height === whole.height) return converted;
  const cut = `crop=${width}:${height}:0:0:exact=1`;
  // libswscale moves chroma a little in pictures of odd sides: cut after that. ffmpeg does not cut within
  // bytes.
  return name.startsWith("mono") ? `${cut},${converted}` : `${converted},${cut},format=${name}`;
}

/** The picture in many formats that the ffmpeg program writes, by one run of it. */
export function writtenByProgram(
  names: readonly string[],
  picture: KnownPicture,
  folder: TemporaryFolder,
): Map<string, Uint8Array> {
  // Without an output, ffmpeg fails.
  if (names.length === 0) return new Map();
  const source = folder.file("picture");
  writeFileSync(source, bytesOf(knownPicture().rgba));
  const size = `${whole.width}x${whole.height}`;
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba64le", "-s", size, "-i", source],
    ...names.flatMap((name) => ["-vf", filtersTo(name, picture), "-f", "rawvideo", folder.file(name)]),
  ]);
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(folder.file(name)))]));
}

/** The formats that a format is made from in the end. */
function origins(name: string): readonly string[] {
  const byHand = handPacked[name];
  return byHand === undefined ? [name] : byHand.from.flatMap(origins);
}

/** Whether a format is made of what the ffmpeg program writes, and not of the picture itself. */
export function isOfProgram(name: string): boolean {
  return origins(name).length > 0;
}

/** The picture in each of these formats: its planes one after another, without gaps. */
export function layOut(
  names: readonly string[],
  picture: KnownPicture,
  folder: TemporaryFolder,
): Map<string, Uint8Array> {
  const bytes = writtenByProgram([...new Set(names.flatMap(origins))], picture, folder);
  const bytesIn = (name: string): Uint8Array => {
    const known = bytes.get(name);
    if (known !== undefined) return known;
    const { from, pack } = handPacked[name]!;
    const packed = pack(from.map(bytesIn), picture);
    bytes.set(name, packed);
    return packed;
  };
  return new Map(names.map((name) => [name, bytesIn(name)]));
}

/** Decodes many files by one run of ffmpeg, each into one file of raw frames. */
export function decodeAll(
  paths: readonly string[],
  formatOf: (index: number) => string,
  filters?: string,
): Uint8Array[] {
  const raw = (path: string): string => `${path}.raw`;
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y"],
    ...paths.flatMap((path) => ["-threads", "1", "-i", path]),
    ...paths.flatMap((path, index) => [
      ...["-map", `${index}:v`, ...(filters === undefined ? [] : ["-vf", filters])],
      ...["-pix_fmt", formatOf(index), "-f", "rawvideo", raw(path)],
    ]),
  ]);
  return paths.map((path) => new Uint8Array(readFileSync(raw(path))));
}
