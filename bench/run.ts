/**
 * Measures avwriter beside the ffmpeg program and others.
 *
 *     deno task bench                    the usual cases; `--help` tells how to choose
 *     bun bench/run.ts                   the same on Bun
 *     deno task bench --runtime node     the same on Node
 *
 * Prints a report in Markdown on stdout, and what goes on on stderr. Ends with 1 where a file was not what it
 * must be. A missed target is no failure: it depends on the machine.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type BenchRequest, readArguments, sectionNames, usage, UsageError } from "./arguments.ts";
import { type BenchCase, cases } from "./cases.ts";
import { prepareSources, readyFrames, type Sources } from "./content.ts";
import { decodingName, measureDecoding } from "./decoding.ts";
import { describeMachine } from "./machine.ts";
import { type PeerName, peers } from "./peers.ts";
import { type KernelResult, kernelsName, measureOn } from "./kernels.ts";
import {
  caseReport,
  decodingReport,
  failureCount,
  kernelReport,
  methodReport,
  targetReport,
  transcodingReport,
  wayReport,
} from "./report.ts";
import { type CaseResult, runRounds } from "./rounds.ts";
import { findRuntime, type RuntimeName, runtimeVersion } from "./runtimes.ts";
import { measureTranscoding, transcodingName } from "./transcoding.ts";
import { measureWay, wayName, type WayResult } from "./way.ts";

const log = (line: string): void => console.error(line);

/** The programs of the runtimes that are asked for. */
function findRuntimes(names: readonly RuntimeName[]): Map<RuntimeName, string> {
  return new Map(names.map((name) => {
    const program = findRuntime(name);
    if (program === null) throw new UsageError(`${name} was not found: run another runtime alone`);
    return [name, program];
  }));
}

/** The peers of a case that run: those that are wanted, and those that ratios and verdicts refer to. */
function peersOf({ peers: own, base }: BenchCase, wanted: readonly PeerName[] | null): readonly PeerName[] {
  if (wanted === null) return own;
  return [...new Set([...own, ...wanted])].filter((name) =>
    wanted.includes(name) || name === base || name === "limit"
  );
}

function list(): string {
  const others = sectionNames.map((name) => ({ name, part: "quick" }));
  const names = [...cases, ...others]
    .map(({ name, part }) => `${name}${part === "usual" ? "" : ` (${part})`}`);
  return `Cases:\n  ${names.join("\n  ")}\nPeers:\n${
    Object.entries(peers).map(([name, { title }]) => `  ${name}: ${title}`).join("\n")
  }\n`;
}

/** Whether figures are wanted, and not only a look at whether all works. */
function isMeasuring({ mostFrames }: BenchRequest): boolean {
  return mostFrames === Infinity;
}

async function runKernels(
  { isRoundsGiven, rounds }: BenchRequest,
  programs: ReadonlyMap<RuntimeName, string>,
): Promise<KernelResult[]> {
  const results: KernelResult[] = [];
  for (const [runtime, program] of programs) {
    log(`${kernelsName} on ${runtime}`);
    const result = await measureOn(runtime, program, isRoundsGiven ? rounds : undefined);
    console.log(kernelReport(result));
    results.push(result);
  }
  return results;
}

/** Measures the way up to the encoder on all runtimes. */
async function runWays(
  request: BenchRequest,
  programs: ReadonlyMap<RuntimeName, string>,
  folder: string,
): Promise<WayResult[]> {
  const { rounds, mostFrames } = request, hasWarmUp = isMeasuring(request);
  const results: WayResult[] = [];
  for (const [runtime, program] of programs) {
    const result = await measureWay({ runtime, program, folder, rounds, hasWarmUp, mostFrames, log });
    console.log(wayReport(result));
    results.push(result);
  }
  return results;
}

/** Peers that took turns and failed. */
function failedOf(results: readonly { readonly peers: readonly { failure: string | null }[] }[]): number {
  return results.flatMap(({ peers }) => peers.filter(({ failure }) => failure !== null)).length;
}

/** Measures decoding and transcoding on all runtimes; returns how many peers failed. */
async function runVideos(
  request: BenchRequest,
  programs: ReadonlyMap<RuntimeName, string>,
  folder: string,
): Promise<number> {
  const { rounds, mostFrames, sections } = request, hasWarmUp = isMeasuring(request);
  const hasDecoding = sections.has(decodingName), hasTranscoding = sections.has(transcodingName);
  if (!hasDecoding && !hasTranscoding) return 0;
  const size = cases.find(({ size: { height } }) => height === 1080)!.size;
  const sources = prepareSources(size, folder);
  let failures = 0;
  for (const [runtime, program] of programs) {
    const run = { runtime, program, sources, folder, rounds, hasWarmUp, mostFrames, log };
    const decoded = hasDecoding ? [await measureDecoding(run)] : [];
    for (const result of decoded) console.log(decodingReport(result));
    const transcoded = hasTranscoding ? await measureTranscoding(run) : [];
    for (const result of transcoded) console.log(transcodingReport(result));
    failures += failedOf([...decoded, ...transcoded]);
  }
  return failures;
}

/** Runs all cases, and prints each as soon as it is done. */
async function runCases(
  request: BenchRequest,
  programs: ReadonlyMap<RuntimeName, string>,
  folder: string,
): Promise<CaseResult[]> {
  const sources = new Map<string, Sources>();
  const results: CaseResult[] = [];
  for (const chosen of request.cases) {
    const benchCase = { ...chosen, frames: Math.min(chosen.frames, request.mostFrames) };
    const { size } = benchCase;
    if (!sources.has(size.name)) {
      log(`Making frames of ${size.width}x${size.height}`);
      const inputs = request.cases.filter((other) => other.size === size)
        .flatMap((other) => [other.input, readyFrames(other).format]);
      sources.set(size.name, prepareSources(size, folder, inputs));
    }
    for (const [runtime, program] of programs) {
      const result = await runRounds({
        benchCase,
        runtime,
        program,
        sources: sources.get(size.name)!,
        folder: join(folder, "made"),
        rounds: request.isRoundsGiven ? request.rounds : benchCase.rounds ?? request.rounds,
        hasWarmUp: isMeasuring(request),
        peers: peersOf(benchCase, request.peers),
        log,
      });
      console.log(caseReport(result));
      results.push(result);
    }
  }
  return results;
}

async function main(parameters: readonly string[]): Promise<number> {
  if (parameters.includes("--help")) {
    console.log(usage);
    return 0;
  }
  const request = readArguments(parameters);
  if (request.listsOnly) {
    console.log(list());
    return 0;
  }
  const from = performance.now();
  const programs = findRuntimes(request.runtimes);
  const versions = [...programs].map(([name, program]) => runtimeVersion(name, program));
  const inUse = new Set(request.cases.flatMap((benchCase) => peersOf(benchCase, request.peers)));
  console.log(methodReport(describeMachine(versions), [...inUse]));
  const folder = mkdtempSync(join(tmpdir(), "avwriter-bench-"));
  try {
    const results = await runCases(request, programs, folder);
    const kernels = request.sections.has(kernelsName) ? await runKernels(request, programs) : [];
    const ways = request.sections.has(wayName) ? await runWays(request, programs, folder) : [];
    console.log(
      isMeasuring(request)
        ? targetReport(results, kernels, ways)
        : "With so few frames, targets say nothing.\n",
    );
    const failures = failureCount(results) + failedOf(ways) + await runVideos(request, programs, folder);
    const minutes = ((performance.now() - from) / 60_000).toFixed(1);
    console.log(`It took ${minutes} minutes. Files or peers that failed: ${failures}.`);
    return failures === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
