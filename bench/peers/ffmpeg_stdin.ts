/**
 * An ffmpeg process that is fed through its stdin, with what the runtime has for that: what programs do
 * today.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { inputArguments, outputArguments } from "./ffmpeg_arguments.ts";
import { loadFrames } from "./frames.ts";
import { measure } from "./meter.ts";
import { type PeerRequest, serve } from "./protocol.ts";

/** A process that takes frames. */
interface Process {
  readonly pid: number;
  write(frame: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Closes its stdin, waits for its end, and tells its exit code. */
  end(): Promise<number>;
}

/** The part of Bun in use, declared here so that the module type-checks under Deno as well. */
interface BunGlobal {
  spawn(command: string[], options: { stdin: "pipe"; stdout: "ignore"; stderr: "inherit" }): {
    readonly pid: number;
    readonly stdin: {
      write(bytes: Uint8Array): number | Promise<number>;
      flush(): number | Promise<number>;
      end(): number | Promise<number>;
    };
    readonly exited: Promise<number>;
  };
}

function startOnDeno(parameters: string[]): Process {
  const command = new Deno.Command("ffmpeg", {
    args: parameters,
    stdin: "piped",
    stdout: "null",
    stderr: "inherit",
  });
  const child = command.spawn();
  const writer = child.stdin.getWriter();
  return {
    pid: child.pid,
    write: (frame) => writer.write(frame),
    end: async () => {
      await writer.close();
      return (await child.status).code;
    },
  };
}

function startOnBun(bun: BunGlobal, parameters: string[]): Process {
  const child = bun.spawn(["ffmpeg", ...parameters], { stdin: "pipe", stdout: "ignore", stderr: "inherit" });
  return {
    pid: child.pid,
    write: async (frame) => {
      child.stdin.write(frame);
      await child.stdin.flush();
    },
    end: async () => {
      await child.stdin.end();
      return await child.exited;
    },
  };
}

function startOnNode(parameters: string[]): Process {
  const child = spawn("ffmpeg", parameters, { stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "close");
  return {
    pid: child.pid!,
    write: async (frame) => {
      if (!child.stdin.write(frame)) await once(child.stdin, "drain");
    },
    end: async () => {
      child.stdin.end();
      return (await ended)[0];
    },
  };
}

function start(parameters: string[]): Process {
  const { Bun } = globalThis as { Bun?: BunGlobal };
  if (Bun !== undefined) return startOnBun(Bun, parameters);
  return "Deno" in globalThis ? startOnDeno(parameters) : startOnNode(parameters);
}

await serve((request: PeerRequest) => {
  const { input, outputs, frames: count } = request;
  const frames = loadFrames(request);
  return measure(request, async (meter) => {
    await Promise.all(outputs.map(async (output) => {
      const process = start([
        ...inputArguments(request, input, "-"),
        ...outputArguments(request, input, output),
      ]);
      meter.watchChild(process.pid);
      for (let index = 0; index < count; index++) {
        await meter.write(() => process.write(frames[index % frames.length]!));
      }
      meter.endOfFrames();
      const code = await process.end();
      if (code !== 0) throw new Error(`ffmpeg ended with code ${code}`);
    }));
  });
});
