import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { extname } from "node:path";
import process from "node:process";
import { deflateSync } from "node:zlib";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { loadNative } from "../ffi/mod.ts";
import { createFileWriter, type WriterOptions } from "../mod.ts";
import { undisposedObjects } from "../src/libav/owned.ts";
import { isEncodedImage } from "../src/video/images/encoded_image.ts";
import { type DecodedImage, ImageDecoder } from "../src/video/images/image_decoder.ts";
import { frameLayout } from "../src/video/pixels.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, decode, probe, psnr, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { decodeAll } from "./support/packed_formats.ts";
import { randomNumbers } from "./support/random.ts";
import { testsOf } from "./support/test.ts";

const { isLong, test, testBoth } = testsOf(import.meta.url);

/**
 * Files of 32x24 pixels (the animation: 8x6) that no encoder of FFmpeg makes: ImageMagick and img2webp made
 * them.
 */
const given = {
  "progressive.jpg":
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWG" +
    "kJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk" +
    "pKSkpKSkpKSkpKSkpKT/wgARCAAYACADASIAAhEBAxEB/8QAGAABAQADAAAAAAAAAAAAAAAABAABAgP/xAAYAQACAwAAAAAA" +
    "AAAAAAAAAAACAwEEBf/aAAwDAQACEAMQAAABPthCiLMO15qtCqrlQx//xAAbEAACAgMBAAAAAAAAAAAAAAABAwACEBIhEf/a" +
    "AAgBAQABBQIdmpys99EQBYu4zCWhcZba/wD/xAAZEQACAwEAAAAAAAAAAAAAAAAAAgEDEQT/2gAIAQMBAT8Bs6HVsgi000//" +
    "xAAYEQADAQEAAAAAAAAAAAAAAAAAARECEv/aAAgBAgEBPwHdy4LByjhWn//EABsQAQACAgMAAAAAAAAAAAAAAAEAEQIQICEx" +
    "/9oACAEBAAY/AuPszsGNbbvuKT//xAAcEAADAQADAQEAAAAAAAAAAAAAAREhMWFxUZH/2gAIAQEAAT8hRtEdI8cKIT1zDrfp" +
    "yUGVeiJNElnHhSmVtjgXdR/T/9oADAMBAAIAAwAAABD73z//xAAZEQADAAMAAAAAAAAAAAAAAAAAAREhgdH/2gAIAQMBAT8Q" +
    "nFNb6PeGWWf/xAAYEQEAAwEAAAAAAAAAAAAAAAABABARQf/aAAgBAgEBPxAZRNHKA11P/8QAHhABAAIBBAMAAAAAAAAAAAAA" +
    "AQARIRAxQVFh8PH/2gAIAQEAAT8QozbVz3pLItxp0IBDktck+WjgCCwPMF0WAKDDU6gBUdr7fMP4V0bsAT//2Q==",
  "gray.jpg":
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWG" +
    "kJ6jq62rZ4C8ybqmx5moq6T/wAALCAAYACABAREA/8QAGAAAAwEBAAAAAAAAAAAAAAAAAwQFAAH/xAAqEAACAQQBAgILAAAA" +
    "AAAAAAABAgMABAUREhMxFBUhIkFRU1RhkqLB0f/aAAgBAQAAPwCXDFJO5SJeTAb1sCj+X3fwvyH9pZwUdkYaZToiubprDypH" +
    "dMZHVBwI2x17RVfxVt8xF94oeChgubq/MkccoDgqWUN3LdqmZtEiysyRoqKOOlUaA9UVN3W3VXBZSDHdfrLI3U464AHtv3n6" +
    "0rlLtLzIS3EYYI+tBu/oAH6r/9k=",
  "cmyk.jpg":
    "/9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAbEhQXFBEbFxYXHhwbIChCKyglJShROj0wQmBVZWRfVV1baniZgWpxkHNbXYW1hpCe" +
    "o6utq2eAvMm6pseZqKuk/9sAQwEcHh4oIyhOKytOpG5dbqSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSk" +
    "pKSkpKSkpKSkpKSk/8AAFAgAGAAgBAEiAAIRAQMRAQQRAP/EABgAAAMBAQAAAAAAAAAAAAAAAAAEBQID/8QAKBAAAQQABQMD" +
    "BQAAAAAAAAAAAQACAxEEBRITIRQxQSJRUlNhkqHR/8QAGAEAAgMAAAAAAAAAAAAAAAAABAUBAwb/xAAgEQABBAIBBQAAAAAA" +
    "AAAAAAABAAIDEgQRQQUTUXHR/9oADgQBAAIRAxEEAAA/AHHytYLcaCx1UXz/AEVzxMbzGKaTz4CW2Zfpv/EojHeyVli7SHw+" +
    "nQyxWkcQfY+K5hpN6LW95ab7WqIeCAQeCjUo2cyTQR4bRI+Owb0kj2TmVGSXL4nucXE3yTZ7lCPyai3CXyYpaLDyuUk0rIBL" +
    "dguLQPPn+Kzto20IWf2U67bUx08fxUzOsqmx+zsujbo1XrJHevYfZM5bgn4TAxwSFpe27Le3JJQhWGVxYGcBTQLRiaWBleke" +
    "F//Z",
  "animation.webp":
    "UklGRpAAAABXRUJQVlA4WAoAAAACAAAABwAABQAAQU5JTQYAAAD/////AABBTk1GLgAAAAAAAAAAAAcAAAUAAGQAAAJWUDhM" +
    "FgAAAC8HQAEAB1CyKvSj/wGAIPxvm4jofwhBTk1GLgAAAAAAAAAAAAcAAAUAAGQAAABWUDhMFgAAAC8HQAEAB1CyUhSk/wGA" +
    "IPxvm4jofwg=",
} as const;

function givenImage(name: keyof typeof given): Uint8Array {
  return new Uint8Array(Buffer.from(given[name], "base64"));
}

/** A picture with an alpha that differs everywhere. */
const alphaSource =
  "testsrc2=size=61x47,format=rgba,geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='mod(X*5+Y*3,256)'";

const madeImages = new Map<string, Uint8Array>();

/** Has ffmpeg make an image, once. */
function makeImage(path: string, parameters: readonly string[], source = alphaSource): Uint8Array {
  const what = [source, ...parameters, extname(path)].join(" ");
  const known = madeImages.get(what);
  if (known !== undefined) {
    writeFileSync(path, known);
    return known.slice();
  }
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "lavfi", "-i", source, "-frames:v", "1", ...parameters, path],
  ]);
  const image = new Uint8Array(readFileSync(path));
  madeImages.set(what, image);
  return image.slice();
}

const pngFormats = [
  ...["rgb24", "rgba", "gray", "ya8", "monob", "pal8"],
  ...["rgb48be", "rgba64be", "gray16be", "ya16be"],
] as const;

/** How ffmpeg makes an image of each sort, by file name. */
const made: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(pngFormats.map((format) => [`${format}.png`, ["-pix_fmt", format]])),
  "interlaced.png": ["-pix_fmt", "rgba", "-flags", "+ildct"],
  "420.jpg": ["-pix_fmt", "yuvj420p"],
  "422.jpg": ["-pix_fmt", "yuvj422p"],
  "444.jpg": ["-pix_fmt", "yuvj444p"],
  "lossy.webp": ["-c:v", "libwebp", "-pix_fmt", "yuv420p"],
  "lossy-alpha.webp": ["-c:v", "libwebp", "-pix_fmt", "yuva420p"],
  "lossless.webp": ["-c:v", "libwebp", "-lossless", "1", "-pix_fmt", "bgra"],
};

/** The reason where this FFmpeg can't make WebP images. */
const withoutWebp = missingEncoders("libwebp");

/** Images of all sorts: those that FFmpeg makes here, and those that are given. */
function* allImages(folder: TemporaryFolder): Generator<[name: string, image: Uint8Array]> {
  for (const [name, parameters] of Object.entries(made)) {
    if (withoutWebp === false || !name.endsWith("webp")) {
      yield [name, makeImage(folder.file(name), parameters)];
    }
  }
  for (const name of ["progressive.jpg", "gray.jpg", "cmyk.jpg"] as const) {
    writeFileSync(folder.file(name), givenImage(name));
    yield [name, givenImage(name)];
  }
}

/**
 * Runs with a decoder, while libav keeps quiet, as a session has it. Fails where native objects are left
 * over.
 */
function withDecoder(action: (images: ImageDecoder) => void): void {
  const before = undisposedObjects();
  {
    using images = new ImageDecoder(loadNative());
    loadNative().avutil.av_log_set_level(-8);
    action(images);
  }
  assertEquals(undisposedObjects(), before);
}

/**
 * A decoded picture as ffmpeg writes raw video: plane by plane, without gaps, and with the palette at the
 * end.
 */
function rawBytes({ frame, width, height, format }: DecodedImage): Uint8Array {
  const native = loadNative();
  const planes = Array.from({ length: format.planeCount }, (_, plane) => {
    const { rowBytes, rows } = frameLayout(format, width, height).planes[plane]!;
    const bytes = new Uint8Array(rowBytes * rows);
    native.memory.readRows(bytes, frame.planeAddress(plane), frame.stride(plane), rowBytes, rows);
    return bytes;
  });
  if (format.isPalette) {
    const palette = new Uint8Array(1024);
    native.memory.read(frame.planeAddress(1), palette);
    planes[1] = palette;
  }
  return new Uint8Array(Buffer.concat(planes));
}

/**
 * What a decoder makes of an image: its bytes, or `null` where it refuses it as it refuses what its caller
 * did wrong.
 */
function decodedOrRefused(images: ImageDecoder, image: Uint8Array): Uint8Array | null {
  try {
    return rawBytes(images.decode({ image }));
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
    assert(error.message.startsWith("Cannot write the image: "), error.message);
    return null;
  }
}

test("ImageDecoder: images of all kinds decode to what ffmpeg decodes, bit for bit", () => {
  using folder = new TemporaryFolder();
  withDecoder((images) => {
    const all = [...allImages(folder)];
    const pictures = all.map(([name, image]) => {
      const picture = images.decode({ image });
      const isGiven = name in given;
      assertEquals([picture.width, picture.height], isGiven ? [32, 24] : [61, 47], name);
      const [sort, extension] = name.split(".") as [string, string];
      if (extension === "png" && sort !== "interlaced") assertEquals(picture.format.name, sort);
      return { format: picture.format.name, bytes: rawBytes(picture) };
    });
    const decoded = decodeAll(all.map(([name]) => folder.file(name)), (index) => pictures[index]!.format);
    for (const [index, [name]] of all.entries()) {
      assertSameBytes(pictures[index]!.bytes, decoded[index]!, name);
    }
  });
});

/** The matrix and range of an image. */
function meaning(images: ImageDecoder, image: Uint8Array) {
  const bt601 = { bt470bg: "BT.601", smpte170m: "BT.601" } as Record<string, string>;
  const { color } = images.decode({ image });
  return color === null ? null : [bt601[color.matrix], color.range];
}

test("ImageDecoder: an image has the matrix and range that its format says", () => {
  using folder = new TemporaryFolder();
  withDecoder((images) => {
    for (const [name, image] of allImages(folder)) {
      const isRgb = name.endsWith("png") || name === "lossless.webp";
      assertEquals(
        meaning(images, image),
        isRgb ? null : ["BT.601", name.endsWith("jpg") ? "pc" : "tv"],
        name,
      );
    }
    const jpeg = new Uint8Array(readFileSync(folder.file("420.jpg")));
    assertEquals(meaning(images, withSegment(jpeg, 0xFE, "CS=ITU601\0")), ["BT.601", "tv"]);
  });
});

test("ImageDecoder: a WebP whose values need no clamping has limited range all the same", {
  skip: withoutWebp,
}, () => {
  using folder = new TemporaryFolder();
  withDecoder((images) => {
    const webp = new Uint8Array(makeImage(folder.file("lossy.webp"), made["lossy.webp"]!));
    // The second bit of the first partition says that no value needs clamping; libav takes it for full range.
    const partition = 12 + 8 + 10;
    webp[partition]! ^= 0x40;
    assertEquals(meaning(images, webp), ["BT.601", "tv"]);
  });
});

testBoth("ImageDecoder: a file that is cut anywhere is refused", () => {
  using folder = new TemporaryFolder();
  withDecoder((images) => {
    for (const [name, image] of allImages(folder)) {
      const step = Math.max(1, Math.floor(image.length / (isLong ? 700 : 70)));
      for (let length = 0; length < image.length; length += step) {
        assertEquals(decodedOrRefused(images, image.subarray(0, length)), null, `${name} cut to ${length}`);
      }
      for (let missing = 1; missing < 40; missing++) {
        const cut = image.subarray(0, image.length - missing);
        assertEquals(decodedOrRefused(images, cut), null, `${name} without its last ${missing}`);
      }
      assert(decodedOrRefused(images, image) !== null, name);
    }
  });
});

testBoth(
  "ImageDecoder: damaged files are refused or become some picture, and the next image is right",
  () => {
    using folder = new TemporaryFolder();
    const below = randomNumbers(7);
    withDecoder((images) => {
      const files = [...allImages(folder)];
      const whole = files.map(([, image]) => decodedOrRefused(images, image)!);
      for (let round = 0; round < (isLong ? 500 : 100); round++) {
        const index = round % files.length;
        const [name, image] = files[index]!;
        const damaged = image.slice();
        const changes = 1 + below(8);
        for (let change = 0; change < changes; change++) damaged[below(damaged.length)] = below(256);
        const picture = decodedOrRefused(images, damaged);
        // PNG has checksums.
        if (name.endsWith("png") && picture !== null) assertSameBytes(picture, whole[index]!, name);
        assertSameBytes(decodedOrRefused(images, image)!, whole[index]!, `${name} after a damaged one`);
      }
    });
  },
);

/** A PNG's chunk. */
function pngChunk(name: string, content: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + content.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length);
  chunk.set(new TextEncoder().encode(name), 4);
  chunk.set(content, 8);
  let crc = ~0;
  for (const byte of chunk.subarray(4, -4)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0xEDB88320);
  }
  view.setUint32(8 + content.length, ~crc);
  return chunk;
}

interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  /** Filter byte and pixels of each row. */
  readonly rows: Uint8Array;
  /** Chunks between header and pixels. */
  readonly extra?: readonly Uint8Array[];
}

function pngFile({ width, height, depth, colorType, rows, extra = [] }: PngParts): Uint8Array {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([depth, colorType], 8);
  return new Uint8Array(Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10),
    pngChunk("IHDR", header),
    ...extra,
    pngChunk("IDAT", new Uint8Array(deflateSync(rows))),
    pngChunk("IEND", new Uint8Array()),
  ]));
}

/** A JPEG with one more segment after its first bytes. */
function withSegment(jpeg: Uint8Array, marker: number, text: string): Uint8Array {
  const content = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const header = Uint8Array.of(0xFF, marker, 0, content.length + 2);
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, 2), header, content, jpeg.subarray(2)]));
}

/** A JPEG without the segments of a marker. */
function withoutSegments(jpeg: Uint8Array, marker: number): Uint8Array {
  const parts = [jpeg.subarray(0, 2)];
  const view = new DataView(jpeg.buffer, jpeg.byteOffset);
  for (let at = 2;;) {
    const end = jpeg[at + 1] === 0xDA ? jpeg.length : at + 2 + view.getUint16(at + 2);
    if (jpeg[at + 1] !== marker) parts.push(jpeg.subarray(at, end));
    if (end === jpeg.length) return new Uint8Array(Buffer.concat(parts));
    at = end;
  }
}

test("ImageDecoder: a PNG whose pixels end too early is refused, and one whose height was changed", () => {
  const rows = new Uint8Array(8 * 9).fill(1);
  const gray = { width: 8, height: 8, depth: 8, colorType: 0 };
  withDecoder((images) => {
    const whole = pngFile({ ...gray, rows });
    assert(decodedOrRefused(images, whole) !== null);
    assertEquals(decodedOrRefused(images, pngFile({ ...gray, rows: rows.subarray(9) })), null);
    for (const height of [1, 7, 9, 255]) {
      const changed = whole.slice();
      changed[8 + 8 + 7] = height;
      const error = assertThrows(() => images.decode({ image: changed }), TypeError, "broken or cut off");
      assert(error.message.includes("checksum of its IHDR"), error.message);
    }
  });
});

test("ImageDecoder: a JPEG whose pixels end too early is refused, though it has an end marker", () => {
  using folder = new TemporaryFolder();
  withDecoder((images) => {
    for (const name of ["420.jpg", "444.jpg"]) {
      const image = makeImage(folder.file(name), made[name]!);
      for (const part of [0.3, 0.5, 0.7, 0.9]) {
        const start = image.subarray(0, Math.floor(image.length * part));
        const ended = new Uint8Array([...start, 0xFF, 0xD9]);
        assertEquals(decodedOrRefused(images, ended), null, `${part} of ${name}`);
      }
    }
  });
});

test("ImageDecoder: gray PNGs of few bits keep their transparent value", () => {
  withDecoder((images) => {
    for (const depth of [1, 2, 4]) {
      const levels = 2 ** depth;
      const width = levels;
      const row = new Uint8Array(Math.ceil(width * depth / 8));
      for (let x = 0; x < width; x++) row[x * depth >> 3]! |= x << (8 - depth - (x * depth & 7));
      for (let transparent = 0; transparent < levels; transparent++) {
        const extra = [pngChunk("tRNS", Uint8Array.of(0, transparent))];
        const rows = Uint8Array.of(0, ...row);
        const picture = images.decode({
          image: pngFile({ width, height: 1, depth, colorType: 0, rows, extra }),
        });
        assertEquals(picture.format.name, "pal8");
        const raw = rawBytes(picture);
        const palette = new Uint32Array(raw.slice(width).buffer);
        for (let x = 0; x < width; x++) {
          const gray = x * 255 / (levels - 1);
          const argb = (x === transparent ? 0 : 255) * 2 ** 24 + gray * 0x10101;
          assertEquals(palette[raw[x]!], argb, `${depth} bits, ${x} where ${transparent} is transparent`);
        }
      }
    }
  });
});

test("ImageDecoder: chunks and segments beside the picture do not change it", () => {
  using folder = new TemporaryFolder();
  withDecoder((images) => {
    const rows = new Uint8Array(8 * 9).fill(1);
    // One byte of text for each of a thousand packed: a hundred megabytes, were it looked at.
    const packed = deflateSync(new Uint8Array(1e8));
    const text = pngChunk("zTXt", new Uint8Array(Buffer.concat([Buffer.from("text\0\0"), packed])));
    const profile = pngChunk("iCCP", Uint8Array.of(1, 2, 3));
    const gray = { width: 8, height: 8, depth: 8, colorType: 0, rows };
    const plain = decodedOrRefused(images, pngFile(gray))!;
    const before = process.memoryUsage().rss;
    assertSameBytes(decodedOrRefused(images, pngFile({ ...gray, extra: [text, profile] }))!, plain, "PNG");
    assert(process.memoryUsage().rss - before < 5e7);
    const trailed = (image: Uint8Array) => new Uint8Array([...image, ...image.subarray(0, 99)]);
    for (const [name, image] of allImages(folder)) {
      assertSameBytes(decodedOrRefused(images, trailed(image))!, decodedOrRefused(images, image)!, name);
      if (!name.endsWith("jpg")) continue;
      const chatty = withSegment(image, 0xE1, "Exif\0\0MM\0*\xFF\xFF\xFF\xFF");
      assertSameBytes(decodedOrRefused(images, chatty)!, decodedOrRefused(images, image)!, name);
    }
  });
});

test("ImageDecoder: an image looks the same whatever was decoded before it", () => {
  using folder = new TemporaryFolder();
  const source = "testsrc2=size=61x47";
  // Frames of Motion JPEG rely on the tables of the standard.
  const huffman = 0xC4;
  const standard = makeImage(folder.file("a.jpg"), ["-pix_fmt", "yuvj420p", "-huffman", "default"], source);
  const bare = withoutSegments(standard, huffman);
  assert(bare.length < standard.length);
  const optimal = makeImage(folder.file("b.jpg"), ["-pix_fmt", "yuvj420p", "-huffman", "optimal"], source);
  const png = makeImage(folder.file("c.png"), ["-pix_fmt", "rgb24"]);
  withDecoder((images) => {
    const first = decodedOrRefused(images, standard)!;
    decodedOrRefused(images, optimal);
    decodedOrRefused(images, givenImage("progressive.jpg"));
    assertSameBytes(decodedOrRefused(images, bare)!, first, "JPEG");
    const once = decodedOrRefused(images, png)!;
    assertSameBytes(decodedOrRefused(images, png)!, once, "PNG, the second time");
  });
});

const wrongImages: readonly (readonly [string, unknown, ErrorConstructor, string])[] = [
  ["text", "picture.png", TypeError, '"picture.png", but must be a typed array'],
  ["nothing", undefined, TypeError, "undefined, but must be a typed array"],
  ["an array", [0x89, 0x50], TypeError, "an array, but must be a typed array"],
  ["no bytes", new Uint8Array(), TypeError, "it is empty"],
  ["a detached buffer", detached(), TypeError, "its buffer is detached"],
  [
    "other bytes",
    Uint8Array.of(0, 1, 2, 3, 4),
    TypeError,
    "its data starts with 00 01 02 03, which is no PNG",
  ],
  ["one byte", Uint8Array.of(0xFF), TypeError, "its data starts with FF, which is no PNG"],
  ["an animation", givenImage("animation.webp"), TypeError, "it is an animation"],
  [
    "CMYK without Adobe's marker",
    withoutSegments(givenImage("cmyk.jpg"), 0xEE),
    TypeError,
    "it is CMYK without Adobe's marker",
  ],
  [
    "an arithmetically coded JPEG",
    Uint8Array.of(0xFF, 0xD8, 0xFF, 0xC9, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0, 0xFF, 0xD9),
    TypeError,
    "it is coded arithmetically or in layers",
  ],
  [
    "a PNG beyond all memory",
    pngFile({ width: 2 ** 31 - 1, height: 2 ** 31 - 1, depth: 16, colorType: 6, rows: new Uint8Array(9) }),
    RangeError,
    "it is 2147483647x2147483647, but must not have more than",
  ],
  [
    "a JPEG beyond all memory",
    Uint8Array.of(0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 255, 255, 255, 255, 1, 1, 0x11, 0, 0xFF, 0xD9),
    RangeError,
    "it is 65535x65535, but must not have more than",
  ],
  [
    "a large PNG of which next to nothing is there",
    pngFile({ width: 12_000, height: 12_000, depth: 16, colorType: 6, rows: new Uint8Array(9) }),
    TypeError,
    "it has too few bytes for 12000x12000 pixels",
  ],
  [
    "a large JPEG of which next to nothing is there",
    Uint8Array.of(0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0x2E, 0xE0, 0x2E, 0xE0, 1, 1, 0x11, 0, 0xFF, 0xD9),
    TypeError,
    "it has too few bytes for 12000x12000 pixels",
  ],
];

function detached(): Uint8Array {
  const bytes = new Uint8Array(99);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
}

test("ImageDecoder: a file that is not an image is refused with what it is", () => {
  withDecoder((images) => {
    for (const [name, image, type, words] of wrongImages) {
      const error = assertThrows(() => images.decode({ image } as never), type, words, name);
      assertEquals(error.constructor.name, type.name);
    }
    const both = { image: new Uint8Array(9), data: new Uint8Array(4), width: 1, height: 1 };
    assertThrows(() => images.decode(both), TypeError, "both image and data");
  });
});

test("ImageDecoder: an image may lie in a buffer of any kind", () => {
  const image = givenImage("gray.jpg");
  const larger = new Uint8Array(image.length + 7);
  larger.set(image, 7);
  const shared = new Uint8Array(new SharedArrayBuffer(image.length));
  shared.set(image);
  const resizable = new ArrayBuffer(image.length, { maxByteLength: image.length * 2 });
  new Uint8Array(resizable).set(image);
  withDecoder((images) => {
    const expected = decodedOrRefused(images, image)!;
    for (
      const way of [
        ...[image.buffer, Buffer.from(image), larger.subarray(7), new DataView(larger.buffer, 7)],
        ...[shared, shared.buffer, resizable, new Uint8Array(resizable)],
      ]
    ) {
      assertSameBytes(rawBytes(images.decode({ image: way })), expected, "the picture");
    }
  });
});

test("isEncodedImage: frames that are images are told from others", () => {
  class Slide {
    get image(): Uint8Array {
      return new Uint8Array();
    }
  }
  for (const frame of [{ image: new Uint8Array() }, { image: undefined }, new Slide()]) {
    assert(isEncodedImage(frame));
  }
  for (const frame of [null, undefined, "image", 5, {}, { data: new Uint8Array(), width: 1, height: 1 }]) {
    assert(!isEncodedImage(frame));
  }
});

testBoth("ImageDecoder: many images leave no memory behind, whole or broken", () => {
  using folder = new TemporaryFolder();
  const files = ["rgba.png", "420.jpg"].map((name) => {
    return makeImage(folder.file(name), [...made[name]!, "-s", "320x240"]);
  });
  withDecoder((images) => {
    const round = () => {
      for (const image of files) {
        images.decode({ image });
        assertThrows(() => images.decode({ image: image.subarray(0, image.length - 20) }), TypeError);
        const damaged = image.slice();
        // Of a JPEG, this cuts the tables; of a PNG, the pixels.
        damaged.fill(0, 100, 200);
        decodedOrRefused(images, damaged);
      }
    };
    for (let warmUp = 0; warmUp < 100; warmUp++) round();
    const before = process.memoryUsage().rss;
    for (let index = 0; index < (isLong ? 1000 : 400); index++) round();
    // One picture that is lost each time would be 300 MB, or 120.
    const grown = process.memoryUsage().rss - before;
    assert(grown < 6e7, `${grown} bytes more`);
  });
});

async function writeImages(
  codec: string,
  path: string,
  images: readonly Uint8Array[],
  options?: WriterOptions,
): Promise<void> {
  await using writer = await createFileWriter(codec, path, 25, options);
  for (const image of images) await writer.write({ image });
}

for (
  const name of ["rgba.png", "rgb24.png", "gray.png", "ya8.png", "pal8.png", "monob.png", "interlaced.png"]
) {
  test(`write: ${name} comes back from a lossless video bit for bit`, async () => {
    using folder = new TemporaryFolder();
    const image = makeImage(folder.file(name), made[name]!);
    await writeImages("ffv1", folder.file("a.mkv"), [image, image]);
    const [expected, video] = decodeAll([folder.file(name), folder.file("a.mkv")], () => "rgba");
    assertSameBytes(video!, new Uint8Array(Buffer.concat([expected!, expected!])), name);
  });
}

test("write: PNGs of different formats go into one video", async () => {
  using folder = new TemporaryFolder();
  const names = ["rgb24.png", "rgba.png", "gray.png", "pal8.png", "rgb24.png"];
  const images = names.map((name) => makeImage(folder.file(name), made[name]!));
  await writeImages("ffv1", folder.file("a.mkv"), images);
  // The first one has no alpha: the others are laid over black.
  const expected = names.map((name) => {
    const rgba = decode(folder.file(name), "rgba");
    return rgba.map((value, at) => Math.round(value * rgba[at | 3]! / 255)).filter((_, at) => at % 4 < 3);
  });
  assertSameBytes(decode(folder.file("a.mkv"), "rgb24"), new Uint8Array(Buffer.concat(expected)), "pictures");
});

test("write: JPEGs of different subsampling go into one video, and pixels between them", async () => {
  using folder = new TemporaryFolder();
  const source = "gradients=size=64x48:seed=3:x0=0:y0=0:x1=64:y1=48:c0=red:c1=blue:nb_colors=2";
  const names = ["420.jpg", "444.jpg", "422.jpg"];
  const images = names.map((name) => makeImage(folder.file(name), [...made[name]!, "-q:v", "2"], source));
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("h264", path, 25, { quality: 1 });
  await writer.write({ image: images[0]! });
  await writer.write({ image: images[1]! });
  await writer.write({ data: decode(folder.file("422.jpg"), "rgba", fromJpeg), width: 64, height: 48 });
  await writer.write({ image: images[2]! });
  await writer.close();
  const filter = "scale=in_color_matrix=bt601:in_range=tv:flags=accurate_rnd+full_chroma_int";
  const decoded = decode(path, "rgb24", filter);
  assertEquals(decoded.length, 4 * 64 * 48 * 3);
  for (const [index, name] of ["420.jpg", "444.jpg", "422.jpg", "422.jpg"].entries()) {
    const frame = decoded.subarray(index * 64 * 48 * 3, (index + 1) * 64 * 48 * 3);
    const ratio = psnr(frame, decode(folder.file(name), "rgb24", fromJpeg));
    assert(ratio > 38, `${name}: ${ratio} dB`);
  }
});

/** ffmpeg's way from a JPEG's luma and chroma to RGB. */
const fromJpeg = "scale=in_color_matrix=bt601:in_range=pc:flags=accurate_rnd+full_chroma_int";

for (const name of ["444.jpg", "lossy.webp"]) {
  test(`write: the colours of ${name} come back from a video of 720 lines`, {
    skip: name.endsWith("webp") && withoutWebp,
  }, async () => {
    using folder = new TemporaryFolder();
    const source = "smptehdbars=size=1280x720";
    const image = makeImage(
      folder.file(name),
      [...made[name]!, "-q:v", name.endsWith("webp") ? "100" : "1"],
      source,
    );
    const path = folder.file("a.mp4");
    await writeImages("h264", path, [image], { quality: 1, pixelFormat: "yuv444p" });
    const stream = probe(path);
    assertEquals([stream.color_space, stream.color_range], ["bt709", "tv"]);
    const toRgb = "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int";
    const isWebp = name.endsWith("webp");
    const expected = decode(folder.file(name), "rgb24", isWebp ? fromJpeg.replace("pc", "tv") : fromJpeg);
    const decoded = decode(path, "rgb24", toRgb);
    let worst = 0;
    let sum = 0;
    for (const [index, value] of expected.entries()) {
      const difference = Math.abs(decoded[index]! - value);
      sum += difference;
      // Between the bars chroma is interpolated, where it is subsampled.
      if (!isWebp) worst = Math.max(worst, difference);
    }
    assert(sum / expected.length < 1, `off by ${sum / expected.length} on average`);
    assert(worst <= 12, `off by ${worst}`);
  });
}

test("write: an invalid image is refused, and the writer goes on", async () => {
  using folder = new TemporaryFolder();
  const image = makeImage(folder.file("a.png"), made["rgba.png"]!);
  for (const isFirst of [true, false]) {
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 25);
    if (!isFirst) await writer.write({ image });
    for (const [, wrong, type, words] of wrongImages) {
      await assertFails(() => writer.write({ image: wrong } as never), { type, says: [words] });
    }
    await assertFails(() => writer.write({ image: image.subarray(0, image.length - 99) }), {
      type: TypeError,
      says: ["PNG", "broken or cut off"],
    });
    if (!isFirst) {
      const other = makeImage(folder.file("b.png"), [...made["rgba.png"]!, "-s", "64x48"]);
      await assertFails(() => writer.write({ image: other }), { type: RangeError, says: ["64x48", "61x47"] });
    }
    await writer.write({ image });
    const { frames } = await writer.close();
    assertEquals(frames, isFirst ? 1 : 2);
    const expected = decode(folder.file("a.png"), "rgba");
    assertSameBytes(decode(path, "rgba").subarray(0, expected.length), expected, "the picture");
  }
});

test("write: an image may be overwritten as soon as write has been called", async () => {
  using folder = new TemporaryFolder();
  const image = makeImage(folder.file("a.png"), made["rgb24.png"]!);
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 25);
  const buffer = new Uint8Array(image.length);
  for (let frame = 0; frame < 2; frame++) {
    buffer.set(image);
    const written = writer.write({ image: buffer });
    buffer.fill(0);
    await written;
  }
  await writer.close();
  const expected = decode(folder.file("a.png"), "rgb24");
  assertSameBytes(decode(path, "rgb24"), new Uint8Array(Buffer.concat([expected, expected])), "the pictures");
});
