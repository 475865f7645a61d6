/**
 * avwriter's reader.
 *
 * @module
 */
import { createFileReader } from "../../../mod.ts";
import { serveDecoding } from "./reading.ts";

await serveDecoding(async ({ path }, take) => {
  await using source = await createFileReader(path, { format: "rgba" });
  for await (const { data } of source) take(data);
});
