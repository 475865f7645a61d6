/**
 * What a program says on stderr.
 *
 * @module
 */
import type { Redactor } from "../redaction.ts";
import { LineReader } from "./line_reader.ts";

/** How much is kept, in bytes. */
const maxBytes = 64 * 1024;
/** How many lines of it stand in messages, and how long they are together. */
const saidLines = 3, saidLength = 400;

/** A line that is kept. */
interface KeptLine {
  readonly text: string;
  readonly bytes: number;
}

/** Keeps the end of what a program says, without its secrets. */
export class StderrTail {
  readonly #redactor: Redactor;
  readonly #reader: LineReader;
  readonly #onLine: (line: string) => void;
  readonly #encoder = new TextEncoder();
  #lines: KeptLine[] = [];
  /** How many of them are not kept any more. */
  #dropped = 0;
  #bytes = 0;

  /** Calls a function with each line. */
  constructor(redactor: Redactor, onLine: (line: string) => void) {
    this.#redactor = redactor;
    this.#onLine = onLine;
    this.#reader = new LineReader((line, end) => this.#take(line, end));
  }

  /** Takes bytes. */
  add(bytes: Uint8Array): void {
    this.#reader.add(bytes);
  }

  /** Takes what has no line's end. */
  finish(): void {
    this.#reader.finish();
  }

  // Whole lines are kept: a part of an address would not be known as one.
  #take(line: string, end: string): void {
    this.#onLine(line);
    const text = `${this.#redactor.redact(line)}${end}`;
    const bytes = this.#encoder.encode(text).length;
    this.#lines.push({ text, bytes });
    this.#bytes += bytes;
    while (this.#bytes > maxBytes) this.#bytes -= this.#lines[this.#dropped++]!.bytes;
    // Lines may be short: to move all for each one would take minutes for a megabyte.
    if (this.#dropped * 2 <= this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#dropped);
    this.#dropped = 0;
  }

  /** All that is kept. */
  get text(): string {
    return this.#lines.slice(this.#dropped).map(({ text }) => text).join("");
  }

  /** The last lines, for a message; `null` where nothing was said. */
  get lastWords(): string | null {
    const lines = this.text.split(/[\r\n]+/)
      // Names of libav's objects, with their addresses.
      .map((line) => line.replaceAll(/\[[^\]]* @ 0x[0-9a-f]+\] */g, "").trim()).filter((line) => line !== "");
    if (lines.length === 0) return null;
    return lines.slice(-saidLines).join("; ").slice(-saidLength);
  }
}
