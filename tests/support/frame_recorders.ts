/**
 * Receivers that write what they get at once, so that what was received by one that is killed can be counted.
 *
 * @module
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StreamWriterOptions } from "../../mod.ts";
import { frameTimes } from "./media.ts";
import { Receiver } from "./receivers.ts";

const script = fileURLToPath(new URL("frame_recorder.js", import.meta.url));

/** How addresses are written, and what their receivers need. */
const kinds = {
  tcp: { place: "", options: {} },
  http: { place: "/a.ts", options: { method: "POST" } },
  icecast: { place: "/a.webm", options: {} },
  rtsp: { place: "/live", options: {} },
} as const satisfies Record<string, { place: string; options: StreamWriterOptions }>;

/** A protocol. */
export type RecordedProtocol = keyof typeof kinds;

/** The protocols. */
export const recordedProtocols = Object.keys(kinds) as RecordedProtocol[];

/** A receiver; each start has a file of its own. */
export function frameRecorder(protocol: RecordedProtocol, folder: string, port: number): Receiver {
  const { place, options } = kinds[protocol];
  const user = protocol === "icecast" ? "source:key@" : "";
  const files = () =>
    readdirSync(folder).filter((name) => name.startsWith("got.")).sort().map((name) => join(folder, name));
  const start = `n=1; while [ -e "$3.$n" ]; do n=$((n+1)); done; exec node "$0" "$1" "$2" "$3.$n"`;
  return new Receiver(port, {
    ...{ address: `${protocol}://${user}127.0.0.1:${port}${place}`, options, files },
    ...{ protocol: "tcp", endsItself: false },
    command: ["/bin/sh", "-c", start, script, protocol, String(port), join(folder, "got")],
  });
}

/** How many frames packets of RTP have, each with its four bytes before it: the marker bit ends one. */
function rtpFrames(path: string): number {
  const bytes = readFileSync(path);
  let count = 0;
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) count += bytes[at + 5]! >> 7;
  return count;
}

/** How many frames have come whole, or begun. */
export function recordedFrames(protocol: RecordedProtocol, path: string): number {
  if (statSync(path).size === 0) return 0;
  return protocol === "rtsp" ? rtpFrames(path) : frameTimes(path).length;
}

/** How many bytes sockets hold of what was sent to a port of this machine by TCP, and was not read. */
export function heldBytes(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  let held = 0;
  for (const row of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const [, local = "", remote = "", state, queues = ""] = row.trim().split(/\s+/);
    // Of one that listens, they are connections.
    if (state === "0A" || !`${local} ${remote}`.includes(`:${hex}`)) continue;
    const [toSend, toRead] = queues.split(":").map((count) => Number.parseInt(count, 16));
    held += local.endsWith(`:${hex}`) ? toRead! : toSend!;
  }
  return held;
}
