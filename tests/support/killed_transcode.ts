/**
 * A program that transcodes a file and kills itself meanwhile: run by tests. Its parameters are the paths.
 *
 * @module
 */
import process from "node:process";
import { transcode } from "../../recipes.ts";

const [input, output] = process.argv.slice(2);
await transcode(input!, output!, "ffv1", { onProgress: () => process.kill(process.pid, "SIGKILL") });
