/**
 * Runs programs, and ends them with the tool.
 *
 * @module
 */

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** What {@linkcode run} may be told. */
export interface RunOptions {
  readonly folder?: string;
  readonly variables?: Record<string, string>;
  /** Ends the program after this time. */
  readonly timeoutMs?: number;
}

const running = new Set<Deno.ChildProcess>();
let stopping = false;

/** Runs a program to its end. Throws where it is not there, and once {@linkcode stopAll} was called. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  if (!stopping) {
    const ended = await execute(program, args, options);
    if (!stopping) return ended;
  }
  throw new Error("Interrupted");
}

async function execute(program: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  const child = new Deno.Command(program, {
    args: [...args],
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
    ...(options.variables === undefined ? {} : { env: options.variables }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  running.add(child);
  let timedOut = false;
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => {
    timedOut = true;
    kill(child);
  }, options.timeoutMs);
  try {
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return { code, timedOut, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}

/** Runs a program that must succeed; returns what it said. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options?: RunOptions,
): Promise<string> {
  return expectSuccess(program, await run(program, args, options));
}

function expectSuccess(program: string, ended: Ended): string {
  if (ended.code === 0) return ended.stdout;
  const said = `${ended.stderr}\n${ended.stdout}`.trim().split("\n").slice(-5).join("\n");
  throw new Error(`${program} ended with code ${ended.code}: ${said}`);
}

/**
 * `unshare` arguments for a program in its own mount and process namespace. Whatever is mounted in it is
 * gone, and whatever was started in it has ended, as soon as the program ends, however it ends: nothing is
 * left to undo.
 */
export const inOwnNamespace: readonly string[] = [
  "--mount",
  "--propagation",
  "private",
  "--pid",
  "--fork",
  "--kill-child",
];

/** Ends all programs that are running, and starts no more. `unshare` ignores the gentler signals. */
export function stopAll(): void {
  stopping = true;
  for (const child of running) kill(child);
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** Removes one of the tool's own folders, and follows no mount out of it. Done after an interruption too. */
export async function removeFolder(folder: string): Promise<void> {
  expectSuccess("rm", await execute("rm", ["-rf", "--one-file-system", "--", folder], {}));
}

/** Whether a file or folder is there. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
