/**
 * A server as a place for segments: each file is put there by HTTP.
 *
 * @module
 */
import { withoutUser } from "../../../basic_login.ts";
import { WriteError } from "../../../errors.ts";
import { redactTarget } from "../../../redaction.ts";
import { shown } from "../../../shown.ts";
import type { SegmentStore } from "./store.ts";

/** How long a file may take with all its attempts, in milliseconds. */
const patienceMs = 30_000;
/** What is waited before the second attempt, and at most, in milliseconds. It grows by half. */
const firstDelayMs = 100, maxDelayMs = 5000;
/** Answers that may be another one a moment later, beside those of a server that has failed. */
const temporary: readonly number[] = [408, 425, 429];

/** How long the removal of a file may take, in milliseconds: nobody misses it. */
const removalMs = 2000;

/** Answers with a code of their own. */
const named: readonly number[] = [400, 401, 403, 404, 429];

/** The code of an answer, as libavformat divides them. */
function codeOf(status: number): string {
  if (named.includes(status) || status < 400) return `HTTP_${status}`;
  return status < 500 ? "HTTP_4XX" : "HTTP_5XX";
}

/** How a request ended. */
interface Outcome {
  /** What is wrong; `null`: nothing. */
  readonly problem: string | null;
  readonly code: string;
  readonly isFinal: boolean;
}

/** How files are put on a server. */
export interface HttpOptions {
  readonly method: "PUT" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** How long one request may take. */
  readonly requestSeconds: number;
}

/** A server. */
export class HttpStore implements SegmentStore {
  readonly path = "";
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: HttpOptions;

  /** The place of a manifest: its query, user and password are those of all files. */
  constructor(address: URL, options: HttpOptions) {
    this.#options = options;
    const { url, authorization } = withoutUser(address);
    this.#base = url;
    this.#headers = { ...authorization, ...options.headers };
  }

  async put(
    name: string,
    bytes: Uint8Array<ArrayBuffer>,
    type: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { method, requestSeconds } = this.#options;
    const requestMs = requestSeconds * 1000;
    const headers = { "content-type": type, ...this.#headers };
    const untilMs = performance.now() + patienceMs;
    for (let delayMs = firstDelayMs;; delayMs = Math.min(delayMs * 1.5, maxDelayMs)) {
      const outcome = await this.#request(name, { method, headers, body: bytes }, signal, requestMs);
      if (outcome.problem === null) return;
      if (outcome.isFinal || performance.now() + delayMs > untilMs) throw this.#failure(name, outcome);
      await pause(delayMs, signal);
    }
  }

  async remove(name: string, signal: AbortSignal): Promise<void> {
    // Servers that remove nothing keep it.
    await this.#request(name, { method: "DELETE", headers: this.#headers }, signal, removalMs);
  }

  #address(name: string): URL {
    const address = new URL(encodeURIComponent(name), this.#base);
    address.search = this.#base.search;
    return address;
  }

  async #request(
    name: string,
    request: RequestInit,
    signal: AbortSignal,
    limitMs: number,
  ): Promise<Outcome> {
    signal.throwIfAborted();
    try {
      const response = await fetch(this.#address(name), {
        ...request,
        // What is put to another address is not in its place, and may have become a GET.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
      });
      await response.body?.cancel();
      const { ok, status } = response;
      const isFinal = status < 500 && !temporary.includes(status);
      return { problem: ok ? null : `the server answered ${status}`, code: codeOf(status), isFinal };
    } catch (cause) {
      signal.throwIfAborted();
      // Deno's own error of a permission that is not granted.
      const isFinal = (cause as Error).name === "NotCapable";
      if (isFinal) throw cause;
      // What runtimes say of it names the address, with what is secret in it.
      return { problem: "the server cannot be reached", code: "NETWORK", isFinal };
    }
  }

  #failure(name: string, { problem, code }: Outcome): WriteError {
    const address = redactTarget(this.#base.href);
    return new WriteError(`Cannot put ${shown(name)} to ${address}: ${problem}`, {
      code,
      operation: "put a file on a server",
      hint: `Check the address, and that the server takes ${this.#options.method} itself`,
    });
  }
}

/** Waits, unless that is aborted. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
  signal.throwIfAborted();
}
