import { readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { after } from "node:test";
import { pathToFileURL } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  createFileReader,
  type DecodedFrame,
  type NetworkSourceOptions,
  type NetworkStatus,
  openNetworkSource,
  ReadError,
} from "../mod.ts";
import { frameHashes, hashOf, makeClip } from "./support/clips.ts";
import { missingEncoders, missingHttp, type SkipReason } from "./support/features.ts";
import { sendBytes } from "./support/file_server.ts";
import { TemporaryFolder } from "./support/media.ts";
import {
  freePort,
  lastingPort,
  missingRtspServer,
  protocols,
  silentServer,
  StreamServer,
  webServer,
} from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264");
const withoutHttp = skip || missingHttp();
const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "10", "-pix_fmt", "yuv420p"];

const clips = new Map<string, string>();
/** A clip with a key frame every 10 frames, made once. */
function clip(extension: string, seconds: number, ...options: string[]): string {
  const key = `${extension} ${seconds} ${options}`;
  const path = clips.get(key) ??
    makeClip(folder.file(`clip${clips.size}.${extension}`), "25", seconds, ...x264, ...options);
  clips.set(key, path);
  return path;
}

async function errorOf(address: string, options: NetworkSourceOptions = {}): Promise<ReadError> {
  return await assertRejects(async () => {
    await using _source = await openNetworkSource(address, options);
  }, ReadError);
}

/** Serves a file by HTTP, and other answers by their paths. */
async function serving(path: string, others: Readonly<Record<string, RequestListener>> = {}): Promise<
  { address: string; asked: string[] } & AsyncDisposable
> {
  const asked: string[] = [];
  const { port, server } = await webServer((request, response) => {
    asked.push(request.url!);
    const other = others[request.url!];
    if (other !== undefined) return other(request, response);
    response.setHeader("content-type", "video/mp2t");
    response.end(readFileSync(path));
  });
  const address = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { address, asked, [Symbol.asyncDispose]: close };
}

const redirect = (location: string): RequestListener => (_request, response) => {
  response.statusCode = 302;
  response.setHeader("location", location);
  response.end();
};

test(
  "openNetworkSource: http gives the frames of the ffmpeg program, also behind a redirect",
  { skip: withoutHttp },
  async () => {
    const path = clip("ts", 1);
    await using server = await serving(path, { "/moved": redirect("/clip.ts") });
    for (const name of ["clip.ts", "moved"]) {
      await using source = await openNetworkSource(`${server.address}/${name}`);
      assertEquals([source.width, source.height, source.codec], [160, 120, "h264"]);
      assertEquals(source.frameRate, { num: 25, den: 1 });
      const frames = await Array.fromAsync(source);
      assertEquals(frames.map(({ data }) => hashOf(data)), frameHashes(path));
      assertEquals(frames.map(({ timestamp }) => Math.round(timestamp * 25)), [...frames.keys()]);
      assertEquals([source.status, source.stats.frames], ["ended", 25]);
    }
  },
);

test(
  "openNetworkSource: what a server refuses is said, and nothing is tried again",
  { skip: withoutHttp },
  async () => {
    const status = (code: number): RequestListener => (_request, response) => {
      response.statusCode = code;
      response.end();
    };
    await using server = await serving(clip("ts", 1), { "/401": status(401), "/404": status(404) });
    for (const code of [401, 404]) {
      const error = await errorOf(`${server.address}/${code}`, {
        reconnect: { delaySeconds: 0.01 },
      });
      assertEquals(error.code, `HTTP_${code}`);
    }
    assertEquals(server.asked, ["/401", "/404"]);
    const error = await errorOf("rtmp://127.0.0.1:1/app/secret-key");
    assertEquals(error.code, "ECONNREFUSED");
    assert(!error.message.includes("secret-key"), error.message);
  },
);

test(
  "openNetworkSource: nothing but the address that was asked for is reached",
  { skip: withoutHttp },
  async () => {
    const path = clip("ts", 1);
    using trap = await silentServer();
    const there = `127.0.0.1:${trap.port}`;
    const elsewhere = [`http://${there}/a.ts`, `tcp://${there}`, `rtmp://${there}/a/b`, `file://${path}`];
    const text = (body: string): RequestListener => (_request, response) => response.end(body);
    const playlist = (address: string): string =>
      `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${address}\n#EXT-X-ENDLIST\n`;
    const sdp =
      `v=0\no=- 0 0 IN IP4 ${there}\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${trap.port} RTP/AVP 96\n`;
    const bodies = [
      ...elsewhere.map(playlist),
      `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://${there}/b.m3u8\n`,
      `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="http://${there}/key"\n#EXTINF:9,\n/clip.ts\n`,
      `#EXTM3U\n#EXT-X-MAP:URI="http://${there}/init"\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n/clip.ts\n`,
      `ffconcat version 1.0\nfile http://${there}/a.ts\n`,
      `ffconcat version 1.0\nfile '${path}'\n`,
      `ffconcat version 1.0\nfile subfile,,start,0,end,999999,,:${path}\n`,
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"><BaseURL>http://${there}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
      sdp,
    ];
    const redirects = [`http://${there}/a.ts`, `tcp://${there}`, `file://${path}`, `//${there}/a`];
    const names = Object.fromEntries([
      ...bodies.map((body, index) => [`/body${index}.ts`, text(body)] as const),
      ...redirects.map((location, index) => [`/away${index}.ts`, redirect(location)] as const),
    ]);
    await using server = await serving(path, names);
    let refused = 0;
    for (const name of Object.keys(names)) {
      const error = await errorOf(`${server.address}${name}`, { openTimeoutSeconds: 3 });
      assert(
        ["INVALIDDATA", "EINVAL", "REDIRECT", "ENCRYPTED"].includes(error.code),
        `${name}: ${error.message}`,
      );
      refused++;
    }
    // Files that refer to others, for the reader of files.
    for (const [index, body] of bodies.entries()) {
      const file = folder.file(`reference${index}.${index % 2 === 0 ? "mp4" : "m3u8"}`);
      writeFileSync(file, body);
      const error = await assertRejects(() => createFileReader(file), ReadError);
      assert(["INVALIDDATA", "EINVAL"].includes(error.code), `${file}: ${error.message}`);
      refused++;
    }
    assertEquals([trap.connections(), refused >= 28], [0, true]);
    assert(server.asked.every((name) => !name.includes("clip.ts")), "a playlist was followed");
  },
);

test("openNetworkSource: addresses that are none are refused, and a file is named as one", async () => {
  for (
    const address of [
      ...["a.mp4", "ftp://host/a", "file:///etc/passwd", "tcp://host", "concat:tcp://host:1", ""],
      ...["http://host\\@127.0.0.1/", "http://ho\tst/", "http:host/", "http://host/a b", " http://host/"],
    ]
  ) {
    await assertRejects(() => openNetworkSource(address), TypeError);
  }
  const hint = await assertRejects(() => openNetworkSource(pathToFileURL("/etc/passwd")), TypeError);
  assertStringIncludes(hint.message, "createFileReader");
  for (const options of [{ readTimeoutSeconds: 0 }, { reconnect: { attempts: -1 } }, { transport: "sctp" }]) {
    const error = await openNetworkSource("tcp://127.0.0.1:1", options as never).then(
      () => null,
      (error) => error,
    );
    assert(error instanceof TypeError || error instanceof RangeError, String(error));
  }
});

test("openNetworkSource: a server that never answers is an error in time, and an abort ends it at once", {
  skip,
}, async () => {
  using silent = await silentServer();
  for (const scheme of ["rtmp", "rtsp", "tcp", ...(withoutHttp ? [] : ["http"])]) {
    const address = `${scheme}://127.0.0.1:${silent.port}/app/key`;
    const startMs = performance.now();
    const error = await errorOf(address, { openTimeoutSeconds: 0.3 });
    const seconds = (performance.now() - startMs) / 1000;
    assertEquals(error.code, "ETIMEDOUT");
    assert(seconds >= 0.3 && seconds < 4, `${scheme}: an error after ${seconds} s`);
    const control = new AbortController();
    const reason = new Error("enough");
    const opening = openNetworkSource(address, { signal: control.signal });
    await sleep(150);
    const abortMs = performance.now();
    control.abort(reason);
    assertEquals(await opening.then(() => null, (error) => error), reason);
    assert(performance.now() - abortMs < 400, `${scheme}: ${performance.now() - abortMs} ms after the abort`);
  }
});

const rtspSkip = skip || missingRtspServer();
const skipOf = (protocol: string): SkipReason =>
  protocol === "rtsp" ? rtspSkip : protocol === "http" ? withoutHttp : skip;

for (const protocol of Object.keys(protocols) as (keyof typeof protocols)[]) {
  testLong(
    `openNetworkSource: ${protocol} gives the frames of the ffmpeg program, and their times`,
    { skip: skipOf(protocol) },
    async () => {
      const path = clip("mp4", 4);
      using server = new StreamServer(path, protocol, await freePort());
      if (protocol === "udp") setTimeout(() => server.start(), 500);
      else {
        server.start();
        await server.untilReady();
      }
      await using source = await openNetworkSource(server.address, { readTimeoutSeconds: 2 });
      const frames: DecodedFrame[] = [];
      try {
        for await (const frame of source) frames.push(frame);
      } catch (error) {
        // How the program ends these: UDP knows no end, the others are broken off.
        assert(["udp", "rtmp", "srt"].includes(protocol), String(error));
      }
      const expected = frameHashes(path);
      // What was in the decoder where a stream breaks off without an end; SRT keeps packets back, too.
      const least = expected.length - (protocol === "udp" ? 6 : protocol === "srt" ? 20 : 0);
      assert(frames.length >= least, `${frames.length} frames of ${expected.length}`);
      assertEquals(frames.map(({ data }) => hashOf(data)), expected.slice(0, frames.length));
      assertEquals(frames.map(({ timestamp }) => Math.round(timestamp * 25)), [...frames.keys()]);
    },
  );
}

testLong(
  "openNetworkSource: a frozen server is an error in its time, and no frame is repeated",
  { skip },
  async () => {
    for (const protocol of ["tcp", "rtmp", "http", "srt"] as const) {
      if (skipOf(protocol) !== false) continue;
      using server = new StreamServer(clip("mp4", 4), protocol, await freePort());
      server.start(undefined, true);
      await server.untilReady();
      const seen: string[] = [];
      await using source = await openNetworkSource(server.address, {
        readTimeoutSeconds: 2,
        onStatus: ({ status }) => seen.push(status),
      });
      let count = 0, lastMs = 0, frozenMs = 0;
      const error = await assertRejects(async () => {
        for await (const _frame of source) {
          lastMs = performance.now();
          if (++count < 50) continue;
          if (count === 50) [frozenMs] = [performance.now(), server.freeze()];
        }
      }, ReadError);
      const seconds = (performance.now() - lastMs) / 1000;
      // SRT itself gives a peer up that is silent.
      assert(["ETIMEDOUT", "EIO"].includes(error.code), error.message);
      assert(seconds > 1 && seconds < 3, `${protocol}: an error ${seconds} s after the last frame`);
      assert(lastMs - frozenMs < 1000 && source.stats.frames === count);
      assertEquals(seen, ["connecting", "running", "stalled", "ended"]);
    }
  },
);

testLong(
  "openNetworkSource: reconnects after cuts; time goes on, and another size is told first",
  { skip },
  async () => {
    const [small, large] = [clip("mp4", 4), clip("mp4", 4, "-s", "320x180")];
    using server = new StreamServer(small, "tcp", await lastingPort());
    server.start(undefined, true);
    await server.untilReady();
    const told: NetworkStatus[] = [];
    await using source = await openNetworkSource(server.address, {
      readTimeoutSeconds: 2,
      reconnect: { delaySeconds: 0.2, maxDelaySeconds: 0.5 },
      onStatus: (status) => told.push(status),
    });
    const frames: Omit<DecodedFrame, "data">[] = [];
    let cuts = 0, since = 0;
    for await (const { data: _data, ...frame } of source) {
      const before = frames.at(-1);
      if (before !== undefined) assert(frame.timestamp > before.timestamp, "the time went back");
      if (frame.isDiscontinuous) {
        since = 0;
        const { status, width } = told.at(-1)!;
        assertEquals([status, width], ["running", frame.width]);
      }
      frames.push(frame);
      if (++since < 20) continue;
      if (cuts === 4) break;
      since = -1000;
      if (cuts++ % 2 === 0) server.freeze();
      else server.stop();
      // Back some time later, with pictures of another size.
      setTimeout(() => server.start(cuts % 2 === 0 ? small : large, true), 2500);
    }
    const marked = frames.filter(({ isDiscontinuous }) => isDiscontinuous);
    assertEquals(marked.map(({ width }) => width), [320, 160, 320, 160]);
    assertEquals([source.stats.connections, source.stats.losses], [5, 4]);
    assert(told.some(({ status }) => status === "retrying"));
  },
);

/** Answers with a file, and once cuts it off at a third of its bytes, and then refuses one connection. */
function cutting(path: string, hasRanges: boolean): RequestListener {
  const bytes = readFileSync(path);
  let count = 0;
  return (request, response) => {
    count++;
    if (count === 2) return void response.socket!.destroy();
    if (count > 1) return sendBytes(response, bytes, hasRanges ? request.headers.range : undefined);
    response.writeHead(200, {
      "content-length": String(bytes.length),
      ...(hasRanges ? { "accept-ranges": "bytes" } : {}),
    });
    response.write(
      bytes.subarray(0, bytes.length / 3),
      () => setTimeout(() => response.socket!.destroy(), 200),
    );
  };
}

testLong(
  "openNetworkSource: a slow server without ranges may take longer than a timeout to come back to a cut",
  { skip: withoutHttp },
  async () => {
    for (const extension of ["mp4", "mkv"]) {
      const path = clip(extension, 8, ...(extension === "mp4" ? ["-movflags", "+faststart"] : []));
      const bytes = readFileSync(path);
      let count = 0;
      const slow: RequestListener = async (_request, response) => {
        const isCut = ++count === 1;
        response.writeHead(200, { "content-length": String(bytes.length) });
        const pieces = 60, cut = 40;
        for (let piece = 0; piece < (isCut ? cut : pieces) && !response.destroyed; piece++) {
          const [from, to] = [piece, piece + 1].map((at) => Math.floor(bytes.length * at / pieces));
          response.write(bytes.subarray(from, to));
          // What came before the cut takes 4 seconds to come again.
          if (!isCut && piece < cut) await sleep(100);
        }
        if (isCut) setTimeout(() => response.socket?.destroy(), 200);
        else response.end();
      };
      await using server = await serving(path, { "/slow": slow });
      await using source = await openNetworkSource(`${server.address}/slow`, {
        ...{ openTimeoutSeconds: 2, readTimeoutSeconds: 2 },
        reconnect: { delaySeconds: 0.05, attempts: 2 },
      });
      const frames = await Array.fromAsync(source);
      assertEquals([source.stats.losses, frames.some(({ isDiscontinuous }) => isDiscontinuous)], [1, false]);
      assertEquals(frames.map(({ data }) => hashOf(data)), frameHashes(path), extension);
    }
  },
);

testLong(
  "openNetworkSource: a file by http goes on after a cut where it was",
  { skip: withoutHttp },
  async () => {
    const fast = ["-movflags", "+faststart", "-s", "320x240"];
    for (
      const [extension, hasRanges] of [["mp4", true], ["mp4", false], ["mkv", true], ["ts", true]] as const
    ) {
      const path = clip(extension, 8, ...(extension === "mp4" ? fast : ["-s", "320x240"]));
      await using server = await serving(path, { [`/${extension}`]: cutting(path, hasRanges) });
      await using source = await openNetworkSource(`${server.address}/${extension}`, {
        reconnect: { delaySeconds: 0.05 },
      });
      const frames = await Array.fromAsync(source);
      const told = `${extension}: ${JSON.stringify(source.stats)}`;
      assert(source.stats.losses >= 1, told);
      const times = frames.map(({ timestamp }) => Math.round(timestamp * 25));
      assertEquals(times, [...frames.keys()], told);
      assertEquals(frames.map(({ data }) => hashOf(data)), frameHashes(path), told);
      assertEquals(frames.some(({ isDiscontinuous }) => isDiscontinuous), false, told);
    }
  },
);
