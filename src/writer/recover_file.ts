/**
 * Repairs recordings that were cut off.
 *
 * @module
 */
import type { RecoverSummary } from "../file/recovery.ts";
import { filePath } from "../file_path.ts";
import { type Check, checkOptionTable, requireOptions, text } from "../option_checks.ts";
import { runFileWork } from "../thread/file_work.ts";
import { workerModule } from "../worker/worker_module.ts";
import { writerChecks } from "./options.ts";
import { ProgressTimer } from "./progress_timer.ts";

/** How far {@linkcode recoverFile} is. */
export interface RecoverProgress {
  /** How much of the work is done, from 0 to 1. */
  readonly finished: number;
}

/**
 * Options of {@linkcode recoverFile}.
 *
 * @example
 * ```ts
 * import type { RecoverOptions } from "@avwriter/avwriter";
 *
 * const options: RecoverOptions = {
 *   output: "repaired.mp4",
 *   signal: AbortSignal.timeout(60_000),
 *   onProgress: ({ finished }) => console.log(`${Math.round(finished * 100)} %`),
 * };
 * ```
 */
export interface RecoverOptions {
  /**
   * Where the repaired file goes, as a path or a `file:` URL; its extension chooses the container. The
   * recording then stays as it is. Default: in the recording's place.
   */
  output?: string | URL;
  /** Stops the work: the recording is as it was. */
  signal?: AbortSignal;
  /**
   * Called while the file is copied, at most four times per second, and at the end. An error that it throws
   * is printed once, and changes nothing.
   */
  onProgress?: (progress: RecoverProgress) => void;
  /** The folder of FFmpeg's libraries, as in {@linkcode WriterOptions}. */
  libraryPath?: string;
  /** The module that avwriter's threads run, as in {@linkcode WriterOptions}. */
  workerUrl?: string | URL;
}

const { signal, onProgress, libraryPath, workerUrl } = writerChecks;
const isPath: Check = (value) => value instanceof URL ? null : text(value);
const checks: { readonly [Name in keyof Required<RecoverOptions>]: Check } = {
  output: isPath,
  ...{ signal, onProgress, libraryPath, workerUrl },
};

/**
 * Makes an ordinary file of a recording that was cut off: by a kill, a crash, a full disk. It gets an index,
 * its duration and, in mp4 and mov, moov in front; what can't be read at its end is left out. Streams are
 * copied as they are.
 *
 * The repaired file is made beside it, under the name `NAME.avwriter`, and takes its place at the end: until
 * then, and after an abort, the recording stays as it was. A file that needs no repair comes out as good as
 * it was. The work is done in another thread.
 *
 * @param path The file, as a path or a `file:` URL. Its extension tells the container, as it did when it was
 * written.
 * @param options See {@linkcode RecoverOptions}.
 * @returns What was saved.
 *
 * @throws {TypeError} The path is none, or an option has the wrong type.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {UnsupportedError} Its extension is that of no container, or of one that is many files.
 * @throws {ReadError} The file can't be read, or holds nothing that could be saved: it stays as it was.
 * @throws {WriteError} The repaired file can't be written: the recording stays as it was.
 *
 * @example
 * ```ts
 * import { createFileWriter, recoverFile } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * {
 * await using writer = await createFileWriter("h264", path, 30);
 * await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(128), width: 64, height: 64 });
 * }
 * const { frames } = await recoverFile(path);
 * if (frames !== 1) throw new Error("not as written");
 * ```
 */
export async function recoverFile(path: string | URL, options: RecoverOptions = {}): Promise<RecoverSummary> {
  const file = filePath(path);
  requireOptions(options);
  const { output, signal, onProgress, libraryPath, workerUrl = workerModule() } = checkOptionTable(
    options,
    checks,
  );
  const request = { path: file, output: output === undefined ? file : filePath(output) };
  signal?.throwIfAborted();
  const progress = new ProgressTimer(onProgress, false);
  const summary = await runFileWork({ kind: "recover", request }, {
    ...{ libraryPath, signal },
    workerModule: new URL(workerUrl),
    onStep: (finished) => progress.tell(() => ({ finished }), false),
  });
  progress.tell(() => ({ finished: 1 }), true);
  return summary;
}
