import { execFileSync } from "node:child_process";
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type AudioSamples,
  createAudioWriter,
  createFileWriter,
  type Frame,
  type FrameOptions,
  type RawFrame,
  type SamplesOptions,
  type VideoWriter,
  WriterClosedError,
} from "../mod.ts";
import { loadNative } from "../ffi/mod.ts";
import { copyRows } from "../src/video/raw_frame.ts";
import { assertSameBytes, barFrame, decode, TemporaryFolder } from "./support/media.ts";
import { assertReadable, rejection } from "./support/messages.ts";
import { test } from "./support/test.ts";

const threads = ["worker", "main"] as const;
const width = 64, height = 48;

const png = new Uint8Array(
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", `testsrc=size=${width}x${height}`, "-frames:v", "1"],
    ...["-pix_fmt", "rgba", "-c:v", "png", "-f", "image2pipe", "-"],
  ]),
);

/** A copy of a frame in a buffer of its own. */
function ownFrame(index: number): RawFrame & { data: Uint8Array<ArrayBuffer> } {
  const { data } = barFrame(index, width, height);
  return { data: new Uint8Array(data), width, height };
}

/** Takes a buffer away from its owner. */
function transfer({ buffer }: Uint8Array<ArrayBuffer>): void {
  structuredClone(buffer, { transfer: [buffer] });
}

/** A call of `write` whose objects do something while they are read, and what comes of it. */
interface Trick {
  readonly what: string;
  /** The call. */
  readonly make: (writer: VideoWriter) => readonly [frame: Frame, options?: FrameOptions];
  /** The class of its error, and a part of its message; `null` where the frame is written as number 1. */
  readonly error: readonly [type: unknown, says: string] | null;
}

/** An array that gives other items from the second time on. */
function changing<Item>(items: Item[], later: Item): Item[] {
  let reads = 0;
  return new Proxy(items, {
    get: (target, name) => {
      if (name !== "0") return Reflect.get(target, name);
      return reads++ === 0 ? target[0] : later;
    },
  });
}

/** Bytes that say of themselves what is not so. */
class LyingBytes extends Uint8Array {
  override get byteLength(): number {
    return 1e9;
  }
  override get length(): number {
    return 1e9;
  }
  override get byteOffset(): number {
    return 1e6;
  }
  override get buffer(): ArrayBuffer {
    return new ArrayBuffer(8);
  }
  override subarray(): LyingBytes {
    return new LyingBytes(0);
  }
}

const tricks: readonly Trick[] = [
  {
    what: "an option that transfers the buffer",
    make: () => {
      const frame = ownFrame(1);
      return [frame, {
        get keyFrame() {
          transfer(frame.data);
          return true;
        },
      }];
    },
    error: [TypeError, "detached"],
  },
  {
    what: "a format that transfers the buffer",
    make: () => {
      const frame = ownFrame(1);
      const { data } = frame;
      return [Object.defineProperty(frame, "format", {
        get: () => {
          transfer(data);
          return "rgba";
        },
      }) as Frame];
    },
    error: [TypeError, "detached"],
  },
  {
    what: "an option that makes the buffer smaller",
    make: () => {
      const buffer = new ArrayBuffer(width * height * 4, { maxByteLength: width * height * 4 });
      const data = new Uint8Array(buffer);
      return [{ data, width, height }, {
        get keyFrame() {
          buffer.resize(100);
          return true;
        },
      }];
    },
    error: [RangeError, "100 bytes"],
  },
  {
    what: "strides that are others when they are read again",
    make: () => [{ ...ownFrame(1), strides: changing([width * 4], 2 ** 24) }],
    error: null,
  },
  {
    what: "strides that are too small when they are read again",
    make: () => [{ ...ownFrame(1), strides: changing([width * 4], 1) }],
    error: null,
  },
  {
    what: "planes that are others when they are read again",
    make: () => [{ ...ownFrame(1), data: changing<Uint8Array>([ownFrame(1).data], new Uint8Array(4)) }],
    error: null,
  },
  {
    what: "data that is another when it is read again",
    make: () => {
      let reads = 0;
      return [{
        width,
        height,
        get data() {
          return reads++ === 0 ? ownFrame(1).data : new Uint8Array(4);
        },
      }];
    },
    error: null,
  },
  {
    what: "a width that is another when it is read again",
    make: () => {
      let reads = 0;
      return [{
        ...ownFrame(1),
        get width() {
          return reads++ === 0 ? width : 2 ** 14;
        },
      }];
    },
    error: null,
  },
  {
    what: "an array of a class that lies about its length",
    make: () => [{ data: new LyingBytes(ownFrame(1).data), width, height }],
    error: null,
  },
  {
    what: "a short array of a class that lies about its length",
    make: () => [{ data: new LyingBytes(16), width, height }],
    error: [RangeError, "16 bytes"],
  },
  {
    what: "an image that is another when it is read again",
    make: () => {
      let reads = 0;
      return [{
        get image() {
          return reads++ === 0 ? new LyingBytes(png) : new Uint8Array(8);
        },
      }];
    },
    error: null,
  },
];

for (const thread of threads) {
  test(`write: objects that change while they are read give no wrong picture (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    for (const [index, { what, make, error: expected }] of tricks.entries()) {
      const path = folder.file(`${index}.mkv`);
      const writer = await createFileWriter("ffv1", path, 25, { thread, pixelFormat: "bgra" });
      await writer.write(ownFrame(0));
      const [frame, options] = make(writer);
      const isImage = "image" in frame;
      const call = writer.write(frame, options);
      if (expected === null) await call;
      else {
        const error = await rejection(() => call, what);
        assert(error instanceof Error && error.constructor === expected[0], `${what}: ${error}`);
        assert(error.message.includes(expected[1]), `${what}: ${error.message}`);
        assertReadable(error);
        await writer.write(ownFrame(1));
      }
      await writer.write(ownFrame(2));
      assertEquals((await writer.close()).frames, 3, what);
      const pictures = decode(path, "rgba");
      const bytes = width * height * 4;
      for (const number of isImage ? [0, 2] : [0, 1, 2]) {
        const picture = pictures.subarray(number * bytes, (number + 1) * bytes);
        assertSameBytes(picture, ownFrame(number).data, `${what}: picture ${number}`);
      }
    }
  });

  test(`write: getters that end the writer refuse their own call (thread: ${thread})`, async () => {
    for (const end of ["close", "abort"] as const) {
      using folder = new TemporaryFolder();
      const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, { thread, audio: {} });
      await writer.write(ownFrame(0));
      let ended: Promise<unknown> | undefined;
      const error = await rejection(() =>
        writer.write({
          ...ownFrame(1),
          get width() {
            ended = writer[end]();
            return width;
          },
        })
      );
      assert(error instanceof WriterClosedError, String(error));
      await ended;
      if (end === "close") assertEquals((await writer.close()).frames, 1);
    }
  });

  test(`writeAudio: objects that change while they are read spoil nothing (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.wav");
    const good = Int16Array.from({ length: 800 }, (_, index) => index * 20);
    const fresh = (): Int16Array<ArrayBuffer> => new Int16Array(good);
    class LyingSamples extends Int16Array {
      override get length(): number {
        return 1e9;
      }
      override get byteLength(): number {
        return 2e9;
      }
    }
    const stolen = fresh();
    const shrinking = new ArrayBuffer(1600, { maxByteLength: 1600 });
    const calls: readonly (readonly [AudioSamples, SamplesOptions | undefined, number | string])[] = [
      [{ data: fresh(), sampleRate: 8000 }, undefined, 800],
      [{ data: stolen, sampleRate: 8000 }, {
        get timestamp(): number {
          structuredClone(stolen.buffer, { transfer: [stolen.buffer] });
          return 0.1;
        },
      }, "detached"],
      [{ data: new Int16Array(shrinking), sampleRate: 8000 }, {
        get timestamp(): number {
          shrinking.resize(0);
          return 0.1;
        },
      }, 0],
      [{ data: changing([fresh()], new Int16Array(3)), sampleRate: 8000 }, undefined, 800],
      [{ data: new LyingSamples(good), sampleRate: 8000 }, undefined, 800],
    ];
    const writer = await createAudioWriter("pcm_s16le", path, { thread, channels: 1, sampleRate: 8000 });
    let count = 0;
    for (const [samples, options, expected] of calls) {
      if (typeof expected === "number") {
        await writer.write(samples, options);
        count += expected;
      } else {
        const error = await rejection(() => writer.write(samples, options));
        assert(error instanceof TypeError && error.message.includes(expected), String(error));
        assertReadable(error);
      }
    }
    await writer.close();
    const bytes = execFileSync("ffmpeg", ["-v", "error", "-i", path, "-f", "s16le", "-"]);
    const heard = new Int16Array(new Uint8Array(bytes).buffer);
    assertEquals(heard.length, count);
    for (const [index, value] of heard.entries()) assertEquals(value, good[index % 800]);
  });

  test(`writeSubtitle, writeAudio: a track that only looks like a number is refused (thread: ${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 25, { thread, audio: {}, subtitles: {} });
    const data = new Float32Array(480);
    for (const track of ["0", { toString: () => "0" }, [0]]) {
      const wrong = { track } as unknown as { track: number };
      for (
        const call of [
          () => writer.writeSubtitle({ text: "a", start: 0, end: 1, ...wrong }),
          () => writer.writeAudio({ data, sampleRate: 48000, ...wrong }),
        ]
      ) {
        const error = await rejection(call);
        assert(error instanceof RangeError && error.message.includes("track"), String(error));
      }
    }
    await writer.write(ownFrame(0));
    assertEquals((await writer.close()).frames, 1);
  });
}

test("NativeMemory: copies that do not fit are refused, and never reach libav", () => {
  const { memory, avutil } = loadNative();
  const at = avutil.av_mallocz(4096n);
  try {
    const buffer = new Uint8Array(100);
    const wrong: readonly (() => void)[] = [
      () => memory.readRows(buffer, at, 64, 10, 11),
      () => memory.readRows(buffer, at, 9, 10, 2),
      () => memory.readRows(buffer, at, 64, 10, -1),
      () => memory.readRows(buffer, at, 64, 10.5, 1),
      () => memory.writeRows(at, 64, buffer, 50, 10, 3),
      () => memory.writeRows(at, 64, buffer, 9, 10, 2),
      () => memory.writeRows(at, 9, buffer, 50, 10, 2),
      () => memory.writeRows(at, 64, buffer, NaN, 10, 2),
      () => memory.writeRows(at, 2 ** 31, buffer, 50, 10, 2),
      () => memory.copyRows(at, 5, at, 10, 10, 2),
      () => memory.copyRows(at, 10, at, 5, 10, 2),
      () => copyRows(buffer, 10, new Uint8Array(200), 10, 11),
      () => copyRows(buffer, 10, new Uint8Array(50), 10, 10),
    ];
    for (const copy of wrong) assertThrows(copy, RangeError, "Cannot copy");
    // The last row may end with its pixels, and rows of native memory may go upwards.
    buffer.fill(7);
    memory.writeRows(at, 20, buffer, 30, 10, 4);
    const back = new Uint8Array(40);
    memory.readRows(back, at, 20, 10, 4);
    assertEquals(back, new Uint8Array(40).fill(7));
  } finally {
    avutil.av_free(at);
  }
});
