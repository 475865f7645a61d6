/**
 * Receivers of live video: the ffmpeg program's listeners, nginx and GStreamer's RTSP server, which record
 * what they get.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { StreamWriterOptions } from "../../mod.ts";
import type { SkipReason } from "./features.ts";
import { missingServer } from "./live_servers.ts";
import { missingRtspServer, untilOpen } from "./stream_server.ts";

const rtspScript = fileURLToPath(new URL("rtsp_recorder.py", import.meta.url));

/** How a receiver is started. */
interface ReceiverPlan {
  /** The address to write to. */
  readonly address: string;
  readonly options?: StreamWriterOptions;
  readonly command: readonly [program: string, ...args: string[]];
  readonly protocol: "tcp" | "udp";
  /** The files that it has recorded, in order. */
  readonly files: () => readonly string[];
  /** Whether it ends by itself with the video. */
  readonly endsItself: boolean;
}

/** A program that records what is written to its address. */
export class Receiver implements Disposable {
  readonly #plan: ReceiverPlan;
  readonly #port: number;
  #program: ChildProcess | null = null;

  /** Does not start it. */
  constructor(port: number, plan: ReceiverPlan) {
    this.#port = port;
    this.#plan = plan;
  }

  /** The address to write to. */
  get address(): string {
    return this.#plan.address;
  }

  /** Options of a writer for it. */
  get options(): StreamWriterOptions {
    return this.#plan.options ?? {};
  }

  /** Starts it; resolves once its port is open. */
  async start(): Promise<void> {
    const [program, ...args] = this.#plan.command;
    const started = this.#program = spawn(program, args, { stdio: "ignore" });
    await untilOpen(this.#port, this.#plan.protocol, () => started.exitCode === null);
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops it, so that it reads nothing. */
  freeze(): void {
    // A program that Deno's own method stops counts as one that has ended.
    process.kill(this.#program!.pid!, "SIGSTOP");
  }

  async #end(signal: "SIGKILL" | "SIGINT"): Promise<void> {
    const program = this.#program;
    if (program === null || program.exitCode !== null || program.signalCode !== null) return;
    const ended = once(program, "exit");
    process.kill(program.pid!, signal);
    await ended;
  }

  /** Waits for the end of the recording; returns its files. */
  async recorded(): Promise<readonly string[]> {
    const program = this.#program!;
    if (this.#plan.endsItself) {
      if (program.exitCode === null && program.signalCode === null) await once(program, "exit");
    } else {
      await sleep(1000);
      await this.#end("SIGINT");
    }
    return this.#plan.files();
  }

  [Symbol.dispose](): void {
    if (this.#program?.exitCode === null) this.#program.kill("SIGKILL");
  }
}

/** The ffmpeg program, which takes one connection a start. */
function program(
  extension: string,
  protocol: "tcp" | "udp",
  addressOf: (port: number) => string,
  listening: (port: number) => readonly string[],
) {
  return (folder: string, port: number): Receiver => {
    const at = join(folder, `${port}`);
    // Each start has a file of its own: the shell knows which is the next.
    const names = () =>
      readdirSync(folder).filter((name) => name.startsWith(`${port}.`)).sort().map((name) =>
        join(folder, name)
      );
    const script = `n=0; while [ -e "${at}.$n.${extension}" ]; do n=$((n+1)); done; ` +
      `exec ffmpeg -v quiet -nostdin "$@" -c copy -flush_packets 1 "${at}.$n.${extension}"`;
    return new Receiver(port, {
      ...{ address: addressOf(port), protocol, files: names, endsItself: true },
      command: ["/bin/sh", "-c", script, "sh", ...listening(port)],
    });
  };
}

const nginxModule = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

function nginx(folder: string, port: number): Receiver {
  const config = join(folder, `nginx${port}.conf`);
  writeFileSync(
    config,
    `load_module ${nginxModule}; daemon off; master_process off; user root; error_log /dev/null;
pid ${config}.pid; events {} rtmp { server { listen 127.0.0.1:${port};
application app { live on; record all; record_path ${folder}; record_unique on; }
application shut { live on; deny publish all; } } }\n`,
  );
  const files = () =>
    readdirSync(folder).filter((name) => name.endsWith(".flv")).sort().map((name) => join(folder, name));
  return new Receiver(port, {
    ...{ address: `rtmp://127.0.0.1:${port}/app/key`, protocol: "tcp", files, endsItself: false },
    command: ["nginx", "-c", config],
  });
}

function gstreamer(transport: "tcp" | "udp") {
  return (folder: string, port: number): Receiver => {
    const path = join(folder, "recorded.mkv");
    return new Receiver(port, {
      ...{ address: `rtsp://127.0.0.1:${port}/live`, options: { transport }, protocol: "tcp" },
      ...{ files: () => existsSync(path) ? [path] : [], endsItself: false },
      command: ["/usr/bin/python3", rtspScript, String(port), path],
    });
  };
}

/** srt-live-transmit, which gives what it gets to the ffmpeg program. */
function srtRelay(folder: string, port: number, parameters = ""): Receiver {
  const path = join(folder, "relayed.ts");
  const command =
    `exec srt-live-transmit "srt://127.0.0.1:${port}?mode=listener${parameters}" file://con -q > ${path}`;
  return new Receiver(port, {
    ...{ address: `srt://127.0.0.1:${port}`, protocol: "udp", files: () => [path], endsItself: false },
    command: ["/bin/sh", "-c", command],
  });
}

/** Each receiver by its name: by a folder for its files, and its port. */
export const receivers = {
  "rtmp": program("flv", "tcp", (port) => `rtmp://127.0.0.1:${port}/app/key`, (port) => [
    ...["-listen", "1", "-i", `rtmp://127.0.0.1:${port}/app/key`],
  ]),
  "rtmp to nginx": nginx,
  "rtsp": program("mkv", "tcp", (port) => `rtsp://127.0.0.1:${port}/live`, (port) => [
    ...["-rtsp_flags", "listen", "-i", `rtsp://127.0.0.1:${port}/live`],
  ]),
  "rtsp to GStreamer over tcp": gstreamer("tcp"),
  "rtsp to GStreamer over udp": gstreamer("udp"),
  "srt": program("ts", "udp", (port) => `srt://127.0.0.1:${port}`, (port) => [
    ...["-f", "mpegts", "-i", `srt://127.0.0.1:${port}?mode=listener`],
  ]),
  "srt to srt-live-transmit": srtRelay,
  "udp": program("ts", "udp", (port) => `udp://127.0.0.1:${port}`, (port) => [
    ...["-f", "mpegts", "-i", `udp://127.0.0.1:${port}?timeout=3000000`],
  ]),
  "tcp": program("ts", "tcp", (port) => `tcp://127.0.0.1:${port}`, (port) => [
    ...["-f", "mpegts", "-i", `tcp://127.0.0.1:${port}?listen=1`],
  ]),
} as const;

/** The name of a receiver. */
export type ReceiverName = keyof typeof receivers;

/** Why a receiver can't be started here; `false` where it can. */
export function missingReceiver(name: ReceiverName): SkipReason {
  if (name === "rtmp to nginx") return missingServer("rtmp from nginx");
  if (name === "srt to srt-live-transmit") return missingServer("srt from srt-live-transmit");
  if (!name.startsWith("rtsp to")) return false;
  const code =
    "import gi; gi.require_version('Gst', '1.0'); from gi.repository import Gst; Gst.init(None); " +
    "raise SystemExit(Gst.ElementFactory.find('matroskamux') is None)";
  const { status } = spawnSync("/usr/bin/python3", ["-c", code], { stdio: "ignore" });
  return missingRtspServer() ||
    (status === 0 ? false : "GStreamer's Matroska muxer is missing (gstreamer1.0-plugins-good)");
}
