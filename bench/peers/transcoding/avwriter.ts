/**
 * avwriter's reader with a writer attached.
 *
 * @module
 */
import { createFileReader, createFileWriter } from "../../../mod.ts";
import { serveTranscoding } from "./serving.ts";

await serveTranscoding(async ({ input, output, setting: { encoder, options, pixelFormat } }) => {
  await using source = await createFileReader(input);
  await using writer = await createFileWriter(encoder, output, source.frameRate!, {
    pixelFormat,
    encoderOptions: options,
  });
  await source.attach(writer).finished;
  await writer.close();
});
