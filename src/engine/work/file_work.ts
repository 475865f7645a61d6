/**
 * Work on files that no program feeds with frames: looking at one, repairing one, copying packets.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import type { RecoverRequest, RecoverSummary } from "../../file/recovery.ts";
import type { Steps } from "../../steps.ts";
import type { CopyRequest, CopySummary } from "../copying/copy_request.ts";
import type { FileLook, LookRequest } from "../reading/file_look.ts";

/** What can be done, by kind: what is asked, and what comes of it. */
interface FileWorks {
  readonly look: { readonly request: LookRequest; readonly summary: FileLook };
  readonly recover: { readonly request: RecoverRequest; readonly summary: RecoverSummary };
  readonly copy: { readonly request: CopyRequest; readonly summary: CopySummary };
}

/** What is to be done. */
export type FileWork<Kind extends keyof FileWorks = keyof FileWorks> = {
  readonly [Each in Kind]: { readonly kind: Each; readonly request: FileWorks[Each]["request"] };
}[Kind];

/** What was done. */
export type FileWorkSummary<Kind extends keyof FileWorks = keyof FileWorks> = FileWorks[Kind]["summary"];

/** Gets ready to do it; the steps tell how much of it is done. Modules are loaded for that kind alone. */
export async function fileWork(native: Native, work: FileWork): Promise<Steps<FileWorkSummary>> {
  switch (work.kind) {
    case "look": {
      const { lookAtFile } = await import("../reading/file_look.ts");
      return lookAtFile(native, work.request);
    }
    case "recover": {
      const { recoverRecording } = await import("../../file/recovery.ts");
      return recoverRecording(native, work.request);
    }
    case "copy": {
      const { copyFiles } = await import("../copying/copy_files.ts");
      return copyFiles(native, work.request);
    }
  }
}
