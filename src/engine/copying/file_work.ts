/**
 * Work on files that no program feeds with frames: repairing one, copying packets.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { recoverRecording, type RecoverRequest, type RecoverSummary } from "../../file/recovery.ts";
import type { Steps } from "../../steps.ts";
import { copyFiles } from "./copy_files.ts";
import type { CopyRequest, CopySummary } from "./copy_request.ts";

/** What can be done, by kind: what is asked, and what comes of it. */
interface FileWorks {
  readonly recover: { readonly request: RecoverRequest; readonly summary: RecoverSummary };
  readonly copy: { readonly request: CopyRequest; readonly summary: CopySummary };
}

/** What is to be done. */
export type FileWork<Kind extends keyof FileWorks = keyof FileWorks> = {
  readonly [Each in Kind]: { readonly kind: Each; readonly request: FileWorks[Each]["request"] };
}[Kind];

/** What was done. */
export type FileWorkSummary<Kind extends keyof FileWorks = keyof FileWorks> = FileWorks[Kind]["summary"];

/** Does it; the steps tell how much of it is done. */
export function doFileWork(native: Native, work: FileWork): Steps<FileWorkSummary> {
  return work.kind === "recover" ? recoverRecording(native, work.request) : copyFiles(native, work.request);
}
