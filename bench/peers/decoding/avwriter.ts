/**
 * avwriter's reader.
 *
 * @module
 */
import { createFileReader } from "../../../mod.ts";
import { serveDecoding } from "./reading.ts";

await serveDecoding(() =>
  Promise.resolve(async ({ path }, take) => {
    await using source = await createFileReader(path, { format: "rgba" });
    for await (const frame of source) {
      take(frame.data);
      frame.close();
    }
  })
);
