/**
 * A file that this thread reads.
 *
 * @module
 */
import type { AskedCall, ReadCallName, ReadCalls, Reading } from "./reading_calls.ts";
import { ReadingService } from "./reading_service.ts";

/** Reads in this thread. */
export class LocalReading implements Reading {
  readonly #service = new ReadingService(false);

  // deno-lint-ignore require-await
  async ask<Name extends ReadCallName>(
    type: Name,
    details: ReadCalls[Name]["ask"],
  ): Promise<ReadCalls[Name]["answer"]> {
    const call = { ...details, type, question: 0 } as unknown as AskedCall;
    return this.#service.answer(call).value as ReadCalls[Name]["answer"];
  }

  async close(): Promise<void> {
    await this.ask("close", {});
  }
}
