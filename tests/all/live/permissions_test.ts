import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { createServer } from "node:net";
import { createSocket } from "node:dgram";
import { assert, assertEquals } from "@std/assert";
import { missingEncoders } from "../../support/features.ts";
import { TemporaryFolder } from "../../support/media.ts";
import { isDeno, runScript } from "../../support/processes.ts";
import { test } from "../../support/test.ts";

const script = fileURLToPath(new URL("../../support/send_addresses.ts", import.meta.url));

const addressesAt = (host: string): string[] => [
  `rtmp://${host}/app/key`,
  `rtmps://${host}/app/key`,
  `rtsp://${host}/live`,
  `rtp://${host}`,
  `srt://${host}?connect_timeout=200`,
  `udp://${host}`,
  `tcp://${host}`,
  `icecast://${host}/a.webm`,
  `http://${host}/a.ts`,
  `https://${host}/a.ts`,
];

const base = ["--allow-ffi", "--allow-read", "--allow-write", "--allow-env", "--allow-sys"];

test("createStreamWriter, outputs: Deno's permission is asked before anything is sent, by every protocol", {
  skip: isDeno ? missingEncoders("libx264", "libvpx") : "only Deno has permissions",
}, async () => {
  using folder = new TemporaryFolder();
  // They count all that comes: with TCP connections, with UDP packets.
  let contacts = 0;
  const server = createServer((socket) => {
    contacts++;
    socket.on("error", () => {}).destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const datagrams = createSocket("udp4").on("message", () => void contacts++);
  datagrams.bind(port, "127.0.0.1");
  await once(datagrams, "listening");
  const outcomes = (permissions: readonly string[]): string[] => {
    const parameters = [folder.file("a.mkv"), ...addressesAt(`127.0.0.1:${port}`)];
    const { stdout, stderr } = runScript(script, parameters, { permissions: [...base, ...permissions] });
    const lines = stdout.trim().split("\n");
    assertEquals(lines.length, 2 * addressesAt("").length, stderr);
    return lines;
  };
  const other = ["--allow-net=127.0.0.1:1,localhost"];
  for (const permissions of [["--deny-net"], [], other]) {
    for (const line of outcomes(permissions)) {
      assert(line.includes(" NotCapable ") && line.includes(`127.0.0.1:${port}`), line);
    }
  }
  // What has come meanwhile is told then.
  await delay(200);
  assertEquals(contacts, 0);
  for (const line of outcomes([`--allow-net=127.0.0.1:${port}`])) {
    assert(!line.includes("NotCapable"), line);
  }
  await delay(200);
  assert(contacts >= 6, `${contacts} contacts`);
  server.close();
  datagrams.close();
});
