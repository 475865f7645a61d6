/**
 * Empty projects that install the package and run README's program from it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { nodeProgram } from "../node_program.ts";
import { bunProgram } from "../setup.ts";
import { readPages } from "../docs/markdown.ts";
import { npmScopes, type Registries } from "./registries.ts";

/** How long one command may take. */
const timeoutMs = 3 * 60_000;

/** What runs programs. */
export type RuntimeName = "Deno" | "Bun" | "Node";

/**
 * How a program ran: where its frames were encoded, that it was told what it needs, that it was not run but
 * has the threads' module, or what went wrong.
 */
export type Verdict = "thread" | "main" | "told" | "embedded" | { readonly problem: string };

/** README's first program, and how many frames its video has. */
function readmeProgram(): { readonly text: string; readonly frames: number } {
  const readme = readPages().find(({ file }) => file === "README.md")!;
  const { text } = readme.blocks.find(({ language }) => language === "ts")!;
  return { text, frames: Number(/index < (\d+)/.exec(text)![1]) };
}

/** What README allows, on Deno. */
const permissions = ["--allow-ffi", "--allow-read", "--allow-write"];

/** A project in a folder of its own, with caches of its own. */
export class Project implements AsyncDisposable {
  readonly folder: string;
  readonly #registries: Registries;

  private constructor(folder: string, registries: Registries) {
    this.folder = folder;
    this.#registries = registries;
  }

  /** Makes one: README's program, and where the registries are. */
  static async create(registries: Registries, files: Readonly<Record<string, unknown>>): Promise<Project> {
    const project = new Project(await Deno.makeTempDir({ prefix: "avwriter-package-" }), registries);
    await project.write("program.ts", readmeProgram().text);
    await project.write("avwriter_worker.ts", 'import "@avwriter/avwriter/worker";\n');
    const scopes = await npmScopes();
    await project.write(".npmrc", scopes.map((scope) => `${scope}:registry=${registries.npmUrl}\n`).join(""));
    for (const [name, content] of Object.entries(files)) {
      await project.write(name, JSON.stringify(content, null, 2));
    }
    return project;
  }

  /** Writes a file. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${name}`, text);
  }

  /** Runs a command in the project; returns what it printed to stderr. Throws where it fails. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    return (await this.#execute(program, args)).complaints;
  }

  /** Runs a command in the project; returns what it printed to stdout. Throws where it fails. */
  async output(program: string, ...args: readonly string[]): Promise<string> {
    return (await this.#execute(program, args)).said;
  }

  async #execute(
    program: string,
    args: readonly string[],
  ): Promise<{ readonly said: string; readonly complaints: string }> {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(timeoutMs),
      env: {
        NO_COLOR: "1",
        DENO_NO_UPDATE_CHECK: "1",
        JSR_URL: this.#registries.jsrUrl,
        // What `deno compile` builds on, which it would download. What it builds on Deno itself does not run.
        DENORT_BIN: Deno.env.get("DENORT_BIN") ?? Deno.execPath(),
        DENO_DIR: `${this.folder}/.cache/deno`,
        BUN_INSTALL_CACHE_DIR: `${this.folder}/.cache/bun`,
        npm_config_cache: `${this.folder}/.cache/npm`,
      },
    }).output();
    const [said, complaints] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes).trim()) as [
      string,
      string,
    ];
    if (success) return { said, complaints };
    throw new Error(`${program} ${args.join(" ")}:\n${complaints}\n${said}`);
  }

  /** Runs a program of the project on a runtime, or as it is; says where it encoded. */
  async start(runtime: RuntimeName | null, program: string, ...options: readonly string[]): Promise<Verdict> {
    const output = `${this.folder}/out.mp4`;
    await Deno.remove(output).catch(() => {});
    const command = {
      Deno: () => [Deno.execPath(), "run", ...permissions, "--no-prompt", ...options, program],
      Bun: () => [Deno.realPathSync(bunProgram), ...options, program],
      // It says once that node:ffi is experimental.
      Node:
        () => [Deno.realPathSync(nodeProgram), "--disable-warning=ExperimentalWarning", ...options, program],
    };
    const [first, ...rest] = runtime === null ? [`${this.folder}/${program}`] : command[runtime]();
    const complaints = await this.run(first!, ...rest);
    const counted = await this.#frames(output);
    const { frames } = readmeProgram();
    if (counted !== frames) return { problem: `${counted} frames of ${frames}\n${complaints}` };
    if (complaints === "") return "thread";
    const isWarning = complaints.startsWith("avwriter: frames are encoded in the thread that calls write") &&
      !complaints.includes("\n");
    return isWarning ? "main" : { problem: complaints };
  }

  /** Looks for the threads' module in a program that cannot be run here. */
  async findWorkerIn(program: string): Promise<Verdict> {
    const bytes = Buffer.from(await Deno.readFile(`${this.folder}/${program}`));
    const isThere = bytes.includes(").captureInThread");
    return isThere ? "embedded" : { problem: "it has no module of the threads" };
  }

  async #frames(file: string): Promise<number> {
    const { stdout } = await new Deno.Command("ffprobe", {
      args: [
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        "stream=nb_read_frames",
        "-of",
        "csv=p=0",
        file,
      ],
    }).output();
    return Number(new TextDecoder().decode(stdout));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
