/**
 * What the thread does that reads a file: a {@linkcode ReadingService} behind messages. A `ReadingThread` is
 * at their other end.
 *
 * @module
 */
import type { ParentThread } from "../../../ffi/mod.ts";
import { sentError } from "../sent_error.ts";
import type { AnsweredCall, AskedCall } from "./reading_calls.ts";
import { ReadingService } from "./reading_service.ts";

function take(parent: ParentThread, service: ReadingService, call: AskedCall): void {
  const { question } = call;
  try {
    const { value, transferred } = service.answer(call);
    parent.post({ question, value } satisfies AnsweredCall, transferred);
  } catch (error) {
    parent.post({ question, error: sentError(error) } satisfies AnsweredCall);
  }
}

/** Takes over a thread to read in it. Returns the handler of its messages. */
export function readInThread(parent: ParentThread): (message: unknown) => void {
  const service = new ReadingService(true);
  return (call) => take(parent, service, call as AskedCall);
}
