import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createAudioWriter, createFileWriter, type VideoWriter, WriterClosedError } from "../mod.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { assertFails, assertSame, rejection } from "./support/messages.ts";

const frame = barFrame(0, 64, 48);

/** Every call of a writer that has ended must reject alike. */
async function assertEnded(writer: VideoWriter, code: "CLOSED" | "ABORTED", reason?: unknown): Promise<void> {
  const word = code.toLowerCase();
  const calls = code === "CLOSED"
    ? [["write a frame", () => writer.write(frame)]] as const
    : [["write a frame", () => writer.write(frame)], ["close", () => writer.close()]] as const;
  for (const [operation, call] of calls) {
    const error = await assertFails<WriterClosedError>(call, {
      type: WriterClosedError,
      code,
      operation,
      says: [`Cannot ${operation}: the writer was ${word}`, "Make a new writer"],
    });
    assertSame(error.cause, reason);
  }
}

test("write: after close it is refused", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
  await writer.write(frame);
  await writer.close();
  await assertEnded(writer, "CLOSED");
  assertEquals(probe(folder.file("a.mp4")).frames, 1);
});

test("close: twice gives the same summary, and leaves the file as it is", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
  await writer.write(frame);
  const summary = await writer.close();
  const bytes = readFileSync(folder.file("a.mp4"));
  assertSame(await writer.close(), summary);
  await writer[Symbol.asyncDispose]();
  assertSame(await writer.close(), summary);
  assertEquals(readFileSync(folder.file("a.mp4")), bytes);
  assertEquals(summary.bytes, bytes.length);
});

test("close: twice at once gives the same summary", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
  await writer.write(frame);
  const [one, other] = await Promise.all([writer.close(), writer.close()]);
  assertSame(one, other);
  assertEquals(one.frames, 1);
});

test("abort: every later call is refused with the reason, and the file is gone", async () => {
  using folder = new TemporaryFolder();
  for (const reason of [new Error("enough"), "a word", undefined, null, 0]) {
    const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
    await writer.write(frame);
    assert(existsSync(folder.file("a.mp4")));
    await writer.abort(reason);
    assertEquals(readdirSync(folder.path), []);
    await assertEnded(writer, "ABORTED", reason);
    await writer.abort(new Error("another"));
    await assertEnded(writer, "ABORTED", reason);
    await writer[Symbol.asyncDispose]();
  }
});

test("abort: before the first frame it leaves an existing file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  writeFileSync(path, "precious");
  const writer = await createFileWriter("mpeg4", path, 25);
  await writer.abort("never mind");
  assertEquals(readFileSync(path, "utf8"), "precious");
  await assertEnded(writer, "ABORTED", "never mind");
});

test("abort: after close it does nothing", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
  await writer.write(frame);
  const summary = await writer.close();
  await writer.abort(new Error("too late"));
  assertSame(await writer.close(), summary);
  await assertEnded(writer, "CLOSED");
  assertEquals(probe(folder.file("a.mp4")).frames, 1);
});

test("signal: one that is aborted already refuses the open with its reason and makes nothing", async () => {
  using folder = new TemporaryFolder();
  const reason = new Error("changed my mind");
  const signal = AbortSignal.abort(reason);
  const error = await rejection(() => createFileWriter("mpeg4", folder.file("a.mp4"), 25, { signal }));
  assertSame(error, reason);
  const plain = AbortSignal.abort();
  const named = await assertRejects(
    () => createFileWriter("mpeg4", folder.file("a.mp4"), 25, { signal: plain }),
    DOMException,
  );
  assertEquals(named.name, "AbortError");
  assertEquals(readdirSync(folder.path), []);
});

for (const thread of ["worker", "main"] as const) {
  for (const reason of [undefined, new Error("stop"), "a word"]) {
    test(`signal: calls before, during and after an abort reject with its reason: ${reason} (${thread})`, async () => {
      using folder = new TemporaryFolder();
      const controller = new AbortController();
      const { signal } = controller;
      const options = { signal, thread, audio: {}, subtitles: {} };
      const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, options);
      const samples = { data: new Float32Array(480), sampleRate: 48000, channels: 1 };
      const cue = { text: "Words", start: 0, end: 1 };
      // The first ones open the file, and the last ones wait.
      const calls = [
        ...Array.from({ length: 9 }, () => writer.write(frame)),
        writer.writeAudio(samples),
        writer.writeSubtitle(cue),
      ].map((call, index) => rejection(() => call, `call ${index}`));
      controller.abort(reason);
      calls.push(rejection(() => writer.write(frame), "write"));
      calls.push(rejection(() => writer.acquire(64, 36), "acquire"));
      calls.push(rejection(() => writer.close(), "close"));
      for (const error of await Promise.all(calls)) assertSame(error, signal.reason);
      if (reason === undefined) assertEquals((signal.reason as DOMException).name, "AbortError");
      else assertSame(signal.reason, reason);
      await writer.abort();
      await writer[Symbol.asyncDispose]();
      assertEquals(readdirSync(folder.path), []);
    });
  }

  test(`signal: an abort while an audio writer works, and while a file is closed (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const controllers = [new AbortController(), new AbortController()] as const;
    const samples = { data: new Float32Array(48000), sampleRate: 48000 };
    const audio = await createAudioWriter("aac", folder.file("a.m4a"), {
      thread,
      signal: controllers[0].signal,
    });
    const written = rejection(() => audio.write(samples), "write");
    controllers[0].abort();
    assertSame(await written, controllers[0].signal.reason);
    assertSame(await rejection(() => audio.close(), "close"), controllers[0].signal.reason);
    const video = await createFileWriter("mpeg4", folder.file("b.mp4"), 25, {
      thread,
      signal: controllers[1].signal,
    });
    await video.write(frame);
    const closed = rejection(() => video.close(), "close");
    controllers[1].abort();
    assertSame(await closed, controllers[1].signal.reason);
    await Promise.all([audio.abort(), video.abort()]);
    assertEquals(readdirSync(folder.path), []);
  });
}

for (const thread of ["worker", "main"] as const) {
  test(`signal: once close rejects after an abort, the file is gone and its path free (${thread})`, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.m4a");
    const [sampleRate, channels] = [48000, 1];
    for (let round = 0; round < 4; round++) {
      const aborting = new AbortController();
      const writer = await createAudioWriter("aac", path, { thread, signal: aborting.signal });
      await writer.write({ data: new Float32Array(480), sampleRate, channels });
      const work = rejection(() =>
        writer.write({ data: new Float32Array(60 * sampleRate), sampleRate, channels })
      );
      const closing = round % 2 === 0 ? null : rejection(() => writer.close());
      const reason = new Error("mine");
      aborting.abort(reason);
      assertSame(await (closing ?? rejection(() => writer.close())), reason);
      assertEquals(readdirSync(folder.path), []);
      const next = await createAudioWriter("aac", path, { thread });
      await next.write({ data: new Float32Array(sampleRate), sampleRate, channels });
      assertEquals((await next.close()).seconds, 1);
      assertSame(await work, reason);
      assertEquals(readdirSync(folder.path), ["a.m4a"]);
    }
  });
}

test("signal: an abort while a writer opens rejects with its reason at once, and makes nothing", async () => {
  using folder = new TemporaryFolder();
  const openers = [
    (signal: AbortSignal) => createFileWriter("mpeg4", folder.file("a.mp4"), 25, { signal }),
    (signal: AbortSignal) => createAudioWriter("aac", folder.file("a.m4a"), { signal }),
  ];
  for (const open of openers) {
    const controller = new AbortController();
    const opened = rejection(() => open(controller.signal), "the open");
    await null;
    controller.abort();
    assertSame(await opened, controller.signal.reason);
  }
  // Nothing of it is left to be in the way.
  const writer = await createFileWriter("mpeg4", folder.file("b.mp4"), 25);
  await writer.write(frame);
  await writer.close();
  assertEquals(readdirSync(folder.path), ["b.mp4"]);
});

test("signal: one that is aborted after close does nothing", async () => {
  using folder = new TemporaryFolder();
  const controller = new AbortController();
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25, { signal: controller.signal });
  await writer.write(frame);
  const summary = await writer.close();
  controller.abort();
  assertSame(await writer.close(), summary);
  assertEquals(probe(folder.file("a.mp4")).frames, 1);
});

test("close: without a frame it makes no file, and leaves an existing one", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("none.mp4"), 25);
  const { frames, bytes, seconds } = await writer.close();
  assertEquals([frames, bytes, seconds], [0, 0, 0]);
  assertEquals(readdirSync(folder.path), []);

  writeFileSync(folder.file("kept.mp4"), "precious");
  await (await createFileWriter("mpeg4", folder.file("kept.mp4"), 25)).close();
  assertEquals(readFileSync(folder.file("kept.mp4"), "utf8"), "precious");
});

test("await using: closes a writer, and leaves one that has ended alone", async () => {
  using folder = new TemporaryFolder();
  {
    await using writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
    await writer.write(frame);
  }
  assertEquals(probe(folder.file("a.mp4")).frames, 1);
  {
    await using writer = await createFileWriter("mpeg4", folder.file("b.mp4"), 25);
    await writer.write(frame);
    await writer.abort();
  }
  assertEquals(readdirSync(folder.path), ["a.mp4"]);
});

test("writable: a stream that fails aborts its writer, one that ends closes it", async () => {
  using folder = new TemporaryFolder();
  const reason = new Error("the source broke");
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(reason);
    },
  });
  const aborted = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
  await aborted.write(frame);
  assertSame(await rejection(() => broken.pipeTo(aborted.writable)), reason);
  await assertEnded(aborted, "ABORTED", reason);
  assertEquals(readdirSync(folder.path), []);

  const closed = await createFileWriter("mpeg4", folder.file("b.mp4"), 25);
  await ReadableStream.from([frame, frame]).pipeTo(closed.writable);
  assertEquals((await closed.close()).frames, 2);
});

test("writable: an invalid frame in a stream rejects the pipe with its own error", async () => {
  using folder = new TemporaryFolder();
  const writer = await createFileWriter("mpeg4", folder.file("a.mp4"), 25);
  const frames = ReadableStream.from([frame, { ...frame, data: new Uint8Array(3) }]);
  await assertRejects(() => frames.pipeTo(writer.writable), RangeError, "3 bytes");
  await writer.abort();
});

test("onProgress: one that throws does not lose the file", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const writer = await createFileWriter("mpeg4", path, 25, {
    onProgress: () => {
      throw new Error("progress bar broke");
    },
  });
  for (let index = 0; index < 3; index++) await writer.write(frame).catch(() => {});
  await writer.close().catch(() => {});
  assertEquals(probe(path).frames, 3);
});
