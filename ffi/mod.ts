/**
 * What the rest of the project may use of this layer.
 *
 * @module
 */
export {
  type Address,
  address,
  NULL,
  type ParentThread,
  type Runtime,
  type Thread,
  type ThreadListener,
} from "./contract.ts";
export {
  boxBytes,
  checkReadable,
  cutFile,
  endOfBoxes,
  fileBytes,
  isSameFile,
  makeNewFile,
  makeReplacement,
  namesIn,
  patchFile,
  readFile,
  removeFile,
  removesOpenFiles,
  replaceFile,
  ScratchFile,
  SyncedFile,
} from "./files/files.ts";
export {
  filesBelow,
  type FoundFile,
  freeBytes,
  isThere,
  makeFolder,
  removeEmptyFolder,
  removeFolder,
  ScratchFolder,
} from "./files/folders.ts";
export { RandomFile } from "./files/random_file.ts";
export { FileLock } from "./files/file_lock.ts";
export { removeOldFile, writeWholeFile } from "./files/whole_file.ts";
export { cString, memoryToFill, PointerCell, textOf } from "./memory.ts";
export { installCommand, installHint } from "./install_hint.ts";
export { keepDevices, librariesFor, loadNative, noteLibraries, openLibrariesAhead } from "./open.ts";
export { type Native } from "./native.ts";
export { basename, dirname, extname, fileURLToPath, join, resolve } from "./paths.ts";
export { withoutRealTime } from "./priority.ts";
export { runtime } from "./runtime.ts";
export { type FieldName } from "./struct.ts";
export {
  checkWritable,
  type HeldPipe,
  isPlainPath,
  obstacleTo,
  ownerOfNew,
  PipeDrain,
  type Target,
} from "./files/targets.ts";
export { findProgram } from "./programs/find_program.ts";
export { Program, type ProgramEnd } from "./programs/program.ts";
export { ClosedOutputError, Terminal } from "./programs/terminal.ts";
export { parentThread } from "./threads.ts";
export { type SeenLibraries, surveyLibraries } from "./survey.ts";
