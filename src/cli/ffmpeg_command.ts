/**
 * `avwriter ffmpeg`.
 *
 * @module
 */
import { CommandError } from "../command/command_error.ts";
import { ffmpeg } from "../command/ffmpeg.ts";
import type { CommandProgress } from "../command/progress.ts";
import { numberOption, textOption, UsageError } from "./arguments.ts";
import { type Command, printResult, ProgressLine, rounded } from "./command.ts";

const inputPipes: readonly string[] = ["-", "pipe:", "pipe:0"];
const outputPipes: readonly string[] = ["-", "pipe:", "pipe:1"];

function describe({ finished, frames, seconds, speed }: CommandProgress): string {
  return [
    finished === null ? "" : `${Math.floor(finished * 100)} %`,
    frames === null ? "" : `${frames} frames`,
    seconds === null ? "" : `${rounded(seconds)} s`,
    speed === null ? "" : `speed ${rounded(speed)}`,
  ].filter(Boolean).join(", ");
}

/** Whether something is written to stdout: a pipe of an output, which the null muxer leaves empty. */
function writesToPipe(args: readonly string[]): boolean {
  return args.some((argument, index) => outputPipes.includes(argument) && args[index - 1] !== "-i") &&
    args[args.lastIndexOf("-f") + 1] !== "null";
}

/** Runs the ffmpeg program. */
export const ffmpegCommand: Command = {
  usage: "[OPTIONS] ARGUMENTS...",
  summary: "run the ffmpeg program with its own arguments",
  help: "Shows progress, hides keys, and leaves no process behind. An input and an output may be -.\n\n" +
    "  --overwrite     replace files that exist, as -y does\n" +
    "  --timeout S     end it after so many seconds\n" +
    "  --path PROGRAM  another program than the first ffmpeg in PATH",
  options: { overwrite: "flag", timeout: "value", path: "value" },
  takesAnything: true,
  async run(context): Promise<number> {
    const { terminal, signal, isJson, parsed } = context;
    const args = parsed.rest.filter((argument) => argument !== "-y" && argument !== "-n");
    if (args.length === 0) throw new UsageError("ffmpeg needs arguments");
    const hasOutput = writesToPipe(args);
    if (hasOutput && isJson) throw new UsageError("Stdout gets the output here: leave --json out");
    const [timeoutSeconds, path] = [numberOption(parsed, "timeout"), textOption(parsed, "path")];
    using line = new ProgressLine(terminal);
    try {
      const { frames, seconds } = await ffmpeg(args, {
        overwrite: parsed.options.has("overwrite") || parsed.rest.includes("-y"),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        ...(path === undefined ? {} : { path }),
        ...(args.some((argument, index) => inputPipes.includes(argument) && args[index - 1] === "-i")
          ? { input: terminal.input }
          : {}),
        ...(hasOutput ? { output: terminal.output } : {}),
        signal,
        onProgress: (progress) => line.show(describe(progress)),
      });
      line[Symbol.dispose]();
      const told = describe({ frames, seconds, fps: null, speed: null, finished: null });
      if (!hasOutput) printResult(context, { frames, seconds }, told === "" ? [] : [told]);
      return 0;
    } catch (error) {
      line[Symbol.dispose]();
      if (error instanceof CommandError && error.stderr !== "") terminal.printError(error.stderr);
      throw error;
    }
  },
};
