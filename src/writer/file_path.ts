/**
 * Paths of files as users give them.
 *
 * @module
 */
import { fromFileUrl, resolve } from "@std/path";
import { runtime } from "../../ffi/mod.ts";
import { shown } from "../shown.ts";

/** What is done with a file, as messages say it. */
const actions = {
  write: ["write to the path", "write a file to"],
  read: ["read the path", "read the file at"],
} as const;
type Action = keyof typeof actions;

/** The absolute path of a file that is to be read or written. Throws a `TypeError` where it is none. */
export function filePath(path: string | URL, action: Action = "write"): string {
  const [toPath] = actions[action];
  const name = path instanceof URL ? pathOfUrl(path, action) : path;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot ${toPath} ${shown(name)}: give a text that is not empty, or a file: URL`,
    );
  }
  if (name.includes("\0")) {
    throw new TypeError(
      `Cannot ${toPath} ${shown(name)}: it holds a NUL character, remove it`,
    );
  }
  return resolve(name);
}

function pathOfUrl(url: URL, action: Action): string {
  const [, toUrl] = actions[action];
  if (url.protocol !== "file:") {
    const host = url.host === "" ? "" : `//${url.host}`;
    throw new TypeError(
      `Cannot ${toUrl} ${url.protocol}${host}: give a path or a file: URL`,
    );
  }
  // A host means something on Windows only: \\host\share.
  if (url.host !== "" && runtime().system !== "windows") {
    throw new TypeError(
      `Cannot ${toUrl} ${url.href}: it is on ${url.host}, give a path on this machine`,
    );
  }
  return fromFileUrl(url);
}
