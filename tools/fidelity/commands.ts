/**
 * Running programs that are not ours.
 *
 * @module
 */
import type { Case } from "./case_types.ts";

/** How a program ended, and what it printed. */
export interface Ended {
  readonly code: number;
  readonly stdout: Uint8Array;
  readonly stderr: string;
}

/** Many times what the slowest one needs: a hang is a failure, not a wait. */
const timeoutMs = 60_000;

/** Runs a program. One that is missing ends with code 127, as in a shell. */
export async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      env: { NO_COLOR: "1", LC_ALL: "C.UTF-8", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(timeoutMs),
    }).output();
    return { code, stdout, stderr: new TextDecoder().decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { code: 127, stdout: new Uint8Array(), stderr: `${program} is not installed` };
  }
}

/** The lines of a text that are not empty. */
export function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}

/** What a program printed on stdout, as text. */
export function textOf({ stdout }: Ended): string {
  return new TextDecoder().decode(stdout);
}

/**
 * The options that make ffmpeg pass frames on as they are: neither repeated nor dropped, and with the file's
 * own times, which frames at irregular times need.
 */
export const asTheyAre: readonly string[] = ["-fps_mode", "passthrough", "-enc_time_base", "-1"];

/** The options that make ffmpeg and ffprobe use the case's decoder. */
export function decoderOptions({ decoder }: Case): string[] {
  return decoder === undefined ? [] : ["-c:v", decoder];
}
