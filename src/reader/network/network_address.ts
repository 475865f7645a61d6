/**
 * Network addresses to read from.
 *
 * @module
 */
import { runtime } from "../../../ffi/mod.ts";
import { redactAddress } from "../../redaction.ts";
import { shown } from "../../shown.ts";

/** How addresses of a scheme are read. */
interface Scheme {
  /** The protocols that libavformat needs for it, and no others: it can't lead to another one. */
  readonly protocols: string;
  /** The port where the address names none; `null`: it must. */
  readonly port: number | null;
}

const schemes: Readonly<Record<string, Scheme>> = {
  "http:": { protocols: "http,tcp", port: 80 },
  "https:": { protocols: "https,tls,tcp", port: 443 },
  "rtmp:": { protocols: "rtmp,tcp", port: 1935 },
  "rtmps:": { protocols: "rtmps,tls,tcp", port: 443 },
  "rtsp:": { protocols: "rtsp,rtp,udp,tcp", port: 554 },
  "srt:": { protocols: "srt", port: null },
  "tcp:": { protocols: "tcp", port: null },
  "udp:": { protocols: "udp", port: null },
};

/** An address that was checked. */
export interface NetworkAddress {
  readonly url: string;
  readonly scheme: string;
  readonly protocols: string;
  /** What messages call it: without its secrets. */
  readonly label: string;
}

/**
 * What a URL and libavformat take apart alike. A URL takes a backslash for a slash and leaves out tabs, so
 * that its host would be another one than libavformat's.
 */
// deno-lint-ignore no-control-regex
const isPlain = /^[a-z]+:\/\/[^\\\x00-\x20\x7f]+$/i;

/**
 * Checks an address. Throws a `TypeError` where it is none, and Deno's own `NotCapable` where its host may
 * not be reached.
 */
export function checkAddress(given: string | URL): NetworkAddress {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== "string" || !isPlain.test(text) || !URL.canParse(text)) {
    const what = typeof text === "string" ? redactAddress(text) : shown(text);
    throw new TypeError(`Cannot read from ${what}: give an address such as rtsp://192.168.0.9/stream`);
  }
  const url = new URL(text);
  const label = redactAddress(text);
  const scheme = Object.hasOwn(schemes, url.protocol) ? schemes[url.protocol]! : null;
  if (scheme === null) {
    const hint = url.protocol === "file:"
      ? "createFileReader reads files"
      : `give an address with ${Object.keys(schemes).join(", ")}`;
    throw new TypeError(`Cannot read from ${label}: ${hint}`);
  }
  const port = url.port === "" ? scheme.port : Number(url.port);
  if (url.hostname === "" || port === null) {
    throw new TypeError(`Cannot read from ${label}: it needs a host and a port`);
  }
  runtime().requireNetwork(`${url.hostname}:${port}`);
  // As it was given: a URL's own form has other escapes in passwords and queries.
  const rest = text.slice(url.protocol.length);
  return { url: url.protocol + rest, scheme: url.protocol, protocols: scheme.protocols, label };
}
