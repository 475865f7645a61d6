/**
 * Writes the file of one case with avwriter's public interface, on whichever runtime runs it. It prints
 * nothing.
 *
 *     deno run -A tools/fidelity/write_case.ts CASE PATH      bun tools/fidelity/write_case.ts CASE PATH
 *
 * CASE is a case as JSON.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import type { Case } from "./case_types.ts";
import { givenFrame } from "./reference.ts";

const [json, path] = process.argv.slice(2);
const test: Case = JSON.parse(json!);
const [width, height] = test.size;

const writer = await createFileWriter(test.codec, path!, test.fps, test.options);
for (let index = 0; index < test.frames; index++) {
  const frame = { data: givenFrame(test, index).bytes, width, height, format: test.input };
  const timestamp = test.times?.[index];
  await writer.write(frame, timestamp === undefined ? {} : { timestamp });
}
await writer.close();
