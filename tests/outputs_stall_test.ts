import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createStreamWriter,
  type OutputStats,
  type StreamWriterOptions,
  type VideoWriter,
  WriteError,
} from "../mod.ts";
import {
  type DeadAddress,
  type Scheme,
  schemes,
  silentAddress,
  stoppable,
  unreachableAddress,
} from "./support/dead_receivers.ts";
import { missingEncoders } from "./support/features.ts";
import { frameTimes, TemporaryFolder } from "./support/media.ts";
import { missingReceiver, type Receiver, receivers } from "./support/receivers.ts";
import { noisyFrame } from "./support/record.ts";
import { lastingPort } from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll } = testsOf(import.meta.url);

const light: StreamWriterOptions = {
  ...{ preset: "ultrafast", tune: "zerolatency", keyFrameInterval: 1 },
  audio: { codec: "aac", from: { silence: true } },
};
/** Much more than sockets keep. */
const heavy: StreamWriterOptions = { ...light, bitrate: "40M" };
const needed = {
  skip: missingEncoders("libx264") || missingReceiver("rtmp to nginx") ||
    missingReceiver("rtsp to GStreamer over tcp") || missingReceiver("srt to srt-live-transmit"),
};

test("close: an address that takes nothing is not waited for", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  using silent = await silentAddress("rtmp");
  const outputs = [silent.address];
  const writer = await createFileWriter("libx264", folder.file("a.mp4"), 30, { ...light, outputs });
  for (let index = 0; index < 10; index++) await writer.write(noisyFrame(index, 64, 48));
  await delay(1100);
  const beganMs = performance.now();
  await writer.close();
  const tookMs = performance.now() - beganMs;
  assert(tookMs < 5000, `${tookMs} ms`);
  const { state, droppedFrames, error } = writer.stats.outputs![0]!;
  assertEquals([state, droppedFrames, (error as WriteError).code], ["failed", 10, "ETIMEDOUT"]);
});

test("close: with deadlineSeconds, an address is waited for no longer", {
  skip: missingEncoders("libx264"),
}, async () => {
  using folder = new TemporaryFolder();
  for (const kind of ["target", "outputs"] as const) {
    using silent = await silentAddress("tcp");
    const outputs = [silent.address];
    const writer = kind === "target"
      ? await createStreamWriter("libx264", silent.address, 30, heavy)
      : await createFileWriter("libx264", folder.file("a.mkv"), 30, { ...heavy, outputs });
    const queued = (): number => writer.stats.outputs![0]!.queued;
    // It has stopped to take anything a moment ago.
    for (let index = 0; queued() < 20; index++) {
      assert(index < 1000, "it takes everything");
      await writer.write(noise[index % 30]!);
    }
    const beganMs = performance.now();
    const error = await writer.close({ deadlineSeconds: 0.05 }).then(() => null, (error) => error);
    const tookMs = performance.now() - beganMs;
    const { state, error: told } = writer.stats.outputs![0]!;
    assert(tookMs < 3000, `${tookMs} ms`);
    assertEquals([state, error], ["failed", kind === "target" ? told : null]);
    assert(told instanceof WriteError && told.code === "ETIMEDOUT");
    assert(told.message.includes("by the deadline of close"), told.message);
  }
});

const noise = Array.from({ length: 30 }, (_, index) => noisyFrame(index, 640, 360));

/** Writes noise at its pace while a condition holds, or until a write throws. Returns the error. */
async function writeWhile(writer: VideoWriter, goesOn: () => boolean): Promise<unknown> {
  const beganMs = performance.now();
  try {
    for (let index = 0; goesOn(); index++) {
      await writer.write(noise[index % 30]!);
      await delay(Math.max(1, beganMs + index * 1000 / 30 - performance.now()));
    }
    return null;
  } catch (error) {
    return error;
  }
}

/** Waits until a condition holds. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const beganMs = performance.now();
  while (!holds()) {
    if (performance.now() - beganMs > 15_000) throw new Error(`Not within 15 s: ${what}`);
    await delay(5);
  }
}

/** The least of what is measured, of three runs at most: another program may have made one late. */
async function leastMs(limit: number, measure: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let run = 0; run < 3 && least >= limit; run++) least = Math.min(least, await measure());
  return least;
}

const stopped: readonly (readonly [name: string, make: (folder: string, port: number) => Receiver])[] = [
  ...Object.entries(stoppable),
  ["rtmp to ffmpeg", receivers.rtmp],
  ["rtsp to ffmpeg", receivers.rtsp],
];

for (const [name, make] of stopped) {
  testAll(`writeTimeoutSeconds, ${name}: a receiver that stops is lost 0.2 s later`, needed, async () => {
    const least = await leastMs(2200, async () => {
      using folder = new TemporaryFolder();
      using receiver: Receiver = make(folder.path, await lastingPort());
      await receiver.start();
      const target = { target: receiver.address, ...receiver.options, writeTimeoutSeconds: 2 };
      const outputs = [{ ...target, reconnect: { attempts: 0 } }];
      const writer = await createFileWriter("libx264", folder.file("a.mkv"), 30, { ...heavy, outputs });
      const output = (): OutputStats => writer.stats.outputs![0]!;
      let frames = 0, tookMs = performance.now(), beganMs = tookMs;
      const states = new Set<string>();
      await writeWhile(writer, () => {
        const nowMs = performance.now(), { state, frames: sent } = output();
        states.add(state);
        if (sent !== frames) tookMs = nowMs;
        frames = sent;
        if (state === "live" && nowMs - beganMs > 1000 && name !== "srt") receiver.freeze();
        return state !== "failed";
      });
      beganMs = performance.now() - tookMs;
      await writer.close();
      const { droppedFrames, error } = output();
      assertEquals([(error as WriteError).code, states.has("stalled")], ["ETIMEDOUT", true]);
      assert(error!.message.includes("nothing for 2 s"), error!.message);
      assertEquals(output().frames + droppedFrames, writer.stats.frames);
      assert(frames > 10 && beganMs > 1950, `${frames} frames, lost after ${beganMs} ms`);
      return beganMs;
    });
    assert(least < 2200, `${least} ms`);
  });
}

testAll("writeTimeoutSeconds, srt: a receiver that is stopped is lost after 5 s", needed, async () => {
  using folder = new TemporaryFolder();
  using receiver: Receiver = receivers["srt to srt-live-transmit"](folder.path, await lastingPort());
  await receiver.start();
  const writer = await createStreamWriter("libx264", receiver.address, 30, {
    ...{ ...light, reconnect: { attempts: 0 } },
  });
  let frozenMs = Infinity;
  const error = await writeWhile(writer, () => {
    const { frames } = writer.stats.outputs![0]!;
    if (frames > 30 && frozenMs === Infinity) {
      receiver.freeze();
      frozenMs = performance.now();
    }
    return performance.now() - frozenMs < 10_000;
  });
  const tookMs = performance.now() - frozenMs;
  assert(error instanceof WriteError && tookMs > 4000 && tookMs < 6000, `${error} after ${tookMs} ms`);
  const { frames, droppedFrames } = writer.stats.outputs![0]!;
  assertEquals(frames + droppedFrames, writer.stats.frames);
});

testAll("close, srt: a delay of the receiver is waited for, and is no stall", needed, async () => {
  using folder = new TemporaryFolder();
  using receiver: Receiver = receivers["srt to srt-live-transmit"](folder.path, await lastingPort());
  await receiver.start();
  const writer = await createStreamWriter("libx264", `${receiver.address}?latency=2000000`, 30, {
    ...{ ...light, writeTimeoutSeconds: 1 },
  });
  for (let index = 0; index < 30; index++) {
    await writer.write(noise[index]!);
    await delay(33);
  }
  await writer.close();
  const [path] = await receiver.recorded();
  // Its receiver may begin with the second key frame.
  assert(frameTimes(path!).length >= 29, `${frameTimes(path!).length} frames`);
});

testAll("outputs: what a program was late by is made up for", {
  skip: missingEncoders("libx264"),
}, async () => {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const address = `udp://127.0.0.1:${socket.address().port}`;
  const writer = await createStreamWriter("libx264", address, 30, light);
  const beganMs = performance.now();
  const frame = noisyFrame(0, 64, 48);
  // All at once what was due in two seconds, and each at its time from then on.
  const writeUntil = async (from: number, end: number): Promise<void> => {
    for (let index = from; index < end; index++) {
      await writer.write(frame);
      await delay(Math.max(0, beganMs + index * 1000 / 30 - performance.now()));
    }
  };
  await writeUntil(0, 30);
  await delay(2000);
  await writeUntil(30, 120);
  const late = writer.stats.outputs![0]!.queued;
  await writeUntil(120, 40 * 30);
  const { queued } = writer.stats.outputs![0]!;
  await writer.close();
  socket.close();
  assert(late > 30 && queued < 20, `${late} packets wait after a pause, ${queued} later`);
});

/** What an output is doing when it is to end. */
const situations = ["never answers", "can't be reached", "live", "stalled", "retrying"] as const;
type Situation = (typeof situations)[number];

function isSilent(situation: Situation): boolean {
  return situation === "never answers" || situation === "can't be reached";
}

async function receiverIn(situation: Situation, scheme: Scheme, folder: string): Promise<DeadAddress> {
  if (situation === "never answers") return await silentAddress(scheme);
  if (situation === "can't be reached") return await unreachableAddress(scheme);
  const receiver = stoppable[scheme](folder, await lastingPort());
  await receiver.start();
  return receiver;
}

/** How many milliseconds it takes to end a writer. */
async function endMs(
  end: "abort" | "close" | "signal",
  situation: Situation,
  scheme: Scheme,
): Promise<number> {
  using folder = new TemporaryFolder();
  using receiver = await receiverIn(situation, scheme, folder.path);
  const controller = new AbortController();
  const { signal } = controller;
  const output = { target: receiver.address, ...receiver.options, reconnect: { delaySeconds: 3 } };
  const options = { ...(situation === "stalled" ? heavy : light), signal, outputs: [output] };
  const writer = await createFileWriter("libx264", folder.file("a.mkv"), 30, options);
  const isIn = (state: string): boolean => writer.stats.outputs![0]!.state === state;
  let isEnding = false;
  const written = writeWhile(writer, () => !isEnding);
  const { address } = receiver;
  if (isSilent(situation)) await delay(2000);
  else {
    const program = receiver as Receiver;
    await until(() => isIn("live"), `${address} is live`);
    await delay(500);
    if (situation === "stalled") program.freeze();
    if (situation === "retrying") await program.kill();
    if (situation !== "live") await until(() => isIn(situation), `${address} is ${situation}`);
  }
  isEnding = end === "close";
  if (isEnding) await written;
  const reason = new Error("enough");
  const beganMs = performance.now();
  if (end === "abort") await writer.abort(reason);
  else if (end === "close") await writer.close();
  else {
    controller.abort(reason);
    assertEquals(await written, reason);
  }
  const tookMs = performance.now() - beganMs;
  isEnding = true;
  await written;
  const { state } = writer.stats.outputs![0]!;
  if (end === "close") assertEquals(state, "failed");
  return tookMs;
}

for (const scheme of schemes) {
  for (const situation of situations) {
    for (const end of ["abort", "close", "signal"] as const) {
      // What was written is sent, no faster than it is shown. TCP has no answer; that of HTTP is waited for.
      const isAccepting = situation === "never answers" && scheme === "tcp";
      const isWaitedFor = situation === "live" || isAccepting || scheme === "http" && isSilent(situation);
      if (end === "close" && isWaitedFor) continue;
      testAll(`${end}, ${scheme}: it takes 200 ms where the receiver is ${situation}`, needed, async () => {
        const least = await leastMs(200, () => endMs(end, situation, scheme));
        assert(least < 200, `${least} ms`);
      });
    }
  }
}

for (const scheme of schemes) {
  testAll(
    `close, deadlineSeconds, ${scheme}: it bounds the wait for a receiver that has just stopped`,
    needed,
    async () => {
      const least = await leastMs(400, async () => {
        using folder = new TemporaryFolder();
        using receiver = stoppable[scheme](folder.path, await lastingPort());
        await receiver.start();
        const output = { target: receiver.address, ...receiver.options };
        const path = folder.file("a.mkv");
        const writer = await createFileWriter("libx264", path, 30, { ...heavy, outputs: [output] });
        const stats = (): OutputStats => writer.stats.outputs![0]!;
        let isFrozen = false;
        await writeWhile(writer, () => {
          const { state, frames, queued } = stats();
          if (!isFrozen && state === "live" && frames > 15) {
            receiver.freeze();
            isFrozen = true;
          }
          // Sockets go on for a while.
          return !isFrozen || queued < 10;
        });
        const beganMs = performance.now();
        const { frames } = await writer.close({ deadlineSeconds: 0.1 });
        const tookMs = performance.now() - beganMs;
        const { state, error, frames: sent, droppedFrames } = stats();
        assertEquals([state, (error as WriteError).code, frames], [
          "failed",
          "ETIMEDOUT",
          frameTimes(path).length,
        ]);
        assertEquals(sent + droppedFrames, frames);
        return tookMs;
      });
      assert(least < 400, `${least} ms`);
    },
  );
}
