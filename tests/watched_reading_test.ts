import { setTimeout as sleep } from "node:timers/promises";
import { assertEquals, assertRejects } from "@std/assert";
import { ReadError } from "../mod.ts";
import { SessionControl } from "../src/engine/ending/session_control.ts";
import type { Reading } from "../src/thread/reading/reading_calls.ts";
import { WatchedReading } from "../src/thread/reading/watched_reading.ts";
import { testsOf } from "./support/test.ts";

const { test } = testsOf(import.meta.url);

/** What answers some questions, and never the others. */
function watched(answers: readonly string[], openSeconds: number): {
  reading: WatchedReading;
  control: SessionControl;
  asked: string[];
} {
  const asked: string[] = [];
  const control = new SessionControl();
  const inner = {
    ask: (type: string) => {
      asked.push(type);
      return answers.includes(type) ? Promise.resolve(null) : new Promise(() => {});
    },
    close: () => Promise.resolve(),
  } as unknown as Reading;
  const limits = { openSeconds, readSeconds: 60, waits: () => {} };
  return { reading: new WatchedReading(inner, control.memory, "a source", limits), control, asked };
}

test("WatchedReading: after close, nothing is asked of a thread that may serve another source", async () => {
  const { reading, asked } = watched(["frame"], 60);
  await reading.ask("frame", {});
  const pending = assertRejects(() => reading.ask("describe", {}), ReadError);
  await reading.close();
  const late = await assertRejects(() => reading.ask("frame", {}), ReadError);
  assertEquals([late.code, (await pending).code, asked], ["CLOSED", "CLOSED", ["frame", "describe"]]);
});

test("WatchedReading: opening has its own limit, also after other answers", async () => {
  const { reading, control } = watched(["devices"], 0.05);
  await reading.ask("devices", { libraryPath: undefined });
  const opening = reading.ask("open", {} as never).catch((error: unknown) => error);
  // A call of libav that takes long.
  Atomics.add(new Int32Array(control.memory), 4, 1);
  for (let turn = 0; turn < 40 && !control.isLate; turn++) await sleep(20);
  assertEquals(control.isLate, true);
  await reading.close();
  const { code, hint } = await opening as ReadError;
  assertEquals([code, hint], ["ETIMEDOUT", "Give openTimeoutSeconds to wait longer"]);
});

test("SessionControl: waits are counted by the watcher's clock, and only while something is due", async () => {
  const control = new SessionControl();
  const watcher = new SessionControl(control.memory);
  const waited = async (): Promise<boolean> => {
    const before = watcher.waitedSeconds;
    await sleep(30);
    return watcher.waitedSeconds - before > 0.02;
  };
  const results: Promise<boolean>[] = [waited()];
  control.timed(() => results.push(waited()));
  assertEquals(await Promise.all(results), [false, false]);
  // A call of another thread, which goes on.
  Atomics.add(new Int32Array(control.memory), 4, 1);
  assertEquals([watcher.waitedSeconds < 0.01, await waited(), await waited()], [true, true, true]);
  // What is not due yet begins the count anew.
  control.untimedWait(0.001);
  assertEquals([watcher.waitedSeconds < 0.01, await waited()], [true, true]);
  control.abort();
  const startMs = performance.now();
  control.untimedWait(5);
  assertEquals([performance.now() - startMs < 1000, control.isAborted], [true, true]);
});
