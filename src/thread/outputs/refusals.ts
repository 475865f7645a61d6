/**
 * What the errors of outputs mean.
 *
 * @module
 */
import { AvError, OptionError, UnsupportedError, WriteError } from "../../errors.ts";

/** Says the same of every error of an output: no word of a library is trusted to have no secret in it. */
export type Redact = (text: string) => string;

/** What a receiver says for good, so that another try would get the same answer: it has no such place. */
const refusals = /^(?:HTTP_.*|CERTIFICATE|EINVAL|ENOSYS|OPTION_NOT_FOUND|PROTOCOL_NOT_FOUND|PATCHWELCOME)$/;

/**
 * What a receiver says of a wrong key or passphrase, but also where the session before is not over for it: a
 * refusal for whoever comes for the first time only. EPERM is what RTMP gives for an error of the server.
 */
const firstRefusals = /^(?:EPERM|UNKNOWN|REFUSED)$/;

/** Whether a receiver has refused, or the output can't be as it is. */
export function isRefusal(error: unknown, isFirst: boolean): boolean {
  if (error instanceof UnsupportedError || error instanceof OptionError) return true;
  if (!(error instanceof AvError)) return true;
  return refusals.test(error.code) || isFirst && firstRefusals.test(error.code);
}

/** How soon a receiver refuses, in milliseconds; one that is not there is waited for. */
const soonMs = 2000;

/** What is known of a connection that could not be made. */
interface FailedConnection {
  readonly isSrt: boolean;
  readonly tookMs: number;
  readonly isHostKnown: () => boolean;
  /** Whether it would have been made if no certificate had been checked. */
  readonly isUntrusted: () => boolean;
}

/**
 * The error of a connection that could not be made. libavformat says EIO of a host that is not known. SRT
 * says the same of a receiver that refuses and of one that does not answer, but the latter after a time only.
 */
export function connectError(
  error: unknown,
  { isSrt, tookMs, isHostKnown, isUntrusted }: FailedConnection,
): unknown {
  if (!(error instanceof AvError) || error.code !== "EIO") return error;
  if (!isHostKnown()) return connectionError("HOST_NOT_FOUND", "the host is not known");
  if (isUntrusted()) return connectionError("CERTIFICATE", untrusted);
  if (!isSrt) return error;
  return tookMs < soonMs
    ? connectionError("REFUSED", "the receiver has refused the connection")
    : connectionError("ETIMEDOUT", "nobody has answered");
}

/** What is told of a server whose certificate was refused. */
export const untrusted = "the certificate of the server is not trusted, or is for another host";

function connectionError(code: string, message: string): WriteError {
  return new WriteError(message, { code, operation: "connect", hint: null });
}

/** The error of a connection that SRT has lost. It says the same of an end and of five seconds of silence. */
export function srtLoss(error: unknown): unknown {
  if (!(error instanceof AvError) || error.code !== "EIO") return error;
  return new WriteError("the receiver has closed the connection, or was not heard of for 5 s", {
    code: "EIO",
    operation: "write a packet",
    hint: null,
  });
}

/** The error of a connection that was closed as soon as it was made. */
export function refusal(): WriteError {
  return new WriteError("the server has closed the connection at once", {
    code: "REFUSED",
    operation: "begin to send",
    hint: null,
  });
}

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Nobody listens there: start the receiver first, and check host and port",
  ETIMEDOUT: "Check host and port, and the option writeTimeoutSeconds",
  HTTP_401: "Check user and password",
  HTTP_403: "Check user, password and key",
  HTTP_404: "Check the path of the address",
  CERTIFICATE:
    "Trust the authority that has signed it: caFile for rtmps:, a variable of the runtime for https:",
  EPERM: "Check the key: the server has refused it, or still holds the session before",
  HOST_NOT_FOUND: "Check the name of the host, and the network",
  NETWORK: "Check the server; a PUT is tried again only with the option reconnect",
  REFUSED: "Check its key, or passphrase and stream id: the receiver seems to refuse them",
};

/** The error of an output, which names it without its secrets, and has no other error in it. */
export function outputError(label: string, error: unknown, redact: Redact, isRemote: boolean): Error {
  if (error instanceof UnsupportedError || error instanceof OptionError) return error;
  const isOurs = error instanceof AvError;
  const code = isOurs ? error.code : "OUTPUT";
  const message = redact(error instanceof Error ? error.message : String(error));
  return new WriteError(`Cannot write to ${label}: ${message}`, {
    code,
    operation: isOurs ? redact(error.operation) : "write to an output",
    hint: isRemote ? hints[code] ?? null : null,
  });
}
