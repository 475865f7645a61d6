/**
 * Streams of bytes into a program and out of it.
 *
 * @module
 */
import type { Program } from "../../ffi/mod.ts";
import { kindOf, shown } from "../shown.ts";

/** Bytes for a program's standard input. */
export type CommandInput = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array;

/** Where bytes come from. */
export interface ByteSource {
  /** The next bytes; `null` at their end. */
  next(): Promise<unknown>;
  /** Nobody wants more of them. */
  cancel(reason: unknown): Promise<unknown>;
}

/** Takes a program's input: nobody else may read it from then on. */
export function takeInput(input: CommandInput): ByteSource {
  if (input instanceof Uint8Array) {
    let rest: Uint8Array | null = input;
    return {
      next: () => {
        const bytes = rest;
        rest = null;
        return Promise.resolve(bytes);
      },
      cancel: () => Promise.resolve(),
    };
  }
  if (input instanceof ReadableStream) {
    const reader = input.getReader();
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return done ? null : value;
      },
      cancel: (reason) => reader.cancel(reason),
    };
  }
  const iterator = input[Symbol.asyncIterator]();
  return {
    next: async () => {
      const { done, value } = await iterator.next();
      return done === true ? null : value;
    },
    cancel: async () => void await iterator.return?.(),
  };
}

/** Bytes that a program may be given; throws a `TypeError` for others. */
function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    const kind = typeof value === "object" && value !== null ? kindOf(value) : shown(value);
    throw new TypeError(`Cannot use the option input: it gives ${kind}, but must give Uint8Array`);
  }
  // Node's API takes no shared memory.
  return value.buffer instanceof ArrayBuffer ? value : new Uint8Array(value);
}

/**
 * Copies bytes into a program until they or the program's wish for them end, or something else does. Each
 * piece of memory is the source's again before the next one is asked for.
 */
export async function feed(program: Program, source: ByteSource, stopped: Promise<unknown>): Promise<void> {
  const noMore = Symbol();
  const unwanted = Promise.race([program.inputClosed, stopped]).then(() => noMore, () => noMore);
  while (true) {
    const value = await Promise.race([source.next(), unwanted]);
    if (value === noMore) break;
    if (value === null) return program.endInput();
    const bytes = bytesOf(value);
    if (bytes.length > 0 && !await program.write(bytes)) break;
  }
  program.endInput();
  // It may wait for bytes that never come.
  source.cancel(new Error("The program reads no more")).catch(() => {});
}

/** Copies what a program writes into a stream, and closes that at the end, unless it is stopped before. */
export async function drain(
  program: Program,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  stopped: Promise<unknown>,
): Promise<void> {
  const hasStopped = Symbol();
  const end = stopped.then(() => hasStopped, () => hasStopped);
  for await (const bytes of program.output) {
    // Memory that is shared with other pieces can't be transferred.
    if (await Promise.race([writer.write(new Uint8Array(bytes)), end]) === hasStopped) return;
  }
  await Promise.race([writer.close(), end]);
}
