import { execFileSync } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFileWriter, UnsupportedError, type WriterOptions } from "../mod.ts";
import { assertSameBytes, decode, frameTimes, psnr, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const width = 96, height = 64, count = 30;

/** A picture of so many colours, which move, and get more from frame to frame up to that number. */
function picture(index: number, colors: number, first = colors): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  const known = Math.min(colors, first + index * 10);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isMoving = x >= index * 2 && x < index * 2 + 24 && y > 20 && y < 50;
      const color = (isMoving ? x * 5 + y * 3 + index : (x >> 2) + (y >> 3) * 24) % known;
      data.set([color * 37 & 255, color, 255 - (color * 11 & 255), 255], (y * width + x) * 4);
    }
  }
  return data;
}

async function writeClip(
  path: string,
  frames: readonly Uint8Array[],
  options: WriterOptions = {},
): Promise<void> {
  const writer = await createFileWriter("gif", path, 25, options);
  for (const data of frames) await writer.write({ data, width, height });
  await writer.close();
}

function joined(frames: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
  frames.forEach((frame, index) => all.set(frame, index * frame.length));
  return all;
}

/** The size of the GIF that ffmpeg makes of frames with one palette for all. */
function ffmpegBytes(folder: TemporaryFolder, frames: readonly Uint8Array[]): number {
  const raw = folder.file("frames.rgba"), path = folder.file("ffmpeg.gif");
  writeFileSync(raw, joined(frames));
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgba", "-video_size", `${width}x${height}`],
    ...[
      "-framerate",
      "25",
      "-i",
      raw,
      "-vf",
      "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none",
      path,
    ],
  ]);
  return statSync(path).size;
}

for (const [colors, first] of some([[3, 3], [40, 40], [200, 20], [255, 5]] as const, 2)) {
  testBoth(
    `gif: a clip of ${colors} colours has one palette, is exact, and no larger than ffmpeg's`,
    async () => {
      using folder = new TemporaryFolder();
      const path = folder.file("a.gif");
      const frames = Array.from({ length: count }, (_, index) => picture(index, colors, first));
      await writeClip(path, frames);
      assertSameBytes(decode(path, "rgba"), joined(frames), `${colors} colours`);
      const [own, theirs] = [statSync(path).size, ffmpegBytes(folder, frames)];
      assert(own <= theirs, `${own} bytes, and ${theirs} by ffmpeg`);
    },
  );
}

test("gif: opaque frames of 256 colours are exact", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const frames = Array.from({ length: count }, (_, index) => picture(index, 256, 20));
  const writer = await createFileWriter("gif", path, 25, { crashSafe: false, thread: "main" });
  for (const data of frames) await writer.write({ data, width, height, format: "rgb0" });
  await writer.close();
  assertSameBytes(decode(path, "rgba"), joined(frames), "256 colours");
});

test("gif: in other containers, whose first bytes are no table of colours, frames keep their colours", async () => {
  using folder = new TemporaryFolder();
  const frames = Array.from({ length: 4 }, (_, index) => picture(index, 60, 20));
  for (const file of ["a.mov", "a.nut"]) {
    for (const thread of ["worker", "main"] as const) {
      await writeClip(folder.file(file), frames, { thread });
      const [found, expected] = [decode(folder.file(file), "rgba"), joined(frames)];
      assertEquals(found.length, expected.length, file);
      // FFmpeg's palettegen of later releases rounds colours in another space.
      const worst = found.reduce((most, byte, at) => Math.max(most, Math.abs(byte - expected[at]!)), 0);
      assert(worst <= 1, `${file}, ${thread}: ${worst} off`);
    }
  }
});

test("gif: what is transparent stays so, beside colours that come later", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const frames = Array.from({ length: 6 }, (_, index) => {
    const data = picture(index, 100, 10);
    for (let at = 0; at < data.length; at += 4) if ((at >> 4) % 5 === index % 5) data.set([0, 0, 0, 0], at);
    return data;
  });
  await writeClip(path, frames);
  const decoded = decode(path, "rgba");
  for (const [index, frame] of frames.entries()) {
    const part = decoded.subarray(index * frame.length, (index + 1) * frame.length);
    for (let at = 0; at < frame.length; at += 4) {
      assertEquals(part[at + 3], frame[at + 3], `frame ${index}, byte ${at}`);
      if (frame[at + 3] === 255) {
        assertEquals([...part.subarray(at, at + 3)], [...frame.subarray(at, at + 3)]);
      }
    }
  }
});

/** A picture that is transparent from a column on. */
function cut(data: Uint8Array, column: number): Uint8Array {
  const copy = data.slice();
  for (let at = 0; at < copy.length; at += 4) if ((at / 4) % width >= column) copy.fill(0, at, at + 4);
  return copy;
}

test("gif: transparent frames beside opaque ones are neither drawn over them nor cut from them", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const one = picture(0, 40), other = picture(3, 60);
  const half = cut(one, 40), none = cut(one, 0);
  for (
    const frames of [[one, half, one, other, half, other], [half, one, half], [none, one, other, none, one]]
  ) {
    for (const options of [{}, { palette: "clip", thread: "main" }, { filter: "null" }] as const) {
      await writeClip(path, frames, options);
      const decoded = decode(path, "rgba");
      for (const [index, frame] of frames.entries()) {
        const part = decoded.slice(index * frame.length, (index + 1) * frame.length);
        // What is under transparent pixels is of no matter.
        for (let at = 0; at < part.length; at += 4) if (part[at + 3] === 0) part.fill(0, at, at + 4);
        assertSameBytes(part, frame, `frame ${index} of ${frames.length}, ${JSON.stringify(options)}`);
      }
    }
  }
});

test('gif: alpha "discard" lays frames over the background', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const data = new Uint8Array(width * height * 4).fill(0);
  for (const options of [{}, { palette: "clip" }, { filter: "hflip", thread: "main" }] as const) {
    await writeClip(path, [data], { ...options, alpha: "discard", background: "#20c83c" });
    assertEquals([...decode(path, "rgba").subarray(0, 4)], [32, 200, 60, 255], JSON.stringify(options));
  }
});

/** A picture of thousands of colours. */
function photo(hue: number): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < data.length; at += 4) {
    const x = (at / 4) % width, y = Math.floor(at / 4 / width);
    data.set([x * 2 + hue, y * 4 - hue, (x + y + hue * 3) & 255, 255], at);
  }
  return data;
}

test("gif: frames of many colours that come again look the same again", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  const [one, other, few] = [photo(0), photo(50), picture(0, 20)];
  const frames = [one, other, one, one, other, few, one, few];
  await writeClip(path, frames);
  const decoded = decode(path, "rgba");
  for (const [index, frame] of frames.entries()) {
    const part = decoded.subarray(index * frame.length, (index + 1) * frame.length);
    assert(psnr(part, frame) > 30, `frame ${index}: ${psnr(part, frame)} dB`);
  }
});

test(
  "gif: a clip that gets more colours than a palette has keeps its first frames exactly",
  async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.gif");
    const few = Array.from({ length: 5 }, (_, index) => picture(index, 200, 10));
    const frames = [...few, photo(0), photo(20), ...few];
    await writeClip(path, frames, { timing: "constant", thread: "main" });
    const decoded = decode(path, "rgba");
    assertSameBytes(decoded.subarray(0, 5 * few[0]!.length), joined(few), "first frames");
    for (const [index, frame] of frames.entries()) {
      const part = decoded.subarray(index * frame.length, (index + 1) * frame.length);
      assert(psnr(part, frame) > 30, `frame ${index}: ${psnr(part, frame)} dB`);
    }
  },
);

test('palette: "clip" is one for all frames, smaller than one for each, and about as large as ffmpeg makes it', async () => {
  using folder = new TemporaryFolder();
  const [each, all] = [folder.file("each.gif"), folder.file("all.gif")];
  const frames = Array.from({ length: 20 }, (_, index) => photo(index));
  await writeClip(each, frames, { palette: "frame" });
  await writeClip(all, frames, { palette: "clip" });
  assertEquals(readdirSync(folder.path).sort(), ["all.gif", "each.gif"]);
  const decoded = decode(all, "rgba");
  for (const [index, frame] of frames.entries()) {
    const part = decoded.subarray(index * frame.length, (index + 1) * frame.length);
    assert(psnr(part, frame) > 28, `frame ${index}: ${psnr(part, frame)} dB`);
  }
  const bytes = statSync(all).size, theirs = ffmpegBytes(folder, frames);
  assert(bytes < statSync(each).size, `${bytes} and ${statSync(each).size}`);
  assert(bytes < theirs * 1.2, `${bytes}, and ${theirs} by ffmpeg`);
});

test('palette: "clip" keeps few colours exactly, with times and lengths of frames', async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.gif");
  for (const thread of ["worker", "main"] as const) {
    const frames = Array.from({ length: 10 }, (_, index) => picture(index, 250, 10));
    const writer = await createFileWriter("gif", path, 10, { palette: "clip", timing: "timestamps", thread });
    for (const [index, data] of frames.entries()) {
      await writer.write({ data, width, height }, { timestamp: index * index / 50 });
    }
    const { frames: count, seconds } = await writer.close();
    assertEquals([count, Math.round(seconds * 100)], [10, 172]);
    assertEquals(frameTimes(path).map((time) => Math.round(time * 50)), [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
    assertSameBytes(decode(path, "rgba"), joined(frames), thread);
  }
});

test('palette: "clip" leaves nothing when it is aborted', async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("gif", folder.file("a.gif"), 10, { palette: "clip" });
  await writer.write({ data: photo(1), width, height });
  await writer.abort();
  assertEquals(readdirSync(folder.path), []);
});

test("palette: is refused where there is none to choose", async () => {
  const error = await assertRejects(
    () => createFileWriter("h264", "never.mp4", 25, { palette: "clip" }),
    UnsupportedError,
  );
  assertEquals(error.code, "PALETTE_NOT_FOR_CONTAINER");
});
