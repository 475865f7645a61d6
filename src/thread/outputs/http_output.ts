/**
 * An output that is the body of an HTTP request.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { WriteError } from "../../errors.ts";
import { Gate } from "../../gate.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { ByteMuxer } from "./byte_muxer.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { HttpTarget } from "../../engine/outputs/output_target.ts";
import type { PacketOutput } from "./packet_output.ts";

/** How many bytes may wait for a server. */
const maxWaitingBytes = 2 ** 20;

/** A request whose body is what is written. */
export class HttpOutput implements PacketOutput {
  readonly #target: HttpTarget;
  readonly #muxer: ByteMuxer;
  readonly #abortion = new AbortController();
  /** Opens when the server has taken something. */
  readonly #taken = new Gate();
  #body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;
  /** Resolves with the end of the request. */
  #answered: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isAnswered = false;

  /** Sends nothing yet. */
  constructor(native: Native, target: HttpTarget) {
    this.#target = target;
    this.#muxer = new ByteMuxer(native, target.format, (bytes) => this.#body!.enqueue(bytes));
  }

  connect(): void {
    const { method, headers } = this.#target;
    const { url, authorization } = withoutUser(this.#target.url);
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#body = controller),
      pull: () => this.#taken.open(),
    }, { highWaterMark: maxWaitingBytes, size: ({ length }) => length });
    const request = {
      ...{ method, body, signal: this.#abortion.signal },
      redirect: "manual",
      headers: { ...authorization, ...headers },
      // A server may answer before it has everything, but that is no success.
      duplex: "half",
    } as const;
    this.#answered = fetch(url, request).then(async (response) => {
      const { ok, status, statusText } = response;
      await response.body?.cancel();
      if (!ok) throw refusedBy(status, statusText);
    }).then(() => void (this.#isAnswered = true), (error) => void (this.#failure = { error }))
      .finally(() => this.#taken.open());
  }

  async begin(streams: OutputStreams): Promise<void> {
    this.#muxer.begin(streams);
    await this.#room();
  }

  async write(packet: NativePacket): Promise<void> {
    this.#muxer.write(packet);
    await this.#room();
  }

  async finish(): Promise<void> {
    this.#muxer.finish();
    this.#body!.close();
    await this.#answered;
    this.#requireGoingOn();
  }

  get bytes(): number {
    return this.#muxer.bytes;
  }

  /** Waits for the server to take what it was given. */
  async #room(): Promise<void> {
    for (;;) {
      this.#requireGoingOn();
      if (this.#isAnswered) throw ended();
      if (this.#body!.desiredSize! > 0) return;
      await this.#taken.opened;
    }
  }

  #requireGoingOn(): void {
    if (this.#failure !== null) throw requestError(this.#failure.error);
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#abortion.abort();
    this.#muxer[Symbol.dispose]();
  }
}

/** An address without a user and a password, which go into a header. */
function withoutUser(
  address: string,
): { readonly url: string; readonly authorization: Readonly<Record<string, string>> } {
  const url = new URL(address);
  if (url.username === "" && url.password === "") return { url: address, authorization: {} };
  const bytes = new TextEncoder().encode(
    `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`,
  );
  url.username = url.password = "";
  return { url: url.href, authorization: { authorization: `Basic ${bytes.toBase64()}` } };
}

function refusedBy(status: number, text: string): WriteError {
  return new WriteError(`the server answers ${status}${text === "" ? "" : ` (${text})`}`, {
    code: `HTTP_${status}`,
    operation: "send an HTTP request",
    hint: null,
  });
}

function ended(): WriteError {
  return new WriteError("the server has answered before the end of the video", {
    code: "EPIPE",
    operation: "send an HTTP request",
    hint: null,
  });
}

/** The error of a request that had no answer. */
function requestError(error: unknown): unknown {
  if (error instanceof WriteError) return error;
  const chain: Error[] = [];
  for (let next = error; next instanceof Error && chain.length < 5; next = next.cause) chain.push(next);
  const codes = chain.map((cause) => String((cause as { readonly code?: unknown }).code));
  const words = [...codes, ...chain.map(({ message }) => message)].join(" ");
  const code = /refused/i.test(words) ? "ECONNREFUSED" : codes.find((found) => /^E[A-Z]+$/.test(found));
  // What runtimes say of it names the address.
  const what = code === "ECONNREFUSED" ? "the connection was refused" : "the request has failed";
  return new WriteError(what, { code: code ?? "NETWORK", operation: "send an HTTP request", hint: null });
}
