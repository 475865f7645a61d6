/**
 * An X server of the test's own, with a screen that nobody sees.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

/** Whether the server's program is here. */
export function hasXvfb(): boolean {
  return spawnSync("Xvfb", ["-help"], { stdio: "ignore" }).error === undefined;
}

/** A server; it is killed at the end of its scope. */
export class Screen implements Disposable {
  readonly #server: ChildProcess;
  /** The name by which programs find it. */
  readonly name: string;

  private constructor(server: ChildProcess, name: string) {
    this.#server = server;
    this.name = name;
  }

  /** Starts a server that chooses a free number. */
  static start(width: number, height: number): Promise<Screen> {
    const screen = ["-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"];
    const server = spawn("Xvfb", ["-displayfd", "3", ...screen], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const numbers = createInterface({ input: server.stdio[3] as NodeJS.ReadableStream });
    return new Promise((resolve, reject) => {
      numbers.once("line", (number) => resolve(new Screen(server, `:${number.trim()}`)));
      server.once("exit", (code) => reject(new Error(`Xvfb ended with ${code}`)));
    });
  }

  [Symbol.dispose](): void {
    this.#server.kill("SIGKILL");
  }
}
