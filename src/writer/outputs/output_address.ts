/**
 * Addresses to write to.
 *
 * @module
 */
import { runtime } from "../../../ffi/mod.ts";
import type { HttpTarget, NetworkTarget } from "../../engine/outputs/output_target.ts";
import { redactAddress, redactTarget } from "../../redaction.ts";
import { checkAddressOptions } from "./address_options.ts";
import type { OutputBase } from "./output_options.ts";

/** How addresses of a scheme are written. */
interface Scheme {
  /** The protocols that libavformat needs for it, and no others. */
  readonly protocols: string;
  /** The port where the address names none; `null`: it must. */
  readonly port: number | null;
  /** The format, by libavformat's name. */
  readonly format: string;
  /** Whether packets leave when they are due: receivers expect a video as fast as it is shown. */
  readonly isPaced?: boolean;
}

const schemes: Readonly<Record<string, Scheme>> = {
  "rtmp:": { protocols: "rtmp,tcp", port: 1935, format: "flv", isPaced: true },
  "rtmps:": { protocols: "rtmps,tls,tcp", port: 443, format: "flv", isPaced: true },
  "rtsp:": { protocols: "rtsp,rtp,udp,tcp", port: 554, format: "rtsp", isPaced: true },
  "rtp:": { protocols: "rtp,udp", port: null, format: "rtp", isPaced: true },
  "srt:": { protocols: "srt", port: null, format: "mpegts", isPaced: true },
  "udp:": { protocols: "udp", port: null, format: "mpegts", isPaced: true },
  "tcp:": { protocols: "tcp", port: null, format: "mpegts" },
  "icecast:": { protocols: "icecast,http,tcp", port: 8000, format: "webm", isPaced: true },
  "http:": { protocols: "tcp", port: 80, format: "mpegts" },
  "https:": { protocols: "tcp", port: 443, format: "mpegts" },
};

/** Containers of HTTP addresses, by extension. */
const extensions: Readonly<Record<string, string>> = {
  ts: "mpegts",
  mp4: "mp4",
  webm: "webm",
  mkv: "matroska",
  flv: "flv",
  ogg: "ogg",
  ogv: "ogg",
};

/**
 * What a URL and libavformat take apart alike. A URL takes a backslash for a slash and leaves out tabs, so
 * that its host would be another one than libavformat's.
 */
// deno-lint-ignore no-control-regex
const isPlain = /^[a-z]+:\/\/[^\\\x00-\x20\x7f]+$/i;

/** Whether a text looks like an address, and not like a path or a `file:` URL. */
export function isAddress(given: unknown): given is string | URL {
  const text = given instanceof URL ? given.href : given;
  return typeof text === "string" && /^[a-z][a-z0-9+.-]+:\/\//i.test(text) && !/^file:/i.test(text);
}

/**
 * The target of an address for so many tracks. Throws a `TypeError` where it is none, or an option is not for
 * it, and Deno's own `NotCapable` where its host may not be reached.
 */
export function addressTarget(
  given: string | URL,
  options: OutputBase,
  tracks: number,
): NetworkTarget | HttpTarget {
  const text = given instanceof URL ? given.href : given;
  const protocol = /^[a-z0-9+.-]+:/i.exec(text)![0].toLowerCase();
  const scheme = Object.hasOwn(schemes, protocol) ? schemes[protocol]! : null;
  if (scheme === null) throw unknownAddress(protocol);
  const label = redactTarget(text);
  if (!isPlain.test(text) || !URL.canParse(text)) {
    throw new TypeError(`Cannot write to ${label}: give an address such as rtmp://198.51.100.7/live/key`);
  }
  const url = new URL(text);
  const port = url.port === "" ? scheme.port : Number(url.port);
  if (url.hostname === "" || port === null) {
    throw new TypeError(`Cannot write to ${label}: it needs a host and a port`);
  }
  checkAddressOptions(options, url, label, scheme.format);
  // Each track of RTP has a port of its own.
  const ports = protocol === "rtp:" ? Array.from({ length: tracks }, (_, track) => port + 2 * track) : [port];
  if (ports.at(-1)! > 65_535) {
    throw new TypeError(
      `Cannot write to ${label}: ${tracks} tracks need the ports up to ${ports.at(-1)}, give a lower port`,
    );
  }
  for (const each of ports) runtime().requireNetwork(`${url.hostname}:${each}`);
  // As it was given: a URL's own form has other escapes in passwords and queries.
  const address = url.protocol + text.slice(url.protocol.length);
  const { format, formatOptions = {} } = options;
  if (url.protocol.startsWith("http") && format !== "whip") {
    const extension = /\.(\w+)$/.exec(url.pathname)?.[1]?.toLowerCase() ?? "";
    const { method = "PUT", headers = {} } = options;
    return {
      ...{ kind: "http", url: address, label, method, headers, formatOptions },
      format: format ?? (Object.hasOwn(extensions, extension) ? extensions[extension]! : scheme.format),
    };
  }
  const { protocols, isPaced = false } = scheme;
  return {
    ...{ kind: "network", label, formatOptions, isPaced },
    ...connection(address, url, options),
    format: format ?? scheme.format,
    protocols: format === "whip" ? "http,https,tls,dtls,udp,tcp,crypto" : protocols,
    lingerSeconds: url.protocol === "srt:" ? srtSeconds(url) : 0,
  };
}

/** The error of an address that is none, of which the scheme alone is told: the rest may be a key. */
function unknownAddress(protocol: string): TypeError {
  return new TypeError(
    `Cannot write to an address with ${protocol.toLowerCase()} give one such as rtmp://198.51.100.7/live/key, with ${
      Object.keys(schemes).join(", ")
    }`,
  );
}

/**
 * Throws a `TypeError` for a text that is meant to be an address, but is mistyped, so that no key in it is
 * taken for a path and told. A path with a colon may begin with `./`.
 */
export function requireNoMistake(given: unknown): void {
  const text = given instanceof URL ? given.href : given;
  if (typeof text !== "string" || isAddress(given)) return;
  const [, scheme] = /^[\s"'\x60<(]*([a-z][a-z0-9+.-]+)\s*:/i.exec(text) ?? [];
  if (scheme !== undefined && !/^file:/i.test(text)) throw unknownAddress(`${scheme}:`);
}

/** The address for libavformat, and the options of its connection. */
function connection(
  address: string,
  url: URL,
  { writeTimeoutSeconds = defaultWriteTimeout, transport = "tcp", caFile, format }: OutputBase,
): Pick<NetworkTarget, "url" | "options"> {
  const timeout = String(Math.round(writeTimeoutSeconds * 1e6));
  switch (url.protocol) {
    case "rtmp:":
      return { url: address, options: { rw_timeout: timeout } };
    case "rtmps:": {
      const trusted: Record<string, string> = caFile === undefined ? {} : { ca_file: caFile };
      return { url: address, options: { rw_timeout: timeout, tls_verify: "1", ...trusted } };
    }
    case "rtsp:":
      return { url: address, options: { rtsp_transport: transport } };
    case "http:":
    case "https:":
      return { url: address, options: {} };
    case "srt:":
      return withoutSecrets(address, { connect_timeout: String(srtConnectMs) });
    case "udp:":
      return withoutSecrets(address, /[?&]pkt_size=/.test(address) ? {} : { pkt_size: "1316" });
    case "icecast:":
      return {
        url: address,
        options: { rw_timeout: timeout, content_type: contentTypes[format ?? "webm"] ?? "video/webm" },
      };
    default:
      return withoutSecrets(address, {});
  }
}

/** How long a receiver may take nothing, in seconds. */
export const defaultWriteTimeout = 10;

const contentTypes: Readonly<Record<string, string>> = {
  webm: "video/webm",
  ogg: "application/ogg",
  mp3: "audio/mpeg",
  mpegts: "video/mp2t",
  matroska: "video/x-matroska",
};

/** The delay of SRT's receivers where the address names none, in microseconds. */
const srtLatency = 120_000;

/** How long a receiver of SRT needs to use what it has got: it drops the rest with the connection. */
function srtSeconds({ searchParams }: URL): number {
  const latencies = ["latency", "peerlatency", "rcvlatency"].map((name) =>
    Number(searchParams.get(name) ?? 0)
  );
  return Math.min(5, Math.max(srtLatency, ...latencies.filter(Number.isFinite)) / 1e6 + 0.1);
}

/** How long SRT tries to connect, in milliseconds; a receiver that refuses does so at once. */
const srtConnectMs = 3000;

/**
 * Has secrets of SRT be options of their own, for libavformat prints an address that can't be reached; what
 * its protocols do not know, and may be secret, is left out.
 */
function withoutSecrets(
  address: string,
  given: Readonly<Record<string, string>>,
): Pick<NetworkTarget, "url" | "options"> {
  const options: Record<string, string> = { ...given };
  const [place = "", query = ""] = address.split(/\?(.*)/s);
  const kept = query.split("&").filter((parameter) => {
    const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(parameter) ?? [];
    if (secretOptions.has(name)) options[secretOptions.get(name)!] = decoded(value.replaceAll("+", " "));
    const shown = `srt://host?${parameter}`;
    return parameter !== "" && redactAddress(shown) === shown;
  });
  const base = place.replace(/\/\/[^/]*@/, "//");
  return { url: kept.length === 0 ? base : `${base}?${kept.join("&")}`, options };
}

/** Parameters of SRT that are secret, and their options. */
const secretOptions: ReadonlyMap<string, string> = new Map([
  ["passphrase", "passphrase"],
  ["streamid", "streamid"],
  ["srt_streamid", "streamid"],
]);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
