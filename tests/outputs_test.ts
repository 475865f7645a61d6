import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage } from "node:http";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import {
  createFileWriter,
  createStreamWriter,
  OptionError,
  type OutputStats,
  type StreamWriterOptions,
  UnsupportedError,
  type VideoWriter,
  WriteError,
} from "../mod.ts";
import { Collected } from "./support/collected.ts";
import { missingEncoders } from "./support/features.ts";
import { barFrame, frameTimes, TemporaryFolder } from "./support/media.ts";
import { assertFails, rejection } from "./support/messages.ts";
import { missingReceiver, type Receiver, type ReceiverName, receivers } from "./support/receivers.ts";
import { packetSums, play, shownBars } from "./support/record.ts";
import { freePort, lastingPort, silentServer } from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { isAll, some, test, testBoth, testAll } = testsOf(import.meta.url);

const light: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency", keyFrameInterval: 1 };
const encoder = { skip: missingEncoders("libx264") };

/** Statistics of an output, without what varies. */
function counts({ state, frames, droppedFrames }: OutputStats): unknown[] {
  return [state, frames, droppedFrames];
}

/** Writes so many frames at their pace; with samples beside them where the writer has audio. */
async function writePaced(writer: VideoWriter, from: number, count: number, hasAudio = false): Promise<void> {
  const beganMs = performance.now();
  for (let index = 0; index < count; index++) {
    await writer.write(barFrame(from + index));
    if (hasAudio) {
      await writer.writeAudio({ data: new Float32Array(1600), sampleRate: 48_000, channels: 1 });
    }
    const waitMs = beganMs + (index + 1) * 1000 / 30 - performance.now();
    if (waitMs > 0) await delay(waitMs);
  }
}

const names = some(Object.keys(receivers) as ReceiverName[], 9);
for (const name of names) {
  testBoth(`createStreamWriter, ${name}: a receiver gets all frames in order`, {
    skip: missingEncoders("libx264") || missingReceiver(name),
  }, async () => {
    using folder = new TemporaryFolder();
    using receiver: Receiver = receivers[name](folder.path, await lastingPort());
    await receiver.start();
    const writer = await createStreamWriter("libx264", new URL(receiver.address), 30, {
      ...{ ...light, ...receiver.options },
      audio: { codec: "aac" },
    });
    const count = isAll ? 150 : 15;
    await writePaced(writer, 0, count, true);
    const { frames, path } = await writer.close();
    assertEquals([frames, path.includes("key")], [count, false]);
    const [stats] = writer.stats.outputs!;
    assertEquals(counts(stats!), ["closed", count, 0]);
    const [file] = await receiver.recorded();
    assertEquals(bars(file!), count, name);
  });
}

/** How many frames a recording shows, in order from the first bar on. */
function bars(path: string): number {
  const shown = shownBars(path, 160);
  assertEquals(shown, shown.map((_, index) => index % 40), path);
  return shown.length;
}

for (const thread of some(["worker", "main"] as const, 2)) {
  testBoth(
    `outputs, ${thread}: files and streams beside one that nobody reads and one that is not there`,
    encoder,
    async () => {
      using folder = new TemporaryFolder();
      const stream = new Collected();
      const unread = new TransformStream<Uint8Array, Uint8Array>();
      const port = await freePort();
      const outputs = [
        folder.file("b.mkv"),
        { target: folder.file("c.part"), format: "mp4" },
        { target: stream.writable, format: "mp4" },
        { target: unread.writable, format: "mpegts", writeTimeoutSeconds: 0.5 },
        `rtmp://127.0.0.1:${port}/app/secretkey`,
      ];
      const options = { ...light, thread, outputs };
      const writer = await createFileWriter("libx264", folder.file("a.mp4"), 30, options);
      for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
      await writer.close();
      assertEquals(writer.stats.outputs!.map(counts).slice(0, 3), Array(3).fill(["closed", 30, 0]));
      const [unreadStats, refused] = writer.stats.outputs!.slice(3);
      assertEquals([unreadStats!.state, (unreadStats!.error as WriteError).code], ["failed", "ETIMEDOUT"]);
      assertEquals(counts(refused!), ["failed", 0, 30]);
      assertEquals((refused!.error as WriteError).code, "ECONNREFUSED");
      assert(!JSON.stringify(writer.stats).includes("secretkey"));
      writeFileSync(folder.file("d.mp4"), await stream.all());
      for (const name of ["a.mp4", "b.mkv", "c.part", "d.mp4"]) {
        assertEquals(play(folder.file(name), { width: 160, fps: 30 }).frames, 30, name);
      }
    },
  );
}

test("createStreamWriter, http: a body by PUT or POST, and a status that is an error", encoder, async () => {
  using folder = new TemporaryFolder();
  let status = 201;
  const requests: IncomingMessage[] = [];
  const parts: Uint8Array[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.on("data", (part) => parts.push(part));
    if (status >= 400) response.writeHead(status).end("no");
    else request.on("end", () => response.writeHead(status).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const address = `http://joe:secretword@127.0.0.1:${port}/a.mp4`;
  const options: StreamWriterOptions = { ...light, method: "POST", headers: { "x-test": "yes" } };
  const writer = await createStreamWriter("libx264", address, 30, options);
  for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
  const { bytes, format } = await writer.close();
  writeFileSync(folder.file("a.mp4"), Buffer.concat(parts));
  assertEquals([bytes, format], [readFileSync(folder.file("a.mp4")).length, "mp4"]);
  assertEquals(play(folder.file("a.mp4"), { width: 160, fps: 30 }).frames, 30);
  const { method, headers } = requests[0]!;
  assertEquals([method, headers["x-test"], headers.authorization], [
    "POST",
    "yes",
    `Basic ${btoa("joe:secretword")}`,
  ]);
  status = 403;
  await assertFails(async () => {
    const refused = await createStreamWriter("libx264", address, 30, light);
    for (let index = 0; index < 300; index++) {
      await refused.write(barFrame(index));
      await delay(5);
    }
    await refused.close();
  }, { type: WriteError, code: "HTTP_403", says: ["http://***@127.0.0.1"] });
  server.closeAllConnections();
  server.close();
});

const silent = ["rtmp", "rtsp", "tcp", "http", "icecast"] as const;
for (const scheme of some(silent, 5)) {
  testBoth(
    `createStreamWriter, ${scheme}: abort, and a stall, where the receiver never answers`,
    encoder,
    async () => {
      using server = await silentServer();
      const address = `${scheme}://127.0.0.1:${server.port}/app/key.webm`;
      const codec = scheme === "icecast" ? "libvpx" : "libx264";
      const options: StreamWriterOptions = {
        ...(scheme === "icecast" ? { encoderOptions: { deadline: "realtime" } } : light),
        ...(scheme === "http" ? { format: "mpegts" } : {}),
        ...{ writeTimeoutSeconds: 1, reconnect: { attempts: 0 } },
      };
      const write = async (signal?: AbortSignal): Promise<void> => {
        const given = signal === undefined ? options : { ...options, signal };
        const writer = await createStreamWriter(codec, address, 30, given);
        for (let index = 0;; index++) await writer.write(noisy(index));
      };
      // Other programs may make one of three late.
      let leastMs = Infinity;
      for (let run = 0; run < 3 && leastMs >= 200; run++) {
        const controller = new AbortController();
        const aborted = rejection(() => write(controller.signal));
        await delay(400);
        const beganMs = performance.now();
        const reason = new Error("enough");
        controller.abort(reason);
        assertEquals(await aborted, reason);
        leastMs = Math.min(leastMs, performance.now() - beganMs);
      }
      assert(leastMs < 200, `${leastMs} ms`);
      await assertFails(() => write(), { type: WriteError, code: "ETIMEDOUT", says: ["for 1 s"] });
    },
  );
}

/** A frame that no encoder makes small. */
function noisy(index: number): ReturnType<typeof barFrame> {
  const frame = barFrame(index, 640, 360);
  crypto.getRandomValues(frame.data.subarray(0, 65_536));
  for (let at = 65_536; at < frame.data.length; at += 65_536) {
    frame.data.copyWithin(at, 0, Math.min(65_536, frame.data.length - at));
  }
  return frame;
}

const refusals = [
  ["libx264", "ftp://joe:secretword@host/x", {}, TypeError, undefined, "an address with ftp:"],
  ["libx264", "udp://127.0.0.1", {}, TypeError, undefined, "a host and a port"],
  ["libx264", "rtmp://127.0.0.1:1/a/b", { passes: 2, bitrate: "1M" }, TypeError, undefined, "passes"],
  ["libx264", "rtmp://127.0.0.1:1/a/b", { reconnect: { attempts: -1 } }, TypeError, undefined, "attempts"],
  ["libx264", "udp://127.0.0.1:9", { outputs: [{ target: 3 }] }, TypeError, undefined, "outputs[0].target"],
  [
    "libx264",
    "udp://127.0.0.1:9",
    { outputs: [{ target: "a.mp4", transprt: 1 }] },
    TypeError,
    undefined,
    "transport",
  ],
  ["libx264", "udp://127.0.0.1:9", { outputs: ["/nowhere/a.mp4"] }, WriteError, "ENOENT", "folder"],
  ["libvpx", "rtmp://127.0.0.1:1/a/b", {}, UnsupportedError, "CODEC_NOT_FOR_CONTAINER", "flv"],
  ["libx264", "udp://127.0.0.1:9", { formatOptions: { nope: 1 } }, OptionError, "OPTION_NOT_FOUND", "mpegts"],
] as const;

test("createStreamWriter: what is wrong with an address or an output is told", {
  skip: missingEncoders("libx264", "libvpx"),
}, async () => {
  for (const [codec, address, options, type, code, says] of refusals) {
    await assertFails(async () => {
      const writer = await createStreamWriter(codec, address, 30, options as unknown as StreamWriterOptions);
      await writer.write(barFrame(0));
    }, { type, ...(code === undefined ? {} : { code }), says: [says] });
  }
});

/**
 * Has a receiver be away for three seconds. Returns how many milliseconds after it listens again it is live,
 * and judges what it got.
 */
async function comeBack(name: ReceiverName): Promise<number> {
  using folder = new TemporaryFolder();
  using receiver: Receiver = receivers[name](folder.path, await lastingPort());
  await receiver.start();
  const writer = await createStreamWriter("libx264", receiver.address, 30, {
    ...light,
    keyFrameInterval: 60,
  });
  const output = (): OutputStats => writer.stats.outputs![0]!;
  const written = writePaced(writer, 0, 360);
  await delay(2000);
  await receiver.kill();
  await delay(3000);
  await receiver.start();
  const beganMs = performance.now();
  const isBack = () => output().reconnects === 1 && output().state === "live";
  while (!isBack() && performance.now() - beganMs < 9000) await delay(10);
  const tookMs = performance.now() - beganMs;
  await written;
  await writer.close();
  const { state, frames, droppedFrames } = output();
  assertEquals([state, frames + droppedFrames], ["closed", 360]);
  const files = await receiver.recorded();
  const last = frameTimes(files.at(-1)!).length;
  // SRT leaves out what comes later than its latency.
  const least = name === "srt" ? 60 : 120;
  assert(last >= least, `${name}: ${last} frames after the return`);
  if (name !== "rtmp to nginx") return tookMs;
  // The others write nothing of a video that they have not got enough of.
  const received = files.reduce((sum, file) => sum + frameTimes(file).length, 0);
  // Some may be on their way when it is killed.
  const lost = frames - received;
  assert(lost >= 0 && lost <= 3, `${frames} frames sent, ${received} received`);
  return tookMs;
}

for (const name of ["rtmp", "rtmp to nginx", "rtsp", "tcp", "srt"] as const) {
  testAll(`reconnect, ${name}: a receiver that was away for 3 s gets frames again`, {
    skip: missingEncoders("libx264") || missingReceiver(name),
  }, async () => {
    // SRT notices after five seconds that nobody is there. Other programs may make one of three late.
    let leastMs = Infinity;
    for (let run = 0; run < 3 && leastMs >= 2500; run++) leastMs = Math.min(leastMs, await comeBack(name));
    assert(leastMs < 2500, `${name}: back after ${leastMs} ms`);
  });
}

for (const [name, start] of [["rtmp", 16_772], ["tcp", 95_438], ["rtsp", 95_438]] as const) {
  testAll(`createStreamWriter, ${name}: times that begin at ${start} s lose no frame`, encoder, async () => {
    using folder = new TemporaryFolder();
    using receiver: Receiver = receivers[name](folder.path, await lastingPort());
    await receiver.start();
    const options: StreamWriterOptions = { ...light, timing: "timestamps" };
    const writer = await createStreamWriter("libx264", receiver.address, 30, options);
    for (let index = 0; index < 300; index++) {
      await writer.write(barFrame(index), { timestamp: start + index / 30 });
    }
    await writer.close();
    const [file] = await receiver.recorded();
    assertEquals(bars(file!), 300);
  });
}

testAll("outputs: receivers that stop, never read or never answer cost the recording nothing", {
  skip: missingEncoders("libx264") || missingReceiver("rtmp"),
}, async () => {
  using folder = new TemporaryFolder();
  using receiver: Receiver = receivers.rtmp(folder.path, await lastingPort());
  using server = await silentServer();
  await receiver.start();
  const run = async (path: string, outputs: StreamWriterOptions["outputs"] = []): Promise<number> => {
    const options = { ...light, outputs, writeTimeoutSeconds: 2 };
    const writer = await createFileWriter("libx264", path, 30, options);
    const times: number[] = [];
    for (let index = 0; index < 200; index++) {
      if (index === 60) receiver.freeze();
      const frame = noisy(index);
      const beganMs = performance.now();
      await writer.write(frame);
      if (index > 0) times.push(performance.now() - beganMs);
      await delay(25);
    }
    const { frames } = await writer.close();
    assertEquals([frames, frameTimes(path).length], [200, 200]);
    assert(outputs.length === 0 || writer.stats.outputs!.every(({ state }) => state === "failed"));
    return times.sort((one, other) => one - other)[Math.floor(times.length * 0.99)]!;
  };
  // Other work on the machine makes some writes late: one run of three may be free of it.
  const differences: number[] = [];
  while (differences.length < 3 && !differences.some((difference) => difference < 5)) {
    await receiver.kill();
    await receiver.start();
    const alone = await run(folder.file("alone.mp4"));
    await receiver.kill();
    await receiver.start();
    const unread = new TransformStream<Uint8Array, Uint8Array>();
    const together = await run(folder.file("together.mp4"), [
      receiver.address,
      `rtsp://127.0.0.1:${server.port}/live`,
      { target: unread.writable, format: "mpegts" },
    ]);
    differences.push(together - alone);
  }
  assert(differences.some((difference) => difference < 5), `99 % of the writes: ${differences} ms more`);
});

const secondFiles:
  readonly (readonly [what: string, codec: string, format: string, options: StreamWriterOptions])[] = [
    ["B-frames", "libx264", "mp4", {}],
    ["given times", "libx264", "mp4", { timing: "timestamps" }],
    ["audio", "libx264", "mkv", { audio: { codec: "aac" } }],
    ["given times and audio", "libx264", "mp4", { timing: "timestamps", audio: { codec: "aac" } }],
    ["main thread", "libx264", "mkv", { thread: "main", timing: "timestamps" }],
    ["kept fragments", "libx264", "mp4", { crashSafe: "fragments" }],
    ["VP9 and Opus", "libvpx-vp9", "webm", { ...{ preset: "8" }, audio: { codec: "libopus" } }],
  ];

for (const [what, codec, format, options] of secondFiles) {
  testAll(`outputs: a second ${format} has the packets of the first, ${what}`, {
    skip: missingEncoders(codec),
  }, async () => {
    using folder = new TemporaryFolder();
    const [first, second] = [folder.file(`a.${format}`), folder.file(`b.${format}`)];
    const writer = await createFileWriter(codec, first, 30, { ...options, outputs: [second] });
    for (let index = 0; index < 90; index++) {
      // Frames of one time each and a pause.
      const timestamp = index / 30 + (index % 3) / 100 + (index > 45 ? 1.5 : 0);
      await writer.write(barFrame(index), options.timing === "timestamps" ? { timestamp } : {});
      if (options.audio === undefined) continue;
      await writer.writeAudio({ data: new Float32Array(1600), sampleRate: 48_000, channels: 1 });
    }
    await writer.close();
    assertEquals(frameTimes(second), frameTimes(first));
    assertEquals(packetSums(second), packetSums(first));
  });
}

testAll(
  "outputs: an abort leaves no file, and a failure of the first leaves the others playable",
  encoder,
  async () => {
    using folder = new TemporaryFolder();
    const aborted = folder.file("aborted.mkv");
    const writer = await createFileWriter("libx264", folder.file("a.mp4"), 30, {
      ...light,
      outputs: [aborted],
    });
    for (let index = 0; index < 30; index++) await writer.write(barFrame(index));
    for (let waited = 0; !existsSync(aborted) && waited < 100; waited++) await delay(50);
    assert(existsSync(aborted));
    await writer.abort();
    assertEquals([existsSync(aborted), writer.stats.outputs![0]!.state], [false, "closed"]);

    const kept = folder.file("kept.mp4");
    const failing = await createFileWriter("libx264", "/dev/full", 30, {
      ...light,
      format: "nut",
      outputs: [kept],
    });
    await rejection(async () => {
      for (let index = 0; index < 300; index++) await failing.write(barFrame(index));
      await failing.close();
    });
    await failing[Symbol.asyncDispose]();
    assertEquals(bars(kept) > 0, true);
  },
);

testAll("createStreamWriter: a server that refuses is not tried again", {
  skip: missingEncoders("libx264") || missingReceiver("rtmp to nginx") ||
    missingReceiver("srt to srt-live-transmit"),
}, async () => {
  using folder = new TemporaryFolder();
  const write = async (address: string): Promise<void> => {
    const writer = await createStreamWriter("libx264", address, 30, light);
    await writePaced(writer, 0, 150);
    await writer.close();
  };
  using server: Receiver = receivers["rtmp to nginx"](folder.path, await lastingPort());
  await server.start();
  const shut = server.address.replace("/app/key", "/shut/secretkey");
  const beganMs = performance.now();
  await assertFails(() => write(shut), { type: WriteError, code: "REFUSED", says: ["/shut/***", "key"] });
  assert(performance.now() - beganMs < 9000);
  const port = await lastingPort();
  using relay: Receiver = receivers["srt to srt-live-transmit"](
    folder.path,
    port,
    "&passphrase=correcthorse",
  );
  await relay.start();
  const wrong = `${relay.address}?passphrase=wronghorses`;
  await assertFails(() => write(wrong), { type: WriteError, code: "REFUSED", says: ["passphrase=***"] });
});
