import { readdirSync, readlinkSync } from "node:fs";
import process from "node:process";
import { after } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { openNetworkSource } from "../../../mod.ts";
import { makeClip } from "../../support/clips.ts";
import { missingEncoders, type SkipReason } from "../../support/features.ts";
import { TemporaryFolder } from "../../support/media.ts";
import { type LiveServerName, liveServers, missingServer } from "../../support/live_servers.ts";
import { lastingPort } from "../../support/stream_server.ts";
import { test } from "../../support/test.ts";

const folder = new TemporaryFolder();
after(() => folder[Symbol.dispose]());
const skip: SkipReason = missingEncoders("libx264") ||
  (process.platform === "linux" ? false : "it counts in /proc");

const rounds = 20;
/** How long a frame may keep a reader waiting, in seconds. */
const limit = 1.5;
/** How much later than that a loss may be told. */
const lossTolerance = 1;
/** How long connecting may take once a server is open: it waits for the next try, and for a key frame. */
const returnSeconds = 5;
/** How many MiB a process may grow from the sixth round to the last. */
const growth = 40;

let clip: string | null = null;
/** Two minutes of video with a key frame every 10 frames. */
function clipPath(): string {
  const options = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "10", "-pix_fmt", "yuv420p"];
  return clip ??= makeClip(folder.file("clip.mp4"), "25", 120, ...options);
}

/** How many sockets this program has open. */
function sockets(): number {
  return readdirSync("/proc/self/fd").filter((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

for (const name of Object.keys(liveServers) as LiveServerName[]) {
  test(
    `openNetworkSource: ${name} comes back twenty times from freezes and cuts, and nothing grows`,
    { skip: skip || missingServer(name) },
    async () => {
      using server = liveServers[name](clipPath(), folder.path, await lastingPort());
      await server.start();
      const losses: number[] = [], returns: number[] = [];
      const levels: { memory: number; sockets: number }[] = [];
      const failure = new AbortController();
      let lastMs = 0, openMs = Infinity, cuts = 0, since = 0, lastTime = -1;
      await using source = await openNetworkSource(server.address, {
        ...{ ...server.options, signal: failure.signal },
        readTimeoutSeconds: limit,
        openTimeoutSeconds: 5,
        reconnect: { delaySeconds: 0.2, maxDelaySeconds: 0.5 },
        onStatus: ({ status }) => {
          if (status !== "retrying" || losses.length === cuts) return;
          losses.push((performance.now() - lastMs) / 1000);
          server.start().then(() => openMs = performance.now(), (error) => failure.abort(error));
        },
      });
      for await (const { timestamp } of source) {
        assert(timestamp > lastTime, "the time went back");
        [lastTime, lastMs] = [timestamp, performance.now()];
        // Some frames were sent before the freeze.
        if (++since < 20 || losses.length < cuts) continue;
        if (cuts > 0) returns.push((lastMs - openMs) / 1000 - since / 25);
        levels.push({ memory: process.memoryUsage().rss / 2 ** 20, sockets: sockets() });
        if (cuts === rounds) break;
        since = 0;
        if (cuts++ % 2 === 0) server.freeze();
        else server.stop();
      }
      const told = `lost after ${texts(losses)} s, back after ${texts(returns)} s, ` +
        `MiB ${texts(levels.map(({ memory }) => memory))}, sockets ${levels.map((each) => each.sockets)}`;
      console.log(`${name}: ${told}`);
      assertEquals([losses.length, returns.length, source.stats.losses >= rounds], [rounds, rounds, true]);
      const latest = limit + lossTolerance + server.lateSeconds;
      assert(losses.every((seconds) => seconds < latest), told);
      assert(returns.every((seconds) => seconds < returnSeconds), told);
      const [early, late] = [levels[5]!, levels.at(-1)!];
      assert(late.sockets <= early.sockets + 2, told);
      assert(late.memory - early.memory < growth, told);
    },
  );
}

function texts(numbers: readonly number[]): string {
  return numbers.map((number) => number.toFixed(1)).join(" ");
}
