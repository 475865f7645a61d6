import process from "node:process";
import { assert, assertEquals } from "@std/assert";
import { createAudioWriter, createFileWriter, ReadError, WriteError } from "../mod.ts";
import { transcode } from "../recipes.ts";
import { nextTurn } from "../src/next_turn.ts";
import { EncodingThread } from "../src/thread/encoding_thread.ts";
import { workerModule } from "../src/worker/worker_module.ts";
import { barFrame, probe, TemporaryFolder } from "./support/media.ts";
import { assertReadable, assertSame, rejection } from "./support/messages.ts";
import { test } from "./support/test.ts";

// Threads of this encoder's own would outlive the libraries that end with a thread of Deno.
const options = { encoderOptions: { threads: 1 }, crashSafe: false } as const;

/** Returns what ends the thread that the next writer gets: a message that it cannot read. */
function nextThread(): () => void {
  const thread = EncodingThread.take({ workerModule: workerModule(), libraryPath: undefined }, {
    message: () => {},
    ended: () => {},
  });
  thread.leave();
  return () => thread.post(null as never, []);
}

function assertEnded(error: unknown): asserts error is WriteError {
  assert(error instanceof WriteError && error.name === "WriteError", String(error));
  assertEquals([error.code, error.operation], ["THREAD_ENDED", "write in another thread"]);
  assert(error.cause instanceof Error, String(error.cause));
  assertReadable(error);
}

/** Runs an action, after which no rejection may be left that nobody handles. */
async function withoutUnhandled(action: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  try {
    await action();
    await nextTurn();
  } finally {
    process.off("unhandledRejection", note);
  }
  assertEquals(unhandled, []);
}

test("thread: where it ends, all calls that wait and all later ones reject with one WriteError", async () => {
  await withoutUnhandled(async () => {
    using folder = new TemporaryFolder();
    const end = nextThread();
    const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, { ...options, queueSize: 1 });
    await writer.write(barFrame(0));
    end();
    const image = new Uint8Array(100);
    const waiting = await Promise.all([
      rejection(() => writer.write({ image }), "the image"),
      rejection(() => writer.write(barFrame(1)), "a frame"),
      rejection(() => writer.acquire(160, 90), "acquire"),
    ]);
    waiting.push(await rejection(() => writer.write(barFrame(2)), "a later frame"));
    waiting.push(await rejection(() => writer.close(), "close"));
    assertEnded(waiting[0]);
    for (const error of waiting) assertSame(error, waiting[0]);
    await writer.abort();
  });
});

test("thread: where it ends while a writer opens in it, that is an error, and the next one opens", async () => {
  await withoutUnhandled(async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const open = () => createFileWriter("ffv1", path, 25, options);
    // Its thread, which has worked, is kept for the next one.
    await (await open()).close();
    const end = nextThread();
    const { take } = EncodingThread;
    EncodingThread.take = (...given) => {
      EncodingThread.take = take;
      const thread = EncodingThread.take(...given);
      end();
      return thread;
    };
    assertEnded(await rejection(open, "opening"));
    const writer = await open();
    await writer.write(barFrame(0));
    await writer.close();
    assertEquals(probe(path).frames, 1);
  });
});

test("thread: where it ends during close, close rejects with a WriteError", async () => {
  await withoutUnhandled(async () => {
    using folder = new TemporaryFolder();
    const end = nextThread();
    const writer = await createFileWriter("ffv1", folder.file("a.mkv"), 25, options);
    await writer.write(barFrame(0));
    end();
    assertEnded(await rejection(() => writer.close(), "close"));
  });
});

test("thread: where it ends, samples are refused with a WriteError", async () => {
  await withoutUnhandled(async () => {
    using folder = new TemporaryFolder();
    const end = nextThread();
    const writer = await createAudioWriter("pcm", folder.file("a.wav"), { crashSafe: false });
    end();
    const samples = { data: new Int16Array(4800), sampleRate: 48000 };
    const error = await rejection(() => writer.write(samples), "write");
    assertEnded(error);
    assertSame(await rejection(() => writer.close(), "close"), error);
  });
});

test("thread: the next writer gets a new one after one has ended", async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("a.mkv");
  const writer = await createFileWriter("ffv1", path, 25, options);
  await writer.write(barFrame(0));
  await writer.close();
  assertEquals(probe(path).frames, 1);
});

test("thread: where it ends while a recipe looks at its input, that is a ReadError", async () => {
  await withoutUnhandled(async () => {
    using folder = new TemporaryFolder();
    const path = folder.file("a.mkv");
    const writer = await createFileWriter("ffv1", path, 25, options);
    await writer.write(barFrame(0));
    await writer.close();
    const end = nextThread();
    const { take } = EncodingThread;
    EncodingThread.take = (...given) => {
      EncodingThread.take = take;
      // After the work was sent.
      queueMicrotask(end);
      return EncodingThread.take(...given);
    };
    const convert = () => transcode(path, folder.file("b.mkv"), "ffv1");
    const error = await rejection(convert, "transcode");
    assert(error instanceof ReadError, String(error));
    assertEquals([error.code, error.operation], ["THREAD_ENDED", "read a file"]);
    assertReadable(error);
    assertEquals((await convert()).frames, 1);
  });
});
