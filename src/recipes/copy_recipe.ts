/**
 * What recipes that copy packets have in common.
 *
 * @module
 */
import type { CopyInput, CopyRequest, CopySummary } from "../engine/copying/copy_request.ts";
import { filePath } from "../file_path.ts";
import { isSameFile } from "../../ffi/mod.ts";
import { type Check, checkOptionTable, requireOptions } from "../option_checks.ts";
import { shown } from "../shown.ts";
import { runFileWork } from "../thread/file_work.ts";
import { workerModule } from "../worker/worker_module.ts";
import { writerChecks } from "../writer/options.ts";
import { ProgressTimer } from "../writer/progress_timer.ts";

/** How far a recipe is. */
export interface RecipeProgress {
  /** How much of the work is done, from 0 to 1; `null` where the length of the source is not known. */
  readonly finished: number | null;
}

/**
 * Options of every recipe.
 *
 * @example
 * ```ts
 * import type { RecipeOptions } from "@avwriter/avwriter/recipes";
 *
 * const options: RecipeOptions = {
 *   signal: AbortSignal.timeout(60_000),
 *   onProgress: ({ finished }) => console.log(finished),
 * };
 * ```
 */
export interface RecipeOptions {
  /** Stops the work: no file is made, and one that was there stays as it was. */
  signal?: AbortSignal;
  /**
   * Called while the work goes on, at most four times per second, and at the end. An error that it throws is
   * printed once, and changes nothing.
   */
  onProgress?: (progress: RecipeProgress) => void;
  /** Where the work is done, as in `WriterOptions`. Default: `"worker"`. */
  thread?: "worker" | "main";
  /** The folder of FFmpeg's libraries, as in `WriterOptions`. */
  libraryPath?: string;
  /** The module that avwriter's threads run, as in `WriterOptions`. */
  workerUrl?: string | URL;
}

const { signal, onProgress, thread, libraryPath, workerUrl } = writerChecks;

/** The checks of {@linkcode RecipeOptions}. */
export const recipeChecks: { readonly [Name in keyof Required<RecipeOptions>]: Check } = {
  ...{ signal, onProgress, thread, libraryPath, workerUrl },
};

/** Checks options of a recipe; throws a `TypeError` that names what is wrong. Returns a copy of them. */
export function checkRecipe<Options extends object>(
  options: Options,
  checks: { readonly [Name in keyof Required<Options>]: Check },
): Options {
  requireOptions(options);
  return checkOptionTable(options, checks);
}

/** Throws a `TypeError` or `RangeError` unless a time is a number of seconds from 0 on. */
export function requireSeconds(name: string, value: unknown): void {
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use the ${name} ${shown(value)}: give a number of seconds`);
  }
  if (!(value >= 0)) {
    throw new RangeError(`Cannot use the ${name} ${shown(value)}: it must be 0 or more`);
  }
}

/** Throws a `TypeError` where the new file is one of those that it is made of, by whatever name. */
export function requireOtherFile(inputs: readonly string[], output: string, action: string): void {
  const same = inputs.find((input) => input === output || isSameFile(input, output));
  if (same === undefined) return;
  throw new TypeError(
    `Cannot ${action} ${shown(same)} into ${shown(output)}: they are one file, give another path`,
  );
}

/** What is copied, beside the inputs. */
type CopyDetails = Partial<Pick<CopyRequest, "part" | "endsWithVideo">> & Pick<CopyRequest, "action">;

/** All streams of a file. */
export function wholeFile(path: string | URL, action: string): CopyInput {
  return { paths: [filePath(path, action)], streams: "all", track: null, encoding: null };
}

/** Copies packets into a file. */
export async function runCopy(
  inputs: readonly CopyInput[],
  output: string | URL,
  { part = null, endsWithVideo = false, action }: CopyDetails,
  { signal, onProgress, thread, libraryPath, workerUrl = workerModule() }: RecipeOptions,
): Promise<CopySummary> {
  const request = { inputs, output: filePath(output), part, endsWithVideo, action };
  signal?.throwIfAborted();
  requireOtherFile(inputs.flatMap(({ paths }) => paths), request.output, action);
  const progress = new ProgressTimer(onProgress, false);
  const summary = await runFileWork({ kind: "copy", request }, {
    ...{ libraryPath, signal, thread },
    workerModule: new URL(workerUrl),
    onStep: (finished) => progress.tell(() => ({ finished }), false),
  });
  progress.tell(() => ({ finished: 1 }), true);
  return summary;
}
