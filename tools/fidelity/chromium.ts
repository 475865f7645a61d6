/**
 * Shows files in headless Chromium and brings back the pixels that it reads.
 *
 * @module
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Area } from "./picture.ts";

/** What the page is told to show. */
export interface BrowserJob {
  /** The file's address on the server, and what it is. */
  readonly url: string;
  readonly type: string;
  readonly kind: "video" | "image";
  readonly width: number;
  readonly height: number;
  /** Where to read pixels. */
  readonly areas: readonly Area[];
  /** Times in seconds to seek to in a video, after its first frame. */
  readonly seeks: readonly number[];
}

/** One frame as the page read it. */
export interface BrowserFrame {
  /** When it is shown, in seconds. */
  readonly time: number;
  /** R, G, B and alpha for each area, as drawn. */
  readonly canvas: readonly (readonly number[])[];
  /** The decoder's own samples for each area, and what Chromium takes them for. */
  readonly planes: {
    readonly format: string;
    readonly bits: number;
    readonly samples: readonly (readonly number[])[];
    readonly colorSpace: {
      readonly matrix: string | null;
      readonly primaries: string | null;
      readonly transfer: string | null;
      readonly fullRange: boolean | null;
    };
  };
}

/** What the page reports of one job. */
export interface BrowserReport {
  readonly url: string;
  readonly error?: string;
  readonly duration: number;
  readonly width: number;
  readonly height: number;
  readonly frames: readonly BrowserFrame[];
}

/** How long the page may be silent. */
const silenceMs = 60_000;

/** Chromium's program, by the names that it goes by. */
const programs = ["chromium", "chromium-browser", "google-chrome"] as const;

const flags = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
  ...["--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-sync"],
  ...["--disable-component-update", "--autoplay-policy=no-user-gesture-required"],
] as const;

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** Sends a file, or the part of it that is asked for. */
async function send(
  path: string,
  type: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bytes = await Deno.readFile(path);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const from = range === null ? 0 : Number(range[1]);
  const to = range?.[2] ? Math.min(Number(range[2]), bytes.length - 1) : bytes.length - 1;
  response.writeHead(range === null ? 200 : 206, {
    "content-type": type,
    "content-length": to - from + 1,
    "accept-ranges": "bytes",
    ...(range === null ? {} : { "content-range": `bytes ${from}-${to}/${bytes.length}` }),
  });
  response.end(bytes.subarray(from, to + 1));
}

/** A server on this machine's own address, for the page, the jobs and the files. */
class PageServer implements AsyncDisposable {
  /** What the page has reported so far. */
  readonly reports: BrowserReport[] = [];
  readonly #folder: string;
  readonly #jobs: readonly BrowserJob[];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #ended = Promise.withResolvers<void>();
  #lastHeard = Date.now();

  constructor(folder: string, jobs: readonly BrowserJob[]) {
    this.#folder = folder;
    this.#jobs = jobs;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#lastHeard = Date.now();
    const job = this.#jobs.find(({ url }) => url === request.url);
    if (job !== undefined) return await send(`${this.#folder}${job.url}`, job.type, request, response);
    const type = (name: string) => response.setHeader("content-type", name);
    if (request.url === "/") {
      type("text/html");
      response.write('<!doctype html><body><script type="module" src="/page.js"></script>');
    } else if (request.url === "/page.js") {
      type("text/javascript");
      response.write(await Deno.readTextFile(new URL("chromium_page.js", import.meta.url)));
    } else if (request.url === "/jobs.json") {
      type("application/json");
      response.write(JSON.stringify(this.#jobs));
    } else if (request.url === "/report") {
      this.reports.push(JSON.parse(await body(request)));
    } else if (request.url === "/end") {
      this.#ended.resolve();
    } else {
      response.statusCode = 404;
    }
    response.end();
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the server has no port");
    return `http://127.0.0.1:${address.port}/`;
  }

  /** Waits until the page has ended, or has been silent for too long. */
  async ended(): Promise<void> {
    const watch = setInterval(() => {
      if (Date.now() - this.#lastHeard > silenceMs) this.#ended.resolve();
    }, 1000);
    await this.#ended.promise;
    clearInterval(watch);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.resolve();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function start(url: string, profile: string): Deno.ChildProcess {
  for (const program of programs) {
    try {
      const args = [...flags, `--user-data-dir=${profile}`, url];
      return new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(`none of ${programs.join(", ")} is installed`);
}

/** Removes the profile until it stays away: Chromium's helpers outlive it for a moment, and make it again. */
async function removeProfile(profile: string): Promise<void> {
  for (let left = 20; left > 0; left--) {
    await Deno.remove(profile, { recursive: true }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 250));
    if (!await Deno.stat(profile).then(() => true, () => false)) return;
  }
}

/** Shows the files in a folder, one after another, and returns what the page reported. */
export async function browse(folder: string, jobs: readonly BrowserJob[]): Promise<readonly BrowserReport[]> {
  await using server = new PageServer(folder, jobs);
  const url = await server.listen();
  const profile = await Deno.makeTempDir({ prefix: "avwriter-chromium-" });
  try {
    const child = start(url, profile);
    const isRunning = await Promise.race([server.ended().then(() => true), child.status.then(() => false)]);
    if (isRunning) child.kill("SIGTERM");
    await child.status;
    return server.reports;
  } finally {
    await removeProfile(profile);
  }
}
