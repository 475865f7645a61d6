/**
 * The command line that this program was started with, and what it prints to.
 *
 * @module
 */

/** The part of a stream of Node's that is in use. */
interface NodeOutput {
  readonly isTTY?: boolean;
  write(text: string | Uint8Array, done: (error?: Error | null) => void): boolean;
  on(event: "error", listener: (error: Error) => void): void;
}

/** The part of Node's `process` in use. */
interface NodeProcess {
  readonly argv: readonly string[];
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: NodeOutput;
  readonly stderr: NodeOutput;
  on(event: "SIGINT", listener: () => void): void;
  off(event: "SIGINT", listener: () => void): void;
  exit(code: number): never;
}

/** Whoever read this program's stdout, such as `head`, has seen enough. */
export class ClosedOutputError extends Error {
  /** The class's name. */
  override name = "ClosedOutputError";
}

/** Where a command line comes from, and where its results go. */
export class Terminal {
  readonly #process: NodeProcess = (globalThis as unknown as { process: NodeProcess }).process;
  #written: Promise<unknown> = Promise.resolve();

  /** For this program's. */
  constructor() {
    // A reader that has seen enough, such as head, is no error of this program.
    for (const output of [this.#process.stdout, this.#process.stderr]) output.on("error", () => {});
  }

  /** The arguments of the command line. */
  get args(): readonly string[] {
    return this.#process.argv.slice(2);
  }

  /** Whether people see what is printed to stderr as it comes. */
  get isInteractive(): boolean {
    return this.#process.stderr.isTTY === true;
  }

  /** Prints a result to stdout. */
  print(text: string): void {
    this.#write(this.#process.stdout, text);
  }

  /** Prints to stderr. */
  printError(text: string): void {
    this.#write(this.#process.stderr, text);
  }

  #write(output: NodeOutput, text: string): void {
    const written = new Promise<void>((resolve) => void output.write(text, () => resolve()));
    this.#written = Promise.all([this.#written, written]);
  }

  /** The bytes of stdin. */
  get input(): AsyncIterable<Uint8Array> {
    return this.#process.stdin;
  }

  /** Stdout as a stream of bytes. */
  get output(): WritableStream<Uint8Array> {
    const { stdout } = this.#process;
    return new WritableStream({
      write: (bytes) =>
        new Promise((resolve, reject) =>
          void stdout.write(bytes, (error) => {
            if (!error) resolve();
            else if ((error as { code?: string }).code !== "EPIPE") reject(error);
            else reject(new ClosedOutputError("Cannot write to stdout: it is closed", { cause: error }));
          })
        ),
    });
  }

  /** Calls a function when somebody presses Ctrl+C. Returns what ends that. */
  onInterrupt(action: () => void): () => void {
    this.#process.on("SIGINT", action);
    return () => this.#process.off("SIGINT", action);
  }

  /** Ends this program, once all that it printed is written. */
  async exit(code: number): Promise<never> {
    await this.#written;
    return this.#process.exit(code);
  }
}
