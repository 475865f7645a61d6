/**
 * Whether a file is read and written at the same time.
 *
 * @module
 */
import { basename, dirname, isSameFile, join, runtime } from "../ffi/mod.ts";

/** Whether two paths are one file: by the same name, a link, or another name of it. Never prompts. */
export function isOneFile(one: string, other: string): boolean {
  const host = runtime();
  const [first, second] = [host.realPath(one), host.realPath(other)];
  if (first === undefined || second === undefined) return false;
  return first === second || host.mayRead(first) && host.mayRead(second) && isSameFile(first, second);
}

/** Whether two paths will be one file once both are made. Never prompts. */
export function willBeOneFile(one: string, other: string): boolean {
  return one === other || futurePath(one) === futurePath(other) || isOneFile(one, other);
}

/** The path of a file that may not be there yet, with the real path of its folder. */
function futurePath(path: string): string {
  const host = runtime();
  const real = host.realPath(path);
  if (real !== undefined) return real;
  const folder = host.realPath(dirname(path));
  return folder === undefined ? path : join(folder, basename(path));
}
