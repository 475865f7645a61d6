/**
 * `avwriter recover`.
 *
 * @module
 */
import { recoverFile } from "../writer/recover_file.ts";
import { textOption, UsageError } from "./arguments.ts";
import { type Command, printResult, ProgressLine } from "./command.ts";

/** Repairs a recording that was cut off. */
export const recoverCommand: Command = {
  usage: "[--output OTHER] FILE",
  summary: "make an ordinary file of a recording that was cut off",
  help: "The repaired file takes the recording's place when it is whole.\n\n" +
    "  --output OTHER  write it there; the recording stays as it is",
  options: { output: "value" },
  async run(context): Promise<number> {
    const { terminal, signal, parsed } = context;
    const [path, ...more] = parsed.rest;
    if (path === undefined || more.length > 0) throw new UsageError("recover needs one file");
    const output = textOption(parsed, "output");
    using line = new ProgressLine(terminal);
    const summary = await recoverFile(path, {
      ...(output === undefined ? {} : { output }),
      signal,
      onProgress: ({ finished }) => line.show(`${Math.floor(finished * 100)} %`),
    });
    line[Symbol.dispose]();
    const { frames, bytes } = summary;
    printResult(context, summary, [`${summary.path}: ${frames} frames, ${bytes} bytes, ${summary.format}`]);
    return 0;
  },
};
