/**
 * A folder as a place for segments.
 *
 * @module
 */
import { dirname, join, namesIn, readFile, removeOldFile, writeWholeFile } from "../../../../ffi/mod.ts";
import { requireWritable, withWriteErrors } from "../../../file/target.ts";
import type { EarlierFolder } from "../earlier_list.ts";
import type { SegmentStore } from "./store.ts";

/** A folder. Each file is there whole, or not at all. */
export class FolderStore implements SegmentStore {
  readonly path: string;
  readonly #folder: string;

  /** The folder of a manifest. Throws unless that can be written; the disk stays as it was. */
  constructor(path: string) {
    this.path = path;
    this.#folder = dirname(path);
    requireWritable(path);
  }

  folder(): EarlierFolder {
    return {
      names: namesIn(this.#folder) ?? [],
      read: (name) => {
        try {
          return new TextDecoder().decode(readFile(join(this.#folder, name)));
        } catch {
          return null;
        }
      },
    };
  }

  async put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await writeWholeFile(path, bytes);
    } catch (error) {
      withWriteErrors(path, () => {
        throw error;
      });
    }
  }

  async remove(name: string): Promise<void> {
    await removeOldFile(join(this.#folder, name));
  }
}
