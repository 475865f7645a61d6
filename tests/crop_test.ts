import { spawnSync } from "node:child_process";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createFrameSource,
  createVideoNode,
  type CropArea,
  type DecodedFrame,
  splitStereo,
  type StereoLayout,
} from "../mod.ts";
import { numbered, numberedBytes, Watcher } from "./support/drawn.ts";
import { assertSameBytes } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, some, test, testBoth } = testsOf(import.meta.url);

const [width, height] = [22, 14];

/** What of a picture goes in, and its bytes. */
const formats: readonly (readonly [name: string, bytes: number])[] = [
  ["rgba", width * height * 4],
  ["bgra", width * height * 4],
  ["rgb24", width * height * 3],
  ["gray", width * height],
  ["gray16le", width * height * 2],
  ["rgba64le", width * height * 8],
  ["gbrpf32le", width * height * 12],
  ["yuv420p", width * height * 3 / 2],
  ["yuva420p", width * height * 5 / 2],
  ["yuv420p10le", width * height * 3],
  ["nv12", width * height * 3 / 2],
  ["p010le", width * height * 3],
  ["yuv422p", width * height * 2],
  ["uyvy422", width * height * 2],
  ["yuyv422", width * height * 2],
  ["yuv440p", width * height * 2],
  ["yuv444p", width * height * 3],
];

/** A part of a picture, as the ffmpeg program's filters have it. */
function croppedByFfmpeg(bytes: Uint8Array, format: string, { x, y, ...size }: CropArea): Uint8Array {
  const crop = `crop=${size.width}:${size.height}:${x}:${y}:exact=1`;
  const { stdout, status, stderr } = spawnSync("ffmpeg", [
    ...["-v", "error", "-f", "rawvideo", "-pix_fmt", format, "-video_size", `${width}x${height}`, "-i", "-"],
    ...["-vf", crop, "-f", "rawvideo", "-pix_fmt", format, "-"],
  ], { input: bytes });
  if (status !== 0) throw new Error(String(stderr));
  return new Uint8Array(stdout);
}

async function only(frames: AsyncIterable<DecodedFrame>): Promise<DecodedFrame> {
  for await (const frame of frames) return frame;
  throw new Error("no frame");
}

testBoth("crop: is the part that the ffmpeg program cuts out, in every layout of planes", async () => {
  const areas = [
    { x: 4, y: 2, width: 10, height: 8 },
    { x: 20, y: 12, width: 2, height: 2 },
    { x: 0, y: 0, width, height },
    { x: 2, y: 4, width: 7, height: 5 },
  ];
  for (const [format, bytes] of some(formats, 3)) {
    for (const area of isLong ? areas : [areas[0]!, areas[3]!]) {
      const options = { width, height, format, bytes };
      await using source = await createFrameSource(numbered(1, options), { frameRate: 25 });
      source.crop = area;
      assertEquals(source.crop, area);
      const frame = await only(source);
      assertEquals([frame.width, frame.height, frame.format], [area.width, area.height, format]);
      const expected = croppedByFfmpeg(numberedBytes(0, bytes), format, area);
      assertSameBytes(frame.data, expected, `${format} ${JSON.stringify(area)}`);
    }
  }
});

test("crop: a palette goes with its part", async () => {
  const palette = numberedBytes(3, 1024);
  const data = new Uint8Array([...numberedBytes(1, 4 * 3), ...palette]);
  await using source = await createFrameSource([{ data, width: 4, height: 3, format: "pal8" }], {
    frameRate: 25,
  });
  source.crop = { x: 1, y: 1, width: 2, height: 2 };
  const frame = await only(source);
  assertEquals([...frame.data.subarray(0, 4)], [5, 6, 9, 10].map((at) => data[at]!));
  assertEquals(frame.data.slice(4), palette);
});

test("crop: what is not on the grid of chroma, or outside of the picture, is a RangeError", async () => {
  const cases: readonly (readonly [format: string, bytes: number, area: CropArea, said: string])[] = [
    ["yuv420p", 462, { x: 1, y: 0, width: 4, height: 4 }, "grid of 2x2"],
    ["yuv420p", 462, { x: 0, y: 3, width: 4, height: 4 }, "grid of 2x2"],
    ["uyvy422", 616, { x: 3, y: 1, width: 4, height: 4 }, "grid of 2x1"],
    ["yuv410p", 356, { x: 2, y: 0, width: 4, height: 4 }, "grid of 4x4"],
    ["monob", 42, { x: 4, y: 0, width: 4, height: 4 }, "grid of 8x1"],
    ["bayer_rggb8", 308, { x: 1, y: 0, width: 4, height: 4 }, "grid of 2x2"],
    ["rgba", 1232, { x: 20, y: 0, width: 4, height: 4 }, "picture is 22x14"],
    ["rgba", 1232, { x: 0, y: 0, width: 22, height: 15 }, "picture is 22x14"],
    ["rgba", 1232, { x: -1, y: 0, width: 2, height: 2 }, "its x is -1"],
    ["rgba", 1232, { x: 0, y: 0, width: 0, height: 2 }, "its width is 0"],
    ["rgba", 1232, { x: 0, y: 0.5, width: 2, height: 2 }, "its y is 0.5"],
  ];
  for (const [format, bytes, area, said] of cases) {
    await using source = await createFrameSource(numbered(1, { width, height, format, bytes }), {
      frameRate: 25,
    });
    assertThrows(() => source.crop = area, RangeError, said);
    assertEquals(source.crop, null);
  }
  await using source = await createFrameSource(numbered(1, { width, height }), { frameRate: 25 });
  assertThrows(() => source.crop = "all" as never, TypeError, "x, y, width, height");
  assertThrows(() => source.crop = { x: 0, y: 0, w: 2, h: 2 } as never, TypeError, "width");
});

test("crop: another part is set while frames flow, from the next frame on, for all that get it", async () => {
  await using source = await createFrameSource(numbered(6, { width, height }), { frameRate: 25 });
  const target = new Watcher();
  const attached = source.attach(target);
  const sizes: number[] = [];
  for await (const frame of source) {
    sizes.push(frame.width);
    source.crop = sizes.length === 5 ? null : { x: sizes.length, y: 0, width: 9 - sizes.length, height: 4 };
  }
  await attached.finished;
  assertEquals(sizes, [22, 8, 7, 6, 5, 22]);
  assertEquals(target.frames.map((frame) => frame.width), sizes);
});

test("crop: of a node is one of what the node makes, and fails it where that has no such part", async () => {
  await using source = await createFrameSource(numbered(3, { width, height }), { frameRate: 25 });
  await using node = await createVideoNode("scale=10:6");
  node.crop = { x: 8, y: 0, width: 2, height: 6 };
  const target = new Watcher((frame) => {
    if (frame.timestamp === 0) {
      assertThrows(() => node.crop = { x: 9, y: 0, width: 2, height: 6 }, RangeError, "10x6");
    }
  });
  node.attach(target);
  await source.attach(node).finished;
  assertEquals(target.frames.map((frame) => [frame.width, frame.height]), [[2, 6], [2, 6], [2, 6]]);

  await using late = await createVideoNode(() => {});
  late.crop = { x: 0, y: 0, width: 99, height: 99 };
  const attached = late.attach(new Watcher());
  await using again = await createFrameSource(numbered(3, { width, height }), { frameRate: 25 });
  await assertRejects(() => again.attach(late).finished, RangeError, "22x14");
  await assertRejects(() => attached.finished, RangeError, "22x14");
});

testBoth("splitStereo: both views of BGRA, I420 and UYVY pairs, frame by frame", async () => {
  const layouts: readonly StereoLayout[] = ["side-by-side", "top-bottom"];
  for (const [format, bytes] of [["bgra", 1280], ["yuv420p", 480], ["uyvy422", 640]] as const) {
    for (const layout of layouts) {
      const pairs = numbered(4, { width: 20, height: 16, format, bytes });
      await using source = await createFrameSource(pairs, { frameRate: 25 });
      const { left, right } = splitStereo(source, layout);
      const views = [new Watcher(), new Watcher()] as const;
      const attached = [left.attach(views[0]), right.attach(views[1])];
      await Promise.all(attached.map(({ finished }) => finished));
      const isWide = layout === "side-by-side";
      const half = isWide ? { width: 10, height: 16 } : { width: 20, height: 8 };
      for (const [at, { frames }] of views.entries()) {
        assertEquals(frames.map(({ timestamp }) => timestamp), [0, 1, 2, 3].map((index) => index / 25));
        await using whole = await createFrameSource(
          numbered(4, { width: 20, height: 16, format, bytes }),
          { frameRate: 25 },
        );
        whole.crop = { x: isWide ? at * 10 : 0, y: isWide ? 0 : at * 8, ...half };
        let index = 0;
        for await (const frame of whole) {
          assertSameBytes(frames[index++]!.data, frame.data, `${format} ${layout} ${at}`);
        }
      }
    }
  }
});

test("splitStereo: pictures without exact halves and unknown layouts are refused", async () => {
  await using odd = await createFrameSource(numbered(1, { width: 5, height: 4 }), { frameRate: 25 });
  assertThrows(() => splitStereo(odd, "side-by-side"), RangeError, "width is odd");
  await using six = await createFrameSource(
    numbered(1, { width: 6, height: 4, format: "yuv420p", bytes: 36 }),
    { frameRate: 25 },
  );
  assertThrows(() => splitStereo(six, "side-by-side"), RangeError, "grid of 2x2");
  assertThrows(() => splitStereo(six, "left-right" as never), TypeError, "side-by-side");
  // What a node makes is known with its first frame only.
  await using node = await createVideoNode(() => {});
  const { right } = splitStereo(node, "side-by-side");
  const attached = right.attach(new Watcher());
  odd.attach(node);
  await assertRejects(() => attached.finished, RangeError, "width is odd");
  assert(attached.state === "failed");
});
