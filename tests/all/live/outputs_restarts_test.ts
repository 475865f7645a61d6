import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, createStreamWriter, type StreamWriterOptions } from "../../../mod.ts";
import { schemes, stoppable } from "../../support/dead_receivers.ts";
import { missingEncoders } from "../../support/features.ts";
import { barFrame, frameTimes, TemporaryFolder } from "../../support/media.ts";
import { missingReceiver, receivers } from "../../support/receivers.ts";
import { noisyFrame } from "../../support/record.ts";
import { lastingPort, untilOpen } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

/**
 * Passes connections on to a port, or reads them where that is 0, and cuts them: the first after 1.5 s,
 * others soon.
 */
const cutScript = `
const { connect, createServer } = require("node:net");
const [from, to] = process.argv.slice(1).map(Number);
let count = 0;
createServer((socket) => {
  const ends = to === 0 ? [socket.resume()] : [socket, connect(to, "127.0.0.1")];
  if (to !== 0) socket.pipe(ends[1]).pipe(socket);
  const cut = () => ends.forEach((each) => each.destroy());
  for (const each of ends) each.on("error", () => {}).on("close", cut);
  setTimeout(cut, count++ === 0 ? 1500 : 300);
}).listen(from, "127.0.0.1");`;

/** A receiver of SRT, which ends and comes back again and again. */
const srtScript = (port: number): string =>
  `while :; do timeout -s INT 0.6 srt-live-transmit "srt://127.0.0.1:${port}?mode=listener" ` +
  `file://con -q >/dev/null 2>&1; done`;

/** A program, with those that it has started. */
class ProgramGroup implements Disposable {
  readonly #program: ChildProcess;

  constructor(command: string, ...args: string[]) {
    this.#program = spawn(command, args, { stdio: "ignore", detached: true });
  }

  [Symbol.dispose](): void {
    process.kill(-this.#program.pid!, "SIGKILL");
  }
}

/** What is used of the system. */
function used(): { mb: number; files: number; threads: number } {
  return {
    mb: process.memoryUsage.rss() / 2 ** 20,
    files: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
  };
}

async function sendThroughRestarts(address: string, given: StreamWriterOptions): Promise<void> {
  const writer = await createStreamWriter("libx264", address, 30, {
    ...{ preset: "ultrafast", tune: "zerolatency", keyFrameInterval: 1, ...given },
    audio: { codec: "aac", from: { silence: true } },
    reconnect: { delaySeconds: 0.02, maxDelaySeconds: 0.02 },
  });
  const output = () => writer.stats.outputs![0]!;
  // More may be there for a moment, as a connection is made: what is lost for good is in the least, too.
  const least = [used(), used()] as const;
  for (let index = 0, restarts = 0; restarts < 100; index++) {
    await writer.write(barFrame(index));
    await delay(15);
    const now = used(), before = restarts;
    restarts = output().reconnects;
    const half = restarts <= 50 ? 0 : 1;
    const isNew = before !== restarts && restarts % 25 === 1;
    for (const name of ["mb", "files", "threads"] as const) {
      least[half][name] = isNew ? now[name] : Math.min(least[half][name], now[name]);
    }
  }
  const { frames, droppedFrames, queued } = output();
  const counted = frames + droppedFrames + queued, written = writer.stats.frames;
  await writer.abort();
  const told = JSON.stringify(least);
  const [early, late] = least;
  assert(late.files <= early.files && late.threads <= early.threads && late.mb < early.mb + 20, told);
  // One may be in the encoder, or on its way.
  assert(frames >= 100 && Math.abs(counted - written) <= 3, `${counted} of ${written}`);
}

for (const scheme of schemes) {
  test(`reconnect, ${scheme}: a hundred restarts leave memory, threads and descriptors level`, {
    skip: process.platform !== "linux"
      ? "it counts descriptors in /proc"
      : missingEncoders("libx264") || missingReceiver("rtmp to nginx") ||
        missingReceiver("rtsp to GStreamer over tcp") || missingReceiver("srt to srt-live-transmit"),
  }, async () => {
    using folder = new TemporaryFolder();
    // The receiver of TCP takes one connection only.
    const [port, behind] = [await lastingPort(), scheme === "tcp" ? 0 : await lastingPort()];
    const receiver = stoppable[scheme](folder.path, behind);
    using programs = new DisposableStack();
    if (scheme === "srt") {
      programs.use(new ProgramGroup("/bin/sh", "-c", srtScript(port)));
      await untilOpen(port, "udp");
      return await sendThroughRestarts(`srt://127.0.0.1:${port}`, {});
    }
    programs.use(receiver);
    programs.use(new ProgramGroup("node", "-e", cutScript, String(port), String(behind)));
    if (scheme !== "tcp") await receiver.start();
    await untilOpen(port, "tcp");
    const address = receiver.address.replace(`127.0.0.1:${behind}`, `127.0.0.1:${port}`);
    await sendThroughRestarts(address, scheme === "http" ? { method: "POST" } : receiver.options);
  });
}

const noise = Array.from({ length: 30 }, (_, index) => noisyFrame(index, 640, 360));

const lateOptions: readonly StreamWriterOptions[] = [
  { live: true },
  { live: true, preset: "slow" },
  { live: true, timing: "constant" },
  { live: true, timing: "constant", latePolicy: "block", preset: "slow" },
  { latePolicy: "drop" },
  { latePolicy: "drop", preset: "slow" },
];

for (const kind of ["target", "outputs"] as const) {
  for (const options of lateOptions) {
    test(`latePolicy, ${kind}: with a reconnect, each frame counts once, ${JSON.stringify(options)}`, {
      skip: missingEncoders("libx264") || missingReceiver("rtmp to nginx"),
    }, async () => {
      using folder = new TemporaryFolder();
      using receiver = receivers["rtmp to nginx"](folder.path, await lastingPort());
      await receiver.start();
      const path = folder.file("own.mkv"), reconnect = { delaySeconds: 0.5 };
      const given: StreamWriterOptions = { ...options, audio: { codec: "aac" } };
      const writer = kind === "target"
        ? await createStreamWriter("libx264", receiver.address, 30, { ...given, reconnect })
        : await createFileWriter("libx264", path, 30, {
          ...{ ...given, outputs: [{ target: receiver.address, reconnect }] },
        });
      const waits = options.timing === "constant";
      const restarted = (async () => {
        await delay(1500);
        await receiver.kill();
        await delay(1000);
        await receiver.start();
      })();
      const beganMs = performance.now();
      const calls: Promise<void>[] = [];
      let index = 0;
      for (; performance.now() - beganMs < 5000; index++) {
        const call = writer.write(noise[index % noise.length]!);
        calls.push(call);
        if (waits) await call;
        else await delay(Math.max(1, beganMs + (index + 1) * 1000 / 30 - performance.now()));
        calls.push(writer.writeAudio({ data: new Float32Array(1600), sampleRate: 48_000, channels: 1 }));
      }
      await Promise.all([...calls, restarted]);
      const { fps = 0, bitrate = 0 } = writer.stats;
      await writer.close();
      const { frames, dropped, outputs: [output] } = writer.stats as Required<typeof writer.stats>;
      assertEquals(frames + dropped, index);
      assertEquals([output!.frames + output!.droppedFrames, output!.queued], [frames, 0]);
      assertEquals([output!.state, output!.reconnects], ["closed", 1]);
      if (kind === "outputs") assertEquals(frameTimes(path).length, frames);
      const received = (await receiver.recorded()).reduce((sum, file) => sum + frameTimes(file).length, 0);
      const lost = output!.frames - received;
      assert(lost >= 0 && lost <= 3, `${output!.frames} frames sent, ${received} received`);
      // An encoder that looks ahead may give nothing for two seconds.
      if (options.live !== true) return;
      assert(fps > 0 && fps < 40 && bitrate > 10_000, `${fps} frames, ${bitrate} bits a second`);
    });
  }
}
