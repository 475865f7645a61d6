import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { type AudioWriterOptions, createAudioWriter, createFileWriter, type WriterOptions } from "../mod.ts";
import { nextTurn } from "../src/next_turn.ts";
import { Questions } from "../src/thread/questions.ts";
import { missingEncoders } from "./support/features.ts";
import { assertSameBytes, barFrame, TemporaryFolder } from "./support/media.ts";
import { assertReadable, rejection } from "./support/messages.ts";
import { test } from "./support/test.ts";

const threads = ["worker", "main"] as const;
type ThreadName = typeof threads[number];

const act = (): void => {};
const image = new Uint8Array(
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1"],
    ...["-c:v", "png", "-f", "image2pipe", "-"],
  ]),
);
const display = {
  ...{ red: [0.68, 0.32], green: [0.265, 0.69], blue: [0.15, 0.06], whitePoint: [0.3127, 0.329] },
  ...{ minLuminance: 0.005, maxLuminance: 1000 },
};

/** Nested options with a field that no message can carry, and what the error names. */
const unknownFields: readonly (readonly [options: Record<string, unknown>, says: string])[] = [
  [{ chapters: [{ title: "Start", start: 0, act }] }, 'number 0 has the field "act"'],
  [{ color: { matrix: "bt709", act } }, 'color: it has no "act"'],
  [{ color: { masteringDisplay: { ...display, act } } }, 'color.masteringDisplay: it has no "act"'],
  [{ color: { contentLight: { maxCll: 9, maxFall: 9, act } } }, 'color.contentLight: it has no "act"'],
  [{ encoderOptions: { act } }, "encoderOptions.act"],
  [{ formatOptions: { act } }, "formatOptions.act"],
  [{ metadata: { act } }, '"act"'],
  [{ cover: { image, act } }, "cover"],
  [{ attachments: [{ name: "a.txt", data: image, act }] }, 'number 0 has the field "act"'],
  [{ audio: { act } }, "audio.act"],
  [{ audio: [{ from: { silence: true, act } }] }, "audio.from.act"],
  [{ audio: { from: { system: "pulse", act } } }, "audio.from.act"],
  [{ subtitles: [{ act }] }, "subtitles.act"],
  [{ act }, '"act"'],
];

test("createFileWriter: unknown fields of nested options are refused by name, alike in both threads", async () => {
  using folder = new TemporaryFolder();
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    for (const [options, says] of unknownFields) {
      const errors = [];
      for (const thread of threads) {
        const error = await rejection(() =>
          createFileWriter("ffv1", folder.file("a.mkv"), 25, { ...options, thread })
        );
        assert(error instanceof TypeError, String(error));
        assert(error.message.includes(says), `${error.message} is without ${says}`);
        assertReadable(error);
        errors.push(error.message);
      }
      assertEquals(errors[0], errors[1]);
    }
    await nextTurn();
  } finally {
    process.off("unhandledRejection", note);
  }
  assertEquals(unhandled, []);
});

test("Questions: one that cannot be sent has no answer to come", () => {
  const questions = new Questions();
  let thrown: unknown = null;
  try {
    void questions.ask("open", () => structuredClone(act));
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof Error && thrown.name === "DataCloneError", String(thrown));
  assertEquals(questions.size, 0);
});

/** New options with all that is nested. */
function manyOptions(): WriterOptions & { readonly chapters: { title: string; start: number }[] } {
  return {
    encoderOptions: { level: 3 },
    metadata: { title: "Waves" },
    color: { matrix: "bt709", range: "tv", contentLight: { maxCll: 900, maxFall: 400 } },
    chapters: [{ title: "Start", start: 0 }, { title: "Flight", start: 0.1 }],
    cover: { image: image.slice() },
    attachments: [{ name: "a.txt", data: new Uint8Array([1, 2, 3]) }],
    audio: [{ codec: "flac", title: "Sea", encoderOptions: { compression_level: 5 } }],
    subtitles: [{ language: "eng" }],
    sampleAspectRatio: { num: 4, den: 3 },
    filter: "hflip",
    rotation: 0,
    queueSize: 2,
  };
}

/** Writes a file in a thread; `change` runs after the call that makes the writer, and before each frame. */
async function written(
  thread: ThreadName,
  options: WriterOptions,
  change: () => void = () => {},
): Promise<Uint8Array> {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  options.thread = thread;
  const opening = createFileWriter("ffv1", path, { num: 25, den: 1 }, options);
  change();
  const writer = await opening;
  for (let index = 0; index < 4; index++) {
    change();
    await writer.write(barFrame(index));
  }
  await writer.writeAudio({ data: new Int16Array(4800).fill(1000), sampleRate: 48000, channels: 1 });
  await writer.writeSubtitle({ text: "Words", start: 0, end: 0.1 });
  await writer.close();
  return new Uint8Array(readFileSync(path));
}

/** Changes all that can be changed in an object, and in what is in it. */
function spoil(value: object): void {
  if (value instanceof Uint8Array) return void value.fill(0);
  const fields = value as Record<string, unknown>;
  for (const [name, field] of Object.entries(fields)) {
    if (typeof field === "object" && field !== null) spoil(field);
    else fields[name] = name === "title" ? "Spoiled" : act;
  }
  fields.added = act;
}

for (const thread of threads) {
  test(`createFileWriter: later changes of its options change nothing (thread: ${thread})`, {
    skip: missingEncoders("ffv1", "flac"),
  }, async () => {
    const expected = await written(thread, manyOptions());
    const options = manyOptions();
    assertSameBytes(await written(thread, options, () => spoil(options)), expected, "the file");
  });
}

/** An object of a class whose getters give the fields, each once. */
function instanceOf<Fields extends object>(fields: Fields): Fields {
  class Given {
    /** No option: what is no getter and no value of the object's own is left alone. */
    describe(): void {}
  }
  const read = new Set<string>();
  for (const [name, value] of Object.entries(fields)) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value) &&
      !ArrayBuffer.isView(value);
    const given = isObject ? instanceOf(value) : value;
    Object.defineProperty(Given.prototype, name, {
      get: () => {
        assert(!read.has(name), `${name} is read twice`);
        read.add(name);
        return given;
      },
      set: () => {},
    });
  }
  return new Given() as Fields;
}

/** The options of {@linkcode manyOptions}, without those that have names of the program's own. */
function classOptions(): WriterOptions {
  const { encoderOptions: _encoder, metadata: _metadata, chapters, audio: _audio, ...others } = manyOptions();
  return { ...others, chapters: chapters.map(instanceOf), audio: { codec: "flac", title: "Sea" } };
}

test("createFileWriter: options that are getters of a class count, once each, in both threads", {
  skip: missingEncoders("ffv1", "flac"),
}, async () => {
  const expected = await written("main", classOptions());
  for (const thread of threads) {
    const options = instanceOf({ ...classOptions(), thread });
    assertSameBytes(await written(thread, options), expected, `the file, ${thread}`);
  }
});

/** What a program or a library may have left in `Object.prototype`. */
const pollution: Readonly<Record<string, unknown>> = {
  ...{ filter: "vflip", pixelFormat: "nonesuch", quality: "low", preset: "nonesuch", tune: "nonesuch" },
  ...{ profile: "nonesuch", bitrate: 1, maxBitrate: 1, keyFrameInterval: 1, rotation: 90, resize: "fill" },
  ...{
    timing: "wallclock",
    timestampOrigin: "first",
    crashSafe: false,
    oddSize: "error",
    formatOptions: { movflags: "faststart" },
  },
  ...{ chapters: [{}], cover: 1, attachments: [1], audio: 1, subtitles: 1, metadata: { title: "No" } },
  ...{ language: "deu", act },
};

async function withPollution<Result>(action: () => Promise<Result>): Promise<Result> {
  for (const [name, value] of Object.entries(pollution)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  }
  try {
    return await action();
  } finally {
    for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name];
  }
}

test("createFileWriter: a polluted Object.prototype is no option, in both threads", {
  skip: missingEncoders("ffv1", "flac"),
}, async () => {
  const options = (): WriterOptions => ({ audio: { codec: "flac" }, subtitles: {}, thread: "main" });
  const expected = await written("main", options());
  for (const thread of threads) {
    const bytes = await withPollution(() => written(thread, options()));
    assertSameBytes(bytes, expected, `the file, ${thread}`);
  }
});

test("createAudioWriter: its options are copied, from objects of any class, in both threads", async () => {
  const chapters = [{ title: "Start", start: 0, act }] as never;
  const files: Uint8Array[] = [];
  for (const thread of threads) {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mka");
    const fails = rejection(() => createAudioWriter("pcm", path, { chapters, thread }));
    assert(await fails instanceof TypeError, String(await fails));
    const metadata = { title: "Waves" };
    const options: AudioWriterOptions = { sampleRate: 44100, channels: 1, thread };
    for (const given of [{ ...options, metadata }, instanceOf(options)]) {
      await withPollution(async () => {
        const opening = createAudioWriter("pcm", path, given);
        spoil(metadata);
        const writer = await opening;
        await writer.write({ data: new Int16Array(4800).fill(1000), sampleRate: 48000 });
        await writer.close();
      });
      files.push(new Uint8Array(readFileSync(path)));
    }
  }
  assertSameBytes(files[0]!, files[2]!, "the file");
  assertSameBytes(files[1]!, files[3]!, "the file of the class");
});
