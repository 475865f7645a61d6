/**
 * Which options go with which address.
 *
 * @module
 */
import { requireReadable } from "../../file/target.ts";
import { shown } from "../../shown.ts";
import type { ConnectionOptions, OutputBase } from "./output_options.ts";

/** The addresses that an option of a connection is for. */
const uses: Readonly<Record<keyof ConnectionOptions, RegExp>> = {
  transport: /^rtsp:$/,
  method: /^https?:$/,
  headers: /^https?:$/,
  caFile: /^rtmps:$/,
  onSdp: /^rtp:$/,
};

/** Formats that are sent by a protocol of their own, and its addresses. */
const ownProtocols: Readonly<Record<string, RegExp>> = {
  rtsp: /^rtsp:$/,
  rtp: /^rtp:$/,
  whip: /^https?:$/,
};

/** The formats of a protocol that takes no others. */
const onlyFormats: Readonly<Record<string, readonly string[]>> = {
  "rtmp:": ["flv"],
  "rtmps:": ["flv"],
  "rtsp:": ["rtsp"],
  "rtp:": ["rtp", "rtp_mpegts"],
};

/** Formats whose muxers make files of their own. */
const manyFiles: readonly string[] = [
  ...["hls", "dash", "segment", "stream_segment", "image2", "tee", "fifo", "smoothstreaming", "hds"],
];

const passphraseBytes = { min: 10, max: 79 } as const;

/** Throws a `TypeError` where an option is not for an address, or not valid. */
export function checkAddressOptions(options: OutputBase, url: URL, label: string, format: string): void {
  const { protocol } = url;
  for (const name of Object.keys(uses) as (keyof ConnectionOptions)[]) {
    const isUsed = uses[name].test(protocol) && !(options.format === "whip" && protocol.startsWith("http"));
    if (options[name] !== undefined && !isUsed) {
      throw new TypeError(`Cannot use the option ${name} with ${label}: it is for other addresses`);
    }
  }
  if (options.caFile !== undefined) requireReadable(options.caFile, "read certificates from");
  checkFormat(options.format ?? format, protocol, label);
  for (const [name, value] of Object.entries(options.headers ?? {})) checkHeader(name, value);
  const passphrase = protocol === "srt:" ? url.searchParams.get("passphrase") : null;
  const { min, max } = passphraseBytes;
  const bytes = passphrase === null ? min : new TextEncoder().encode(passphrase).length;
  if (bytes < min || bytes > max) {
    throw new TypeError(
      `Cannot write to ${label}: its passphrase has ${bytes} bytes, but must have from ${min} to ${max}`,
    );
  }
}

function checkFormat(format: string, protocol: string, label: string): void {
  const own = Object.hasOwn(ownProtocols, format) ? ownProtocols[format]! : null;
  const only = Object.hasOwn(onlyFormats, protocol) ? onlyFormats[protocol]! : null;
  const isFitting = (own?.test(protocol) ?? true) && (only?.includes(format) ?? true);
  if (isFitting && !manyFiles.includes(format)) return;
  const hint = only === null ? "such as mpegts" : `which is ${only.join(" or ")}`;
  throw new TypeError(
    `Cannot use the format ${
      shown(format)
    } with ${label}: leave it out, or give one for this address, ${hint}`,
  );
}

/** Throws a `TypeError` that does not tell the value: it may be secret. */
function checkHeader(name: string, value: string): void {
  try {
    new Headers({ [name]: value });
  } catch {
    throw new TypeError(`Cannot use the option headers: ${shown(name)} or its value is not valid in HTTP`);
  }
}

/** Throws a `TypeError` where an output that is no address has options of a connection. */
export function requireNoConnection(options: OutputBase, what: string): void {
  for (const name of Object.keys(uses) as (keyof ConnectionOptions)[]) {
    if (options[name] === undefined) continue;
    throw new TypeError(`Cannot use the option ${name} with ${what}: it is for addresses`);
  }
}
