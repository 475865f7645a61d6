/**
 * Writers that are opened for what that tells, and write nothing.
 *
 * @module
 */
import { readdirSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { createFileWriter, type WriterOptions } from "../../mod.ts";
import { TemporaryFolder } from "./media.ts";

/** Opens a writer that is not expected to open, in a folder that must be empty afterwards. */
export async function open(codec: string, name: string, options?: WriterOptions): Promise<void> {
  using folder = new TemporaryFolder();
  try {
    const writer = await createFileWriter(codec, folder.file(name), 25, { logLevel: "quiet", ...options });
    await writer.abort();
  } finally {
    assertEquals(readdirSync(folder.path), []);
  }
}
