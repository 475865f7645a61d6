/**
 * A program that copies a source into a writer, and kills itself after so many frames: run by tests. Its
 * parameters are the paths of the source and the file, the number and the thread.
 *
 * @module
 */
import process from "node:process";
import { createFileReader, createFileWriter } from "../../mod.ts";

const [input, output, frames, thread] = process.argv.slice(2);
await using source = await createFileReader(input!);
const writer = await createFileWriter("libx264", output!, source.frameRate!, {
  ...{ thread: thread as "worker" | "main", quality: "lossless", preset: "ultrafast", audio: {} },
  onProgress: (stats) => {
    if (stats.frames >= Number(frames)) process.kill(process.pid, "SIGKILL");
  },
});
for (;;) {
  await writer.copyFrom(source, { subtitles: false });
  await source.seek(0);
}
