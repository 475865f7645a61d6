import { readFileSync } from "node:fs";
import { after } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createFileWriter, openNetworkSource } from "../../../mod.ts";
import { frameHashes, makeClip } from "../../support/clips.ts";
import { missingEncoders, missingHttp } from "../../support/features.ts";
import { FileServer, sendBytes } from "../../support/file_server.ts";
import { liveServers, missingServer } from "../../support/live_servers.ts";
import { frameTimes, TemporaryFolder } from "../../support/media.ts";
import { lastingPort } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip = missingEncoders("libx264", "ffv1");
const x264 = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"];

for (const thread of ["worker", "main"] as const) {
  test(`copyFrom (thread: ${thread}): a network source that is cut comes whole into the file`, {
    skip: skip || missingHttp(),
  }, async () => {
    const path = makeClip(folder.file("whole.mkv"), "25", 8, "-s", "320x240", ...x264);
    const bytes = readFileSync(path);
    await using server = await FileServer.start(folder.path);
    let count = 0;
    server.others.set("/cut.mkv", (request, response) => {
      if (++count > 1) return sendBytes(response, bytes, request.headers.range);
      response.writeHead(200, { "content-length": String(bytes.length), "accept-ranges": "bytes" });
      response.write(
        bytes.subarray(0, bytes.length / 3),
        () => setTimeout(() => response.socket!.destroy(), 200),
      );
    });
    const copy = folder.file(`copy-${thread}.mkv`);
    await using source = await openNetworkSource(`${server.address}/cut.mkv`, {
      reconnect: { delaySeconds: 0.05 },
    });
    await using writer = await createFileWriter("ffv1", copy, 25, { thread });
    await writer.copyFrom(source);
    await writer.close();
    assert(source.stats.losses >= 1);
    assertEquals(frameHashes(copy), frameHashes(path));
    assertEquals(frameTimes(copy).map((seconds) => Math.round(seconds * 25)), [...Array(200).keys()]);
  });
}

test("copyFrom: a live source that goes away and comes back leaves its gap in the file", {
  skip: skip || missingServer("rtsp over tcp"),
}, async () => {
  const path = makeClip(folder.file("live.mp4"), "25", 60, ...x264);
  using server = liveServers["rtsp over tcp"](path, folder.path, await lastingPort());
  await server.start();
  const copy = folder.file("live-copy.mkv");
  const control = new AbortController();
  await using source = await openNetworkSource(server.address, {
    ...{ ...server.options, readTimeoutSeconds: 1.5, reconnect: { delaySeconds: 0.2 } },
    onStatus: ({ status }) => {
      if (status === "retrying" && source.stats.losses === 1) setTimeout(() => void server.start(), 1000);
    },
  });
  await using writer = await createFileWriter("ffv1", copy, 25, {
    timing: "timestamps",
    onProgress: ({ seconds }) => {
      if (seconds > 2 && source.stats.losses === 0) server.stop();
      if (seconds > 5) control.abort(new Error("enough"));
    },
  });
  const reason = await writer.copyFrom(source, { signal: control.signal }).then(() => null, (error) => error);
  assertEquals(reason?.message, "enough");
  const { frames } = await writer.close();
  const times = frameTimes(copy);
  assertEquals(times.length, frames);
  const gaps = times.slice(1).map((seconds, index) => seconds - times[index]!);
  assert(gaps.every((gap) => gap > 0));
  // One gap, as long as the server was away.
  assertEquals(gaps.filter((gap) => gap > 0.5).length, 1, gaps.filter((gap) => gap > 0.05).join());
  assert(Math.max(...gaps) > 1);
  assertEquals(source.stats.losses, 1);
});
