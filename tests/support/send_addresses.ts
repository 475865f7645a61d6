/**
 * A program that tries to write to addresses, and prints for each one whether it was let:
 * `send_addresses.ts ADDRESS...`. Nobody need listen there.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter, createStreamWriter } from "../../mod.ts";

const [path, ...addresses] = process.argv.slice(2) as [string, ...string[]];
for (const address of addresses) {
  const isWebm = address.startsWith("icecast:");
  const options = isWebm ? {} : { preset: "ultrafast" } as const;
  const codec = isWebm ? "libvpx" : "libx264";
  const brief = { reconnect: { attempts: 0 }, writeTimeoutSeconds: 1 };
  for (const isAlone of [true, false]) {
    const opening = isAlone
      ? createStreamWriter(codec, address, 30, { ...options, ...brief })
      : createFileWriter(codec, path, 30, { ...options, outputs: [{ target: address, ...brief }] });
    const outcome = await opening.then(async (writer) => {
      await writer.abort();
      return "let";
    }, (error) => `${error.name} ${error.message}`);
    console.log(`${address} ${outcome}`);
  }
}
