/**
 * A program that writes to addresses with keys, all of which fail in one way or another, and prints all that
 * a program may print of that: errors with their stacks and causes, statistics and summaries. Another writer
 * has all of libav's lines printed meanwhile: `fuzz_keys.ts FOLDER COUNT SEED`.
 *
 * Each key begins and ends with `s3cr3t`. The last line says how many addresses there were.
 *
 * @module
 */
import { createServer as createWebServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import process from "node:process";
import {
  createFileWriter,
  createStreamWriter,
  type OutputOptions,
  type StreamWriterOptions,
  type VideoWriter,
} from "../../mod.ts";
import { seeded } from "./chance.ts";
import { barFrame } from "./media.ts";

const [folder, count, seed] = process.argv.slice(2) as [string, string, string];
const next = seeded(Number(seed));

/** What stands in keys, as people write it, and as escapes. */
const between = "abcXYZ019-_.~!$'()*,;:=+".split("").concat("%2F", "%40", "%3A", "%20", "%25", "%C3%BC", "%");

function key(): string {
  const length = 2 + next() % 8;
  return `s3cr3t${Array.from({ length }, () => between[next() % between.length]).join("")}s3cr3t`;
}

/** Answers each piece with text that repeats it, as servers do with what they refuse. */
function answering(answer: (asked: string) => string): (socket: Socket) => void {
  return (socket) => void socket.on("data", (bytes) => socket.end(answer(bytes.toString("latin1"))));
}

/** Servers of all sorts, by what they do with a connection. */
const peers: readonly ((socket: Socket) => void)[] = [
  (socket) => void socket.destroy(),
  answering((asked) => `RTSP/1.0 401 No ${asked.split("\r\n")[0]}\r\nCSeq: 1\r\n\r\n`),
  answering((asked) => `HTTP/1.1 403 No ${asked.split("\r\n")[0]}\r\ncontent-length: 0\r\n\r\n`),
  // The handshake of RTMP, of which libav tells the key, and then nothing.
  (socket) => {
    socket.write(Uint8Array.from({ length: 1 + 2 * 1536 }, (_, index) => index === 0 ? 3 : 0));
    setTimeout(() => socket.destroy(), 50);
  },
];

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

const servers: Server[] = peers.map((peer) => createServer((socket) => peer(socket.on("error", () => {}))));
// It answers with an error, and repeats what it was asked.
servers.push(createWebServer((request, response) => {
  request.resume();
  response.writeHead(404, `no ${request.url?.slice(0, 60)}`).end(
    `${request.url} ${request.headers.authorization}`,
  );
}));
const ports = await Promise.all(servers.map(listening));
// One where nobody listens.
const gone = createServer();
ports.push(await listening(gone));
gone.close();

/** The addresses, by a host and port. */
const forms: readonly ((host: string) => string)[] = [
  (host) => `rtmp://${host}/app/${key()}?token=${key()}&x=${key()}`,
  (host) => `rtmp://joe:${key()}@${host}/app/${key()}`,
  (host) => `rtmps://${host}/app/${key()}`,
  (host) => `rtsp://joe:${key()}@${host}/x/${key()}?key=${key()}`,
  (host) => `srt://${host}?passphrase=${key()}&streamid=${key()}&connect_timeout=200`,
  (host) => `srt://${host}?streamid=%23!::r=${key()}&other=${key()}&connect_timeout=200`,
  (host) => `http://joe:${key()}@${host}/a.ts?sig=${key()}#${key()}`,
  (host) => `http://${host}/in/${key()}.ts`,
  (host) => `https://${host}/a.ts?jwt=${key()}`,
  (host) => `icecast://source:${key()}@${host}/a.webm?pass=${key()}`,
  (host) => `tcp://joe:${key()}@${host}?key=${key()}`,
  (host) => `udp://${key()}@${host}?x=${key()}`,
  (host) => `rtp://joe:${key()}@${host}?x=${key()}`,
  () => `rtmp://127.0.0.1\\x/app/${key()}`,
  (host) => `ftp://joe:${key()}@${host}/x`,
  () => `rtmp:///app/${key()}`,
  (host) => `rtmp:/${host}/app/${key()}`,
  (host) => ` rtmp://${host}/app/${key()}`,
];

/** All that is in a value: of an error, its message, its stack and its causes. */
function inside(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const fields = Object.getOwnPropertyNames(value) as (keyof typeof value)[];
  return [String(value), ...fields.map((name) => inside(value[name]))].join("\n");
}

const light: StreamWriterOptions = { preset: "ultrafast", tune: "zerolatency", logLevel: "debug" };
const brief: Omit<OutputOptions, "target"> = {
  reconnect: { attempts: 1, delaySeconds: 0.02 },
  writeTimeoutSeconds: 0.5,
};

/** Opens a writer, writes and closes; prints all that comes of it. */
async function tell(open: () => Promise<VideoWriter>): Promise<void> {
  try {
    const writer = await open();
    let before = "";
    try {
      for (let index = 0; index < 20; index++) {
        await writer.write(barFrame(index));
        const error = inside(writer.stats.outputs!.map((output) => output.error));
        if (error !== before) console.log(inside(writer.stats));
        before = error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      console.log(inside(await writer.close()));
    } finally {
      console.log(inside(writer.stats), writer.stats);
    }
  } catch (error) {
    console.error(error);
    console.log(inside(error));
  }
}

const loud = await createFileWriter("libx264", `${folder}/loud.mp4`, 30, light);
let isLoud = true;
const printing = (async () => {
  for (let index = 0; isLoud; index++) {
    await loud.write(barFrame(index));
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
})();

// Each kind of address meets each server once in six rounds.
const addresses = Array.from({ length: Number(count) }, (_, index) => {
  const round = Number(seed) * Math.ceil(Number(count) / forms.length) + Math.floor(index / forms.length);
  const port = ports[(index + round) % ports.length];
  return forms[index % forms.length]!(`127.0.0.1:${port}`);
});
// Each by a writer of its own, or (two of three) in lists, where one encode serves many.
const alone = addresses.filter((_, index) => index % 3 === 0);
const others = addresses.filter((_, index) => index % 3 !== 0);
const lists: string[][] = [];
for (const address of others) {
  // What is refused at once would have the others of a list not be tried.
  const isWrong = /^(?:ftp| |rtmp:\/[^/]|rtmp:\/\/\/|icecast)|\\/.test(address);
  if (isWrong || lists.length === 0 || lists[0]!.length === 8) lists.unshift([]);
  lists[0]!.push(address);
  if (isWrong) lists.unshift([]);
}
const codec = (address: string): string => address.startsWith("icecast") ? "libvpx" : "libx264";
const optionsOf = (address: string): StreamWriterOptions =>
  address.startsWith("icecast") ? { logLevel: "debug" } : { ...light, thread: "main" };
const runs = [
  ...alone.map((address) => () =>
    createStreamWriter(codec(address), address, 30, { ...optionsOf(address), ...brief })
  ),
  ...lists.filter(({ length }) => length > 0).map((list, index) => () => {
    const outputs = list.map((target) => ({ target, ...brief }));
    return createFileWriter(codec(list[0]!), `${folder}/${index}.mkv`, 30, {
      ...optionsOf(list[0]!),
      outputs,
    });
  }),
];
// Most of the time is spent waiting.
await Promise.all(Array.from({ length: 6 }, async () => {
  for (let run = runs.pop(); run !== undefined; run = runs.pop()) await tell(run);
}));
isLoud = false;
await printing;
await loud.close();
for (const server of servers) server.close();
console.log(`${addresses.length} addresses`);
process.exit(0);
