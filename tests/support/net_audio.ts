/**
 * A program that opens a writer with the audio of a network address, and prints the error that it got.
 *
 *     net_sound.ts PATH URL
 *
 * @module
 */
import process from "node:process";
import { createFileWriter } from "../../mod.ts";

const [, , path, url] = process.argv;
const options = { audio: { from: new URL(url!) }, logLevel: "quiet" } as const;
const error = await createFileWriter("mpeg4", path!, 25, options).then(() => null, (error) => error);
console.log(`${error?.name}: ${error?.message}`);
