/**
 * Opens RTSP addresses, at the one host that was asked for as far as that is possible.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import type { Connection } from "../../libav/reading/connection.ts";
import { addressOf } from "../../libav/reading/input_stream.ts";
import { requireNotInterrupted } from "../../libav/interruption.ts";
import {
  type AnswerHead,
  ask,
  basicCredentials,
  connect,
  followRedirects,
  hostOf,
  requireTarget,
  targetOf,
} from "./http/http_input.ts";
import type { NetworkPlace } from "./reading_types.ts";

/**
 * libavformat follows redirects to any host, with the user and password, and can't be told not to. So the
 * server is asked first, as libavformat does it. One that leads elsewhere only after that is found out once
 * libavformat was there.
 */
export function openRtsp(
  native: Native,
  place: NetworkPlace,
  options: { readonly protocols: string; readonly options: string },
): Demuxer {
  const url = followRedirects(place, place.url, (from) => redirectOf(native, from, place));
  let demuxer: Demuxer;
  try {
    demuxer = new Demuxer(native, url, { ...options, formats: ["rtsp"] });
  } catch (error) {
    if (!(error instanceof AvError)) throw error;
    requireNotInterrupted(native);
    // Where it was by then, libavformat does not tell.
    const target = laterRedirect(native, url, place);
    if (target !== null) requireTarget(new URL(url), target, place, "redirects");
    throw error;
  }
  try {
    requireTarget(new URL(url), new URL(addressOf(native, demuxer), url), place, "redirects");
  } catch (error) {
    demuxer[Symbol.dispose]();
    throw error;
  }
  return demuxer;
}

/** Where a server says that an address has moved to; `null` where it does not, or not any more. */
function laterRedirect(native: Native, from: string, place: NetworkPlace): URL | null {
  try {
    return redirectOf(native, from, place);
  } catch (error) {
    if (error instanceof AvError) return null;
    throw error;
  }
}

/** Where a server says that an address has moved to; `null` where it does not. */
function redirectOf(native: Native, from: string, place: NetworkPlace): URL | null {
  const url = new URL(from);
  const { pathname, search, username, password } = url;
  const host = hostOf(url);
  using connection = connect(native, `tcp://${host}`, place);
  let count = 0;
  const answerTo = (method: string, ...headers: string[]): AnswerHead =>
    ask(connection, [
      `${method} rtsp://${host}${pathname}${search} RTSP/1.0`,
      ...headers,
      `CSeq: ${++count}`,
      `User-Agent: Lavf${native.libraryVersions.avformat}`,
      ...["", ""],
    ]);
  const options = answerTo("OPTIONS");
  const target = targetOf(options.head, from);
  if (target !== null || options.head === "") return target;
  skipBody(connection, options);
  const accept = "Accept: application/sdp";
  const described = answerTo("DESCRIBE", accept);
  const takesBasic = /^www-authenticate: *basic/im.test(described.head) &&
    !/^www-authenticate: *digest/im.test(described.head);
  if (!takesBasic || username === "") return targetOf(described.head, from);
  skipBody(connection, described);
  const authorization = `Authorization: Basic ${basicCredentials(username, password)}`;
  return targetOf(answerTo("DESCRIBE", accept, authorization).head, from);
}

/** Reads what comes after the head of an answer: the next answer is behind it. */
function skipBody(connection: Connection, { head, bodyBytes }: AnswerHead): void {
  let left = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) - bodyBytes;
  const buffer = new Uint8Array(4096);
  while (left > 0) {
    const count = connection.read(buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === 0) return;
    left -= count;
  }
}
