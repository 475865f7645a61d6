/**
 * A program's own worker that writes until it is terminated. It tells when it has begun.
 *
 * @module
 */
import { createFileWriter, type WriterOptions } from "../../mod.ts";
import { noise } from "./chance.ts";
import { onRequest } from "./program_worker.ts";

/** What the worker is asked to write. */
export interface EndlessRequest {
  readonly codec: string;
  readonly path: string;
  readonly options: WriterOptions;
}

async function writeEndlessly({ codec, path, options }: EndlessRequest, begun: () => void): Promise<void> {
  const [width, height] = [320, 180];
  const data = noise(width * height * 4, 1);
  const writer = await createFileWriter(codec, path, 30, options);
  for (let index = 0;; index++) {
    data[index % data.length]! ^= 255;
    await writer.write({ data, width, height });
    if (index === 2) begun();
  }
}

onRequest(writeEndlessly);
