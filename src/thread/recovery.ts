/**
 * Repairs a file: in a thread of its own, where that can be.
 *
 * @module
 */
import { librariesFor, loadNative, noteLibraries } from "../../ffi/mod.ts";
import { settlesWithin } from "../abortable.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import { recoverRecording, type RecoverRequest, type RecoverSummary } from "../file/recovery.ts";
import { EncodingThread, NoThreadError, patienceMs, threadEndedError } from "./encoding_thread.ts";
import type { FromWorker, Posted, ToWorker } from "./messages.ts";
import { receivedError } from "./sent_error.ts";
import { StepRunner } from "./step_runner.ts";

/** How a file is repaired. */
export interface RecoveryOptions {
  /** The folder of FFmpeg's libraries. */
  readonly libraryPath: string | undefined;
  /** The module of avwriter's threads. */
  readonly workerModule: URL;
  readonly signal: AbortSignal | undefined;
  /** Called now and then with how much is done, from 0 to 1. */
  readonly onStep: (share: number) => void;
}

/** Repairs a file. An abort leaves it as it was, and rejects with the signal's reason. */
export async function runRecovery(
  request: RecoverRequest,
  options: RecoveryOptions,
): Promise<RecoverSummary> {
  try {
    return await runInThread(request, options);
  } catch (error) {
    if (!(error instanceof NoThreadError)) throw error;
  }
  return await runHere(request, options);
}

async function runHere(
  request: RecoverRequest,
  { libraryPath, signal, onStep }: RecoveryOptions,
): Promise<RecoverSummary> {
  // It may have been aborted while a thread was to start.
  signal?.throwIfAborted();
  const runner = new StepRunner();
  const giveUp = (): void => runner.giveUp();
  signal?.addEventListener("abort", giveUp);
  try {
    const steps = recoverRecording(loadNative(libraryPath), request);
    return await runner.run(steps, () => onStep(runner.share));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** What is said where the thread has ended. */
const endedRecovery = {
  message: "Cannot recover the file: the thread that does it",
  operation: "recover a file",
  hint: "The file is as it was",
} as const;

/** A file that a thread repairs. */
class Recovery {
  /** The last question: below 0, as sessions ask with numbers above. */
  static #last = 0;
  readonly #question = --Recovery.#last;
  readonly #thread: EncodingThread;
  readonly #control = new SessionControl();
  readonly #onStep: (share: number) => void;
  readonly #answer: PromiseWithResolvers<FromWorker> = Promise.withResolvers();
  #hasStarted = false;

  constructor({ workerModule, onStep }: RecoveryOptions) {
    this.#onStep = onStep;
    this.#thread = EncodingThread.take(workerModule, {
      message: (posted) => this.#receive(posted as Posted<FromWorker>),
      ended: (error) =>
        this.#answer.reject(
          this.#hasStarted ? threadEndedError(endedRecovery, error) : new NoThreadError(error),
        ),
    });
  }

  /** The thread's last answer. */
  async run(request: RecoverRequest, libraryPath: string | undefined): Promise<FromWorker> {
    let isReusable = false;
    try {
      this.#post({ type: "recover", request, libraryPath, control: this.#control.memory });
      this.#thread.keepAlive(true);
      const answer = await this.#answer.promise;
      isReusable = true;
      return answer;
    } finally {
      this.#thread.leave(isReusable);
    }
  }

  abort(): void {
    this.#control.abort();
    this.#post({ type: "abort" });
  }

  #post(message: ToWorker): void {
    this.#thread.post({ question: this.#question, message }, []);
  }

  #receive({ question, message }: Posted<FromWorker>): void {
    if (question !== this.#question) return;
    this.#hasStarted = true;
    if (message.type === "recovering") this.#onStep(message.share);
    else this.#answer.resolve(message);
  }
}

async function runInThread(
  request: RecoverRequest,
  options: RecoveryOptions,
): Promise<RecoverSummary> {
  const { libraryPath, signal } = options;
  const folder = librariesFor(libraryPath);
  const recovery = new Recovery(options);
  const late = Promise.withResolvers<never>();
  const answered = recovery.run(request, folder);
  const abort = async (): Promise<void> => {
    recovery.abort();
    if (!await settlesWithin(answered, patienceMs)) late.reject(signal!.reason);
  };
  signal?.addEventListener("abort", abort);
  try {
    const answer = await Promise.race([answered, late.promise]);
    if (answer.type === "recovered") {
      noteLibraries(answer.folder, libraryPath);
      return answer.summary;
    }
    signal?.throwIfAborted();
    throw receivedError((answer as Extract<FromWorker, { type: "failed" }>).error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
