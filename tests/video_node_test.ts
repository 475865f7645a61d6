import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createFrameSource,
  createVideoNode,
  type DecodedFrame,
  type GivenFrame,
  OptionError,
  type VideoNode,
} from "../mod.ts";
import { indexOf, numbered, numberedBytes, upTo, Watcher } from "./support/drawn.ts";
import { assertSameBytes } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const [width, height] = [16, 8];
const frameBytes = width * height * 4;

/** Swaps two components of pixels of four. */
function swap(one: number, other: number): (pixels: Uint8Array) => void {
  return (pixels) => {
    for (let at = 0; at < pixels.length; at += 4) {
      [pixels[at + one], pixels[at + other]] = [pixels[at + other]!, pixels[at + one]!];
    }
  };
}

/** What the ffmpeg program's filters make of numbered frames. */
function filtered(count: number, filter: string, format = "rgba"): Uint8Array {
  const input = Buffer.concat(upTo(count).map((index) => numberedBytes(index, frameBytes)));
  const { stdout, status, stderr } = spawnSync("ffmpeg", [
    ...["-v", "error", "-f", "rawvideo", "-pix_fmt", "rgba", "-video_size", `${width}x${height}`],
    ...["-framerate", "25", "-i", "-", "-vf", filter, "-f", "rawvideo", "-pix_fmt", format, "-"],
  ], { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(String(stderr));
  return new Uint8Array(stdout);
}

/** The frames that a node makes of numbered ones. */
async function through(node: VideoNode, count: number): Promise<DecodedFrame[]> {
  await using source = await createFrameSource(numbered(count, { width, height }), { frameRate: 25 });
  const target = new Watcher();
  node.attach(target);
  await source.attach(node).finished;
  return target.frames;
}

function joined(frames: readonly DecodedFrame[]): Uint8Array {
  return Buffer.concat(frames.map(({ data }) => data));
}

test("createVideoNode: a function changes pixels in place, without a copy where nobody else reads them", async () => {
  const seen: Uint8Array[] = [];
  await using node = await createVideoNode((pixels, { width, height, format, timestamp }) => {
    assertEquals([width, height, format, timestamp], [16, 8, "rgba", seen.length / 25]);
    swap(0, 2)(pixels);
    seen.push(pixels);
  });
  const frames = await through(node, 5);
  assert(frames.every(({ data }, index) => data.buffer === seen[index]!.buffer), "copied");
  assertSameBytes(joined(frames), filtered(5, "format=bgra", "bgra"), "swapped");
});

test("createVideoNode: a frame that others read is copied before it is changed", async () => {
  await using source = await createFrameSource(numbered(6), { frameRate: 25 });
  const inverted = await Promise.all([255, 15].map((mask) =>
    createVideoNode(async (pixels) => {
      await sleep(2);
      pixels.forEach((value, at) => pixels[at] = value ^ mask);
    })
  ));
  const [plain, ...changed] = [new Watcher(), new Watcher(), new Watcher()];
  inverted.forEach((node, at) => node.attach(changed[at]!));
  const attached = [source.attach(inverted[0]!), source.attach(plain!), source.attach(inverted[1]!)];
  await Promise.all(attached.map(({ finished }) => finished));
  for (const index of upTo(6)) {
    const bytes = numberedBytes(index, frameBytes);
    assertEquals(plain!.frames[index]!.data, bytes);
    assertEquals(changed[0]!.frames[index]!.data, bytes.map((value) => value ^ 255));
    assertEquals(changed[1]!.frames[index]!.data, bytes.map((value) => value ^ 15));
  }
});

test("createVideoNode: a frame is not copied once the writers that read it have it", async () => {
  await using source = await createFrameSource(numbered(4), { frameRate: 25 });
  const written: unknown[] = [];
  const writer = {
    write: (frame: { data: Uint8Array }) => Promise.resolve(void written.push(frame.data.buffer)),
  };
  const changed: unknown[] = [];
  await using node = await createVideoNode(async (pixels) => {
    while (written.length < 4) await sleep(1);
    changed.push(pixels.buffer);
  });
  await Promise.all([source.attach(node), source.attach(writer)].map(({ finished }) => finished));
  assertEquals(changed.length, 4);
  assert(changed.slice(1).every((buffer, index) => buffer === written[index + 1]), "copied");
});

for (const thread of ["worker", "main"] as const) {
  test(`createVideoNode: filters make what the ffmpeg program makes of them, thread ${thread}`, async () => {
    const cases = [
      ["hflip", "rgba"],
      ["crop=9:5:3:2,scale=18:10:flags=neighbor", "rgba"],
      ["reverse", "rgba"],
      ["format=bgra,transpose", "bgra"],
      ["select=not(mod(n\\,3))", "rgba"],
    ] as const;
    for (const [filter, format] of cases) {
      await using node = await createVideoNode(filter, { thread });
      const frames = await through(node, 9);
      const expected = filter.startsWith("select")
        ? Buffer.concat([0, 3, 6].map((index) => numberedBytes(index, frameBytes)))
        : filtered(9, filter, format);
      assertSameBytes(joined(frames), expected, filter);
      assertEquals([...new Set(frames.map((frame) => frame.format))], [format]);
    }
  });

  test(`createVideoNode: filters keep times exactly, or say how long frames are, thread ${thread}`, async () => {
    const times = async (filter: string): Promise<(number | null)[][]> => {
      await using node = await createVideoNode(filter, { thread });
      return (await through(node, 4)).map(({ timestamp, duration }) => [timestamp, duration]);
    };
    assertEquals(await times("vflip"), upTo(4).map((index) => [index / 25, 1 / 25]));
    assertEquals(await times("fps=50"), upTo(8).map((index) => [index / 50, 1 / 50]));
    assertEquals(await times("setpts=PTS+0.5/TB"), upTo(4).map((index) => [0.5 + index / 25, 1 / 25]));
  });
}

testLong("createVideoNode: 6,000 frames through nodes of all kinds leave no memory behind", async () => {
  const total = 6000;
  const frame = { data: numberedBytes(1, 64 * 48 * 4), width: 64, height: 48 };
  await using source = await createFrameSource(Array.from({ length: total }, () => frame), { frameRate: 25 });
  const nodes = await Promise.all([
    createVideoNode((pixels) => void pixels.fill(3)),
    createVideoNode(new TransformStream()),
    createVideoNode("negate"),
  ]);
  const resident: number[] = [];
  let count = 0;
  const counter = {
    update: () => void (count++ % 200 === 0 && resident.push(process.memoryUsage().rss / 2 ** 20)),
  };
  nodes[2]!.attach(counter, { frames: 2 });
  nodes[1]!.attach(nodes[2]!);
  nodes[0]!.attach(nodes[1]!);
  await source.attach(nodes[0]!).finished;
  for (const node of nodes) await node[Symbol.asyncDispose]();
  assertEquals(count, total);
  const least = (from: number, to: number): number =>
    Math.round(Math.min(...resident.slice(resident.length * from, resident.length * to)));
  const [early, late] = [least(0.1, 0.3), least(0.8, 1)];
  console.log(`resident: ${early} MB, then ${late} MB`);
  assert(late - early < 20, `grew from ${early} to ${late} MB`);
});

test("createVideoNode: filters begin anew where size or format change, and lose nothing", async () => {
  const mixed = async function* (): AsyncGenerator<GivenFrame> {
    yield* numbered(3, { width: 4, height: 2 });
    yield* numbered(3, { width: 2, height: 2, format: "gray", bytes: 4 });
  };
  await using source = await createFrameSource(mixed(), { frameRate: 25 });
  await using node = await createVideoNode("tpad=stop=1:stop_mode=clone");
  const target = new Watcher();
  node.attach(target);
  await source.attach(node).finished;
  assertEquals(target.indices, [0, 1, 2, 2, 0, 1, 2, 2]);
  assertEquals(target.frames.map(({ width }) => width), [4, 4, 4, 4, 2, 2, 2, 2]);
});

test("createVideoNode: a wrong description is refused at once; one that does not fit ends the attachment", async () => {
  for (const thread of ["worker", "main"] as const) {
    await assertRejects(() => createVideoNode("hflipp", { thread }), OptionError, "hflipp");
    await using node = await createVideoNode("crop=999:999", { thread });
    const target = new Watcher();
    const attached = node.attach(target);
    await using source = await createFrameSource(numbered(3), { frameRate: 25 });
    await assertRejects(() => source.attach(node).finished, OptionError, "crop=999:999");
    await assertRejects(() => attached.finished, OptionError, "crop=999:999");
  }
  for (const wrong of [null, 7, {}]) {
    await assertRejects(() => createVideoNode(wrong as never), TypeError, "TransformStream");
  }
  await assertRejects(() => createVideoNode("hflip", { threads: 1 } as never), TypeError, "threads");
});

test("createVideoNode: a TransformStream leaves frames out, adds some, and makes its own", async () => {
  await using node = await createVideoNode(
    new TransformStream<DecodedFrame, DecodedFrame | GivenFrame>({
      transform(frame, controller) {
        const index = indexOf(frame);
        if (index % 4 === 0) controller.enqueue(frame);
        if (index === 2) controller.enqueue({ ...frame, data: frame.data.map((value) => value + 40) });
        const { timestamp } = frame;
        if (index === 3) {
          controller.enqueue({ data: new Uint8Array([99]), width: 1, height: 1, format: "gray", timestamp });
        }
      },
      flush: (controller) =>
        controller.enqueue({
          data: new Uint8Array([77]),
          width: 1,
          height: 1,
          format: "gray",
          timestamp: 1,
        }),
    }),
  );
  const frames = await through(node, 6);
  assertEquals(frames.map(indexOf), [0, 42, 99, 4, 77]);
  assertEquals(frames.map(({ timestamp }) => timestamp), [0, 2 / 25, 3 / 25, 4 / 25, 1]);
});

test("createVideoNode: an error in a function or stream ends the node's part of the pipeline alone", async () => {
  const broken = (frame: DecodedFrame): void => {
    if (indexOf(frame) === 2) throw new Error("cannot do this one");
  };
  const works = [
    (_pixels: Uint8Array, frame: DecodedFrame): void => broken(frame),
    new TransformStream<DecodedFrame, DecodedFrame>({
      transform(frame, controller) {
        broken(frame);
        controller.enqueue(frame);
      },
    }),
  ];
  for (const work of works) {
    await using source = await createFrameSource(numbered(6), { frameRate: 25 });
    await using node = await createVideoNode(work);
    const [after, beside] = [new Watcher(), new Watcher()];
    const attached = [node.attach(after), source.attach(node), source.attach(beside)];
    for (const { finished } of attached.slice(0, 2)) {
      await assertRejects(() => finished, Error, "cannot do this one");
    }
    await attached[2]!.finished;
    assertEquals([after.indices, beside.indices], [[0, 1], upTo(6)]);
  }
});

test("detach: of a node, resolves once the node's own targets have all, also what filters held", async () => {
  await using source = await createFrameSource(numbered(200, { everyMs: 2 }), { frameRate: 25 });
  await using held = await createVideoNode("reverse");
  await using slow = await createVideoNode(new TransformStream());
  const target = new Watcher(() => sleep(4));
  slow.attach(target, { frames: 100 });
  held.attach(slow, { frames: 100 });
  const attached = source.attach(held);
  while (attached.received < 8) await sleep(1);
  await source.detach(held);
  const { received } = attached;
  assertEquals(target.indices, upTo(received).reverse());
  // The node goes on with its next source.
  const again = source.attach(held);
  while (again.received < 3) await sleep(1);
  await source.detach(held);
  assertEquals(
    target.indices.slice(received),
    upTo(again.received).map((index) => received + index).reverse(),
  );
});

test("attach: nodes in a circle are refused", async () => {
  const [one, other] = [await createVideoNode(() => {}), await createVideoNode(() => {})];
  one.attach(other);
  assertThrows(() => other.attach(one), TypeError, "come back");
  assertThrows(() => one.attach(one), TypeError, "come back");
  await Promise.all([one, other].map((node) => node[Symbol.asyncDispose]()));
});

test("update: a program gives frames to a node itself, which leaves them as they are", async () => {
  await using node = await createVideoNode((pixels) => void pixels.fill(9));
  const target = new Watcher();
  const attached = node.attach(target);
  const data = new Uint8Array(4).fill(1);
  await node.update({ data, width: 1, height: 1, timestamp: 2 });
  await using source = await createFrameSource(numbered(1), { frameRate: 25 });
  for await (const frame of source) {
    await node.update(frame);
    assertEquals(frame.data, numberedBytes(0, frameBytes));
    assert(frame.data.buffer !== target.frames[1]?.data.buffer, "not copied");
  }
  await node.detach(target);
  assertEquals(attached.written, 2);
  assertEquals(target.frames.map(({ timestamp }) => timestamp), [2, 0]);
  assert(target.frames.every(({ data }) => data.every((value) => value === 9)), "not filled");
  assertEquals(data, new Uint8Array(4).fill(1));
});

test("attach: a node with two sources ends with the second", async () => {
  await using node = await createVideoNode(() => {});
  const target = new Watcher();
  const after = node.attach(target);
  await using short = await createFrameSource(numbered(2), { frameRate: 25 });
  await using long = await createFrameSource(numbered(5, { everyMs: 5 }), { frameRate: 25 });
  const attached = [short.attach(node), long.attach(node)];
  await attached[0]!.finished;
  assertEquals([node.status, after.state], ["running", "attached"]);
  await attached[1]!.finished;
  assertEquals([node.status, after.state, target.frames.length], ["ended", "ended", 7]);
});
