/**
 * Servers of live video on this machine: the ffmpeg program, and HTTP servers of any answer.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer as createWebServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { SkipReason } from "./features.ts";

const rtspScript = fileURLToPath(new URL("rtsp_server.py", import.meta.url));

/** Why there is no RTSP server here; `false` where there is. */
export function missingRtspServer(): SkipReason {
  const code =
    "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
  const { status } = spawnSync("/usr/bin/python3", ["-c", code], { stdio: "ignore" });
  return status === 0 ? false : "GStreamer's RTSP server is missing (python3-gi, gir1.2-gst-rtsp-server-1.0)";
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Listens, and takes connections without ever answering. */
export async function silentServer(): Promise<{ port: number; connections: () => number } & Disposable> {
  let count = 0;
  const sockets = new Set<{ destroy(): void }>();
  const server = createServer((socket) => {
    count++;
    socket.on("error", () => {});
    sockets.add(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** An HTTP server on loopback, at a port or at any that is free. */
export async function webServer(answer: RequestListener, at = 0): Promise<{ port: number; server: Server }> {
  const server = createWebServer(answer).listen(at, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}

/** The protocols that the ffmpeg program serves, with its options and the address to read. */
export const protocols = {
  http: (port: number) => [["-f", "mpegts", "-listen", "1"], `http://127.0.0.1:${port}/live.ts`],
  rtmp: (port: number) => [["-f", "flv", "-listen", "1"], `rtmp://127.0.0.1:${port}/app/key`],
  tcp: (port: number) => [["-f", "mpegts"], `tcp://127.0.0.1:${port}`, "?listen"],
  srt: (port: number) => [["-f", "mpegts"], `srt://127.0.0.1:${port}`, "?mode=listener"],
  rtsp: (port: number) => [[], `rtsp://127.0.0.1:${port}/live`],
  udp: (port: number) => [["-f", "mpegts"], `udp://127.0.0.1:${port}`, "?pkt_size=1316"],
} as const;

/** Whether a program has a port open. To try it would be a connection, and some take one only. */
function isOpen(port: number, protocol: "tcp" | "udp"): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  // TCP: it listens, or has the one connection that it takes. UDP: it is not connected.
  const states = protocol === "tcp" ? "(?:0A|01)" : "07";
  const row = new RegExp(`^ *\\d+: [0-9A-F]+:${hex} \\S+ ${states} `, "m");
  return [protocol, `${protocol}6`].some((name) => {
    const path = `/proc/net/${name}`;
    return existsSync(path) && row.test(readFileSync(path, "utf8"));
  });
}

/** Waits until a server has its port open; not for one that `mayOpen` says has ended. */
export async function untilOpen(
  port: number,
  protocol: "tcp" | "udp",
  mayOpen: () => boolean = () => true,
): Promise<void> {
  if (process.platform !== "linux") return void await sleep(2000);
  for (let waited = 0; !isOpen(port, protocol); waited += 20) {
    if (waited > 20_000 || !mayOpen()) throw new Error(`No server has opened port ${port}`);
    await sleep(20);
  }
}

/**
 * A port that a server can have again after it was away: none of those that the system gives to programs
 * which ask for any.
 */
export async function lastingPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("listening", () => server.close(() => resolve(true)));
      server.once("error", () => resolve(false));
    });
    if (isFree) return port;
  }
}

/** An ffmpeg program that plays a file to one reader, in real time. */
export class StreamServer implements Disposable {
  readonly #path: string;
  readonly #options: readonly string[];
  readonly #target: string;
  /** The address to read. */
  readonly address: string;
  #program: ChildProcess | null = null;

  /** Does not start it. */
  constructor(path: string, protocol: keyof typeof protocols, port: number) {
    const [options, address, listening = ""] = protocols[protocol](port) as [string[], string, string?];
    this.#path = path;
    this.#options = options;
    this.address = address;
    this.#target = `${address}${listening}`;
  }

  /** Starts it; another file may be played from then on. `loops` plays it again and again. */
  start(path: string = this.#path, loops = false): void {
    const before = this.#program;
    if (before !== null && before.exitCode === null && before.signalCode === null) {
      // Its port is free then.
      before.once("exit", () => this.start(path, loops));
      this.stop();
      return;
    }
    const input = [...(loops ? ["-stream_loop", "-1"] : []), "-re", "-i", path, "-c", "copy"];
    const [program, options] = this.address.startsWith("rtsp:")
      ? ["/usr/bin/python3", [rtspScript, new URL(this.address).port, path]] as const
      : ["ffmpeg", ["-v", "quiet", "-nostdin", ...input, ...this.#options, this.#target]] as const;
    this.#program = spawn(program, options, { stdio: "ignore" });
  }

  /** Waits until it takes a connection. */
  async untilReady(): Promise<void> {
    const { port, protocol } = new URL(this.address);
    await untilOpen(Number(port), protocol === "srt:" ? "udp" : "tcp");
  }

  /** Freezes it. */
  freeze(): void {
    this.#signal("SIGSTOP");
  }

  /** Goes on. */
  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Ends it at once. */
  stop(): void {
    this.#signal("SIGKILL");
  }

  /** Deno's `ChildProcess` sends one signal alone: a frozen program would stay. */
  #signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): void {
    const { pid, exitCode, signalCode } = this.#program ?? {};
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, signal);
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}
