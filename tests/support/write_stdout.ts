/**
 * A program that writes a video to its standard output, in the container that it is asked for.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";
import { writeBars } from "./media.ts";

await writeBars(await createFileWriter("mpeg4", "/dev/stdout", 30, { format: process.argv[2]! }), 40);
