/**
 * Judges what a writer rejects with: of a documented class, and readable.
 *
 * @module
 */
import { AvError } from "../../mod.ts";
import { assertReadable } from "../../tests/support/messages.ts";
import type { Rejection } from "./case_types.ts";

/** What each call may reject with. */
const documented: Readonly<Record<Rejection["at"], readonly string[]>> = {
  open: [
    ...["TypeError", "RangeError", "EncoderNotFoundError", "OptionError", "UnsupportedError", "WriteError"],
    "ReadError",
  ],
  // The first frame opens the encoder for its size: it may be refused as an open would be.
  write: ["TypeError", "RangeError", "WriteError", "WriterClosedError", "UnsupportedError", "OptionError"],
  // Filters may give their first frame at the end only. A chunk may lack frames.
  close: ["RangeError", "WriteError", "WriterClosedError", "UnsupportedError", "OptionError"],
  abort: ["WriteError"],
  dispose: ["WriteError", "UnsupportedError", "OptionError"],
};

/** Words that no error of a caller's making has. */
const internal =
  /was used after it was freed|is not a function|Cannot read propert|never got|held a frame|stub/;

/** An error as a report shows it. */
export function rejectionOf(at: Rejection["at"], error: unknown): Rejection {
  const { constructor, code, message } = error as Error & { code?: unknown };
  return {
    at,
    type: constructor?.name ?? typeof error,
    code: typeof code === "string" ? code : null,
    message: String(message ?? error),
  };
}

/** What is wrong with an error; empty where nothing is. */
export function judgeError(at: Rejection["at"], error: unknown): string[] {
  if (!(error instanceof Error)) return [`${at} rejected with no error: ${String(error)}`];
  const { type, message } = rejectionOf(at, error);
  const complaints: string[] = [];
  const stack = error instanceof AvError ? "" : `\n${error.stack ?? ""}`;
  if (!documented[at].includes(type)) {
    complaints.push(`${at} rejected with the class ${type}: ${message}${stack}`);
  }
  if (error.name !== type) complaints.push(`the ${type} is named ${error.name}`);
  if (internal.test(message)) {
    complaints.push(`${at} rejected with words of our own making: ${message}${stack}`);
  }
  try {
    assertReadable(error);
  } catch (flaw) {
    complaints.push(`${at} rejected, but its message ${(flaw as Error).message}${stack}`);
  }
  return complaints;
}
