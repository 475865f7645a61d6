import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type NetworkSourceOptions, openNetworkSource, ReadError } from "../mod.ts";
import { makeClip } from "./support/clips.ts";
import { missingEncoders, missingHttp } from "./support/features.ts";
import { FileServer } from "./support/file_server.ts";
import { TemporaryFolder } from "./support/media.ts";
import { freePort, missingRtspServer, silentServer, StreamServer } from "./support/stream_server.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264");
const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"];

async function errorOf(address: string, options: NetworkSourceOptions = {}): Promise<ReadError> {
  return await assertRejects(async () => {
    await using _source = await openNetworkSource(address, { openTimeoutSeconds: 3, ...options });
  }, ReadError);
}

type Answer = (method: string, count: number, request: string) => string | null;

/**
 * Answers each request of RTSP with a head, and what comes after it, by its method and its number; `null`
 * closes the connection.
 */
class RtspAnswers implements Disposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly asked: string[] = [];

  private constructor(answer: Answer) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("data", (data) => {
        const [, method = "", number = "1"] = /^(\w+)[\s\S]*?CSeq: (\d+)/.exec(String(data)) ?? [];
        this.asked.push(method);
        const head = answer(method, this.asked.length, String(data));
        if (head === null) socket.destroy();
        else {
          const [lines, body = ""] = head.split("\r\n\r\n");
          socket.write(`RTSP/1.0 ${lines}\r\nCSeq: ${number}\r\n\r\n${body}`);
        }
      });
    });
  }

  static async start(answer: Answer): Promise<RtspAnswers> {
    const answers = new RtspAnswers(answer);
    answers.#server.listen(0, "127.0.0.1");
    await once(answers.#server, "listening");
    return answers;
  }

  get address(): string {
    return `rtsp://127.0.0.1:${(this.#server.address() as AddressInfo).port}/live`;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

const moved = (to: string): string => `302 Moved Temporarily\r\nLocation: ${to}`;

test("openNetworkSource: rtsp redirects to another host or protocol are refused before it is reached", async () => {
  using trap = await silentServer();
  const there = `127.0.0.1:${trap.port}`;
  for (const to of [`rtsp://${there}/live`, `http://${there}/`, "file:///etc/passwd", `//${there}/a`]) {
    for (const redirected of ["OPTIONS", "DESCRIBE"]) {
      using server = await RtspAnswers.start((method) => method === redirected ? moved(to) : "200 OK");
      const { code } = await errorOf(server.address, { reconnect: { delaySeconds: 0.01 } });
      assertEquals([code, server.asked.length], ["REDIRECT", redirected === "OPTIONS" ? 2 : 4]);
    }
  }
  // To itself, again and again.
  using server = await RtspAnswers.start(() => moved(server.address));
  assertEquals((await errorOf(server.address)).code, "REDIRECT");
  assertEquals([server.asked.length, trap.connections()], [18, 0]);
});

/** Whether a request has the login of "me" and "wörd" (RFC 2617). */
function hasDigest(request: string, method: string): boolean {
  const hash = (...parts: string[]): string => createHash("md5").update(parts.join(":")).digest("hex");
  const given = (name: string): string =>
    new RegExp(`${name}="?([^",\\r]*)`).exec(request.match(/^Authorization: Digest .*/m)?.[0] ?? "")?.[1] ??
      "";
  const quality = given("qop") === "" ? [] : [given("nc"), given("cnonce"), "auth"];
  const [user, asked] = [hash("me", "a camera", "wörd"), hash(method, given(" uri"))];
  return given("opaque") === "kept" && given("response") === hash(user, "once", ...quality, asked);
}

const describedVideo = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=a\r\nt=0 0\r\n" +
  "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n";
const describing = `200 OK\r\nContent-Type: application/sdp\r\nContent-Length: ${describedVideo.length}` +
  `\r\n\r\n${describedVideo}`;

test("openNetworkSource: rtsp redirects of FFmpeg alone, of a login, or late ones reach no other host", async () => {
  using trap = await silentServer();
  const away = moved(`rtsp://127.0.0.1:${trap.port}/live`);
  const askedFor = (login: string): string => `401 Unauthorized\r\nWWW-Authenticate: ${login}`;
  const answers: Answer[] = [
    (_method, _count, request) => request.includes("User-Agent: Lavf") ? away : "200 OK",
    // The first time alone.
    (_method, count) => count === 1 ? away : "200 OK",
    (method, _count, request) => {
      if (request.includes(`Authorization: Basic ${btoa("user:word")}`)) return away;
      return method === "OPTIONS" ? "200 OK" : askedFor('Basic realm="a"');
    },
    (method, _count, request) => {
      if (request.includes("Authorization: Basic")) return away;
      const page = `Content-Length: 9000\r\n\r\n${"no entry ".repeat(1000)}`;
      return method === "OPTIONS" ? `200 OK\r\n${page}` : `${askedFor('Basic realm="a"')}\r\n${page}`;
    },
    (method) => method === "OPTIONS" ? "200 OK" : `305 Use Proxy\r\n${away.split("\r\n")[1]}`,
    (_method, _count, request) =>
      request.includes("Authorization: Digest") ? away : askedFor('Digest realm="a", nonce="b"'),
    // libavformat takes this for an error.
    (method) => ({ OPTIONS: "200 OK", DESCRIBE: describing })[method] ?? away,
  ];
  for (const [index, answer] of answers.entries()) {
    for (const transport of ["tcp", "udp"] as const) {
      using server = await RtspAnswers.start(answer);
      const { code } = await errorOf(server.address.replace("//", "//user:word@"), { transport });
      assertEquals([index, code], [index, index < 6 ? "REDIRECT" : "INVALIDDATA"]);
      assertEquals(trap.connections(), 0);
    }
  }
  // What FFmpeg says is what is told.
  using server = await RtspAnswers.start((method) => method === "OPTIONS" ? "200 OK" : "404 Not Found");
  assertEquals((await errorOf(server.address)).code, "HTTP_404");
});

testLong(
  "openNetworkSource: rtsp redirects are followed where they may lead, and no other is read",
  { skip: skip || missingRtspServer() },
  async () => {
    const path = makeClip(folder.file("live.mp4"), "25", 4, ...x264);
    using camera = new StreamServer(path, "rtsp", await freePort());
    camera.start();
    await camera.untilReady();
    using server = await RtspAnswers.start(() => moved(camera.address));
    {
      await using source = await openNetworkSource(server.address, { redirects: "any" });
      assertEquals([source.width, (await source.nextFrame())?.width], [160, 160]);
    }
    assertEquals((await errorOf(server.address)).code, "REDIRECT");
    // Behind a login.
    for (const quality of ["", ', qop="auth"']) {
      using guarded = await RtspAnswers.start((method, _count, request) =>
        hasDigest(request, method)
          ? moved(camera.address)
          : `401 Unauthorized\r\nWWW-Authenticate: ${`Digest realm="a camera", nonce="once", opaque="kept", algorithm=MD5${quality}`}`
      );
      const address = guarded.address.replace("//", "//me:w%C3%B6rd@");
      await using source = await openNetworkSource(address, { redirects: "any" });
      assertEquals((await source.nextFrame())?.width, 160);
      assertEquals((await errorOf(address)).code, "REDIRECT");
    }
  },
);

test("openNetworkSource: http redirects are followed on the same host, and to others where they may", {
  skip: skip || missingHttp(),
}, async () => {
  makeClip(folder.file("clip.ts"), "25", 1, ...x264);
  await using server = await FileServer.start(folder.path);
  await using other = await FileServer.start(folder.path);
  const near = server.redirect("/near", "/clip.ts"),
    far = server.redirect("/far", `${other.address}/clip.ts`);
  const loop = server.redirect("/loop", "/loop");
  for (const [address, options] of [[near, {}], [far, { redirects: "any" }]] as const) {
    await using source = await openNetworkSource(address, options);
    assertEquals((await source.nextFrame())?.width, 160);
  }
  // A user and a password go along to the same host alone.
  const users: (string | undefined)[] = [];
  for (const each of [server, other]) {
    const clip = readFileSync(folder.file("clip.ts"));
    each.others.set("/private.ts", (request, response) => {
      users.push(request.headers.authorization);
      response.setHeader("www-authenticate", 'Basic realm="clips"');
      if (each === server && request.headers.authorization === undefined) response.statusCode = 401;
      response.end(response.statusCode === 401 ? "" : clip);
    });
    server.redirect("/private", `${each.address}/private.ts`);
    const address = `${server.address.replace("//", "//me:word@")}/private`;
    await using source = await openNetworkSource(address, { redirects: "any" });
    assertEquals((await source.nextFrame())?.width, 160);
  }
  assertEquals([users.includes(`Basic ${btoa("me:word")}`), users.at(-1)], [true, undefined]);
  const asked = other.asked.length;
  assert(asked > 0);
  for (const address of [far, loop]) assertEquals((await errorOf(address)).code, "REDIRECT");
  assertEquals(other.asked.length, asked);
});
