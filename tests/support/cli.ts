/**
 * The command line, run as a program.
 *
 * @module
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { SkipReason } from "./features.ts";
import { commandLine, type Ended, runScript } from "./processes.ts";

/** The program. */
export const commandFile: string = fileURLToPath(new URL("../../cli.ts", import.meta.url));

/** The reason where there is no shell. */
export const noShell: SkipReason = process.platform === "win32" && "it needs a shell";

/** Runs the program. */
export const avwriter = (...args: string[]): Ended => runScript(commandFile, args);

/** The shell's words for the program. */
export const words: readonly [command: string, ...parameters: string[]] = commandLine(commandFile, [], {});
