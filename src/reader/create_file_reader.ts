/**
 * Opens files for reading.
 *
 * @module
 */
import { bytesIn } from "../buffer_bytes.ts";
import type { InputPlace } from "../engine/reading/reading_types.ts";
import { ReadError } from "../errors.ts";
import { requireReadable } from "../file/target.ts";
import { filePath } from "../file_path.ts";
import { maxMemoryBytes as maxBytes } from "../libav/reading/input_bytes.ts";
import { shown } from "../shown.ts";
import { openReading } from "../thread/reading/reading_thread.ts";
import { workerModule } from "../worker/worker_module.ts";
import { FileSource } from "./file_source.ts";
import { findImages } from "./image_sequence.ts";
import { checkReaderOptions, type ReaderOptions } from "./reader_options.ts";
import type { VideoSource } from "./video_source.ts";

/** What can be read: a path, a `file:` URL, or the bytes of a file. */
export type ReaderInput =
  | string
  | URL
  | ArrayBufferView
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>;

/** The default number of frames that are decoded ahead. */
const defaultQueueSize = 4;

/**
 * Opens a video or image for reading. It is read and decoded in another thread.
 *
 * Only the file itself is opened: playlists and other files that refer to files or hosts are refused. Under
 * Deno it needs the permission to read the path, as `Deno.open` does.
 *
 * @param input The path of a file, a `file:` URL, or the bytes of a file: a buffer, a `Blob` or a stream,
 * which is read to its end first.
 * @param options See {@linkcode ReaderOptions}.
 * @returns The source, which knows what the file says. Nothing is decoded yet.
 *
 * @throws {TypeError} The input is none, or an option has the wrong type.
 * @throws {RangeError} There is no pixel format of that name.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {ReadError} The file can't be read, or has no video.
 *
 * @example
 * ```ts
 * import { createFileReader, createFileWriter } from "@avwriter/avwriter";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/in.mp4`, "30000/1001");
 *   for (let n = 0; n < 10; n++) {
 *     await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(20 * n), width: 64, height: 64 });
 *   }
 * }
 * await using source = await createFileReader(`${folder}/in.mp4`);
 * await using writer = await createFileWriter("hevc", `${folder}/out.mkv`, source.frameRate ?? 30, {
 *   timing: "timestamps",
 * });
 * for await (const frame of source) await writer.write(frame, { timestamp: frame.timestamp });
 * const { frames } = await writer.close();
 * if (frames !== 10) throw new Error("not as written");
 * ```
 */
export async function createFileReader(
  input: ReaderInput,
  options: ReaderOptions = {},
): Promise<VideoSource> {
  const { format = null, stream = 0, queueSize = defaultQueueSize, logLevel = "error", ...others } =
    checkReaderOptions(options);
  const { signal, libraryPath, imageSequence, workerUrl = workerModule() } = others;
  signal?.throwIfAborted();
  const { place, label } = await placeOf(input, imageSequence, signal);
  signal?.throwIfAborted();
  const opened = await openReading(
    { place, label, format, stream, logLevel },
    { workerModule: new URL(workerUrl), libraryPath, signal },
  );
  const source = new FileSource(opened, queueSize, signal);
  if (signal?.aborted) await source.close();
  signal?.throwIfAborted();
  return source;
}

async function placeOf(
  input: ReaderInput,
  imageSequence: ReaderOptions["imageSequence"],
  signal: AbortSignal | undefined,
): Promise<{ place: InputPlace; label: string }> {
  if (typeof input === "string" || input instanceof URL) {
    const path = filePath(input, "read");
    if (imageSequence !== undefined) return { place: findImages(path, imageSequence), label: path };
    requireReadable(path, "read");
    return { place: { kind: "file", path }, label: path };
  }
  if (imageSequence !== undefined) {
    throw new TypeError(
      "Cannot use the option imageSequence without a path: give one such as images/%04d.png",
    );
  }
  if (input instanceof Blob) {
    return { place: inMemory([new Uint8Array(await input.arrayBuffer())]), label: "the Blob" };
  }
  if (input instanceof ReadableStream) {
    return { place: inMemory(await chunksOf(input, signal)), label: "the stream" };
  }
  const found = bytesIn(input);
  if (found === null || found.isDetached) {
    throw new TypeError(
      `Cannot read ${
        found === null ? shown(input) : "a detached buffer"
      }: give a path, a file: URL, bytes, a Blob or a ReadableStream of bytes`,
    );
  }
  return { place: inMemory([found.bytes]), label: "the bytes" };
}

/** A copy of bytes in memory that threads share. */
function inMemory(chunks: readonly Uint8Array[]): InputPlace {
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  requireSize(size);
  const bytes = new SharedArrayBuffer(size);
  const copy = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    copy.set(chunk, at);
    at += chunk.length;
  }
  return { kind: "bytes", bytes };
}

function requireSize(bytes: number): void {
  if (bytes <= maxBytes) return;
  throw new ReadError(`Cannot read ${bytes} bytes from memory: ${maxBytes} are the most`, {
    code: "EFBIG",
    operation: "read a file",
    hint: "Write them to a file, and give its path",
  });
}

async function chunksOf(stream: ReadableStream<Uint8Array>, signal?: AbortSignal): Promise<Uint8Array[]> {
  const reader = stream.getReader();
  const onAbort = (): void => void reader.cancel(signal!.reason).catch(() => {});
  signal?.addEventListener("abort", onAbort, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) return chunks;
      const bytes = bytesIn(value)?.bytes;
      if (bytes === undefined) {
        throw new TypeError(`Cannot read a stream of ${shown(value)}: give one of bytes`);
      }
      size += bytes.length;
      requireSize(size);
      chunks.push(bytes);
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    reader.releaseLock();
  }
}
