/**
 * What a case leaves in its folder.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Native } from "../../ffi/mod.ts";
import { muxerByFileName, muxerByName } from "../../src/libav/muxer_info.ts";
import type { FuzzCase, Outcome } from "./case_types.ts";

/** What is in a file that is there before. */
const earlier = "what was here before\n".repeat(20);

/** The folder before a case. */
export interface FolderBefore {
  readonly folder: string;
  readonly path: string;
  /** Whether a file is at the path. */
  readonly hasFile: boolean;
}

/** Puts a file at the path, where one is wanted and its folder is there. */
export function lookAt(folder: string, path: string, wantsFile: boolean): FolderBefore {
  const hasFile = wantsFile && existsSync(dirname(path)) && !path.endsWith("/");
  if (hasFile) writeFileSync(path, earlier);
  return { folder, path, hasFile };
}

/** Whether the muxer of a case writes one file, and none of its own choice. */
export function writesOneFile(native: Native, { name, options }: FuzzCase): boolean {
  const { format } = (options ?? {}) as { format?: unknown };
  const muxer = typeof format === "string" && !format.includes("\0")
    ? muxerByName(native, format)
    : muxerByFileName(native, name.replaceAll("\0", ""));
  return muxer === null || !muxer.opensFilesItself;
}

function isUntouched(path: string): boolean {
  return existsSync(path) && statSync(path).isFile() && readFileSync(path, "utf8") === earlier;
}

/** What is wrong with the folder; empty where nothing is. */
export function judgeFolder(
  { written, rejections, summary, isOneFile }: Omit<Outcome, "complaints" | "residentBytes" | "milliseconds">,
  wasOpen: boolean,
  hasAbort: boolean,
  { folder, path, hasFile }: FolderBefore,
): string[] {
  const complaints: string[] = [];
  const left = readdirSync(folder).filter((name) => name.includes(".avwriter"));
  if (left.length > 0) complaints.push(`left beside the file: ${left.join(", ")}`);
  if (!isOneFile) return complaints;
  const hasTried = written > 0 || hasAbort || rejections.some(({ at }) => at === "write");
  if (hasFile && (!wasOpen || !hasTried) && !isUntouched(path)) {
    complaints.push("the earlier file is not as it was, though no frame was written");
  }
  if (!hasFile && !hasTried && existsSync(path)) {
    complaints.push("there is a file, though no frame was written");
  }
  const isAborted = summary === null &&
    !rejections.some(({ type }) => type !== "TypeError" && type !== "RangeError");
  // Filters may hold the first frames back: then no file was begun.
  const isBegun = existsSync(path) && !(hasFile && isUntouched(path));
  if (isAborted && written > 0 && isBegun) complaints.push("the file is still there after an abort");
  return complaints;
}
