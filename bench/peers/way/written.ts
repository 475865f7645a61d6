/**
 * Frames in the program's own memory.
 *
 * @module
 */
import { serveWay } from "./serving.ts";

await serveWay(async (writer, { width, height, format }, data) => {
  await writer.write({ data, width, height, format });
});
