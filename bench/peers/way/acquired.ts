/**
 * Frames in memory that the writer lends: nothing is copied, so that drawing itself does not count.
 *
 * @module
 */
import { serveWay } from "./serving.ts";

await serveWay(async (writer, { width, height }, picture, isStart) => {
  const frame = await writer.acquire(width, height);
  if (isStart) frame.data.set(picture);
  await writer.write(frame);
});
