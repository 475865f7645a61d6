/**
 * Opens HTTP addresses, at the one host that was asked for.
 *
 * @module
 */
import { cString, type Native, NULL, runtime } from "../../../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../../../errors.ts";
import { requireNotInterrupted } from "../../../libav/interruption.ts";
import { Connection } from "../../../libav/reading/connection.ts";
import { optionText } from "../../../libav/reading/input_options.ts";
import type { NetworkPlace } from "../reading_types.ts";
import { basicLine } from "./login.ts";

/** How often one address may lead to another. */
const maxRedirects = 8;
/** The longest answer that is looked at for an address, in bytes. */
const maxHeaderBytes = 16384;
/** AV_OPT_SEARCH_FAKE_OBJ, libavutil/opt.h. */
const inClass = 2;

/** A part of a file: so many bytes from a place on. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** An address that is open, and where its redirects have led. */
export interface HttpInput {
  readonly connection: Connection;
  readonly url: string;
}

/** Opens an HTTP address, or a part of what is there. Redirects are followed where they may be. */
export function openHttp(native: Native, place: NetworkPlace, address: string, range?: ByteRange): HttpInput {
  requireRedirectLimit(native);
  const part: Record<string, string> = range === undefined
    ? {}
    : { offset: String(range.offset), end_offset: String(range.offset + range.length) };
  // libavformat would follow redirects to any host.
  const options = connectionOptions(place, { max_redirects: "0", ...part });
  let connection: Connection | null = null;
  const url = followRedirects(place, address, (from) => {
    try {
      connection = new Connection(native, from, options, "read");
      return null;
    } catch (error) {
      // What libavformat says of an answer with the whole file.
      if (error instanceof AvError && error.code === "EPERM" && range !== undefined) throw noParts(error);
      if (!(error instanceof AvError) || error.code !== "EIO") throw error;
      const head = headOf(native, from, place, range);
      const target = targetOf(head, from);
      if (target !== null) return target;
      // FFmpeg 8 says this of an answer with the whole file.
      throw range !== undefined && /^HTTP\/\S+ 200/.test(head) ? noParts(error) : error;
    }
  });
  return { connection: connection!, url };
}

/** Follows an address for as long as it leads to another one, which must be allowed. */
export function followRedirects(
  place: NetworkPlace,
  address: string,
  next: (from: string) => URL | null,
): string {
  for (let redirects = 0, url = address;; redirects++) {
    const target = next(url);
    if (target === null) return url;
    if (redirects === maxRedirects) refuseTarget("it redirects again and again");
    requireTarget(new URL(url), target, place, "redirects");
    url = withUser(target, new URL(url)).href;
  }
}

function noParts(cause: AvError): AvError {
  return new AvError("the server sends whole files only, and no parts of them", {
    code: "NOT_SEEKABLE",
    operation: "read from a network address",
    cause,
  });
}

/** Reads what is at an HTTP address, up to so many bytes, or a part of it. */
export function fetchHttp(
  native: Native,
  place: NetworkPlace,
  address: string,
  { maxBytes, range }: { readonly maxBytes: number; readonly range?: ByteRange | undefined },
): { readonly bytes: Uint8Array; readonly url: string } {
  const { connection, url } = openHttp(native, place, address, range);
  using open = connection;
  // The end of a part is an error for FFmpeg 8: it is not read.
  const bytes = readAll(native, open, maxBytes, range?.length);
  const expected = range?.length ?? open.size;
  if (expected !== null && bytes.length !== expected) {
    throw new AvError(`the server sent ${bytes.length} bytes of ${expected}`, {
      code: "EIO",
      operation: "read from a network address",
    });
  }
  return { bytes, url };
}

/** Reads an open connection to its end, or so many bytes. */
export function readAll(
  native: Native,
  connection: Connection,
  maxBytes: number,
  wanted = Infinity,
): Uint8Array {
  let bytes = new Uint8Array(65536), length = 0;
  for (;;) {
    requireNotInterrupted(native);
    const count = connection.read(bytes.subarray(length));
    length += count;
    if (count === 0 || length >= wanted) return bytes.subarray(0, length);
    if (length > maxBytes) {
      throw new AvError(`the server sent more than ${maxBytes} bytes`, {
        code: "INVALIDDATA",
        operation: "read from a network address",
      });
    }
    if (length < bytes.length) continue;
    const larger = new Uint8Array(2 * bytes.length);
    larger.set(bytes);
    bytes = larger;
  }
}

/**
 * Refuses an address to which another one leads, unless it has the same protocol, and the same host and port
 * or the permission for any.
 */
export function requireTarget(
  from: URL,
  to: URL,
  { mayChangeHost }: NetworkPlace,
  leads: "redirects" | "refers",
): void {
  if (to.protocol !== from.protocol) refuseTarget(`it ${leads} from ${from.protocol} to ${to.protocol}`);
  if (isSameHost(to, from)) return;
  if (!mayChangeHost) refuseTarget(`it ${leads} to another host, ${to.host}`);
  runtime().requireNetwork(hostOf(to).toLowerCase());
}

/** The host and port of an address. A URL of RTSP leaves both as they are written. */
export function hostOf({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port || defaultPorts[protocol]}`;
}

function isSameHost(one: URL, other: URL): boolean {
  return hostOf(one).toLowerCase() === hostOf(other).toLowerCase();
}

/** An address with the user and password of the one that leads to it, if both are at the same server. */
export function withUser(to: URL, from: URL): URL {
  const isSame = to.protocol === from.protocol && isSameHost(to, from);
  if (!isSame || to.username !== "" || to.password !== "") return to;
  const whole = new URL(to);
  [whole.username, whole.password] = [from.username, from.password];
  return whole;
}

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "rtsp:": 554 };

/** Refuses what an address leads to. */
export function refuseTarget(problem: string): never {
  throw new AvError(problem, { code: "REDIRECT", operation: "open a network address" });
}

/** Options of a connection by the protocols of an address, and by no other. */
function connectionOptions(
  { protocols, options }: NetworkPlace,
  more: Readonly<Record<string, string>>,
): string {
  return optionText({ ...options, ...more, protocol_whitelist: protocols });
}

/** Throws where FFmpeg follows redirects, whatever it is told, as releases before 5.1 do. */
export function requireRedirectLimit(native: Native): void {
  const { avutil, memory } = native;
  const object = avutil.av_mallocz(8n);
  try {
    const options = native.connections().avio_protocol_get_class(cString("http"));
    memory.write(object, new BigUint64Array([options]));
    const found = options === NULL
      ? NULL
      : avutil.av_opt_find(object, cString("max_redirects"), null, 0, inClass);
    if (found !== NULL) return;
  } finally {
    avutil.av_free(object);
  }
  throw new UnsupportedError(
    `Cannot read from http: FFmpeg ${native.version} follows redirects to any host`,
    {
      code: "REDIRECT",
      operation: "open a network address",
      hint: "Use FFmpeg 5.1 or newer",
    },
  );
}

/** The head of what a server answers to an address. */
function headOf(native: Native, from: string, place: NetworkPlace, range: ByteRange | undefined): string {
  const url = new URL(from);
  const { protocol, host, pathname, search, username, password } = url;
  const address = `${protocol === "https:" ? "tls" : "tcp"}://${hostOf(url)}`;
  const user = username === "" ? [] : [basicLine(username, password)];
  const part = range === undefined ? [] : [`Range: bytes=${range.offset}-${range.offset + range.length - 1}`];
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    ...["Accept: */*", "Connection: close", ...user, ...part, "", ""],
  ];
  using connection = connect(native, address, place);
  return ask(connection, lines).head;
}

/** Connects by the protocols of an address, and by no other. */
export function connect(native: Native, address: string, place: NetworkPlace): Connection {
  return new Connection(native, address, connectionOptions(place, {}), "both");
}

/** The head of an answer, and how many bytes after it have come with it. */
export interface AnswerHead {
  readonly head: string;
  readonly bodyBytes: number;
}

/** Sends lines, and reads the head of what is answered. */
export function ask(connection: Connection, lines: readonly string[]): AnswerHead {
  connection.write(lines.join("\r\n"));
  const buffer = new Uint8Array(4096);
  let answer = "";
  while (answer.length < maxHeaderBytes && !answer.includes("\r\n\r\n")) {
    const count = connection.read(buffer);
    if (count === 0) break;
    answer += String.fromCharCode(...buffer.subarray(0, count));
  }
  const head = answer.split("\r\n\r\n", 1)[0] ?? "";
  return { head, bodyBytes: Math.max(answer.length - head.length - 4, 0) };
}

/** Where the head of an answer says that an address has moved to; `null` where it does not. */
export function targetOf(head: string, from: string): URL | null {
  if (!/^(?:HTTP\/\S+ 30[12378]|RTSP\/\S+ 3\d\d)/.test(head)) return null;
  const location = /^location:(.*)$/im.exec(head)?.[1]?.trim();
  return location !== undefined && URL.canParse(location, from) ? new URL(location, from) : null;
}
