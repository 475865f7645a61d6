/**
 * AVI in pure TypeScript, to any `WritableStream`: no FFmpeg, no FFI, no file system. It runs on every
 * runtime that has web streams.
 *
 * @example
 * ```ts
 * import { createAviWriter } from "@avwriter/avwriter/avi";
 *
 * const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
 * const response = new Response(readable, { headers: { "content-type": "video/x-msvideo" } });
 * const written = (async () => {
 *   await using writer = await createAviWriter(writable, 25);
 *   for (let n = 0; n < 5; n++) await writer.write(new ImageData(64, 48));
 * })();
 * const file = await response.bytes();
 * await written;
 * if (file.length < 5 * 64 * 48 * 3) throw new Error("not as written");
 * ```
 *
 * @module
 */
export type { JpegQuality } from "./src/avi/jpeg_quality.ts";
export type { PcmSampleFormat } from "./src/avi/layout.ts";
export {
  type AviAudioOptions,
  type AviWriterOptions,
  createAviWriter,
} from "./src/writer/fallback/create_avi_writer.ts";
