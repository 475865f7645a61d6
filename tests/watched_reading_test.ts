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
