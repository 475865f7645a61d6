/**
 * An output that is the body of an HTTP request.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { settlesWithin } from "../../abortable.ts";
import { withoutUser } from "../../basic_login.ts";
import { WriteError } from "../../errors.ts";
import { Gate } from "../../gate.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { ByteMuxer } from "./byte_muxer.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { HttpTarget } from "../../engine/outputs/output_target.ts";
import { untrusted } from "./refusals.ts";
import type { PacketOutput } from "./packet_output.ts";

/** How soon a connection is refused, in milliseconds. */
const refusedMs = 100;

/** A request whose body is what is written. */
export class HttpOutput implements PacketOutput {
  readonly gathers = true;
  readonly #target: HttpTarget;
  readonly #muxer: ByteMuxer;
  readonly #abortion = new AbortController();
  /** Opens when the runtime has sent what it had, and asks for more. */
  readonly #taken = new Gate();
  #body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;
  /** Resolves with the status of the answer, or a failure. */
  #answered: Promise<void> | null = null;
  /** Resolves with the end of the answer. */
  #ended: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** Whether the server takes no more. */
  #isCancelled = false;
  #isFinishing = false;

  /** Sends nothing yet. */
  constructor(native: Native, target: HttpTarget) {
    this.#target = target;
    this.#muxer = new ByteMuxer(
      native,
      target.format,
      (bytes) => this.#toBody((body) => body.enqueue(bytes)),
    );
  }

  connect(): void {
    const { method, headers } = this.#target;
    const { url, authorization } = withoutUser(new URL(this.#target.url));
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#body = controller),
      pull: () => this.#taken.open(),
      cancel: () => {
        this.#isCancelled = true;
        this.#taken.open();
      },
    }, { highWaterMark: 0 });
    const request = {
      ...{ method, body, signal: this.#abortion.signal },
      redirect: "manual",
      headers: { ...authorization, ...headers },
      duplex: "half",
    } as const;
    const response = fetch(url, request);
    this.#answered = response.then(({ ok, status, statusText }) => {
      if (!ok) throw refusedBy(status, statusText);
    }).catch((error) => void (this.#failure ??= { error })).finally(() => this.#taken.open());
    // Some servers answer at once, and take the video nevertheless: the answer is read to its end meanwhile.
    this.#ended = response.then(discard).catch((error) => {
      // Some end the connection in place of the answer. What is closed was taken to its end.
      if (this.#body!.desiredSize !== 0 || !this.#isFinishing) this.#failure ??= { error };
    });
  }

  async begin(streams: OutputStreams): Promise<void> {
    this.#muxer.begin(streams);
    // A runtime may take bytes before it has a connection: only a refusal tells that there is none.
    await settlesWithin(this.#answered!, refusedMs);
    await this.#room();
  }

  async write(packet: NativePacket): Promise<void> {
    this.#muxer.write(packet);
    await this.#room();
  }

  async finish(): Promise<void> {
    this.#muxer.finish();
    await this.#requireTaken();
    this.#isFinishing = true;
    this.#toBody((body) => body.close());
    await this.#answered;
    await this.#ended;
    await this.#requireTaken();
  }

  get bytes(): number {
    return this.#muxer.bytes;
  }

  /** Waits until what was given is sent: what waits when the connection is lost would count as sent. */
  async #room(): Promise<void> {
    for (;;) {
      await this.#requireTaken();
      if (this.#body!.desiredSize! >= 0) return;
      await this.#taken.opened;
    }
  }

  /** Gives the body something. It throws where the request has ended before: why is told later. */
  #toBody(give: (body: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>) => void): void {
    try {
      give(this.#body!);
    } catch {
      this.#isCancelled = true;
    }
  }

  /** Throws where the server takes no more. */
  async #requireTaken(): Promise<void> {
    this.#requireGoingOn();
    if (!this.#isCancelled) return;
    // Its status says more.
    await this.#answered;
    this.#requireGoingOn();
    throw ended();
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

/** Reads an answer to its end; of one that is an error, nobody needs more than the status. */
async function discard({ ok, body }: Response): Promise<void> {
  if (!ok) return await body?.cancel();
  const reader = body?.getReader();
  while (reader !== undefined && !(await reader.read()).done);
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
  if (/certificate|UNABLE_TO_|SELF_SIGNED|ERR_TLS_/i.test(words)) {
    return new WriteError(untrusted, { code: "CERTIFICATE", operation: "send an HTTP request", hint: null });
  }
  const code = /refused/i.test(words) ? "ECONNREFUSED" : codes.find((found) => /^E[A-Z]+$/.test(found));
  // What runtimes say of it names the address.
  const what = code === "ECONNREFUSED" ? "the connection was refused" : "the request has failed";
  return new WriteError(what, { code: code ?? "NETWORK", operation: "send an HTTP request", hint: null });
}
