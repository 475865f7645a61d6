/**
 * Servers of live video that can be frozen, cut and brought back: each protocol, by the ffmpeg program or by
 * a server that is used for it.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { NetworkSourceOptions } from "../../mod.ts";
import { convertClip } from "./clips.ts";
import { missingHttp, type SkipReason } from "./features.ts";
import { missingRtspServer, protocols, untilOpen } from "./stream_server.ts";

const [rtspScript, hlsScript] = ["rtsp_server.py", "hls_server.py"].map((name) =>
  fileURLToPath(new URL(name, import.meta.url))
) as [string, string];

/** A program and its arguments. */
type Command = readonly [program: string, ...args: string[]];

/** How a server is started. */
interface ServerPlan {
  /** The address to read. */
  readonly address: string;
  /** Options of the source that reads it. */
  readonly options?: NetworkSourceOptions;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  /** What serves it. */
  readonly server: Command;
  /** How much later than others its silence is told, in seconds. Default: 0. */
  readonly lateSeconds?: number;
  /** What feeds the server, once that is open; it begins again when it fails. */
  readonly feeder?: Command;
}

/** A server, and what feeds it. */
export class LiveServer implements Disposable {
  readonly #plan: ServerPlan;
  #programs: ChildProcess[] = [];

  /** Does not start it. */
  constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  /** The address to read. */
  get address(): string {
    return this.#plan.address;
  }

  /** Options of the source that reads it. */
  get options(): NetworkSourceOptions {
    return this.#plan.options ?? {};
  }

  /** How much later than others its silence is told, in seconds. */
  get lateSeconds(): number {
    return this.#plan.lateSeconds ?? 0;
  }

  /** Starts it, in place of the one before; resolves once its port is open. */
  async start(): Promise<void> {
    const { server, feeder, port, protocol } = this.#plan;
    this.stop();
    await Promise.all(this.#programs.map(ended));
    for (let tries = 1;; tries++) {
      const program = run(server);
      this.#programs = [program];
      try {
        await untilOpen(port, protocol, () => isRunning(program));
        break;
      } catch (error) {
        // One that takes one reader ends with it, and that one may have been too fast to be seen.
        if (tries === 5) throw error;
      }
    }
    if (feeder !== undefined) this.#programs.push(run(feeder));
  }

  /** Freezes it. */
  freeze(): void {
    this.#signal("SIGSTOP");
  }

  /** Ends it at once. */
  stop(): void {
    this.#signal("SIGKILL");
  }

  #signal(signal: "SIGSTOP" | "SIGKILL"): void {
    for (const program of this.#programs) {
      if (program.pid !== undefined && isRunning(program)) process.kill(program.pid, signal);
    }
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

function run([program, ...args]: Command): ChildProcess {
  return spawn(program, args, { stdio: "ignore" });
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function ended(program: ChildProcess): Promise<void> {
  if (isRunning(program)) await new Promise((resolve) => program.once("exit", resolve));
}

const input = (path: string): readonly string[] => [
  ...["ffmpeg", "-v", "quiet", "-nostdin", "-stream_loop", "-1", "-re", "-i", path, "-c", "copy"],
];

/** The ffmpeg program, which serves one reader. */
function program(name: "http" | "rtmp" | "tcp" | "srt") {
  return (path: string, _folder: string, port: number): LiveServer => {
    const [options, address, listening = ""] = protocols[name](port) as [string[], string, string?];
    const server = [...input(path), ...options, `${address}${listening}`] as unknown as Command;
    return new LiveServer({ address, port, protocol: name === "srt" ? "udp" : "tcp", server });
  };
}

/** GStreamer's server. */
function rtsp(transport: "tcp" | "udp") {
  return (path: string, _folder: string, port: number): LiveServer =>
    new LiveServer({
      ...{ address: `rtsp://127.0.0.1:${port}/live`, port, protocol: "tcp", options: { transport } },
      server: ["/usr/bin/python3", rtspScript, String(port), path],
    });
}

/** A live playlist, whose segments the ffmpeg program has made before. */
function hls(path: string, folder: string, port: number): LiveServer {
  const playlist = join(folder, "recording.m3u8");
  convertClip(playlist, "-i", path, "-c", "copy", "-hls_time", "1", "-hls_playlist_type", "vod");
  return new LiveServer({
    ...{ address: `http://127.0.0.1:${port}/live.m3u8`, port, protocol: "tcp" },
    // The next segment is due in a segment's length, and late after half of another.
    ...{ server: ["/usr/bin/python3", hlsScript, String(port), playlist], lateSeconds: 3 },
  });
}

const nginxModules = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/** nginx, which the ffmpeg program feeds. */
function nginx(path: string, folder: string, port: number): LiveServer {
  const config = join(folder, `nginx${port}.conf`);
  writeFileSync(
    config,
    `load_module ${nginxModules}; daemon off; master_process off; error_log /dev/null;
pid ${config}.pid; events {} rtmp { server { listen 127.0.0.1:${port}; application app { live on; } } }\n`,
  );
  const address = `rtmp://127.0.0.1:${port}/app/key`;
  return new LiveServer({
    ...{ address, port, protocol: "tcp", server: ["nginx", "-c", config] },
    feeder: [...input(path), "-f", "flv", address] as unknown as Command,
  });
}

/** srt-live-transmit, which the ffmpeg program feeds. */
function srtRelay(path: string, _folder: string, port: number): LiveServer {
  const from = `udp://127.0.0.1:${port + 1}`;
  return new LiveServer({
    ...{ address: `srt://127.0.0.1:${port}`, port, protocol: "udp" },
    server: ["srt-live-transmit", from, `srt://127.0.0.1:${port}?mode=listener`, "-q"],
    feeder: [...input(path), "-f", "mpegts", `${from}?pkt_size=1316`] as unknown as Command,
  });
}

/** Each server by its name: by the video that it plays, a folder for its files, and its port. */
export const liveServers = {
  "rtsp over tcp": rtsp("tcp"),
  "rtsp over udp": rtsp("udp"),
  "rtmp": program("rtmp"),
  "rtmp from nginx": nginx,
  "srt": program("srt"),
  "srt from srt-live-transmit": srtRelay,
  "http": program("http"),
  "hls": hls,
  "tcp": program("tcp"),
} as const;

/** The name of a server. */
export type LiveServerName = keyof typeof liveServers;

const hasProgram = (name: string): boolean =>
  spawnSync("/bin/sh", ["-c", `command -v ${name}`], { stdio: "ignore" }).status === 0;

/** Why a server can't be started here; `false` where it can. */
export function missingServer(name: LiveServerName): SkipReason {
  if (name.startsWith("rtsp")) return missingRtspServer();
  if (name === "http" || name === "hls" && missingHttp() !== false) return missingHttp();
  if (name === "hls") return hasProgram("/usr/bin/python3") ? false : "Python is missing (python3)";
  if (name === "rtmp from nginx") {
    const hasModule = spawnSync("/bin/sh", ["-c", `test -e ${nginxModules}`]).status === 0;
    return hasModule && hasProgram("nginx")
      ? false
      : "nginx's RTMP module is missing (nginx, libnginx-mod-rtmp)";
  }
  if (name !== "srt from srt-live-transmit" || hasProgram("srt-live-transmit")) return false;
  return "srt-live-transmit is missing (srt-tools)";
}
