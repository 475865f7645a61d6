/**
 * Writes ten minutes of flashes and beeps with avwriter's public interface, on whichever runtime runs it. It
 * prints nothing.
 *
 *     deno run -A tools/fidelity/write_sync.ts CASE PATH      bun tools/fidelity/write_sync.ts CASE PATH
 *
 * CASE is a case as JSON.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { flashAndBeep } from "../../tests/support/audio.ts";
import { type SyncCase, syncRate, syncSampleRate, syncSeconds } from "./sync_cases.ts";

const [json, path] = process.argv.slice(2);
const { codec, options }: SyncCase = JSON.parse(json!);

const writer = await createFileWriter(codec, path!, syncRate, options);
await flashAndBeep(writer, syncRate, syncSampleRate, syncSeconds);
await writer.close();
