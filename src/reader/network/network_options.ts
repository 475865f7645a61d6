/**
 * Options of network sources.
 *
 * @module
 */
import { bits, type Check, checkOptionTable, object, oneOf, text } from "../../option_checks.ts";
import { checkReconnect, type ReconnectOptions, seconds } from "../../reconnection.ts";
import type { SourceStatus } from "../../source/pipeline/pipeline_source.ts";
import { type ReaderOptions, readingChecks } from "../reader_options.ts";

/** What a network source tells of its connection. */
export interface NetworkStatus {
  /** The new state. */
  readonly status: SourceStatus;
  /** Why the connection was lost, or can't be made; `null` where it is not. */
  readonly error: Error | null;
  /** Width of the frames that come next, in pixels; 0 before the first connection. */
  readonly width: number;
  /** Height of the frames that come next, in pixels; 0 before the first connection. */
  readonly height: number;
  /** Seconds until the next try; `null` where none is to come. */
  readonly retryInSeconds: number | null;
}

/**
 * Options of {@linkcode openNetworkSource}.
 *
 * @example
 * ```ts
 * import type { NetworkSourceOptions } from "@avwriter/avwriter";
 *
 * const options: NetworkSourceOptions = {
 *   format: "rgba",
 *   reconnect: { maxDelaySeconds: 10 },
 *   onStatus: ({ status, error }) => console.log(status, error?.message ?? ""),
 * };
 * ```
 */
export interface NetworkSourceOptions extends Omit<ReaderOptions, "imageSequence"> {
  /** How RTSP sends packets. Default: `"tcp"`, which loses none. */
  transport?: "tcp" | "udp";
  /** How long connecting may wait, in seconds. Default: 10. */
  openTimeoutSeconds?: number;
  /** How long a frame may keep a reader waiting, in seconds. Then it is an error. Default: 10. */
  readTimeoutSeconds?: number;
  /** Comes back after a lost connection. Default: a lost connection is an error. */
  reconnect?: ReconnectOptions;
  /**
   * Where redirects of HTTP and RTSP, and the addresses in a playlist, may lead: to the same host and port,
   * or to any; to the same protocol in either case. Default: `"same-host"`.
   */
  redirects?: "same-host" | "any";
  /**
   * Of a playlist with variants, the best one of at most so many bits per second is read, or else the one
   * with the least. Default: the best.
   */
  maxBitrate?: number | string;
  /** A file with the certificates that TLS trusts, as PEM. Default: the system's. */
  caFile?: string;
  /** Is told each time that the status or the size changes; of another size before its first frame. */
  onStatus?: (status: NetworkStatus) => void;
}

const checks: { readonly [Name in keyof Required<NetworkSourceOptions>]: Check } = {
  ...readingChecks,
  transport: oneOf("tcp", "udp"),
  openTimeoutSeconds: seconds,
  readTimeoutSeconds: seconds,
  reconnect: object("an object such as { delaySeconds: 2 }"),
  redirects: oneOf("same-host", "any"),
  maxBitrate: bits('"800k" or "4M"'),
  caFile: text,
  onStatus: (value) => typeof value === "function" ? null : "a function",
};

/** Throws a `TypeError` or `RangeError` where options are not valid. Returns a copy of them. */
export function checkNetworkOptions(given: NetworkSourceOptions): NetworkSourceOptions {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError('Cannot use options that are no object: give an object such as { format: "rgba" }');
  }
  const options = checkOptionTable(given, checks);
  if (options.reconnect !== undefined) options.reconnect = checkReconnect(options.reconnect);
  return options;
}
