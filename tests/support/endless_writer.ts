/**
 * A program's own worker that writes until it is terminated. It tells when it has begun.
 *
 * @module
 */
import { createFileWriter, type WriterOptions } from "../../mod.ts";
import { noise } from "./chance.ts";

/** What the worker is asked to write. */
export interface EndlessRequest {
  readonly codec: string;
  readonly path: string;
  readonly options: WriterOptions;
}

const scope = globalThis as unknown as {
  onmessage: ((event: { readonly data: EndlessRequest }) => void) | null;
  postMessage(message: unknown): void;
};

async function writeEndlessly({ codec, path, options }: EndlessRequest): Promise<void> {
  const [width, height] = [320, 180];
  const data = noise(width * height * 4, 1);
  const writer = await createFileWriter(codec, path, 30, options);
  for (let index = 0;; index++) {
    data[index % data.length]! ^= 255;
    await writer.write({ data, width, height });
    if (index === 2) scope.postMessage("begun");
  }
}

scope.onmessage = ({ data }) => void writeEndlessly(data);
