/**
 * What the commands of the command line have in common.
 *
 * @module
 */
import type { Terminal } from "../../ffi/mod.ts";
import type { OptionKinds, Parsed } from "./arguments.ts";

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborted when somebody presses Ctrl+C. */
  readonly signal: AbortSignal;
  /** Whether results are JSON. */
  readonly isJson: boolean;
  readonly parsed: Parsed;
}

/** A command. */
export interface Command {
  /** What stands behind its name: `"FILE"`. */
  readonly usage: string;
  /** What it does, in a line. */
  readonly summary: string;
  /** More help, with the options. */
  readonly help: string;
  /** Its options beside those of every command. */
  readonly options: OptionKinds;
  /** Whether its options come before all other arguments, which may look like options. */
  readonly takesAnything?: boolean;
  /** Does it; returns the exit code. */
  run(context: CommandContext): Promise<number>;
}

/** Prints a result: as JSON, or the lines of a text. */
export function printResult(
  { terminal, isJson }: CommandContext,
  result: unknown,
  lines: readonly string[],
): void {
  terminal.print(isJson ? `${JSON.stringify(result, null, 2)}\n` : lines.map((line) => `${line}\n`).join(""));
}

/** Rows of a table, with columns as wide as they need to be. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (all, row) => row.map((cell, index) => Math.max(all[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) => row.map((cell, index) => cell.padEnd(widths[index]!)).join("  ").trimEnd());
}

/** A number of bytes, seconds or frames for people. */
export function rounded(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

/** One line on a terminal that tells how far a command is. Elsewhere it prints nothing. */
export class ProgressLine implements Disposable {
  readonly #terminal: Terminal;
  #isShown = false;

  /** For a terminal. */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Replaces the line. */
  show(text: string): void {
    if (!this.#terminal.isInteractive) return;
    this.#isShown = true;
    this.#terminal.printError(`\r\x1b[K${text}`);
  }

  /** Removes it. */
  [Symbol.dispose](): void {
    if (this.#isShown) this.#terminal.printError("\r\x1b[K");
    this.#isShown = false;
  }
}
