/**
 * The command line.
 *
 * @module
 */
import { ClosedOutputError, Terminal } from "../../ffi/mod.ts";
import { didYouMean } from "../nearest.ts";
import { parseArguments, UsageError } from "./arguments.ts";
import { type Command, table } from "./command.ts";
import { doctorCommand } from "./doctor_command.ts";
import { encodeCommand } from "./encode_command.ts";
import { ffmpegCommand } from "./ffmpeg_command.ts";
import { probeCommand } from "./probe_command.ts";
import { recordCommand } from "./record_command.ts";
import { recoverCommand } from "./recover_command.ts";

const commands: Readonly<Record<string, Command>> = {
  doctor: doctorCommand,
  probe: probeCommand,
  record: recordCommand,
  encode: encodeCommand,
  recover: recoverCommand,
  ffmpeg: ffmpegCommand,
};

/** Options of every command. */
const common = { json: "flag", help: "flag" } as const;

/** What the program ends with. */
const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

const usage = (name: string): string => `avwriter ${name} ${commands[name]!.usage}`.trimEnd();

function overview(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [`  ${name}`, summary]);
  return [
    "Usage: avwriter COMMAND [--json] [--help] ...",
    "",
    ...table(rows),
    "",
    "avwriter COMMAND --help tells more of one. Exit codes: 0 success, 1 failure, 2 wrong usage, 130 Ctrl+C.",
    "",
  ].join("\n");
}

function helpOf(name: string): string {
  const { summary, help } = commands[name]!;
  const about = `${summary[0]!.toUpperCase()}${summary.slice(1)}.`;
  return `Usage: ${usage(name)}\n\n${about} ${help}\n\n  --json  print the result as JSON\n`;
}

/** Does what a command line says; returns the exit code. */
async function runCommand(args: readonly string[], terminal: Terminal, signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const about = rest[0];
    const isKnown = about !== undefined && Object.hasOwn(commands, about);
    terminal.print(isKnown ? helpOf(about) : overview());
    return name === undefined ? exitCodes.usage : exitCodes.success;
  }
  if (!Object.hasOwn(commands, name)) {
    const question = didYouMean(name, Object.keys(commands));
    throw new UsageError(`There is no command ${name}${question === null ? "" : `. ${question}`}`);
  }
  const command = commands[name]!;
  const parsed = parseArguments(rest, { ...command.options, ...common }, command.takesAnything);
  if (parsed.options.has("help")) {
    terminal.print(helpOf(name));
    return exitCodes.success;
  }
  return await command.run({ terminal, signal, isJson: parsed.options.has("json"), parsed });
}

/**
 * Runs the command line of this program, and ends the program with its exit code: 0, 1 for a failure, 2 for a
 * wrong usage, 130 after Ctrl+C.
 *
 * @example
 * ```ts ignore
 * import { main } from "@avwriter/avwriter/cli";
 *
 * await main();
 * ```
 */
export async function main(): Promise<never> {
  const terminal = new Terminal();
  const control = new AbortController();
  terminal.onInterrupt(() => {
    // Somebody who presses it again does not want to wait.
    if (control.signal.aborted) void terminal.exit(exitCodes.interrupted);
    control.abort();
  });
  try {
    return await terminal.exit(await runCommand(terminal.args, terminal, control.signal));
  } catch (error) {
    if (error instanceof ClosedOutputError) return await terminal.exit(exitCodes.success);
    if (control.signal.aborted) return await terminal.exit(exitCodes.interrupted);
    const isUsage = error instanceof UsageError;
    terminal.printError(
      `avwriter: ${(error as Error).message}\n${isUsage ? "avwriter --help tells more.\n" : ""}`,
    );
    return await terminal.exit(isUsage ? exitCodes.usage : exitCodes.failure);
  }
}
