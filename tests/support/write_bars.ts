/**
 * A program that writes bars into files, to compare what two runtimes make of the same frames.
 *
 * Its parameter is a JSON array of `[codec, path, options]`.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { writeBars } from "./media.ts";

for (const [codec, path, options] of JSON.parse(process.argv[2]!)) {
  await writeBars(await createFileWriter(codec, path, "30000/1001", options), 20, 160, 90);
}
