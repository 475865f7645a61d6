import { setTimeout as sleep } from "node:timers/promises";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { PacketTarget } from "../src/engine/copying/packet_source.ts";
import type { SourceInfo } from "../src/engine/reading/reading_types.ts";
import { type NetworkPlan, type NetworkSource, openFlow } from "../src/reader/network/network_source.ts";
import type { NetworkStatus } from "../src/reader/network/network_options.ts";
import type { Reading } from "../src/thread/reading/reading_calls.ts";
import { ReadError } from "../mod.ts";
import { testsOf } from "./support/test.ts";

const { test } = testsOf(import.meta.url);

const info = { width: 4, height: 2, format: "gray", duration: null } as SourceInfo;
const never = new Promise<never>(() => {});

/** A connection that gives these answers, and then none. */
class Connection implements Reading {
  isClosed = false;
  readonly #answers: (() => unknown)[];

  constructor(...answers: (() => unknown)[]) {
    this.#answers = answers;
  }

  // deno-lint-ignore no-explicit-any
  async ask(type: string): Promise<any> {
    if (type === "openPackets") return 1;
    const answer = this.#answers.shift();
    return answer === undefined ? await never : await answer();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

function lost(): never {
  throw new ReadError("lost", { code: "EOF", operation: "read", hint: null });
}

function opened(
  connections: readonly (Connection | (() => Connection))[],
  plan: Partial<NetworkPlan> = {},
): Promise<NetworkSource> {
  const left = [...connections];
  return openFlow({
    ...{ label: "a source", queueSize: 1, signal: undefined, reconnect: null, onStatus: undefined },
    ...{ stallSeconds: 1, isResumable: false, logLevel: "error" },
    connect: () => {
      const next = left.shift()!;
      return Promise.resolve({ reading: typeof next === "function" ? next() : next, info });
    },
    ...plan,
  });
}

test("openNetworkSource: what onStatus throws is printed once, and the source goes on", async () => {
  const printed: unknown[][] = [];
  const { error } = console;
  console.error = (...parts) => void printed.push(parts);
  const seen: string[] = [];
  try {
    const onStatus = ({ status }: NetworkStatus): void => {
      seen.push(status);
      throw new Error("a mistake");
    };
    const source = await opened([new Connection()], { onStatus });
    await source.close();
    await Promise.resolve();
  } finally {
    console.error = error;
  }
  assertEquals(seen, ["connecting", "running", "ended"]);
  assertEquals(printed.map((parts) => String(parts[1])), ["Error: a mistake"]);
});

test("openNetworkSource: close() in the last step of a reconnect closes the new connection", async () => {
  const second = new Connection();
  const opening = (): Connection => {
    // After the connection is made, before the source has it.
    queueMicrotask(() => void source.close());
    return second;
  };
  const source = await opened([new Connection(lost), opening], { reconnect: { delaySeconds: 0.001 } });
  const { code } = await assertRejects(() => source.nextFrame(), ReadError);
  assertEquals([code, second.isClosed], ["CLOSED", true]);
});

const packet = { data: new ArrayBuffer(8), kind: "video", stream: 0, timestamp: 0, decodeTimestamp: 0 };
const ignoring: PacketTarget = { write: () => Promise.resolve() } as PacketTarget;

test("source.packets: detach, and the end of its scope, do not wait for a stalled source", async () => {
  const beginMs = performance.now();
  const source = await opened([new Connection(() => [packet])]);
  const [first, second] = [{ ...ignoring }, { ...ignoring }];
  const attached = [first, second].map((target) => source.packets.attach(target));
  await sleep(10);
  await source.packets.detach(first);
  await source[Symbol.asyncDispose]();
  assertEquals(attached.map(({ state, written }) => [state, written]), [["detached", 1], ["detached", 1]]);
  assert(performance.now() - beginMs < 2000);
});

test("source.packets: a target is too slow once 64 MiB wait for it", async () => {
  const large = { ...packet, data: new ArrayBuffer(30 * 1024 * 1024) };
  for (const [count, code] of [[3, null], [4, "TOO_SLOW"]] as const) {
    const release = Promise.withResolvers<void>();
    await using source = await opened([new Connection(() => Array(count).fill(large), () => [])]);
    const attached = source.packets.attach({ write: () => release.promise } as PacketTarget);
    await sleep(20);
    release.resolve();
    const error: ReadError | null = await attached.finished.then(() => null, (error) => error);
    assertEquals([error?.code ?? null, attached.written], [code, 3]);
  }
});

test("source.packets: onStatus tells a stall, its end, and how the connection ends", async () => {
  for (const [last, code] of [[() => [], null], [lost, "EOF"]] as const) {
    const seen: (string | null)[] = [];
    const onStatus = ({ status, error }: NetworkStatus): void => {
      seen.push(status, error === null ? null : (error as ReadError).code);
    };
    let waits: (seconds: number) => void;
    const connection = new Connection(() => [packet], () => (waits(2), [packet]), last);
    await using source = await opened([], {
      onStatus,
      connect: (tell) => {
        waits = tell;
        return Promise.resolve({ reading: connection, info });
      },
    });
    const attached = source.packets.attach(ignoring);
    const error: ReadError | null = await attached.finished.then(() => null, (error) => error);
    assertEquals([error?.code ?? null, attached.written, connection.isClosed], [code, 2, true]);
    const told = ["connecting", null, "running", null, "stalled", null, "running", null, "ended", code];
    assertEquals([seen, source.status], [told, "ended"]);
  }
});
