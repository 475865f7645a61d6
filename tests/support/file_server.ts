/**
 * An HTTP server of a folder's files, with ranges, and with other answers where a test gives them.
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import type { RequestListener, Server, ServerResponse } from "node:http";
import { join } from "node:path";
import { webServer } from "./stream_server.ts";

/** Serves files on loopback. */
export class FileServer implements AsyncDisposable {
  readonly #server: Server;
  /** Where it is, without a slash at its end. */
  readonly address: string;
  /** The paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** Answers in place of files, by their paths. */
  readonly others: Map<string, RequestListener> = new Map();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.address = `http://127.0.0.1:${port}`;
  }

  /** Starts to serve a folder, at a port or at any that is free. */
  static async start(folder: string, at = 0): Promise<FileServer> {
    let answer: RequestListener = () => {};
    const { port, server } = await webServer((request, response) => answer(request, response), at);
    const files = new FileServer(server, port);
    answer = (request, response) => {
      const { pathname } = new URL(request.url!, files.address);
      files.asked.push(pathname);
      const other = files.others.get(pathname);
      if (other !== undefined) return other(request, response);
      const path = join(folder, pathname);
      if (existsSync(path)) return sendBytes(response, readFileSync(path), request.headers.range);
      response.statusCode = 404;
      response.end();
    };
    return files;
  }

  /** Answers a path with a text. */
  text(path: string, body: string | (() => string)): string {
    this.others.set(
      path,
      (_request, response) => void response.end(typeof body === "string" ? body : body()),
    );
    return `${this.address}${path}`;
  }

  /** Answers a path with a redirect. */
  redirect(path: string, location: string): string {
    this.others.set(path, (_request, response) => {
      response.writeHead(302, { location });
      response.end();
    });
    return `${this.address}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers with bytes, or with the part of them that a `range` header asks for. */
export function sendBytes(response: ServerResponse, bytes: Uint8Array, range?: string): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === undefined) return void response.end(bytes);
  if (Number(first) >= bytes.length) {
    response.statusCode = 416;
    return void response.end();
  }
  const end = last === "" ? bytes.length - 1 : Math.min(Number(last), bytes.length - 1);
  const part = bytes.subarray(Number(first), end + 1);
  response.writeHead(206, {
    "accept-ranges": "bytes",
    "content-range": `bytes ${first}-${end}/${bytes.length}`,
    "content-length": String(part.length),
  });
  response.end(part);
}
