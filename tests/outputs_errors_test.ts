import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createFileWriter,
  createStreamWriter,
  type StreamWriterOptions,
  UnsupportedError,
  WriteError,
} from "../mod.ts";
import { Redactor, redactTarget } from "../src/redaction.ts";
import { QueueMemory } from "../src/engine/outputs/queue_memory.ts";
import { isRefusal } from "../src/thread/outputs/refusals.ts";
import { AvError } from "../src/errors.ts";
import { missingEncoders, missingMuxers } from "./support/features.ts";
import { barFrame, decode, TemporaryFolder } from "./support/media.ts";
import { assertFails } from "./support/messages.ts";
import { isDeno, runScript } from "./support/processes.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll } = testsOf(import.meta.url);

const light: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency", keyFrameInterval: 1 };
const encoder = { skip: missingEncoders("libx264") };

/** A server on loopback that treats its connections so; without a port, at any that is free. */
async function tcpServer(
  take: (socket: Socket) => void,
  listenAt = 0,
): Promise<{ port: number } & Disposable> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    take(socket);
  }).listen(listenAt, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test(
  "outputs: a file or a stream that is named twice is refused before anything is touched",
  encoder,
  async () => {
    using folder = new TemporaryFolder();
    const main = folder.file("main.mp4"), old = folder.file("old.mkv");
    writeFileSync(old, "precious");
    symlinkSync(old, folder.file("link.mkv"));
    linkSync(old, folder.file("hard.mkv"));
    symlinkSync(folder.path, folder.file("here"));
    const stream = new WritableStream<Uint8Array>();
    const bytes = { target: stream, format: "mpegts" };
    const lists = [
      [[main], "outputs[0]"],
      [[old, folder.file("here/main.mp4")], "outputs[1]"],
      [["a.mkv", "./a.mkv"].map((name) => `${folder.path}/${name}`), "outputs[1]"],
      [[old, folder.file("link.mkv")], "outputs[1]"],
      [[old, folder.file("hard.mkv")], "outputs[1]"],
      [[bytes, old, bytes], "outputs[2]"],
    ] as const;
    for (const [outputs, name] of lists) {
      const says = [`${name}: `, "give another"];
      await assertFails(() => createFileWriter("libx264", main, 30, { ...light, outputs }), {
        type: TypeError,
        says,
      });
    }
    assertEquals([stream.locked, existsSync(main), readFileSync(old, "utf8")], [false, false, "precious"]);
  },
);

test("outputs: streams are given back where another output can't be opened", encoder, async () => {
  using folder = new TemporaryFolder();
  const stream = new WritableStream<Uint8Array>();
  const outputs = [{ target: stream, format: "mpegts" }, { target: folder.file("a.flv"), format: "nope" }];
  const options = { ...light, outputs };
  await assertFails(() => createFileWriter("libx264", folder.file("a.mp4"), 30, options), {
    type: UnsupportedError,
    code: "MUXER_NOT_FOUND",
    says: ["nope"],
  });
  assertEquals(stream.locked, false);
});

testAll("logLevel: another writer that prints everything prints no key of an address", encoder, () => {
  using folder = new TemporaryFolder();
  const script = fileURLToPath(new URL("support/print_keys.ts", import.meta.url));
  const { status, stdout, stderr } = runScript(script, [folder.file("a.mp4"), "s3cretkey"]);
  assertEquals([status, `${stdout}${stderr}`.includes("s3cretkey")], [0, false]);
  assert(stderr.includes("libx264"));
});

test("OutputState: what has failed stays so, whoever ends it", () => {
  const memory = new QueueMemory();
  for (const state of ["live", "closed", "failed", "closed", "retrying"] as const) memory.state = state;
  memory.turn("live", "stalled");
  assertEquals(memory.state, "failed");
});

test("reconnect: only the first connection is refused for good by what may mean an old session", () => {
  const error = (code: string) => new AvError("no", { code, operation: "connect" });
  const asked = ["EPERM", "REFUSED", "ECONNREFUSED", "HTTP_403", "HTTP_404"];
  assertEquals(asked.map((code) => isRefusal(error(code), true)), [true, true, false, true, true]);
  assertEquals(asked.map((code) => isRefusal(error(code), false)), [false, false, false, true, true]);
});

test("reconnect: connections that are dropped at once are failed tries", encoder, async () => {
  using folder = new TemporaryFolder();
  let connections = 0;
  using server = await tcpServer((socket) => {
    connections++;
    socket.destroy();
  });
  const target = `tcp://127.0.0.1:${server.port}`;
  const outputs = [{ target, reconnect: { attempts: 2, delaySeconds: 0.02 } }];
  const writer = await createFileWriter("libx264", folder.file("a.mp4"), 30, { ...light, outputs });
  const beganMs = performance.now();
  for (let index = 0; writer.stats.outputs![0]!.state !== "failed"; index++) {
    assert(performance.now() - beganMs < 10_000);
    await writer.write(barFrame(index));
    await delay(10);
  }
  await writer.close();
  assertEquals(connections, 3);
});

test(
  "outputs, reconnect: a receiver that starts later gets the video from a key frame on",
  encoder,
  async () => {
    using folder = new TemporaryFolder();
    const { port } = await tcpServer(() => {}).then((server) => {
      using closed = server;
      return closed;
    });
    const target = `tcp://127.0.0.1:${port}`;
    const outputs = [{ target, reconnect: { delaySeconds: 0.05 } }, target];
    const writer = await createFileWriter("libx264", folder.file("a.mp4"), 30, { ...light, outputs });
    const [awaited, once] = [0, 1].map((place) => () => writer.stats.outputs![place]!);
    let written = 0;
    const writeUntil = async (isDone: () => boolean): Promise<void> => {
      for (const beganMs = performance.now(); !isDone(); written++) {
        assert(performance.now() - beganMs < 10_000, JSON.stringify(writer.stats.outputs));
        await writer.write(barFrame(written));
        await delay(10);
      }
    };
    await writeUntil(() => awaited!().error !== null && once!().error !== null);
    assertEquals([awaited!().state, once!().state], ["retrying", "failed"]);
    assertEquals([awaited!().error, once!().error].map((error) => (error as AvError).code), [
      "ECONNREFUSED",
      "ECONNREFUSED",
    ]);
    const chunks: Buffer[] = [];
    using _server = await tcpServer((socket) => socket.on("data", (chunk) => chunks.push(chunk)), port);
    await writeUntil(() => awaited!().frames >= 5);
    await writer.close();
    const { state, frames, droppedFrames, reconnects } = awaited!();
    assertEquals([state, frames + droppedFrames, reconnects], ["closed", written, 0]);
    const got = folder.file("got.ts");
    writeFileSync(got, Buffer.concat(chunks));
    assertEquals(decode(got, "rgba").length, frames * barFrame(0).data.length);
  },
);

test(
  "createStreamWriter: frames that its lost address did not get are counted, with audio",
  encoder,
  async () => {
    using server = await tcpServer((socket) => void socket.once("data", () => socket.destroy()));
    const audio = { codec: "aac", from: { silence: true } } as const;
    const options = { ...light, audio, reconnect: { attempts: 0 } };
    const writer = await createStreamWriter("libx264", `tcp://127.0.0.1:${server.port}`, 30, options);
    const error = await assertRejects(async () => {
      for (let index = 0; index < 600; index++) {
        await writer.write(barFrame(index));
        await delay(5);
      }
    }, WriteError);
    assert(error.message.includes(`tcp://127.0.0.1:${server.port}`), error.message);
    const { state, frames, droppedFrames } = writer.stats.outputs![0]!;
    assertEquals([state, frames + droppedFrames], ["failed", writer.stats.frames]);
  },
);

test("onSdp: what it throws changes nothing for the writer", encoder, async () => {
  const { error: printError } = console;
  const printed: string[] = [];
  console.error = (...words: unknown[]) => void printed.push(words.join(" "));
  try {
    const onSdp = (): void => {
      throw new Error("a fault of the program");
    };
    const writer = await createStreamWriter("libx264", "rtp://127.0.0.1:45004", 30, { ...light, onSdp });
    for (let index = 0; index < 5; index++) await writer.write(barFrame(index));
    assertEquals((await writer.close()).frames, 5);
  } finally {
    console.error = printError;
  }
  assertEquals(printed.map((line) => line.includes("onSdp") && line.includes("a fault")), [true]);
});

testAll("createStreamWriter, tcp: a receiver that pauses for seconds loses no frame", {
  skip: missingEncoders("rawvideo"),
}, async () => {
  let hasPaused = false;
  using server = await tcpServer((socket) =>
    socket.on("data", () => {
      if (hasPaused) return;
      hasPaused = true;
      socket.pause();
      setTimeout(() => socket.resume(), 4000);
    })
  );
  const options: StreamWriterOptions = { format: "nut", writeTimeoutSeconds: 30 };
  const writer = await createStreamWriter("rawvideo", `tcp://127.0.0.1:${server.port}`, 30, options);
  for (let index = 0; index < 400; index++) await writer.write(barFrame(index, 320, 180));
  await writer.close();
  const { frames, droppedFrames } = writer.stats.outputs![0]!;
  assertEquals([frames, droppedFrames], [400, 0]);
});

/** What ffprobe tells of the tags, chapters and side data of a file. */
function described(path: string): unknown {
  const args = ["-v", "error", "-show_format", "-show_streams", "-show_chapters", "-of", "json", path];
  const { format, streams, chapters } = JSON.parse(spawnSync("ffprobe", args, { encoding: "utf8" }).stdout);
  const told = streams.map(({ tags, disposition, side_data_list }: Record<string, unknown>) => ({
    ...{ tags, disposition, side_data_list },
  }));
  return { tags: format.tags, streams: told, chapters };
}

test("outputs: a file has the tags, chapters and rotation of the first", {
  skip: missingEncoders("libx264", "aac"),
}, async () => {
  using folder = new TemporaryFolder();
  const [first, second] = [folder.file("a.mp4"), folder.file("b.mp4")];
  const writer = await createFileWriter("libx264", first, 30, {
    ...{ ...light, outputs: [second], metadata: { title: "A film" }, rotation: 90 },
    audio: { codec: "aac", from: { silence: true }, language: "deu", title: "Ton" },
    chapters: [{ start: 0, title: "One" }, { start: 0.2, title: "Two" }],
  });
  for (let index = 0; index < 10; index++) await writer.write(barFrame(index));
  await writer.close();
  assertEquals(described(second), described(first));
  const text = JSON.stringify(described(second));
  for (const part of ["A film", "deu", "Two", "rotation"]) assert(text.includes(part), `${part}: ${text}`);
});

const mistakes = [
  " rtmp://127.0.0.1:9/app/S3CRETKEY",
  "rtmp:/127.0.0.1/app/S3CRETKEY",
  "rtmp:127.0.0.1/app/S3CRETKEY",
  '"rtmp://127.0.0.1:9/app/S3CRETKEY"',
  "rtmp+x://h/app/S3CRETKEY",
  "rtmps ://h/S3CRETKEY",
];

test("createStreamWriter, outputs: a mistyped address is refused without its key", async () => {
  using folder = new TemporaryFolder();
  for (const text of mistakes) {
    for (const target of ["stream", "outputs"]) {
      const error = await assertFails(
        () =>
          target === "stream"
            ? createStreamWriter("libx264", text, 30, light)
            : createFileWriter("libx264", folder.file("a.mp4"), 30, { ...light, outputs: [text] }),
        { type: TypeError, says: ["an address with rtmp"] },
      );
      assert(!`${error.stack}`.includes("S3CRETKEY"), text);
    }
  }
});

test("createFileWriter: an address that is given as a path is refused without its key", async () => {
  const error = await assertFails(() => createFileWriter("libx264", "rtmp://h/app/S3CRETKEY", 30), {
    type: TypeError,
    says: ["rtmp://h/app/***", "a network address; createStreamWriter writes to those"],
  });
  assert(!`${error.stack}`.includes("S3CRETKEY"));
});

test("createStreamWriter: a path of a file is refused, with what writes it", async () => {
  for (
    const [path, shown] of [["out.mp4", '"out.mp4"'], [
      new URL("file:///tmp/out.mp4"),
      "file:///tmp/",
    ]] as const
  ) {
    await assertFails(() => createStreamWriter("libx264", path, 30), {
      type: TypeError,
      says: [shown, "an address", ".m3u8", "createFileWriter writes files"],
    });
  }
});

test("redactTarget: of a path that a writer sends to, the first part stays", () => {
  const shown = [
    ["rtsp://joe:word@h:8554/live/KEY", "rtsp://***@h:8554/live/***"],
    ["https://h/whip/endpoint/KEY?x=KEY", "https://h/whip/***?x=***"],
    ["icecast://source:word@h:8000/live.webm", "icecast://***@h:8000/live.webm"],
    ["rtmp://h/app/KEY", "rtmp://h/app/***"],
  ] as const;
  for (const [address, expected] of shown) assertEquals(redactTarget(address), expected);
  const redactor = new Redactor([], "rtsp://h/live/s3cretkey");
  assertEquals(redactor.redact("no s3cretkey at rtsp://h/live/s3cretkey"), "no *** at rtsp://h/live/***");
});

const wrong = [
  ["http://h/a.ts", { headers: { "bad name": "x" } }, "headers", "bad name"],
  ["http://h/a.ts", { headers: { authorization: "S3CRET\nX" } }, "headers", "authorization"],
  ["http://h/a.ts", { transport: "udp" }, "transport", "other addresses"],
  ["http://h/a.ts", { format: "image2" }, "image2", "such as mpegts"],
  ["rtmps://h/app/KEY", { headers: {} }, "headers", "other addresses"],
  ["rtmp://h/app/KEY", { caFile: "a.pem" }, "caFile", "other addresses"],
  ["rtmp://h/app/KEY", { format: "rtsp" }, "rtsp", "which is flv"],
  ["rtsp://h/live", { format: "mpegts" }, "mpegts", "which is rtsp"],
  ["tcp://h:1", { format: "rtp" }, "rtp", "leave it out"],
  ["udp://h:1", { onSdp() {} }, "onSdp", "other addresses"],
  ["srt://h:1?passphrase=short", {}, "passphrase=***", "from 10 to 79"],
  ["rtp://h:65534", { audio: { from: { silence: true } } }, "2 tracks", "lower port"],
] as const;

test("createStreamWriter: options that are not for an address are refused at once", async () => {
  for (const [address, options, ...says] of wrong) {
    const given = { ...light, ...options } as StreamWriterOptions;
    const error = await assertFails(() => createStreamWriter("libx264", address, 30, given), {
      type: TypeError,
      says,
    });
    assert(!/S3CRET|KEY/.test(`${error.stack}`), address);
  }
  using folder = new TemporaryFolder();
  const outputs = [{ target: folder.file("b.mkv"), transport: "udp" as const }];
  await assertFails(() => createFileWriter("libx264", folder.file("a.mp4"), 30, { ...light, outputs }), {
    type: TypeError,
    says: ["transport", "a file"],
  });
});

test("outputs: a container that refuses the codec is told when the writer opens", encoder, async () => {
  using folder = new TemporaryFolder();
  const options = { ...light, outputs: [folder.file("x.gif")] };
  await assertFails(() => createFileWriter("libx264", folder.file("a.mp4"), 30, options), {
    type: UnsupportedError,
    code: "CODEC_NOT_FOR_CONTAINER",
    says: ["h264", "gif"],
  });
});

test("createStreamWriter: a host that is not known is told, over SRT too", encoder, async () => {
  for (const scheme of ["srt://nosuchhost.invalid:9000", "rtmp://nosuchhost.invalid/app/key"]) {
    await assertFails(() => createStreamWriter("libx264", scheme, 30, light), {
      type: WriteError,
      code: "HOST_NOT_FOUND",
      says: ["not known"],
    });
  }
});

/** A server that answers each request at once; `take` is given its bytes. */
async function earlyServer(take: (bytes: Uint8Array, socket: Socket) => void): Promise<
  Awaited<
    ReturnType<typeof tcpServer>
  >
> {
  return await tcpServer((socket) => {
    let hasAnswered = false;
    socket.on("data", (bytes) => {
      if (!hasAnswered) socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      hasAnswered = true;
      take(bytes as Uint8Array, socket);
    });
  });
}

test("createStreamWriter, http: a server that answers at once gets the whole video", encoder, async () => {
  let text = "";
  using server = await earlyServer((bytes, socket) => {
    text += Buffer.from(bytes).toString("latin1");
    if (text.endsWith("0\r\n\r\n")) socket.end("0\r\n\r\n");
  });
  const address = `http://127.0.0.1:${server.port}/a.ts`;
  const writer = await createStreamWriter("libx264", address, 30, { ...light, method: "POST" });
  for (let index = 0; index < 30; index++) {
    await writer.write(barFrame(index));
    await delay(5);
  }
  const { bytes } = await writer.close();
  assertEquals([writer.stats.outputs![0]!.state, writer.stats.outputs![0]!.frames], ["closed", 30]);
  assert(text.length > bytes, `${text.length} bytes of ${bytes}`);
});

test(
  "createStreamWriter, http: a PUT that is cut after an early answer is lost for good",
  encoder,
  async () => {
    let count = 0;
    const sockets = new Set<Socket>();
    using server = await earlyServer((bytes, socket) => {
      sockets.add(socket);
      count += bytes.length;
      if (count > 5000) socket.destroy();
    });
    const address = `http://127.0.0.1:${server.port}/a.ts`;
    await assertFails(async () => {
      const writer = await createStreamWriter("libx264", address, 30, light);
      for (let index = 0; index < 200; index++) {
        await writer.write(barFrame(index));
        await delay(5);
      }
      await writer.close();
    }, { type: WriteError, says: ["/a.ts"] });
    assertEquals(sockets.size, 1);
  },
);

testAll("createStreamWriter, rtp: Deno's permission is asked for the port of each track", {
  skip: isDeno ? missingEncoders("libx264", "aac") : "only Deno has permissions",
}, () => {
  const script = fileURLToPath(new URL("support/send_rtp.ts", import.meta.url));
  const send = (ports: string): string => {
    const permissions = ["--allow-ffi", "--allow-read", "--allow-env", "--allow-sys", `--allow-net=${ports}`];
    return runScript(script, ["45010"], { permissions }).stdout;
  };
  assert(send("127.0.0.1:45010").includes("127.0.0.1:45012"));
  assertEquals(send("127.0.0.1:45010,127.0.0.1:45012"), "");
});

test("createStreamWriter: an FFmpeg without WHIP is told which release has it", {
  skip: missingMuxers("whip") === false ? "this FFmpeg has WHIP" : missingEncoders("libx264"),
}, async () => {
  const options = { ...light, format: "whip" };
  const error = await assertFails(
    () => createStreamWriter("libx264", "https://h/whip/S3CRETKEY", 30, options),
    {
      type: UnsupportedError,
      code: "MUXER_NOT_FOUND",
      says: ["https://h/whip/***", "no muxer whip", "FFmpeg 8.0 or newer"],
    },
  );
  assert(!`${error.stack}`.includes("S3CRETKEY"));
});
