/**
 * Writers one after another leave nothing behind in the process.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { runtime } from "../ffi/mod.ts";
import { createFileWriter, OptionError, type WriterOptions } from "../mod.ts";
import { nextTurn } from "../src/next_turn.ts";
import { barFrame, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { isLong, testBoth } = testsOf(import.meta.url);
const cycles = isLong ? 1000 : 120;
/** How far memory may be above its most in the first half of the cycles, in bytes. */
const growth = 48 * 2 ** 20;

const codecs = [["h264", "mp4"], ["mpeg4", "mkv"], ["png", "mov"], ["vp8", "webm"]] as const;
const frame = barFrame(0, 64, 48);

/** One writer from its opening to one of its ends. */
async function cycle(index: number, folder: TemporaryFolder): Promise<void> {
  const [codec, extension] = codecs[index % codecs.length]!;
  const controller = new AbortController();
  const options: WriterOptions = {
    thread: index % 3 === 0 ? "main" : "worker",
    signal: controller.signal,
    ...(index % 5 === 0 ? { audio: {} } : {}),
  };
  const path = folder.file(`${index}.${extension}`);
  const end = index % 7;
  if (end === 6) {
    const wrong = { ...options, encoderOptions: { "no-such-option": 1 } };
    return void await assertRejects(() => createFileWriter(codec, path, 25, wrong), OptionError);
  }
  const writer = await createFileWriter(codec, path, 25, options);
  for (let count = 0; count < 3; count++) await writer.write(frame);
  if (end === 0) return await writer.abort();
  if (end === 1) return controller.abort();
  if (end === 2) return await writer[Symbol.asyncDispose]();
  if (end === 3) await writer.acquire(64, 48);
  if (end === 4) {
    await assertRejects(() => writer.write({ ...frame, data: frame.data.subarray(1) }), RangeError);
  }
  await writer.close();
}

/** The files, pipes and sockets that this process has open; 0 where the system does not tell. */
function descriptors(): number {
  return process.platform === "linux" ? readdirSync("/proc/self/fd").length : 0;
}

/** The memory of the process without what the garbage collector has not come to yet. */
async function residentBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    runtime().collectGarbage();
    await nextTurn();
  }
  return process.memoryUsage.rss();
}

testBoth(`createFileWriter: ${cycles} writers leave memory and descriptors level`, async () => {
  using folder = new TemporaryFolder();
  let settled = 0;
  let open = 0;
  for (let index = 0; index < cycles; index++) {
    await cycle(index, folder);
    if (index < cycles / 5) open = Math.max(open, descriptors());
    if (index % (cycles / 10) !== 0) continue;
    const bytes = await residentBytes();
    if (index <= cycles / 2) settled = Math.max(settled, bytes);
  }
  // The last writer may have been aborted by its signal, of which nobody waits for the end.
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert(descriptors() <= open, `${descriptors()} descriptors are open instead of ${open}`);
  const grown = await residentBytes() - settled;
  assert(grown < growth, `memory has grown by ${grown} bytes`);
  assertEquals(readdirSync(folder.path).filter((name) => name.startsWith(".")), []);
});
