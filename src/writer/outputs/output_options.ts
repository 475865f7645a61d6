/**
 * Options of outputs.
 *
 * @module
 */
import type { AdaptiveOptions } from "../adaptive/adaptive_options.ts";
import type { OpenSegment } from "../packaging/stores/stream_store.ts";
import type { OptionValue } from "../../libav/options.ts";
import { type Check, checkOptionTable, object, oneOf, record, text } from "../../option_checks.ts";
import { fieldsOf, plainCopy } from "../../plain_copy.ts";
import { checkReconnect, type ReconnectOptions, seconds } from "../../reconnection.ts";

/** How an address is reached. */
export interface ConnectionOptions {
  /** How RTSP sends packets. Default: `"tcp"`, which loses none. */
  transport?: "tcp" | "udp";
  /** The method of an HTTP request. Default: `"PUT"`. */
  method?: "PUT" | "POST";
  /** Headers of an HTTP request, such as `authorization`. */
  headers?: Readonly<Record<string, string>>;
  /** A file with the certificates that `rtmps:` trusts, as PEM. Default: the system's. */
  caFile?: string;
  /** Is given the description of an RTP session (SDP), once: a receiver needs it. */
  onSdp?: (sdp: string) => void;
}

/** Options that every output has. */
export interface OutputBase extends ConnectionOptions {
  /** The container. Default: by the address, or the extension. A stream has none. */
  format?: string;
  /** Any AVOption of the muxer. */
  formatOptions?: Readonly<Record<string, OptionValue>>;
  /**
   * How a lost connection comes back. Default: after 2 s, again and again; not with `{ attempts: 0 }`. HTTP
   * by PUT does not, unless this is given: its second body would replace the first. An entry of `outputs`
   * with this option is also tried again where its first connection can't be made.
   */
  reconnect?: ReconnectOptions;
  /** How long a receiver may take nothing, or not answer, in seconds. Then it is lost. Default: 10. */
  writeTimeoutSeconds?: number;
}

/**
 * An output of an encode, with options of its own.
 *
 * @example
 * ```ts
 * import type { OutputOptions } from "@avwriter/avwriter";
 *
 * const output: OutputOptions = {
 *   target: "srt://198.51.100.7:9000?latency=200000",
 *   reconnect: { delaySeconds: 1, attempts: 100 },
 *   writeTimeoutSeconds: 5,
 * };
 * ```
 */
export interface OutputOptions extends OutputBase {
  /**
   * Where it goes: an address, the path or `file:` URL of a file, a stream of bytes; or, for HLS and DASH,
   * the manifest's path or address, or a function that gives a stream for each file.
   */
  target: string | URL | WritableStream<Uint8Array> | OpenSegment;
  /** How HLS and DASH are divided. A `ladder` of sizes is for {@linkcode createStreamWriter} itself. */
  adaptive?: Omit<AdaptiveOptions, "ladder">;
}

const headers: Check = (value) =>
  object("an object of strings")(value) ??
    (Object.values(value as object).every((header) => typeof header === "string")
      ? null
      : "an object of strings");

/** The check of each option of a connection. */
export const connectionChecks: { readonly [Name in keyof Required<ConnectionOptions>]: Check } = {
  transport: oneOf("tcp", "udp"),
  method: oneOf("PUT", "POST"),
  headers,
  caFile: text,
  onSdp: (value) => typeof value === "function" ? null : "a function",
};

/** The checks of the options that outputs share with a writer. */
export const sharedChecks: { readonly [Name in "reconnect" | "writeTimeoutSeconds"]: Check } = {
  reconnect: object("an object such as { delaySeconds: 2 }"),
  writeTimeoutSeconds: seconds,
};

/** Options that outputs share with a writer. */
export type SharedOptions = Pick<OutputBase, keyof typeof sharedChecks>;

/** Copies of options that were checked, but for what is in them. */
export function checkShared(
  { reconnect, writeTimeoutSeconds }: { [Name in keyof SharedOptions]: SharedOptions[Name] | undefined },
): SharedOptions {
  return {
    ...(reconnect === undefined ? {} : { reconnect: checkReconnect(reconnect) }),
    ...(writeTimeoutSeconds === undefined ? {} : { writeTimeoutSeconds }),
  };
}

const checks: { readonly [Name in keyof Required<OutputOptions>]: Check } = {
  ...connectionChecks,
  ...sharedChecks,
  format: text,
  formatOptions: record,
  target: (value) =>
    typeof value === "string" && value !== "" || isTargetObject(value)
      ? null
      : "an address, a path, a WritableStream of bytes, or a function for segments",
  adaptive: object("an object such as { segmentSeconds: 2 }"),
};

/** Whether a value is a target that is no text. */
function isTargetObject(value: unknown): boolean {
  return value instanceof URL || value instanceof WritableStream || typeof value === "function";
}

/** Throws a `TypeError` where options of a connection are not valid. Returns a copy of them. */
export function checkConnection(given: ConnectionOptions): ConnectionOptions {
  const { onSdp, ...rest } = checkOptionTable(given, connectionChecks);
  return { ...plainCopy(rest), ...(onSdp === undefined ? {} : { onSdp }) };
}

/** Throws a `TypeError` where the option `outputs` is not valid. Returns a copy of it. */
export function checkOutputs(given: readonly unknown[]): OutputOptions[] {
  return given.map((item, index) => {
    const prefix = `outputs[${index}].`;
    const isTarget = typeof item === "string" || isTargetObject(item);
    const fields = isTarget ? { target: item } : fieldsOf(Object(item), Object.keys(checks));
    const output = checkOptionTable(fields as unknown as OutputOptions, checks, prefix);
    const expected = checks.target(output.target);
    if (expected !== null) throw new TypeError(`Cannot use the option ${prefix}target: give ${expected}`);
    const { target, onSdp, reconnect, adaptive, ...rest } = output;
    return {
      ...plainCopy(rest),
      target,
      // It is checked with its format; a date is no plain object.
      ...(adaptive === undefined ? {} : { adaptive: { ...adaptive } }),
      ...(onSdp === undefined ? {} : { onSdp }),
      ...(reconnect === undefined ? {} : { reconnect: checkReconnect(reconnect, `${prefix}reconnect.`) }),
    };
  });
}
