/**
 * Streams in segments: what their playlists say, and a server that takes their files.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { join } from "node:path";
import { webServer } from "./stream_server.ts";

/** A playlist of one rendition. */
export interface ReadPlaylist {
  /** All tags, by their names without `#EXT-X-`: the last of each. */
  readonly tags: ReadonlyMap<string, string>;
  readonly segments: readonly {
    readonly name: string;
    readonly seconds: number;
    /** In milliseconds since 1970; `null` where it has none. */
    readonly date: number | null;
    /** Whether it comes after those of another writer. */
    readonly isDiscontinuous: boolean;
    /** The name of its header. */
    readonly header: string;
  }[];
  readonly parts: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly isIndependent: boolean;
  }[];
  /** The sum of the lengths of all segments. */
  readonly seconds: number;
}

/** Reads a playlist's text. */
export function readPlaylist(text: string): ReadPlaylist {
  const lines = text.split("\n");
  if (lines[0] !== "#EXTM3U") throw new Error(`no playlist: ${text}`);
  const tags = new Map<string, string>();
  const segments: ReadPlaylist["segments"][number][] = [];
  const parts: { name: string; seconds: number; isIndependent: boolean }[] = [];
  let [date, seconds, header]: [number | null, number, string] = [null, NaN, ""];
  let isDiscontinuous = false;
  for (const line of lines) {
    const [, tag, value = ""] = /^#EXT-?(?:X-)?([A-Z0-9-]+):?(.*)$/.exec(line) ?? [];
    if (tag !== undefined) tags.set(tag, value);
    if (tag === "DISCONTINUITY") isDiscontinuous = true;
    else if (tag === "MAP") header = decodeURIComponent(/URI="(.*?)"/.exec(value)![1]!);
    else if (tag === "PROGRAM-DATE-TIME") date = Date.parse(value);
    else if (tag === "INF") seconds = Number.parseFloat(value);
    else if (tag === "PART") {
      const [, length, name] = /DURATION=([\d.]+),URI="(.*?)"/.exec(value)!;
      parts.push({ name: name!, seconds: Number(length), isIndependent: value.includes("INDEPENDENT=YES") });
    } else if (line !== "" && !line.startsWith("#")) {
      segments.push({ name: decodeURIComponent(line), seconds, date, isDiscontinuous, header });
      date = null;
      isDiscontinuous = false;
    }
  }
  return { tags, segments, parts, seconds: segments.reduce((sum, segment) => sum + segment.seconds, 0) };
}

/** Reads a playlist from a file. */
export function playlistAt(path: string): ReadPlaylist {
  return readPlaylist(readFileSync(path, "utf8"));
}

/** The files in a folder, with their bytes. */
export function filesIn(folder: string): Map<string, Buffer> {
  return new Map(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name))]));
}

/** Writes files into a folder, for programs to read. */
export function saveFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
}

/** A server that keeps what is put there. */
export class SegmentServer implements Disposable {
  readonly #server: Server;
  /** Where it is, without a slash at its end. */
  readonly address: string;
  /** What it has, by name. */
  readonly files = new Map<string, Buffer>();
  /** Requests, in order: their method, path and query. */
  readonly requests: string[] = [];
  /** The headers of the last request. */
  headers: IncomingMessage["headers"] = {};

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.address = `http://127.0.0.1:${port}`;
  }

  /** Starts it. `status` chooses the answer to the n-th request, from 1; `null`: it never answers. */
  static async start(status: (request: number) => number | null = () => 201): Promise<SegmentServer> {
    let answer = (_request: IncomingMessage, _response: ServerResponse): void => {};
    const { port, server } = await webServer((request, response) => answer(request, response));
    const segments = new SegmentServer(server, port);
    answer = (request, response) => void segments.#answer(request, response, status);
    return segments;
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    status: (request: number) => number | null,
  ): Promise<void> {
    this.requests.push(`${request.method} ${request.url}`);
    this.headers = request.headers;
    const code = status(this.requests.length);
    const pieces: Uint8Array[] = [];
    for await (const piece of request) pieces.push(piece);
    if (code === null) return;
    const name = decodeURIComponent(new URL(request.url!, this.address).pathname.split("/").at(-1)!);
    if (code < 300 && request.method === "PUT") this.files.set(name, Buffer.concat(pieces));
    if (code < 300 && request.method === "DELETE") this.files.delete(name);
    response.statusCode = code;
    response.end();
  }

  [Symbol.dispose](): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
