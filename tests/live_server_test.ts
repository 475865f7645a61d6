import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { Readable } from "node:stream";
import { assert, assertEquals } from "@std/assert";
import example from "../examples/live_server.ts";
import { missingBrowser, openPage } from "./support/browser.ts";
import { missingEncoders, type SkipReason } from "./support/features.ts";
import { frameTimes, probe, TemporaryFolder } from "./support/media.ts";
import { testsOf } from "./support/test.ts";

const { test, testLong } = testsOf(import.meta.url);

const withoutEncoder = missingEncoders("libx264");
const withoutBrowser: SkipReason = withoutEncoder || missingBrowser;

/** Plays the example's video, and tells once it has gone on for half a second when it began. */
const page = `<video src="/live.mp4" muted oncanplay="this.play()"></video><script>
const video = document.querySelector("video");
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
  const left = Promise.withResolvers<void>();
  await using opened = await openPage(page, (_, response) => {
    const { body, headers } = example.fetch(new Request("http://127.0.0.1/live.mp4"));
    response.writeHead(200, Object.fromEntries(headers));
    const stream = Readable.fromWeb(body as never);
    response.on("close", () => {
      stream.destroy();
      left.resolve();
    });
    stream.on("error", () => {}).pipe(response);
  });
  const { ms, ...shown } = await opened.told;
  assertEquals(shown, { videoWidth: 640, videoHeight: 360 });
  assert(typeof ms === "number" && ms > 0, `${ms} ms`);
  opened.close();
  // The writer ends with its reader.
  await left.promise;
  return ms;
}

testLong("examples/live_server.ts: Chromium plays it two seconds after it was asked", {
  skip: withoutBrowser,
}, async () => {
  // A busy machine may be late once.
  let ms = Infinity;
  for (let attempt = 0; attempt < 4 && ms >= 2000; attempt++) ms = await playInBrowser();
  assert(ms < 2000, `${ms} ms`);
});
