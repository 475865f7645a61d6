/**
 * The thread that reads a file: a {@linkcode ReadingService} behind messages. {@linkcode ReadingThread}
 * starts it; nothing imports it.
 *
 * @module
 */
import { parentThread } from "../../../ffi/mod.ts";
import { sentError } from "../sent_error.ts";
import type { AnsweredCall, AskedCall } from "./reading_calls.ts";
import { ReadingService } from "./reading_service.ts";

const parent = parentThread();
const service = new ReadingService(true);

function take(call: AskedCall): void {
  const { question } = call;
  try {
    const { value, transferred } = service.answer(call);
    parent.post({ question, value } satisfies AnsweredCall, transferred);
  } catch (error) {
    parent.post({ question, error: sentError(error) } satisfies AnsweredCall);
  }
}

parent.listen((call) => take(call as AskedCall));
