import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { createStreamWriter } from "../../../mod.ts";
import { nodeProgram } from "../../../tools/node_program.ts";
import { numbersOf, writeCounted } from "../../support/counted.ts";
import { missingEncoders, missingMuxers } from "../../support/features.ts";
import { TemporaryFolder } from "../../support/media.ts";
import { repository } from "../../support/processes.ts";
import { lastingPort, untilOpen } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

const script = fileURLToPath(new URL("../../support/whip_recorder.js", import.meta.url));
const node = `${repository}${nodeProgram}`;

/** What the receiver tells: the number and the time of each packet, and a clock's time and that of RTP. */
interface Received {
  readonly video: readonly (readonly [number: number, time: number])[];
  readonly audio: readonly (readonly [number: number, time: number])[];
  readonly reports: Readonly<Record<"video" | "audio", readonly [clockSeconds: number, time: number]>>;
}

function missingReceiver(): string | false {
  if (!existsSync(`${repository}tests/receivers/node_modules/werift`)) return "werift is missing (npm)";
  return existsSync(node) ? false : "the Node of tools/node_modules is missing";
}

test("createStreamWriter, WHIP: werift gets all frames and all audio, in sync", {
  skip: missingMuxers("whip") || missingEncoders("libx264", "libopus") || missingReceiver(),
}, async () => {
  using folder = new TemporaryFolder();
  const port = await lastingPort();
  const path = folder.file("received");
  const receiver = spawn(node, [script, String(port), path], { stdio: "ignore" });
  try {
    await untilOpen(port, "tcp");
    const writer = await createStreamWriter("libx264", `http://127.0.0.1:${port}/whip/key`, 30, {
      ...{
        format: "whip",
        preset: "ultrafast",
        tune: "zerolatency",
        profile: "baseline",
        keyFrameInterval: 1,
      },
      audio: { codec: "libopus", sampleRate: 48_000, channels: 2 },
    });
    await writeCounted(writer, 135);
    await writer.close();
    const { state, frames, packets } = writer.stats.outputs![0]!;
    assertEquals([state, frames], ["closed", 135]);
    await delay(500);
    const { video, audio, reports } = JSON.parse(readFileSync(`${path}.json`, "utf8")) as Received;
    assertEquals(numbersOf(`${path}.h264`), Array.from({ length: 135 }, (_, index) => index));
    const after = (times: readonly number[]): number[] =>
      times.slice(1).map((time, index) => (time - times[index]!) >>> 0);
    const frameTimes = [...new Set(video.map(([, time]) => time))];
    assertEquals(after(frameTimes), Array(134).fill(3000));
    assertEquals(after(audio.map(([, time]) => time)), Array(packets - frames - 1).fill(960));
    // By the reports, the first packet of Opus is 312 samples before the first frame: its decoder drops them.
    const firstSeconds = (
      track: "video" | "audio",
      rate: number,
      [, time]: readonly [number, number],
    ): number => reports[track][0] + (time - reports[track][1] | 0) / rate;
    const early = firstSeconds("video", 90_000, video[0]!) - firstSeconds("audio", 48_000, audio[0]!);
    assert(Math.abs(early - 312 / 48_000) < 0.002, `${early} s`);
  } finally {
    receiver.kill("SIGKILL");
  }
});
