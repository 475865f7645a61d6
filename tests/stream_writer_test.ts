import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  createAudioWriter,
  createStreamWriter,
  OptionError,
  UnsupportedError,
  WriterClosedError,
  type WriterOptions,
} from "../mod.ts";
import { Collected } from "./support/collected.ts";
import { heardRate, listen, probeAudio } from "./support/audio.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { barFrame, decode, frameTimes, lightOptions, TemporaryFolder, writeBars } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { boxes, play } from "./support/record.ts";
import { testsOf } from "./support/test.ts";

const { some, test, testBoth } = testsOf(import.meta.url);

const containers = [
  ["mpeg4", "mp4"],
  ["mpeg4", "mpegts"],
  ["libvpx", "webm"],
  ["mpeg4", "matroska"],
  ["mpeg4", "mov"],
  ["mpeg4", "nut"],
] as const;

for (const thread of ["worker", "main"] as const) {
  for (const [codec, format] of some(containers, thread === "worker" ? 3 : 6)) {
    testBoth(`createStreamWriter, ${thread}: ${format} has all frames at their times`, {
      skip: missingEncoders(codec) || missingMuxers(format),
    }, async () => {
      using folder = new TemporaryFolder();
      const path = folder.file(`a.${format}`);
      const stream = new Collected();
      const writer = await createStreamWriter(codec, stream.writable, 30, {
        ...{ format, thread },
        ...lightOptions(codec),
      });
      for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
      const summary = await writer.close();
      const bytes = await stream.all();
      writeFileSync(path, bytes);
      assertEquals(play(path, { width: 160, fps: 30 }).frames, 30);
      assertEquals([summary.bytes, summary.path, summary.frames], [bytes.length, "", 30]);
      if (format === "mp4") assert(boxes(path).includes("moof"), boxes(path).join(" "));
    });
  }
}

test("createStreamWriter: mpjpeg is a JPEG picture a part", async () => {
  using folder = new TemporaryFolder();
  const stream = new Collected();
  const writer = await createStreamWriter("mjpeg", stream.writable, 30, { format: "mpjpeg" });
  await writeBars(writer, 5);
  const bytes = await stream.all();
  const parts = Buffer.from(bytes).toString("latin1").split("--ffmpeg\r\n");
  assertEquals([parts.length, parts[0], parts.at(-1)], [7, "", ""]);
  for (const part of parts.slice(1, -1)) {
    const [head = "", picture = ""] = part.split("\r\n\r\n");
    assert(head.startsWith("Content-type: image/jpeg\r\nContent-length: "), head);
    writeFileSync(folder.file("a.jpg"), picture, "latin1");
    assertEquals(decode(folder.file("a.jpg"), "gray").length, 160 * 90);
  }
});

for (const format of some(["mp4", "matroska", "mpegts"], 2)) {
  testBoth(`createStreamWriter: ${format} shows the first frame 200 ms after it was written`, {
    skip: missingEncoders("libx264"),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("first");
    const stream = new Collected();
    const options = { format, tune: "zerolatency" };
    const writer = await createStreamWriter("libx264", stream.writable, 30, options);
    await writer.write(barFrame(0));
    await delay(200);
    writeFileSync(path, stream.bytes);
    assertEquals(decode(path, "gray").length, 160 * 90);
    await writer.abort();
  });
}

test("createStreamWriter: audio is beside frames of given times", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mp4");
  const stream = new Collected();
  const writer = await createStreamWriter("mpeg4", stream.writable, 25, {
    ...{ format: "mp4", timing: "timestamps", audio: {} },
  });
  const times = [0, 0.04, 0.21, 0.5, 0.51, 0.9];
  for (const [index, timestamp] of times.entries()) await writer.write(barFrame(index), { timestamp });
  await writer.writeAudio({ data: new Float32Array(48_000), sampleRate: 48_000, channels: 1 });
  await writer.close();
  writeFileSync(path, await stream.all());
  for (const [index, seconds] of frameTimes(path).entries()) {
    assert(Math.abs(seconds - times[index]!) < 0.0005, `${seconds} instead of ${times[index]}`);
  }
  assertEquals(frameTimes(path).length, times.length);
  assertEquals(probeAudio(path)[0]!.codec_name, "aac");
});

/** How long an abort takes, in a write or in close, that wait for a reader. */
async function abortMs(thread: "worker" | "main", way: "abort" | "signal" | "closing"): Promise<number> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const controller = new AbortController();
  const { signal } = controller;
  const writer = await createStreamWriter("rawvideo", writable, 30, { format: "nut", thread, signal });
  const ended = rejection(async () => {
    for (let index = 0; way !== "closing"; index++) await writer.write(barFrame(index));
    await writer.write(barFrame(0));
    await writer.close();
  });
  await delay(150);
  const reason = new Error("enough");
  const beganMs = performance.now();
  if (way === "signal") controller.abort(reason);
  await writer.abort(reason);
  const error = await ended;
  const tookMs = performance.now() - beganMs;
  assert(way === "signal" ? error === reason : (error as Error).cause === reason, `${way}: ${error}`);
  assertEquals(await rejection(() => new Response(readable).bytes()), reason, way);
  return tookMs;
}

for (const thread of ["worker", "main"] as const) {
  test(`createStreamWriter, ${thread}: write waits for a reader that reads nothing, and then goes on`, async () => {
    using folder = new TemporaryFolder();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const options: WriterOptions = { format: "nut", thread, queueSize: 2 };
    const writer = await createStreamWriter("rawvideo", writable, 30, options);
    let written = 0;
    const done = (async () => {
      for (let index = 0; index < 30; index++) {
        await writer.write(barFrame(index));
        written++;
      }
      await writer.close();
    })();
    for (let before = 0; written === 0 || written !== before; await delay(150)) before = written;
    // The stream's one piece, and what was in the queue before that was there.
    assert(written < 10, `${written} frames`);
    assertEquals(writer.desiredSize, 0);
    writeFileSync(folder.file("a.nut"), await new Response(readable).bytes());
    await done;
    assertEquals(frameTimes(folder.file("a.nut")).length, 30);
  });

  test(`createStreamWriter, ${thread}: a reader that goes away ends the writer`, async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = await createStreamWriter("rawvideo", writable, 30, { format: "nut", thread });
    const ended = rejection(async () => {
      for (let index = 0; index < 1000; index++) await writer.write(barFrame(index));
    });
    await delay(200);
    const reason = new Error("the tab was closed");
    const beganMs = performance.now();
    await readable.cancel(reason);
    const error = await ended;
    assert(performance.now() - beganMs < 2000);
    assert(error instanceof WriterClosedError && error.code === "STREAM", String(error));
    assertEquals(error.cause, reason);
    for (const call of [() => writer.write(barFrame(0)), () => writer.close()]) {
      await assertFails(call, {
        type: WriterClosedError,
        code: "STREAM",
        says: ["it takes no more bytes (the tab was closed)", "Its reader has gone"],
      });
    }
    await writer.abort();
  });

  test(`createStreamWriter, ${thread}: abort and signal end a stream that is not read, within 200 ms`, async () => {
    for (const way of ["abort", "signal", "closing"] as const) {
      // A busy machine may be late once.
      let tookMs = Infinity;
      for (let attempt = 0; attempt < 3 && tookMs >= 300; attempt++) tookMs = await abortMs(thread, way);
      assert(tookMs < 300, `${way}: ${tookMs} ms`);
    }
  });
}

test("createStreamWriter: where encoding fails, the reader is told, too", async () => {
  const stream = new Collected();
  const options = { format: "nut", filter: "scale=w='if(gte(n,3),80,160)':h=90:eval=frame" };
  const writer = await createStreamWriter("rawvideo", stream.writable, 30, options);
  const error = await rejection(async () => {
    for (let index = 0; index < 20; index++) await writer.write(barFrame(index));
  });
  assert(error instanceof OptionError && error.code === "FILTER_SIZE", String(error));
  const told = await rejection(() => stream.all());
  assert((told as Error).message === error.message, String(told));
});

test("createStreamWriter: a stream that fails says why", async () => {
  const writable = new WritableStream<Uint8Array>({
    write: () => Promise.reject(new Error("no space")),
  });
  const writer = await createStreamWriter("rawvideo", writable, 30, { format: "nut" });
  await assertFails(async () => {
    for (let index = 0; index < 100; index++) await writer.write(barFrame(index));
  }, { type: WriterClosedError, code: "STREAM", says: ["(no space)"] });
});

test("createStreamWriter: a stream without a queue of its own gets everything", async () => {
  let bytes = 0;
  const writable = new WritableStream<Uint8Array>(
    { write: ({ length }) => void (bytes += length) },
    new CountQueuingStrategy({ highWaterMark: 0 }),
  );
  const writer = await createStreamWriter("rawvideo", writable, 30, { format: "nut" });
  await writeBars(writer, 10);
  assert(bytes > 10 * 160 * 90, `${bytes}`);
});

test("createStreamWriter: what a stream can't be is refused, and the stream stays the program's", async () => {
  const { writable } = new TransformStream<Uint8Array, Uint8Array>();
  const typeErrors: readonly (readonly [options: WriterOptions, says: string])[] = [
    [{}, "option format"],
    [{ format: "mp4", crashSafe: true }, "option crashSafe"],
    [{ format: "mp4", passes: 2, bitrate: "1M" }, "option passes"],
    [{ format: "mp4", targetBytes: 10_000 }, "option targetBytes"],
    [{ format: "gif", palette: "clip" }, "option palette"],
    [{ format: "mp4", chunk: { frames: 2 } }, "option chunk"],
    [{ format: "mp4", segments: { name: "%s.mp4", seconds: 1 } }, "option segments"],
    [{ format: "avi", fallback: "uncompressed" }, "option fallback"],
  ];
  for (const [options, says] of typeErrors) {
    await assertFails(() => createStreamWriter("mpeg4", writable, 30, options), {
      type: TypeError,
      says: [says],
    });
  }
  const unsupported: readonly (readonly [options: WriterOptions, code: string])[] = [
    [{ format: "hls" }, "MANY_TARGETS"],
    [{ format: "image2" }, "MANY_TARGETS"],
    [{ format: "mp4", chapters: [{ title: "One", start: 0 }] }, "CHAPTERS"],
    [{ format: "nothing" }, "MUXER_NOT_FOUND"],
  ];
  for (const [options, code] of unsupported) {
    await assertFails(() => createStreamWriter("mpeg4", writable, 30, options), {
      type: UnsupportedError,
      code,
      says: [],
    });
  }
  assertEquals(writable.locked, false);
  const lock = writable.getWriter();
  await assertFails(() => createStreamWriter("mpeg4", writable, 30, { format: "mp4" }), {
    type: TypeError,
    says: ["another writer has locked it"],
  });
  lock.releaseLock();
  await assertFails(() => createStreamWriter("mpeg4", 5 as never, 30, { format: "mp4" }), {
    type: TypeError,
    says: ["give a WritableStream"],
  });
});

test("createStreamWriter: without a frame the stream ends empty", async () => {
  const stream = new Collected();
  const writer = await createStreamWriter("mpeg4", stream.writable, 30, { format: "mp4" });
  assertEquals((await writer.close()).bytes, 0);
  assertEquals((await stream.all()).length, 0);
});

for (const [codec, encoder, format] of [["mp3", "libmp3lame", "mp3"], ["opus", "libopus", "ogg"]] as const) {
  test(`createAudioWriter: a stream of ${format} has all samples`, {
    skip: missingEncoders(encoder),
  }, async () => {
    using folder = new TemporaryFolder();
    const path = folder.file(`a.${format}`);
    const stream = new Collected();
    const writer = await createAudioWriter(codec, stream.writable, { format });
    for (let piece = 0; piece < 4; piece++) {
      await writer.write({ data: new Float32Array(24_000), sampleRate: 48_000, channels: 1 });
    }
    const { bytes } = await writer.close();
    const all = await stream.all();
    assertEquals(bytes, all.length);
    writeFileSync(path, all);
    const seconds = listen(path).length / heardRate;
    assert(Math.abs(seconds - 2) < 0.1, `${seconds} s`);
  });
}

test("createAudioWriter: a stream needs a format, and its reader may go", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  await assertFails(() => createAudioWriter("pcm", writable), { type: TypeError, says: ["option format"] });
  const writer = await createAudioWriter("pcm", writable, { format: "wav" });
  const ended = rejection(async () => {
    while (true) await writer.write({ data: new Float32Array(4800), sampleRate: 48_000, channels: 1 });
  });
  await delay(100);
  await readable.cancel(new Error("gone"));
  assert(await ended instanceof WriterClosedError);
});
