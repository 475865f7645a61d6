/**
 * Where programs lie.
 *
 * @module
 */
import { join } from "@std/path";
import type { Runtime } from "../contract.ts";

/**
 * The path of a program of a name, from the folders in `PATH`; `null` where none of them has it, or they may
 * not be read.
 */
export function findProgram(host: Runtime, name: string): string | null {
  const [separator, extension] = host.system === "windows" ? [";", ".exe"] : [":", ""];
  const file = name.endsWith(extension) ? name : `${name}${extension}`;
  const folders = host.variable("PATH")?.split(separator).filter((folder) => folder !== "") ?? [];
  return folders.map((folder) => join(folder, file)).find((path) => host.isProgram(path)) ?? null;
}
