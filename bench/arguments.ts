/**
 * What the benchmark is asked to do.
 *
 * @module
 */
import { type BenchCase, cases } from "./cases.ts";
import { decodingName } from "./decoding.ts";
import { kernelsName } from "./kernels.ts";
import { type PeerName, peers } from "./peers.ts";
import { type RuntimeName, thisRuntime } from "./runtimes.ts";
import { transcodingName } from "./transcoding.ts";
import { wayName } from "./way.ts";

/** How to use it. */
export const usage = `Usage: deno task bench [OPTION]...

    --quick            three rounds of a few cases
    --all              all cases, for hours
    --case TEXT,...    the cases whose names contain one of the texts, among all
    --peer NAME,...    these peers only, beside those that ratios refer to
    --rounds NUMBER    rounds that count (5)
    --frames NUMBER    at most so many frames and nothing to warm up, to see whether all works: figures mean nothing
    --runtime NAME     deno, bun, node, or both for the first two; default: the one that runs this
    --list             names of cases and peers
`;

/** What is measured beside cases, and chosen by its name as they are. */
export const sectionNames = [kernelsName, decodingName, transcodingName, wayName] as const;
/** The name of a section. */
export type SectionName = typeof sectionNames[number];

/** Rounds that count, unless told otherwise. */
const usualRounds = 5;
const quickRounds = 3;

/** What was asked for. */
export interface BenchRequest {
  readonly cases: readonly BenchCase[];
  /** What is measured beside cases. */
  readonly sections: ReadonlySet<SectionName>;
  /** The peers that are wanted; `null`: those of each case. */
  readonly peers: readonly PeerName[] | null;
  readonly rounds: number;
  /** Whether `rounds` was given, and holds for cases that have a number of their own. */
  readonly isRoundsGiven: boolean;
  /** The most frames of a video; `Infinity`: as many as it takes to measure. */
  readonly mostFrames: number;
  readonly runtimes: readonly RuntimeName[];
  readonly listsOnly: boolean;
}

/** Thrown where the benchmark can't be run as asked; its message is for people. */
export class UsageError extends Error {
  override name = "UsageError";
}

const runtimesByName: Readonly<Record<string, readonly RuntimeName[]>> = {
  deno: ["deno"],
  bun: ["bun"],
  node: ["node"],
  both: ["deno", "bun"],
};

/** Options by name, those without a value as "". */
function parse(parameters: readonly string[]): Map<string, string> {
  const withValue = ["--case", "--peer", "--rounds", "--frames", "--runtime"];
  const options = new Map<string, string>();
  for (let index = 0; index < parameters.length; index++) {
    const [name, given] = parameters[index]!.split(/=(.*)/s) as [string, string?];
    if (withValue.includes(name)) {
      const value = given ?? parameters[++index];
      if (value === undefined || value === "") throw new UsageError(`${name} needs a value\n\n${usage}`);
      options.set(name, value);
    } else if (["--quick", "--all", "--list"].includes(name) && given === undefined) options.set(name, "");
    else throw new UsageError(`There is no option ${parameters[index]}\n\n${usage}`);
  }
  return options;
}

function chooseCases(
  options: ReadonlyMap<string, string>,
): Pick<BenchRequest, "cases" | "sections"> {
  const texts = options.get("--case")?.split(",");
  if (texts !== undefined) {
    const isAskedFor = (name: string): boolean => texts.some((text) => name.includes(text));
    const chosen = cases.filter(({ name }) => isAskedFor(name));
    const sections = new Set(sectionNames.filter(isAskedFor));
    if (chosen.length > 0 || sections.size > 0) return { cases: chosen, sections };
    throw new UsageError(`No case has a name with ${texts.join(" or ")}`);
  }
  const sections = new Set(sectionNames);
  if (options.has("--all")) return { cases, sections };
  return {
    cases: cases.filter(({ part }) => part === "quick" || (part === "usual" && !options.has("--quick"))),
    sections,
  };
}

function choosePeers(options: ReadonlyMap<string, string>): readonly PeerName[] | null {
  const names = options.get("--peer")?.split(",") ?? null;
  const unrecognized = names?.find((name) => !Object.hasOwn(peers, name));
  if (unrecognized !== undefined) {
    throw new UsageError(`There is no peer ${unrecognized}; there are ${Object.keys(peers).join(", ")}`);
  }
  return names as readonly PeerName[] | null;
}

function wholeNumber(options: ReadonlyMap<string, string>, name: string, usual: number): number {
  const value = Number(options.get(name) ?? usual);
  if (value === usual || (Number.isInteger(value) && value >= 1)) return value;
  throw new UsageError(`${name} must be a whole number from 1`);
}

/** Reads the parameters of the benchmark; throws a {@linkcode UsageError} where they make no sense. */
export function readArguments(parameters: readonly string[]): BenchRequest {
  const options = parse(parameters);
  const runtimes = runtimesByName[options.get("--runtime") ?? thisRuntime];
  if (runtimes === undefined) throw new UsageError("--runtime must be deno, bun, node or both");
  return {
    ...chooseCases(options),
    peers: choosePeers(options),
    rounds: wholeNumber(options, "--rounds", options.has("--quick") ? quickRounds : usualRounds),
    mostFrames: wholeNumber(options, "--frames", Infinity),
    isRoundsGiven: options.has("--rounds") || options.has("--quick"),
    runtimes,
    listsOnly: options.has("--list"),
  };
}
