import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type DecodedFrame, openNetworkSource, ReadError, UnsupportedError } from "../mod.ts";
import { FirstTimes } from "../src/engine/copying/first_times.ts";
import type { MediaPacket } from "../src/engine/copying/media_packet.ts";
import { requireTarget } from "../src/engine/reading/http/http_input.ts";
import { parsePlaylist } from "../src/engine/reading/http/media_playlist.ts";
import type { NetworkPlace } from "../src/engine/reading/reading_types.ts";
import { makeClip } from "./support/clips.ts";
import { missingEncoders, missingHttp } from "./support/features.ts";
import { FileServer } from "./support/file_server.ts";
import { TemporaryFolder } from "./support/media.ts";
import { readUntilStalled } from "./support/stalled_source.ts";
import { testsOf } from "./support/test.ts";

const { test, testAll } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264") || missingHttp();
const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"];

/** A segment of one second. */
function segment(): Uint8Array {
  return readFileSync(makeClip(folder.file("segment.ts"), "25", 1, ...x264));
}

const head = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n";

test("parsePlaylist: attributes and discontinuities, and long lines in no time", () => {
  const text = `${head}#EXT-X-DISCONTINUITY-SEQUENCE:7\n` +
    `#EXT-X-MAP:X-A="a,URI=b",URI="h=1,2.mp4",BYTERANGE="9@3"\n#EXTINF:1,\na.m4s\n`;
  const list = parsePlaylist(text);
  assert(list.type === "media");
  assertEquals(list.discontinuities, 7);
  assertEquals(list.segments[0]!.map, { uri: "h=1,2.mp4", range: { offset: 3, length: 9 }, key: null });
  const startMs = performance.now();
  for (const line of ["A".repeat(65_000), "A,".repeat(32_000), '"'.repeat(65_000), "A".repeat(4_000_000)]) {
    assertThrows(() => parsePlaylist(`${head}#EXT-X-MAP:${line}\n`), Error, "its playlist has a");
  }
  assert(performance.now() - startMs < 1000);
});

test("openNetworkSource: the same host is so in any case, and with the port that is usual", () => {
  const place = { mayChangeHost: false } as NetworkPlace;
  const lead = (from: string, to: string): void =>
    requireTarget(new URL(from), new URL(to), place, "redirects");
  lead("rtsp://cam/a", "rtsp://CAM:554/b");
  lead("rtsp://Cam.local:554/a", "rtsp://cam.local/b");
  lead("https://cam/a", "https://cam:443/b");
  for (const to of ["rtsp://cam:555/a", "rtsp://cam2/a", "http://cam/a"]) {
    assertThrows(() => lead("rtsp://cam/a", to), Error, "it redirects");
  }
});

test("source.packets: what never tells its times is an error, and is not kept", () => {
  const packet = (size: number): MediaPacket => ({
    ...{ kind: "video", stream: 0, data: new Uint8Array(size), sideData: [] },
    ...{ timestamp: null, decodeTimestamp: null, duration: 0.04, isKeyFrame: false, isDiscontinuous: false },
  });
  for (const [size, most] of [[1, 1024], [2 ** 20, 32]] as const) {
    const times = new FirstTimes();
    for (let count = 1; count < most; count++) assertEquals(times.take(packet(size)), []);
    const error = assertThrows(() => times.take(packet(size)), UnsupportedError);
    assertEquals(error.code, "NO_TIMESTAMP");
  }
});

test("parsePlaylist: audio in a playlist of its own is told of the variants that have it", () => {
  const media = (group: string, more: string): string =>
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="${group}",NAME="a"${more}\n`;
  const variant = (more: string): string => `#EXT-X-STREAM-INF:BANDWIDTH=1${more}\nv.m3u8\n`;
  const list = parsePlaylist(
    `#EXTM3U\n${media("own", ',URI="a.m3u8"')}${media("own", ',URI="b.m3u8",DEFAULT=YES')}` +
      `${variant(',AUDIO="own"')}${variant(',AUDIO="within"')}${media("within", "")}${variant("")}`,
  );
  assert(list.type === "master");
  assertEquals(list.variants.map(({ audioUri }) => audioUri), ["b.m3u8", null, null]);
});

testAll(
  "source.packets: audio of an hls stream that is in a playlist of its own is left out with a warning",
  { skip },
  async () => {
    segment();
    await using server = await FileServer.start(folder.path);
    server.text("/video.m3u8", `${head}#EXTINF:1,\nsegment.ts\n#EXT-X-ENDLIST\n`);
    const address = server.text(
      "/audio.m3u8",
      '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="a",URI="a.m3u8"\n' +
        '#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nvideo.m3u8\n',
    );
    const warned: unknown[] = [];
    const { warn } = console;
    console.warn = (...args: unknown[]) => void warned.push(args[0]);
    try {
      for (const logLevel of ["quiet", "error"] as const) {
        await using source = await openNetworkSource(address, { logLevel });
        assertEquals((await Array.fromAsync(source.packets)).length, 25);
        assertEquals(warned.length, logLevel === "quiet" ? 0 : 1);
      }
    } finally {
      console.warn = warn;
    }
    assert(/playlist of its own/.test(String(warned[0])));
  },
);

testAll(
  "openNetworkSource: an hls playlist in pieces is one, and addresses of the same server keep the login",
  { skip },
  async () => {
    const bytes = segment();
    await using server = await FileServer.start(folder.path);
    const list = (uri: string): string => `${head}#EXTINF:1,\n${uri}\n#EXT-X-ENDLIST\n`;
    server.others.set("/pieces.m3u8", (_request, response) => {
      response.write(list("segment.ts").slice(0, 4));
      setTimeout(() => response.end(list("segment.ts").slice(4)), 100);
    });
    // What only begins like a playlist.
    server.others.set("/almost.ts", (_request, response) => {
      response.write("#EX");
      setTimeout(() => response.end("it"), 100);
    });
    const logins: (string | undefined)[] = [];
    server.others.set("/login.ts", (request, response) => {
      const login = request.headers.authorization;
      logins.push(login);
      if (login === undefined) response.writeHead(401, { "www-authenticate": 'Basic realm="a"' });
      response.end(login === undefined ? "" : bytes);
    });
    const there = `${server.address}/login.ts`;
    server.text("/absolute.m3u8", list(there));
    server.text("/moved.m3u8", list("moved.ts"));
    server.redirect("/moved.ts", there);
    for (const name of ["pieces", "absolute", "moved"]) {
      const address = `${server.address}/${name}.m3u8`.replace("//", "//user:word@");
      await using source = await openNetworkSource(address);
      assertEquals((await Array.fromAsync(source)).length, 25);
    }
    assert(logins.includes(`Basic ${btoa("user:word")}`));
    await assertRejects(() => openNetworkSource(`${server.address}/almost.ts`), ReadError);
  },
);

testAll(
  "openNetworkSource: a live hls stream of gaps, of missing or of damaged segments is late in its time",
  { skip },
  async () => {
    const bytes = segment();
    // Packets of video that begin as they should, and have nothing in them.
    const damaged = new Uint8Array(bytes);
    for (let at = 0; at + 188 <= damaged.length; at += 188) {
      const isVideo = ((damaged[at + 1]! & 0x1f) << 8 | damaged[at + 2]!) === 256;
      const padding = damaged[at + 3]! & 0x20 ? 1 + damaged[at + 4]! : 0;
      const begin = at + 4 + padding;
      const header = damaged[at + 1]! & 0x40 ? 9 + damaged[begin + 8]! : 0;
      if (isVideo) damaged.fill(0x55, begin + header, at + 188);
    }
    await using server = await FileServer.start(folder.path);
    for (const kind of ["gap", "missing", "damaged"]) {
      const startMs = performance.now();
      const address = server.text(`/${kind}.m3u8`, () => {
        const first = Math.floor((performance.now() - startMs) / 1000);
        const segments = [0, 1, 2].map((index) => first + index).map((number) =>
          `${kind === "gap" && number > 2 ? "#EXT-X-GAP\n" : ""}#EXTINF:1,\n${kind}${number}.ts\n`
        );
        return `${head}#EXT-X-MEDIA-SEQUENCE:${first}\n${segments.join("")}`;
      });
      for (let number = 0; number < 20; number++) {
        server.others.set(`/${kind}${number}.ts`, (_request, response) => {
          if (number > 2 && kind === "missing") response.statusCode = 404;
          response.end(number < 3 ? bytes : kind === "damaged" ? damaged : "");
        });
      }
      const { code, seen, seconds } = await readUntilStalled(address);
      assertEquals([code, seen], ["ETIMEDOUT", "connecting,running,stalled,ended"]);
      // One and a half segments' length, and the time-out.
      assert(seconds > 3 && seconds < 5, `${kind}: after ${seconds} s`);
    }
  },
);

testAll(
  "openNetworkSource: a recording of discontinuities goes on after a cut, with each frame once",
  { skip },
  async () => {
    const bytes = segment();
    await using server = await FileServer.start(folder.path);
    const names = [0, 1, 2, 3, 4].map((index) => `part${index}.ts`);
    const address = server.text(
      "/parts.m3u8",
      `${head}#EXTINF:1,\n${names.join("\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\n")}\n#EXT-X-ENDLIST\n`,
    );
    for (const cut of [1, 3, 4]) {
      let isCut = false;
      for (const [index, name] of names.entries()) {
        server.others.set(`/${name}`, (_request, response) => {
          if (index === cut && !isCut) {
            isCut = true;
            response.statusCode = 503;
            return void response.end();
          }
          response.end(bytes);
        });
      }
      await using source = await openNetworkSource(address, { reconnect: { delaySeconds: 0.05 } });
      const frames = await Array.fromAsync(source);
      const wrong = frames.findIndex(({ timestamp }, index) => Math.abs(timestamp - index / 25) > 1e-3);
      assertEquals([frames.length, wrong, source.stats.losses], [125, -1, 1]);
      assertEquals(frames.filter(({ isDiscontinuous }) => isDiscontinuous).length, 0);
    }
  },
);

testAll(
  "openNetworkSource: time goes on over an hls discontinuity that has gone with its segment",
  { skip },
  async () => {
    const bytes = segment();
    await using server = await FileServer.start(folder.path);
    for (const tells of [true, false]) {
      let first = 0;
      const address = server.text("/gone.m3u8", () => {
        // Each segment is a discontinuity, as all have the same times.
        const numbers = [0, 1, 2].map((index) => first + index);
        const count = tells ? `#EXT-X-DISCONTINUITY-SEQUENCE:${first}\n` : "";
        return `${head}#EXT-X-MEDIA-SEQUENCE:${first}\n${count}` +
          numbers.map((number) => `#EXT-X-DISCONTINUITY\n#EXTINF:1,\ngone${number}.ts\n`).join("") +
          (first >= 10 ? "#EXT-X-ENDLIST\n" : "");
      });
      for (let number = 0; number < 20; number++) {
        server.others.set(`/gone${number}.ts`, (_request, response) => void response.end(bytes));
      }
      await using source = await openNetworkSource(address, { queueSize: 1 });
      const frames: DecodedFrame[] = [];
      for await (const frame of source) {
        frames.push(frame);
        // All that it knows of goes, with a discontinuity.
        if (frames.length === 30) first = 10;
      }
      const wrong = frames.findIndex(({ timestamp }, index) => Math.abs(timestamp - index / 25) > 1e-3);
      assertEquals([frames.length, wrong], [150, -1]);
    }
  },
);

testAll(
  "openNetworkSource: a live hls server that begins anew with the same numbers is read from there",
  { skip },
  async () => {
    // The second stream has the numbers of the first one, and begins at an earlier time.
    makeClip(folder.file("early.ts"), "25", 1, ...x264);
    makeClip(folder.file("late.ts"), "25", 1, ...x264, "-output_ts_offset", "1000");
    const [early, late] = ["early.ts", "late.ts"].map((name) => readFileSync(folder.file(name)));
    await using server = await FileServer.start(folder.path);
    let isNew = false, isAway = false;
    const list = (end: string): string =>
      `${head}#EXTINF:1,\na0.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1,\na1.ts\n${end}`;
    server.others.set("/anew.m3u8", (_request, response) => {
      if (isAway) [response.statusCode, isAway, isNew] = [503, false, true];
      response.end(list(isNew ? "#EXT-X-ENDLIST\n" : ""));
    });
    for (const name of ["/a0.ts", "/a1.ts"]) {
      server.others.set(name, (_request, response) => void response.end(isNew ? early : late));
    }
    await using source = await openNetworkSource(`${server.address}/anew.m3u8`, {
      reconnect: { delaySeconds: 0.05 },
    });
    const frames: DecodedFrame[] = [];
    for await (const frame of source) {
      assert(frame.timestamp > (frames.at(-1)?.timestamp ?? -1), "the time went back");
      frames.push(frame);
      if (frames.length === 40) isAway = true;
    }
    // A decoder held some when the connection was lost; all of the second stream came.
    const begin = frames.findIndex(({ isDiscontinuous }) => isDiscontinuous);
    assert(begin > 40 && begin <= 50, `the second stream begins with frame ${begin}`);
    assert(frames.length - begin >= 25, `${frames.length - begin} frames of the second stream`);
  },
);

testAll(
  "source.packets: those that never tell their times are late in their time",
  { skip },
  async () => {
    const bytes = new Uint8Array(segment());
    // Headers of PES packets without times.
    for (let at = 0; at + 188 <= bytes.length; at += 188) {
      const begin = at + 4 + (bytes[at + 3]! & 0x20 ? 1 + bytes[at + 4]! : 0);
      const isVideo = ((bytes[at + 1]! & 0x1f) << 8 | bytes[at + 2]!) === 256;
      if (!isVideo || !(bytes[at + 1]! & 0x40)) continue;
      const length = [0, 0, 5, 10][bytes[begin + 7]! >> 6]!;
      bytes[begin + 7]! &= 0x3f;
      bytes.fill(0xff, begin + 9, begin + 9 + length);
    }
    await using server = await FileServer.start(folder.path);
    server.others.set("/untimed.ts", (_request, response) => {
      const timer = setInterval(() => response.write(bytes), 200);
      response.on("close", () => clearInterval(timer));
    });
    await using source = await openNetworkSource(`${server.address}/untimed.ts`, { readTimeoutSeconds: 2 });
    const startMs = performance.now();
    const error = await assertRejects(() => Array.fromAsync(source.packets), ReadError);
    const seconds = (performance.now() - startMs) / 1000;
    assertEquals(error.code, "ETIMEDOUT");
    assert(seconds > 1.9 && seconds < 4, `after ${seconds} s`);
  },
);

testAll(
  "openNetworkSource: a thread that does not come back is ended",
  { skip: "Deno" in globalThis && "Deno ends a thread once it comes back only" },
  async () => {
    const path = folder.file("busy.mjs");
    writeFileSync(
      path,
      `import { parentPort } from "node:worker_threads";
      parentPort.postMessage("listening");
      parentPort.on("message", ({ control }) => {
        // A call that waits for others begins.
        if (control !== undefined) for (Atomics.add(new Int32Array(control), 4, 1);;);
      });`,
    );
    const options = { openTimeoutSeconds: 0.2, workerUrl: pathToFileURL(path) };
    const error = await assertRejects(() => openNetworkSource("http://127.0.0.1:1/", options), ReadError);
    assertEquals(error.code, "ETIMEDOUT");
    await sleep(2500);
    const before = process.cpuUsage();
    await sleep(1000);
    const { user } = process.cpuUsage(before);
    assert(user < 200_000, `${user} microseconds of work in a second`);
  },
);
