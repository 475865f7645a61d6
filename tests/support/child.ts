/**
 * A program that tests run in a process of its own: what it does may end the process, or needs other rights
 * or variables.
 *
 * Its last line on stdout is a JSON report.
 *
 * @module
 */
import process from "node:process";
import { createFileWriter, type WriterOptions } from "../../mod.ts";
import { noise } from "./chance.ts";

/** What the program is asked to do. */
export interface ChildRequest {
  readonly codec: string;
  readonly path: string;
  readonly options?: WriterOptions;
  /** Frames to write, each of noise that does not compress. */
  readonly frames: number;
  readonly width: number;
  readonly height: number;
}

/** An error, as it crosses the process border. */
export interface ReportedError {
  readonly type: string;
  readonly code: string | null;
  readonly operation: string | null;
  readonly message: string;
}

/** What happened. */
export interface ChildReport {
  /** The step that failed first; `null` where none did. */
  readonly failedAt: "open" | "write" | "close" | null;
  readonly error: ReportedError | null;
  /** Whether every call after the failure rejected with the very same error. */
  readonly sameErrorLater: boolean;
  readonly framesWritten: number;
  readonly bytes: number;
}

function reported(error: unknown): ReportedError {
  const { constructor, code, operation, message } = error as Error & { code?: unknown; operation?: string };
  return {
    type: constructor.name,
    code: typeof code === "string" ? code : null,
    operation: operation ?? null,
    message,
  };
}

async function run({ codec, path, options, frames, width, height }: ChildRequest): Promise<ChildReport> {
  const report = { failedAt: null, error: null, sameErrorLater: false, framesWritten: 0, bytes: 0 };
  let writer;
  try {
    writer = await createFileWriter(codec, path, 25, options);
  } catch (error) {
    return { ...report, failedAt: "open", error: reported(error) };
  }
  let framesWritten = 0;
  let failedAt: ChildReport["failedAt"] = "write";
  try {
    for (; framesWritten < frames; framesWritten++) {
      await writer.write({ data: noise(width * height * 4, framesWritten + 1), width, height });
    }
    failedAt = "close";
    const { bytes } = await writer.close();
    return { ...report, framesWritten, bytes };
  } catch (error) {
    const later: unknown[] = [];
    const frame = { data: noise(width * height * 4, 1), width, height };
    for (const action of [() => writer.write(frame), () => writer.close(), () => writer.close()]) {
      later.push(await action().then(() => "no error", (again) => again));
    }
    await writer.abort();
    const sameErrorLater = later.every((again) => again === error);
    return { ...report, failedAt, error: reported(error), sameErrorLater, framesWritten };
  }
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]!))));
