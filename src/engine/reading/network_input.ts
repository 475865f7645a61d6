/**
 * Opens network addresses: by the one protocol that is asked for, and at the one host.
 *
 * @module
 */
import { cString, type Native, NULL, runtime } from "../../../ffi/mod.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import { Connection } from "../../libav/reading/connection.ts";
import { optionText } from "../../libav/reading/input_options.ts";
import type { NetworkPlace } from "./reading_types.ts";

/** How often one address may lead to another. */
const maxRedirects = 8;
/** The longest answer that is looked at for an address, in bytes. */
const maxHeaderBytes = 16384;
/** AV_OPT_SEARCH_FAKE_OBJ, libavutil/opt.h. */
const inClass = 2;

/** Opens an address. `formats` are those that refer to no other one. */
export function openNetwork(native: Native, place: NetworkPlace, formats: readonly string[]): Demuxer {
  if (place.protocols.startsWith("rtsp")) {
    return new Demuxer(native, place.url, { ...optionsOf(place, {}), formats: ["rtsp"] });
  }
  if (place.protocols === "srt") return openSrt(native, place, formats);
  if (!/^https?:/.test(place.url)) {
    return new Demuxer(native, place.url, { ...optionsOf(place, {}), formats });
  }
  requireRedirectLimit(native);
  for (let redirects = 0, url = place.url;; redirects++) {
    try {
      // libavformat would follow redirects to any host.
      return new Demuxer(native, url, { ...optionsOf(place, { max_redirects: "0" }), formats });
    } catch (error) {
      if (!(error instanceof AvError) || error.code !== "EIO") throw error;
      const target = redirectOf(native, url, place);
      if (target === null) throw error;
      if (redirects === maxRedirects) refuseRedirect("it redirects again and again");
      requireTarget(new URL(url), target, place);
      url = target.href;
    }
  }
}

/** libsrt tells a refusal from silence by nothing but time. */
function openSrt(native: Native, place: NetworkPlace, formats: readonly string[]): Demuxer {
  const startMs = performance.now();
  try {
    return new Demuxer(native, place.url, { ...optionsOf(place, {}), formats });
  } catch (error) {
    const isRefused = error instanceof AvError && error.code === "EIO" &&
      performance.now() - startMs < Number(place.options.connect_timeout) / 2;
    if (!isRefused) throw error;
    throw new AvError("the server refuses it, as it does with a wrong passphrase or stream id", {
      code: "REFUSED",
      operation: "open a network address",
    });
  }
}

function optionsOf(
  { protocols, options }: NetworkPlace,
  more: Readonly<Record<string, string>>,
): { protocols: string; options: string } {
  return { protocols, options: optionText({ ...options, ...more }) };
}

/** Releases before FFmpeg 5.1 follow redirects, whatever they are told. */
function requireRedirectLimit(native: Native): void {
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

/** Where a server says that an address has moved to; `null` where it does not. */
function redirectOf(native: Native, from: string, place: NetworkPlace): URL | null {
  const { protocol, hostname, port, pathname, search, username, password } = new URL(from);
  const isTls = protocol === "https:";
  const address = `${isTls ? "tls" : "tcp"}://${hostname}:${port || (isTls ? 443 : 80)}`;
  const user = username === "" ? [] : [`Authorization: Basic ${basicCredentials(username, password)}`];
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    `Host: ${hostname}${port === "" ? "" : `:${port}`}`,
    ...["Accept: */*", "Connection: close", ...user, "", ""],
  ];
  using connection = new Connection(native, address, optionsOf(place, {}).options);
  connection.write(lines.join("\r\n"));
  let answer = "";
  while (answer.length < maxHeaderBytes && !answer.includes("\r\n\r\n")) {
    const text = connection.read();
    if (text === null) break;
    answer += text;
  }
  const [head = ""] = answer.split("\r\n\r\n", 1);
  if (!/^HTTP\/\S+ 30[12378]/.test(head)) return null;
  const [, location] = /^location:[ \t]*(.*?)[ \t]*$/im.exec(head) ?? [];
  return location !== undefined && URL.canParse(location, from) ? new URL(location, from) : null;
}

/** A user and a password as HTTP takes them (RFC 7617). */
function basicCredentials(username: string, password: string): string {
  const plain = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  const bytes = new TextEncoder().encode(`${plain(username)}:${plain(password)}`);
  return btoa(String.fromCharCode(...bytes));
}

function requireTarget(from: URL, to: URL, { mayChangeHost }: NetworkPlace): void {
  if (to.protocol !== from.protocol) {
    refuseRedirect(`it redirects from ${from.protocol} to ${to.protocol}`);
  }
  if (to.host === from.host) return;
  if (!mayChangeHost) refuseRedirect(`it redirects to another host, ${to.host}`);
  runtime().requireNetwork(to.host);
}

function refuseRedirect(problem: string): never {
  throw new AvError(problem, { code: "REDIRECT", operation: "open a network address" });
}
