/**
 * A PulseAudio server of the test's own, with a loudspeaker that nobody hears: what it plays can be recorded.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { TemporaryFolder } from "./media.ts";

/** Whether the server's program is here. */
export function hasPulse(): boolean {
  return spawnSync("pulseaudio", ["--version"]).status === 0;
}

/** A server; it is killed at the end of its scope. */
export class PulseServer implements Disposable {
  /** The name of the device that hears what the loudspeaker plays. */
  readonly device = "speaker.monitor";
  readonly #folder = new TemporaryFolder();
  readonly #server: ChildProcess;
  readonly #players: ChildProcess[] = [];

  private constructor() {
    this.#server = spawn("pulseaudio", [
      ...["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"],
      ...["-L", "module-null-sink sink_name=speaker rate=48000"],
      ...["-L", `module-native-protocol-unix socket=${this.#socket} auth-anonymous=1`],
    ], { env: this.#env, stdio: "ignore" });
  }

  get #socket(): string {
    return this.#folder.file("socket");
  }

  /** Variables by which programs find it. */
  get variables(): Readonly<Record<string, string>> {
    return { PULSE_SERVER: `unix:${this.#socket}` };
  }

  get #env(): NodeJS.ProcessEnv {
    // It keeps its files there.
    return { ...process.env, HOME: this.#folder.path, XDG_RUNTIME_DIR: this.#folder.path };
  }

  /** Starts one, and waits until it can be reached. */
  static async start(): Promise<PulseServer> {
    const server = new PulseServer();
    for (let waited = 0; !existsSync(server.#socket); waited += 50) {
      if (waited > 10_000) throw new Error("pulseaudio did not start");
      await sleep(50);
    }
    return server;
  }

  /**
   * Plays a tone of so many hertz until the end. Returns whether the ffmpeg program hears it: with FFmpeg 4.3
   * and PulseAudio 14 it does not.
   */
  play(frequency: number): boolean {
    const env = { ...this.#env, ...this.variables };
    const tone = `aevalsrc=0.5*sin(2*PI*${frequency}*t):sample_rate=48000`;
    const output = ["-f", "pulse", "-device", "speaker", "-"];
    const player = spawn("ffmpeg", ["-v", "error", "-re", "-f", "lavfi", "-i", tone, ...output], {
      env,
      stdio: "ignore",
    });
    this.#players.push(player);
    const recorder = ["-v", "error", "-f", "pulse", "-i", this.device, "-t", "0.5", "-f", "s16le", "-"];
    // On a busy machine the player takes its time.
    for (const from = performance.now(); performance.now() - from < 10_000;) {
      const { stdout } = spawnSync("ffmpeg", recorder, { env, timeout: 20_000 });
      if (stdout.some((byte) => byte !== 0)) return true;
    }
    return false;
  }

  /** Stops it where it is: its devices are there, and give nothing any more. */
  freeze(): void {
    // Deno's `kill` of a child sends one signal alone: the server would stay.
    process.kill(this.#server.pid!, "SIGSTOP");
  }

  /** Takes all of its devices away. */
  unplug(): void {
    this.#server.kill("SIGKILL");
  }

  [Symbol.dispose](): void {
    for (const child of [...this.#players, this.#server]) child.kill("SIGKILL");
    this.#folder[Symbol.dispose]();
  }
}
