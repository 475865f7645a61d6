/**
 * `avwriter doctor`.
 *
 * @module
 */
import { doctor } from "../doctor.ts";
import { type Command, printResult, table } from "./command.ts";

/** What avwriter finds on this system. */
export const doctorCommand: Command = {
  usage: "",
  summary: "tell which FFmpeg is in use, which encoders open, and what to install",
  help: "Exits with 1 where no libraries of FFmpeg can be used.",
  options: {},
  async run(context): Promise<number> {
    const report = await doctor();
    const { runtime, system, libraries, problem, others, encoders, deviceEncoders, install } = report;
    const rows = [
      ["runtime", runtime],
      ["system", system],
      ["FFmpeg", libraries === null ? `none: ${problem}` : `${libraries.version} in ${libraries.folder}`],
      ...Object.entries(libraries?.libraries ?? {}).map(([name, version]) => ["", `${name} ${version}`]),
      ...others.map(({ folder, avcodecMajor, reason }) => [
        "also",
        `libavcodec ${avcodecMajor} in ${folder}${reason === null ? "" : `: ${reason}`}`,
      ]),
      ...(install === null ? [] : [["install", install]]),
      ...Object.entries(encoders).map(([family, checks]) => {
        const usable = checks.filter((check) => check.usable).map(({ name }) => name);
        return [family, usable.length === 0 ? `none: ${checks.at(-1)?.reason}` : usable.join(", ")];
      }),
      ...Object.entries(deviceEncoders).map(([family, checks]) => {
        const usable = checks.filter((check) => check.usable).map(({ name }) => name);
        return [`${family} on a device`, usable.length === 0 ? "none opens" : usable.join(", ")];
      }),
    ];
    printResult(context, report, table(rows));
    return libraries === null ? 1 : 0;
  },
};
