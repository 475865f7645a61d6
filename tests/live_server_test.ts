import { Buffer } from "node:buffer";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { assert, assertEquals } from "@std/assert";
import example from "../examples/live_server.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const withoutEncoder = missingEncoders("libx264");
const browser = ["chromium", "chromium-browser", "google-chrome"]
  .find((name) => spawnSync(name, ["--version"]).status === 0);
const withoutBrowser: SkipReason = withoutEncoder || browser === undefined && "there is no Chromium";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-extensions",
  "--disable-background-networking",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];

/** Plays the example's video, and tells once it has gone on for half a second when it began. */
const page = `<!doctype html><video src="/live.mp4" muted oncanplay="this.play()"></video><script>
const video = document.querySelector("video");
const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) });
const asked = performance.now();
let ms = 0;
video.onplaying = () => ms ||= performance.now() - asked;
video.onerror = () => tell({ error: video.error.message });
video.ontimeupdate = () => {
  if (video.currentTime < 0.5) return;
  video.ontimeupdate = null;
  const { videoWidth, videoHeight } = video;
  tell({ videoWidth, videoHeight, ms });
};
</script>`;

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += piece;
  return text;
}

test("examples/live_server.ts: a visitor gets frames as fast as they are shown, and may leave", {
  skip: withoutEncoder,
}, async () => {
  using folder = new TemporaryFolder();
  const path = folder.file("live.mp4");
  const response = example.fetch(new Request("http://127.0.0.1/live.mp4"));
  assertEquals(response.headers.get("content-type"), "video/mp4");
  const pieces: Uint8Array[] = [];
  const beginMs = performance.now();
  for await (const piece of response.body!) {
    pieces.push(piece);
    if (Buffer.concat(pieces).length > 150_000) break;
  }
  const seconds = (performance.now() - beginMs) / 1000;
  writeFileSync(path, Buffer.concat(pieces));
  const { width, height } = probe(path);
  assertEquals([width, height], [640, 360]);
  const { length } = frameTimes(path);
  assert(length >= 10 && length <= seconds * 30 + 2, `${length} frames in ${seconds} s`);
});

/** Has Chromium play the example's video, and returns after how many milliseconds it begins. */
async function playInBrowser(): Promise<number> {
  using folder = new TemporaryFolder();
  const told = Promise.withResolvers<Record<string, unknown>>();
  const left = Promise.withResolvers<void>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === "/told") {
      told.resolve(JSON.parse(await textOf(request)));
      response.end();
    } else if (request.url === "/live.mp4") {
      const { body, headers } = example.fetch(new Request("http://127.0.0.1/live.mp4"));
      response.writeHead(200, Object.fromEntries(headers));
      const stream = Readable.fromWeb(body as never);
      response.on("close", () => {
        stream.destroy();
        left.resolve();
      });
      stream.on("error", () => {}).pipe(response);
    } else {
      response.setHeader("content-type", "text/html");
      response.end(request.url === "/" ? page : "");
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const options = [...flags, `--user-data-dir=${folder.file("profile")}`, `http://127.0.0.1:${port}/`];
  const program = spawn(browser!, ["--remote-debugging-port=0", ...options], { stdio: "ignore" });
  const ended = once(program, "exit");
  const timer = setTimeout(() => told.reject(new Error("Chromium told nothing")), 30_000);
  try {
    const { ms, ...shown } = await told.promise;
    assertEquals(shown, { videoWidth: 640, videoHeight: 360 });
    assert(typeof ms === "number" && ms > 0, `${ms} ms`);
    program.kill();
    // The writer ends with its reader.
    await left.promise;
    return ms;
  } finally {
    clearTimeout(timer);
    program.kill();
    await ended;
    server.closeAllConnections();
    server.close();
  }
}

testLong("examples/live_server.ts: Chromium plays it two seconds after it was asked", {
  skip: withoutBrowser,
}, async () => {
  // A busy machine may be late once.
  let ms = Infinity;
  for (let attempt = 0; attempt < 4 && ms >= 2000; attempt++) ms = await playInBrowser();
  assert(ms < 2000, `${ms} ms`);
});
