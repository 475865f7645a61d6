/**
 * What a first writer has to wait for, done ahead.
 *
 * @module
 */
import { checkOptionTable, requireOptions } from "../option_checks.ts";
import { EncodingThread } from "../thread/encoding_thread.ts";
import { workerModule } from "../worker/worker_module.ts";
import { writerChecks } from "./options.ts";

/**
 * Options of {@linkcode prepare}. Give the writer the same.
 *
 * @example
 * ```ts
 * import type { PrepareOptions } from "@avwriter/avwriter";
 *
 * const options: PrepareOptions = { libraryPath: "/opt/ffmpeg/lib" };
 * ```
 */
export interface PrepareOptions {
  /** The folder of FFmpeg's libraries, as in {@linkcode WriterOptions}. */
  libraryPath?: string;
  /** The module that avwriter's threads run, as in {@linkcode WriterOptions}. */
  workerUrl?: string | URL;
}

const { libraryPath, workerUrl } = writerChecks;
const checks = { libraryPath, workerUrl } as const;

/**
 * Starts the thread of the next writer and opens FFmpeg's libraries in it, so that the writer need not wait
 * for that. Call it where your program starts, and do something else meanwhile. What is prepared already is
 * not prepared again.
 *
 * An idle thread takes some tens of megabytes and no time, and does not keep your program alive; while it
 * gets ready it does. On Deno, this asks for the permission to open the libraries. What fails is told by the
 * writer, not here. A writer with `thread: "main"` gains nothing.
 *
 * @param options See {@linkcode PrepareOptions}.
 * @returns Resolves when all is ready. You need not wait for that.
 *
 * @throws {TypeError} An option is unknown or has the wrong type.
 *
 * @example
 * ```ts
 * import { createFileWriter, prepare } from "@avwriter/avwriter";
 *
 * await prepare();
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * const writer = await createFileWriter("h264", path, 30); // now, it opens in a few milliseconds
 * await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(128), width: 64, height: 64 });
 * const { frames } = await writer.close();
 * if (frames !== 1) throw new Error("not as written");
 * ```
 */
export async function prepare(options: PrepareOptions = {}): Promise<void> {
  requireOptions(options);
  const { libraryPath, workerUrl = workerModule() } = checkOptionTable(options, checks);
  await EncodingThread.prepare({ workerModule: new URL(workerUrl), libraryPath });
}
