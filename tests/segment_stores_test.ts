import { inspect } from "node:util";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals } from "@std/assert";
import { WriteError } from "../mod.ts";
import { HttpStore } from "../src/writer/packaging/stores/http_store.ts";
import type { SegmentStore } from "../src/writer/packaging/stores/store.ts";
import { StoreQueue } from "../src/writer/packaging/stores/store_queue.ts";
import { rejection } from "./support/messages.ts";
import { SegmentServer } from "./support/segments.ts";
import { webServer } from "./support/stream_server.ts";
import { test } from "./support/test.ts";

const bytes = new Uint8Array(3);
const { signal } = new AbortController();

function storeAt(address: string, method: "PUT" | "POST" = "PUT"): HttpStore {
  return new HttpStore(new URL(address), { method, headers: {}, requestSeconds: 5 });
}

test("createStreamWriter: a server that leads to another address has not stored a segment", async () => {
  for (const status of [302, 303, 307]) {
    const paths: string[] = [];
    const { port, server } = await webServer((request, response) => {
      paths.push(request.url!);
      response.writeHead(request.url === "/login" ? 200 : status, { location: "/login" }).end();
    });
    const store = storeAt(`http://127.0.0.1:${port}/index.m3u8`, status === 302 ? "POST" : "PUT");
    const error = await rejection(() => store.put("a.m4s", bytes, "video/mp4", signal));
    server.closeAllConnections();
    server.close();
    assert(error instanceof WriteError && error.code === `HTTP_${status}`, String(error));
    assertEquals(paths, ["/a.m4s"]);
  }
});

test("createStreamWriter: the error of a server that is not there has no token of the address", async () => {
  const { port, server } = await webServer(() => {});
  server.close();
  const now = performance.now.bind(performance);
  let calls = 0;
  // Its patience is over at the second attempt.
  performance.now = () => now() + calls++ * 20_000;
  try {
    const store = storeAt(`http://127.0.0.1:${port}/index.m3u8?token=verraten`);
    const error = await rejection(() => store.put("a.m4s", bytes, "video/mp4", signal));
    assert(error instanceof WriteError && error.code === "NETWORK", String(error));
    assert(!inspect(error, { depth: 9, showHidden: true }).includes("verraten"), inspect(error));
  } finally {
    performance.now = now;
  }
});

/** A store that takes a while for each file. */
function slowStore(stored: string[], ms: number, remove: () => Promise<void> = async () => {}): SegmentStore {
  const put = async (name: string, content: Uint8Array): Promise<void> => {
    await delay(ms);
    stored.push(`${name} ${content[0]}`);
  };
  return { path: "", put, remove };
}

test("createStreamWriter: a slow server gets playlists as well as segments", async () => {
  const stored: string[] = [];
  const queue = new StoreQueue(slowStore(stored, 5));
  for (let number = 1; number <= 12; number++) {
    queue.put({ name: `segment${number}`, bytes: Uint8Array.of(number) }, "");
    queue.put({ name: "list", bytes: Uint8Array.of(number) }, "");
    // Segments come twice as fast as they are stored.
    await delay(5);
  }
  const before = stored.filter((name) => name.startsWith("list")).length;
  await queue.drained();
  assert(before >= 2, stored.join());
  assertEquals(stored.at(-1), "list 12");
  // What a playlist lists is stored before it.
  for (const [index, name] of stored.entries()) {
    const [file, number] = name.split(" ");
    if (file === "list") assert(stored.slice(0, index).includes(`segment${number} ${number}`), stored.join());
  }
});

test("createStreamWriter: files are not held back by a server that does not answer a removal", async () => {
  const stored: string[] = [];
  const removal = Promise.withResolvers<void>();
  const queue = new StoreQueue(slowStore(stored, 1, () => removal.promise));
  queue.remove("old");
  queue.put({ name: "new", bytes: Uint8Array.of(1) }, "");
  const drained = queue.drained();
  while (stored.length === 0) await delay(1);
  removal.resolve();
  await drained;
  assertEquals(stored, ["new 1"]);
});

test("createStreamWriter: a removal without an answer is given up after 2 seconds", async () => {
  using server = await SegmentServer.start(() => null);
  const began = performance.now();
  await storeAt(`${server.address}/index.m3u8`).remove("old", signal);
  const seconds = (performance.now() - began) / 1000;
  assert(seconds > 1.9 && seconds < 4, `${seconds} s`);
});
