/**
 * Programs of the system, where the runtime has no functions of its own for them.
 *
 * @module
 */
import { accessSync, constants, statSync } from "node:fs";

/** Whether a path is a program, as far as this program may know. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
