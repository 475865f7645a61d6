/**
 * Works on files: in a thread of its own, where that can be.
 *
 * @module
 */
import { librariesFor, loadNative, noteLibraries } from "../../ffi/mod.ts";
import { settlesWithin } from "../abortable.ts";
import { ReadError } from "../errors.ts";
import type { FileWork, FileWorkSummary } from "../engine/work/file_work.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import { EncodingThread, NoThreadError, patienceMs, threadEndedError } from "./encoding_thread.ts";
import type { FromWorker, Posted, ToWorker } from "./messages.ts";
import { receivedError } from "./sent_error.ts";
import { StepRunner } from "./step_runner.ts";

/** How the work is done. */
export interface WorkOptions {
  /** The folder of FFmpeg's libraries. */
  readonly libraryPath: string | undefined;
  /** The module of avwriter's threads. */
  readonly workerModule: URL;
  readonly signal: AbortSignal | undefined;
  /** Where the work is done. Default: in a thread of its own. */
  readonly thread?: "worker" | "main" | undefined;
  /** Called now and then with how much is done, from 0 to 1. */
  readonly onStep: (share: number) => void;
}

/** Works on files. An abort leaves them as they were, and rejects with the signal's reason. */
export async function runFileWork<Kind extends FileWork["kind"]>(
  work: FileWork<Kind>,
  options: WorkOptions,
): Promise<FileWorkSummary<Kind>> {
  try {
    if (options.thread !== "main") {
      return await runInThread(work as FileWork, options) as FileWorkSummary<Kind>;
    }
  } catch (error) {
    if (!(error instanceof NoThreadError)) throw error;
  }
  return await runHere(work as FileWork, options) as FileWorkSummary<Kind>;
}

async function runHere(
  work: FileWork,
  { libraryPath, signal, onStep }: WorkOptions,
): Promise<FileWorkSummary> {
  const { fileWork } = await import("../engine/work/file_work.ts");
  const steps = await fileWork(loadNative(libraryPath), work);
  // It may have been aborted while a thread was to start.
  signal?.throwIfAborted();
  const runner = new StepRunner();
  const giveUp = (): void => runner.giveUp();
  signal?.addEventListener("abort", giveUp);
  try {
    return await runner.run(steps, () => onStep(runner.share));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** What is said where the thread has ended. */
const endedWork = {
  look: {
    class: ReadError,
    message: "Cannot read the file: the thread that does it",
    operation: "read a file",
    hint: "Open the file again",
  },
  recover: {
    message: "Cannot recover the file: the thread that does it",
    operation: "recover a file",
    hint: "The file is as it was",
  },
  copy: {
    message: "Cannot copy the packets: the thread that does it",
    operation: "copy packets",
    hint: "No file was changed",
  },
} as const;

/** What a thread does with files. */
class WorkInThread {
  /** The last question: below 0, as sessions ask with numbers above. */
  static #last = 0;
  readonly #question = --WorkInThread.#last;
  readonly #thread: EncodingThread;
  readonly #control = new SessionControl();
  readonly #kind: FileWork["kind"];
  readonly #onStep: (share: number) => void;
  readonly #answer: PromiseWithResolvers<FromWorker> = Promise.withResolvers();
  #hasStarted = false;

  constructor(kind: FileWork["kind"], { workerModule, libraryPath, onStep }: WorkOptions) {
    this.#kind = kind;
    this.#onStep = onStep;
    this.#thread = EncodingThread.take({ workerModule, libraryPath }, {
      message: (posted) => this.#receive(posted as Posted<FromWorker>),
      ended: (error) =>
        this.#answer.reject(
          this.#hasStarted ? threadEndedError(endedWork[this.#kind], error) : new NoThreadError(error),
        ),
    });
  }

  /** The thread's last answer. */
  async run(work: FileWork, libraryPath: string | undefined): Promise<FromWorker> {
    try {
      this.#post({ type: "work", work, libraryPath, control: this.#control.memory });
      this.#thread.keepAlive(true);
      return await this.#answer.promise;
    } finally {
      this.#thread.leave();
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
    if (message.type === "working") this.#onStep(message.share);
    else this.#answer.resolve(message);
  }
}

async function runInThread(
  work: FileWork,
  options: WorkOptions,
): Promise<FileWorkSummary> {
  const { libraryPath, signal } = options;
  const folder = librariesFor(libraryPath);
  const working = new WorkInThread(work.kind, options);
  const late = Promise.withResolvers<never>();
  const answered = working.run(work, folder);
  const abort = async (): Promise<void> => {
    working.abort();
    if (!await settlesWithin(answered, patienceMs)) late.reject(signal!.reason);
  };
  signal?.addEventListener("abort", abort);
  try {
    const answer = await Promise.race([answered, late.promise]);
    if (answer.type === "worked") {
      noteLibraries(answer.folder, libraryPath);
      return answer.summary;
    }
    signal?.throwIfAborted();
    throw receivedError((answer as Extract<FromWorker, { type: "failed" }>).error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
