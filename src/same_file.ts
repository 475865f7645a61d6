/**
 * Whether a file is read and written at the same time.
 *
 * @module
 */
import { isSameFile, runtime } from "../ffi/mod.ts";

/** Whether two paths are one file: by the same name, a link, or another name of it. Never prompts. */
export function isOneFile(one: string, other: string): boolean {
  const host = runtime();
  const [first, second] = [host.realPath(one), host.realPath(other)];
  if (first === undefined || second === undefined) return false;
  return first === second || host.mayRead(first) && host.mayRead(second) && isSameFile(first, second);
}
