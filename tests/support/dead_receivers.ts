/**
 * Receivers of live video that take nothing: they never answer, can't be reached, or have stopped.
 *
 * @module
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import type { StreamWriterOptions } from "../../mod.ts";
import { Receiver, receivers } from "./receivers.ts";
import { lastingPort, silentServer } from "./stream_server.ts";

/** How addresses of each protocol are written. */
const forms = {
  rtmp: (port: number) => `rtmp://127.0.0.1:${port}/app/key`,
  rtsp: (port: number) => `rtsp://127.0.0.1:${port}/live`,
  http: (port: number) => `http://127.0.0.1:${port}/a.ts`,
  tcp: (port: number) => `tcp://127.0.0.1:${port}`,
  srt: (port: number) => `srt://127.0.0.1:${port}?tlpktdrop=0`,
} as const;

/** A protocol. */
export type Scheme = keyof typeof forms;

/** The protocols. */
export const schemes = Object.keys(forms) as Scheme[];

/** Takes the body of each request, and keeps none of it. */
const httpScript = `require("node:http").createServer((request, response) => {
  request.resume().on("end", () => response.end());
}).listen(Number(process.argv[1]), "127.0.0.1");`;

function http(_folder: string, port: number): Receiver {
  return new Receiver(port, {
    ...{ address: forms.http(port), protocol: "tcp", files: () => [], endsItself: false },
    command: ["node", "-e", httpScript, String(port)],
  });
}

/**
 * srt-live-transmit into a pipe that nobody reads. A receiver that is stopped is lost to SRT itself, after
 * five seconds, and until then packets are left out of what is sent: only here, and without that, a write
 * waits.
 */
function unreadSrt(folder: string, port: number): Receiver {
  const pipe = join(folder, "pipe");
  const query = "?mode=listener&tlpktdrop=0&rcvbuf=1000000";
  const script = `mkfifo ${pipe}; exec 3<>${pipe}; ` +
    `exec srt-live-transmit "srt://127.0.0.1:${port}${query}" file://con -q >${pipe}`;
  return new Receiver(port, {
    ...{ address: forms.srt(port), protocol: "udp", files: () => [], endsItself: false },
    command: ["/bin/sh", "-c", script],
  });
}

/** A receiver of each protocol that takes a lot, until it is stopped. SRT's takes a few seconds' worth. */
export const stoppable: Readonly<Record<Scheme, (folder: string, port: number) => Receiver>> = {
  rtmp: receivers["rtmp to nginx"],
  rtsp: receivers["rtsp to GStreamer over tcp"],
  tcp: receivers.tcp,
  http,
  srt: unreadSrt,
};

/** An address that takes nothing, and what has to be kept of it. */
export interface DeadAddress extends Disposable {
  readonly address: string;
  readonly options: StreamWriterOptions;
}

/** An address where somebody listens, and never answers. */
export async function silentAddress(scheme: Scheme): Promise<DeadAddress> {
  if (scheme !== "srt") {
    const server = await silentServer();
    return {
      address: forms[scheme](server.port),
      options: {},
      [Symbol.dispose]: () => server[Symbol.dispose](),
    };
  }
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  return { address: forms.srt(port), options: {}, [Symbol.dispose]: () => void socket.close() };
}

/** Fills the queue of a port's connections, and takes none: the system answers no more of them. */
const fullScript = `
import socket, sys, time
port = int(sys.argv[1])
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", port))
server.listen(0)
clients = [socket.socket() for _ in range(3)]
for client in clients:
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
time.sleep(600)
`;

/** An address where connections are not answered, as if nobody was there. */
export async function unreachableAddress(scheme: Scheme): Promise<DeadAddress> {
  if (scheme === "srt") return await silentAddress(scheme);
  const port = await lastingPort();
  const receiver = new Receiver(port, {
    ...{ address: forms[scheme](port), protocol: "tcp", files: () => [], endsItself: false },
    command: ["/usr/bin/python3", "-c", fullScript, String(port)],
  });
  await receiver.start();
  return receiver;
}
