/**
 * Bytes as lines of text.
 *
 * @module
 */

/** The longest line: longer ones are divided. */
const maxLength = 8192;

/** Divides bytes into lines, which end with a line feed, a carriage return, or after 8192 characters. */
export class LineReader {
  readonly #onLine: (line: string, end: string) => void;
  readonly #decoder = new TextDecoder();
  #rest = "";

  /** Calls a function with each line and what it ended with. */
  constructor(onLine: (line: string, end: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes bytes. */
  add(bytes: Uint8Array): void {
    this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  #take(text: string): void {
    const parts = `${this.#rest}${text}`.split(/(\r\n|\n|\r(?!$))/);
    this.#rest = parts.pop()!;
    for (let index = 0; index < parts.length; index += 2) {
      this.#onLine(this.#divide(parts[index]!), parts[index + 1]!);
    }
    this.#rest = this.#divide(this.#rest);
  }

  /** Passes on as much of a line as is too long, up to a blank where it has one; returns what is left. */
  #divide(line: string): string {
    let rest = line;
    while (rest.length > maxLength) {
      const blank = rest.lastIndexOf(" ", maxLength) + 1;
      const end = blank > 0 ? blank : maxLength;
      this.#onLine(rest.slice(0, end), "");
      rest = rest.slice(end);
    }
    return rest;
  }

  /** Takes what is left at the end. */
  finish(): void {
    this.#take(this.#decoder.decode());
    if (this.#rest !== "") this.#onLine(this.#rest, "");
    this.#rest = "";
  }
}
