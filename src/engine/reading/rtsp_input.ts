/**
 * Opens RTSP addresses, at the one host that was asked for.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { Demuxer } from "../../libav/demuxer.ts";
import { requireNotInterrupted } from "../../libav/interruption.ts";
import type { Connection } from "../../libav/reading/connection.ts";
import { SingleConnection } from "../../libav/reading/single_connection.ts";
import {
  type AnswerHead,
  ask,
  connect,
  followRedirects,
  hostOf,
  refuseTarget,
  targetOf,
} from "./http/http_input.ts";
import { loginLine } from "./http/login.ts";
import type { NetworkPlace } from "./reading_types.ts";

/** What libavformat says of a protocol that it may not use, and of an address without one. */
const refusals = { EINVAL: true, INVALIDDATA: true } as const;

/** How to open an address. */
interface RtspOpening {
  readonly place: NetworkPlace;
  /** Options for libavformat. */
  readonly options: string;
  /** Takes what is to be closed after the reader. */
  readonly owned: DisposableStack;
}

/**
 * libavformat follows redirects to any host. So it may connect once only. Where it can't go on for that, the
 * server is asked where it leads to.
 */
export function openRtsp(native: Native, { place, options, owned }: RtspOpening): Demuxer {
  let demuxer: Demuxer;
  followRedirects(place, place.url, (url) => {
    try {
      demuxer = new Demuxer(native, url, {
        ...{ options, protocols: place.protocols, formats: ["rtsp"] },
        onContext: (context) => void owned.use(new SingleConnection(native, context)),
      });
      return null;
    } catch (error) {
      if (!(error instanceof AvError) || !Object.hasOwn(refusals, error.code)) throw error;
      requireNotInterrupted(native);
      const target = redirectOf(native, url, place);
      if (target !== null) return target;
      if (error.code === "EINVAL") refuseTarget("it redirects, but not when it is asked again");
      throw error;
    }
  });
  return demuxer!;
}

/**
 * Where a server says that an address has moved to, when it is asked as libavformat does; `null` where it
 * does not.
 */
function redirectOf(native: Native, from: string, place: NetworkPlace): URL | null {
  const url = new URL(from);
  const { pathname, search, username, password } = url;
  const host = hostOf(url), target = `rtsp://${host}${pathname}${search}`;
  using connection = connect(native, `tcp://${host}`, place);
  let count = 0;
  const answerTo = (method: string, ...headers: string[]): AnswerHead =>
    ask(connection, [
      `${method} ${target} RTSP/1.0`,
      ...headers,
      `CSeq: ${++count}`,
      `User-Agent: Lavf${native.libraryVersions.avformat}`,
      ...["", ""],
    ]);
  for (const [method, ...headers] of [["OPTIONS"], ["DESCRIBE", "Accept: application/sdp"]] as const) {
    let answer = answerTo(method, ...headers);
    const login = username === "" || !answer.head.startsWith("RTSP/1.0 401")
      ? null
      : loginLine(answer.head, { method, target, username, password });
    if (login !== null) {
      skipBody(connection, answer);
      answer = answerTo(method, ...headers, login);
    }
    const found = targetOf(answer.head, from);
    if (found !== null || answer.head === "") return found;
    skipBody(connection, answer);
  }
  return null;
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
