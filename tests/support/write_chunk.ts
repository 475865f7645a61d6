/**
 * Writes chunks of H.264 into the files whose paths it is given, one after another.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { noisyFrame } from "./record.ts";

for (const path of process.argv.slice(2)) {
  await using writer = await createFileWriter("libx264", path, 30, { chunk: { frames: 30 } });
  for (let index = 0; index < 30; index++) await writer.write(noisyFrame(index, 320, 180));
}
