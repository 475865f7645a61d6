/**
 * A program that writes a file with all of libav's lines, while another writer sends to an address with a
 * key, whose server closes each connection after the handshake.
 *
 * @module
 */
import { createServer } from "node:net";
import process from "node:process";
import { createFileWriter, createStreamWriter } from "../../mod.ts";
import { barFrame } from "./media.ts";

const [path, key] = process.argv.slice(2) as [string, string];
const server = createServer((socket) => {
  socket.on("error", () => {}).resume();
  // The handshake of a server without digests: libav tells the key after it.
  socket.write(Uint8Array.from({ length: 1 + 2 * 1536 }, (_, index) => index === 0 ? 3 : 0));
  setTimeout(() => socket.destroy(), 100);
}).listen(0, "127.0.0.1");
await new Promise((resolve) => server.once("listening", resolve));
const { port } = server.address() as { port: number };
const loud = await createFileWriter("libx264", path, 30, { preset: "ultrafast", logLevel: "debug" });
let isSending = true;
const writing = (async () => {
  for (let index = 0; isSending; index++) {
    await loud.write(barFrame(index));
    await new Promise((resolve) => setTimeout(resolve));
  }
})();
for (let tries = 0; tries < 3; tries++) {
  await createStreamWriter("libx264", `rtmp://127.0.0.1:${port}/app/${key}?token=${key}`, 30)
    .then((writer) => writer.abort(), () => {});
}
isSending = false;
await writing;
await loud.close();
server.close();
