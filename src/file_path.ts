/**
 * Paths of files as users give them.
 *
 * @module
 */
import { fileURLToPath, resolve, runtime } from "../ffi/mod.ts";
import { redactTarget } from "./redaction.ts";
import { shown } from "./shown.ts";

/** What takes network addresses instead, by what was to be done. */
const hints: Readonly<Record<string, string>> = {
  "write to": "; createStreamWriter writes to those",
  "read": "; openNetworkSource reads those",
};

/**
 * The absolute path of a file. Throws a `TypeError` where it is not a valid path. `action` is for the
 * message.
 */
export function filePath(path: string | URL, action = "write to"): string {
  if (typeof path === "string" && /^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    const isFile = path.startsWith("file:");
    throw new TypeError(
      `Cannot ${action} ${shown(isFile ? path : redactTarget(path))}: a string is the path of a file, and ${
        isFile ? "this is a URL; give new URL of it" : `this is a network address${hints[action] ?? ""}`
      }`,
    );
  }
  const name = path instanceof URL ? pathOfUrl(path, action) : path;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      `Cannot ${action} the path ${shown(name)}: give a non-empty string, or a file: URL`,
    );
  }
  if (name.includes("\0")) {
    throw new TypeError(`Cannot ${action} the path ${shown(name)}: it holds a NUL character, remove it`);
  }
  return resolve(name);
}

function pathOfUrl(url: URL, action: string): string {
  if (url.protocol !== "file:") {
    const host = url.host === "" ? "" : `//${url.host}`;
    throw new TypeError(`Cannot ${action} ${url.protocol}${host}: give a path or a file: URL`);
  }
  // A host means something on Windows only: \\host\share.
  if (url.host !== "" && runtime().system !== "windows") {
    throw new TypeError(
      `Cannot ${action} ${url.href}: it is on ${url.host}, give a path on this machine`,
    );
  }
  return fileURLToPath(url);
}
