/**
 * Headless Chromium as a judge: it opens a page, which tells what it saw.
 *
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, RequestListener } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { SkipReason } from "./features.ts";
import { TemporaryFolder } from "./media.ts";
import { webServer } from "./stream_server.ts";

const browser = ["chromium", "chromium-browser", "google-chrome"]
  .find((name) => spawnSync(name, ["--version"]).status === 0);

/** Says so where there is no Chromium. */
export const missingBrowser: SkipReason = browser === undefined && "there is no Chromium";

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-extensions",
  "--disable-background-networking",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
  // Nobody connects to it: without it, a headless browser ends at once.
  "--remote-debugging-port=0",
];

/** How long a page may take to tell, in milliseconds. */
const patienceMs = 30_000;

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += piece;
  return text;
}

/** Removes the browser's folder. Programs that it has started may write there for a moment after its end. */
async function remove(folder: TemporaryFolder): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return folder[Symbol.dispose]();
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(100);
    }
  }
}

/** A page in a browser. */
export interface OpenPage extends AsyncDisposable {
  /** What the page told, by `tell(value)`. */
  readonly told: Promise<Record<string, unknown>>;
  /** Closes the browser. */
  close(): void;
}

/**
 * Opens a page, by its HTML, at the root of a server that answers all else as it is told to. Scripts of the
 * page have a function `tell`.
 */
export async function openPage(html: string, answer: RequestListener): Promise<OpenPage> {
  const folder = new TemporaryFolder();
  const told = Promise.withResolvers<Record<string, unknown>>();
  told.promise.catch(() => {});
  const script =
    `<script>const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) });
onerror = (message) => tell({ error: message });</script>`;
  const { port, server } = await webServer((request, response) => {
    if (request.url === "/told") {
      void textOf(request).then((text) => told.resolve(JSON.parse(text)));
      response.end();
    } else if (request.url === "/") {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html>${script}${html}`);
    } else if (request.url === "/favicon.ico") response.end();
    else answer(request, response);
  });
  const options = [...flags, `--user-data-dir=${folder.file("profile")}`, `http://127.0.0.1:${port}/`];
  const program = spawn(browser!, options, { stdio: "ignore" });
  const ended = once(program, "exit");
  const timer = setTimeout(() => told.reject(new Error("Chromium told nothing")), patienceMs);
  return {
    told: told.promise,
    close: () => void program.kill(),
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      program.kill();
      await ended;
      server.closeAllConnections();
      server.close();
      await remove(folder);
    },
  };
}
