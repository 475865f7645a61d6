/**
 * A program that treats writers as badly as JavaScript can. It tells each thing that it does on a line of its
 * own, and "survived" at the end: whoever runs it knows what the last line means.
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { createFileWriter, type RawFrame, type VideoWriter, type WriterOptions } from "../../mod.ts";

// deno-lint-ignore no-explicit-any
type Anything = any;

const width = 64;
const height = 48;
const bytes = width * height * 4;
const folder = process.argv[2]!;
const manyWriters = Number(process.argv[3]);

const good = (): RawFrame & { data: Uint8Array } => ({ data: new Uint8Array(bytes).fill(99), width, height });
const but = (fields: Record<string, unknown>): Anything => ({ ...good(), ...fields });

/** An object whose property gives each of the values in turn, and the last for ever. */
function fickle(name: string, ...values: unknown[]): Anything {
  let reads = 0;
  return Object.defineProperty(good(), name, {
    get: () => values[Math.min(reads++, values.length - 1)],
    enumerable: true,
  });
}

function open(name: string, options?: WriterOptions): Promise<VideoWriter> {
  return createFileWriter("mpeg4", join(folder, name), 25, { logLevel: "quiet", ...options });
}

/** Frames that lie, shrink, throw or are beyond any memory. */
function frames(): readonly (readonly [string, () => Anything])[] {
  return [
    ["width that grows while it is looked at", () => fickle("width", 64, 64, 100_000)],
    ["width that becomes NaN", () => fickle("width", 64, NaN)],
    ["height that becomes huge", () => fickle("height", 48, 2 ** 40)],
    ["data that shrinks between two looks", () => fickle("data", new Uint8Array(bytes), new Uint8Array(1))],
    ["planes that become fewer", () => fickle("data", [new Uint8Array(bytes)], [new Uint8Array(bytes)], [])],
    [
      "planes that become short",
      () => fickle("data", [new Uint8Array(bytes)], [new Uint8Array(bytes)], [new Uint8Array(1)]),
    ],
    ["strides that grow", () => fickle("strides", undefined, [2 ** 30])],
    [
      "strides that change when read",
      () => but({ strides: Object.defineProperty([256], 0, fickleStride()) }),
    ],
    ["format that changes", () => fickle("format", "rgba", "yuv444p16le", "rgba64le")],
    ["numbers as objects", () => but({ width: { valueOf: () => 64 }, height: { valueOf: () => 48 } })],
    ["a Proxy of a buffer", () => but({ data: new Proxy(new Uint8Array(bytes), {}) })],
    ["an array that claims to be longer", () => but({ data: Object.assign([], { length: 1 }) })],
    [
      "a class that says it is a buffer",
      () => but({ data: { buffer: new ArrayBuffer(bytes), byteOffset: 0, byteLength: bytes } }),
    ],
    [
      "a view that lies about its length",
      () => but({ data: Object.defineProperty(new Uint8Array(16), "byteLength", { value: bytes }) }),
    ],
    [
      "a view that lies about its offset",
      () => but({ data: Object.defineProperty(new Uint8Array(bytes), "byteOffset", { value: -4096 }) }),
    ],
    [
      "a view that lies about its buffer",
      () => but({ data: Object.defineProperty(new Uint8Array(bytes), "buffer", { value: 5 }) }),
    ],
    ["a resizable buffer, shrunk", shrunk],
    ["a view of a resizable buffer that left it behind", () => shrunk(true)],
    [
      "a growable shared buffer",
      () => but({ data: new (SharedArrayBuffer as Anything)(16, { maxByteLength: bytes }) }),
    ],
    ["the widest frame", () => but({ width: 2 ** 31 - 1, height: 1 })],
    ["the largest frame", () => but({ width: 2 ** 31 - 1, height: 2 ** 31 - 1 })],
    ["beyond any number", () => but({ width: Number.MAX_VALUE, height: 1 })],
    ["the widest stride", () => but({ strides: [2 ** 31 - 1] })],
    ["bytes beyond 2^53", () => but({ height: 2 ** 31 - 1, strides: [2 ** 31 - 1] })],
    ["a palette", () => but({ format: "pal8", data: [new Uint8Array(width * height), new Uint8Array(3)] })],
    ["a Bayer pattern", () => but({ format: "bayer_rggb8", data: new Uint8Array(width * height) })],
  ];
}

function fickleStride(): PropertyDescriptor {
  let reads = 0;
  return { get: () => reads++ === 0 ? 256 : 2 ** 30, enumerable: true };
}

function shrunk(isView = false): Anything {
  const buffer = new (ArrayBuffer as Anything)(bytes, { maxByteLength: bytes });
  const data = isView ? new Uint8Array(buffer, 16) : buffer;
  buffer.resize(isView ? 8 : bytes - 1);
  return but({ data });
}

/** Ends a writer however it can be ended. */
async function end(writer: VideoWriter): Promise<void> {
  await writer.close().catch(() => {});
  await writer.abort();
}

async function wrongFrames(isFirst: boolean): Promise<void> {
  for (const [name, make] of frames()) {
    console.log(`${isFirst ? "first frame" : "later frame"}: ${name}`);
    const writer = await open("frame.avi");
    if (!isFirst) await writer.write(good());
    await writer.write(make()).catch(() => {});
    await writer.write(good()).catch(() => {});
    await end(writer);
  }
}

const options: readonly WriterOptions[] = [
  { encoderOptions: { video_size: "4000x4000" } },
  { encoderOptions: { pixel_format: "yuv444p" } },
  { encoderOptions: { time_base: "0/1" } },
  { encoderOptions: { threads: 64, bf: 1_000_000 } },
  { encoderOptions: { slices: 2147483647, g: -1 } },
  { encoderOptions: { flags: "+pass2" } },
  { encoderOptions: { ["x".repeat(10_000)]: 1 } },
  { encoderOptions: { flags: "+".repeat(100_000) } },
  { encoderOptions: { b: "9".repeat(400) } },
  { formatOptions: { fflags: "+flush_packets+nobuffer", max_delay: -1 } },
  { format: "x".repeat(10_000) },
  { pixelFormat: "%n%s%n" },
  { preset: "%s%n" },
  { width: 2 ** 31 - 1, height: 2 ** 31 - 1 },
  { width: 2 ** 31 - 1, height: 1 },
  { color: { matrix: "%n", primaries: "%s", transfer: "", range: "tv" } as Anything },
  { keyFrameInterval: Number.MIN_VALUE },
  { keyFrameInterval: 1e300 },
  { bitrate: 1e300 },
  { maxBitrate: 0.1, bitrate: 1e9 },
  { quality: 1e-300 },
];

async function wrongOptions(): Promise<void> {
  for (const given of options) {
    console.log(`options: ${JSON.stringify(given).slice(0, 80)}`);
    const writer = await open("options.avi", given).catch(() => null);
    if (writer === null) continue;
    for (let index = 0; index < 3; index++) await writer.write(good()).catch(() => {});
    await end(writer);
  }
  for (const fps of [2147483647, "1/2147483647", "2147483647/2147483646", 1e-6] as const) {
    for (
      const [codec, name] of [["mpeg4", "a.avi"], ["mpeg4", "a.mp4"], ["ffv1", "a.mkv"], [
        "gif",
        "a.gif",
      ]] as const
    ) {
      console.log(`rate: ${fps} ${codec} ${name}`);
      const writer = await createFileWriter(codec, join(folder, name), fps, { logLevel: "quiet" }).catch(() =>
        null
      );
      if (writer === null) continue;
      for (let index = 0; index < 3; index++) await writer.write(good()).catch(() => {});
      await end(writer);
    }
  }
}

async function wrongOrder(): Promise<void> {
  console.log("order: a buffer given away while its frame is written");
  let writer = await open("order.avi");
  const frame = good();
  const written = writer.write(frame);
  structuredClone(frame.data.buffer, { transfer: [frame.data.buffer as ArrayBuffer] });
  await written;
  await end(writer);

  console.log("order: nothing is awaited");
  writer = await open("order.avi");
  const calls = [
    writer.write(good()),
    writer.close(),
    writer.write(good()),
    writer.abort(),
    writer.close(),
    writer.write(good()),
  ];
  await Promise.allSettled(calls);
  await end(writer);

  for (const action of ["close", "abort", "write"] as const) {
    console.log(`order: ${action} inside onProgress`);
    const reentrant: VideoWriter = await open("order.avi", {
      onProgress: () =>
        void (action === "write" ? reentrant.write(good()) : reentrant[action]()).catch(() => {}),
    });
    for (let index = 0; index < 3; index++) await reentrant.write(good()).catch(() => {});
    await end(reentrant);
  }

  console.log("order: abort inside the frame's own fields");
  writer = await open("order.avi");
  await writer.write(good());
  const trap = Object.defineProperty(good(), "data", {
    get: () => (void writer.abort(), new Uint8Array(bytes)),
  });
  await writer.write(trap).catch(() => {});
  await end(writer);

  console.log("order: close inside the frame's own fields");
  writer = await open("order.avi");
  const closing = Object.defineProperty(good(), "width", { get: () => (void writer.close(), width) });
  await writer.write(closing).catch(() => {});
  await end(writer);

  console.log("order: many writers at once, some left open for the garbage collector");
  const writers = await Promise.all(
    Array.from({ length: manyWriters }, (_, index) => open(`many${index}.avi`)),
  );
  for (let index = 0; index < 5; index++) await Promise.all(writers.map((each) => each.write(good())));
  await Promise.all(
    writers.slice(0, manyWriters * 0.75).map((each, index) => index % 2 === 0 ? each.close() : each.abort()),
  );

  console.log("order: two writers of one file");
  const pair = await Promise.all([open("same.avi"), open("same.avi")]);
  for (const each of [...pair, ...pair]) await each.write(good()).catch(() => {});
  await Promise.all(pair.map(end));
}

await wrongFrames(true);
await wrongFrames(false);
await wrongOptions();
await wrongOrder();
console.log("survived");
