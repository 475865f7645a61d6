/**
 * Files that are there whole, or not at all.
 *
 * @module
 */
import { promises } from "node:fs";

/** What the name of a file ends with that is not whole yet. */
const unfinished = ".avwriter";

/** Writes a file under another name, and gives it its own once it is whole. Throws the system's error. */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  // Another process may be writing the same file.
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}${unfinished}`;
  try {
    await promises.writeFile(temporary, bytes);
    await promises.rename(temporary, path);
  } catch (error) {
    await promises.rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Removes a file. A missing one is no error. */
export async function removeOldFile(path: string): Promise<void> {
  await promises.rm(path, { force: true });
}
