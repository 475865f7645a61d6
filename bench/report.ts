/**
 * The report, in Markdown.
 *
 * @module
 */
import { type BenchCase, frameRate } from "./cases.ts";
import { hasRealClip } from "./content.ts";
import { decodingName, decodingPeers, type DecodingResult } from "./decoding.ts";
import { figure, loopDelay, type Outcome, outcomesOf, ratio } from "./figures.ts";
import { type KernelResult, kernelsName } from "./kernels.ts";
import { type PeerName, peers } from "./peers.ts";
import type { CaseResult, PeerResult } from "./rounds.ts";
import { runtimeTitles } from "./runtimes.ts";
import { median } from "./statistics.ts";
import { type Target, targets } from "./targets.ts";
import { transcodingName, transcodingPeers, type TranscodingResult } from "./transcoding.ts";
import { type PeerTurns, ratioOf, type TimeReport } from "./turns.ts";
import { cpuMs, framesPerSecond, pinnedCore, pixelNs, startFrames, wayName, type WayResult } from "./way.ts";

/** Other programs that keep more than this share of a CPU busy are worth a warning. */
const quietCpus = 0.05;

const columns = [
  "peer",
  "time to the base",
  "spread",
  "ms a frame",
  "frames a second",
  "CPU s",
  "CPU to the base",
  "CPU ms a frame",
  "peak MB",
  "growth MB",
  "growth MB, with files",
  "first ms",
  "write() ms",
  "caller CPU ms",
  "loop p50",
  "loop p99",
  "loop p99, open to close",
  "MB made",
  "PSNR",
] as const;

const number = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits);

/** A figure of all frames as that of one, in other units. */
function perFrame({ benchCase: { frames, writers } }: CaseResult, value: number | null, units: number) {
  return value === null ? null : value * units / (frames * writers);
}

function row(result: CaseResult, name: PeerName, { verdict, skipped }: PeerResult): string[] {
  const { base } = result.benchCase;
  if (skipped !== null && result.peers.get(name)!.reports.length === 0) return [name, `not run: ${skipped}`];
  const toBase = ratio(result, name, base);
  const frameMs = perFrame(result, figure(result, name, "wallMs"), 1);
  return [
    name,
    number(toBase?.median, 2),
    toBase === null ? "" : `${number(toBase.min, 2)} to ${number(toBase.max, 2)}`,
    number(frameMs, 2),
    number(frameMs === null ? null : 1000 / frameMs, 0),
    number(figure(result, name, "cpuSeconds"), 2),
    number(ratio(result, name, base, "cpuSeconds")?.median, 2),
    number(perFrame(result, figure(result, name, "cpuSeconds"), 1000), 2),
    number(figure(result, name, "peakMegabytes"), 0),
    number(figure(result, name, "growthMegabytes"), 2),
    number(figure(result, name, "residentGrowthMegabytes"), 2),
    number(figure(result, name, "firstMs"), 1),
    number(figure(result, name, "writeMs"), 2),
    number(figure(result, name, "callerMs"), 2),
    number(loopDelay(result, name, "writing", "p50"), 1),
    number(loopDelay(result, name, "writing", "p99"), 1),
    number(loopDelay(result, name, "whole", "p99"), 1),
    verdict === null ? "" : number(verdict.bytes / 1e6, 2),
    number(verdict?.average, 2),
  ];
}

/** A Markdown table without the columns that nobody has anything in. */
function table(head: readonly string[], rows: readonly string[][]): string[] {
  const used = head.map((_, index) => rows.some((cells) => (cells[index] ?? "") !== ""));
  const line = (cells: readonly string[]): string =>
    `| ${head.map((_, index) => cells[index] ?? "").filter((_, index) => used[index]).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

function settingLine({ setting, size, input, frames, writers }: BenchCase): string {
  const options = Object.entries(setting.options).map(([name, value]) => `${name}=${value}`).join(" ");
  const videos = writers === 1 ? "" : `${writers} videos at once, each of `;
  return `${videos}${
    frames === 1 ? "one frame" : `${frames} frames`
  } of ${size.width}x${size.height} ${input} at ${frameRate} a second; ` +
    `${setting.encoder} ${options}, ${setting.pixelFormat}, .${setting.extension}`;
}

/** The table of one case. */
export function caseReport(result: CaseResult): string {
  const { benchCase, runtime, otherCpus } = result;
  const rows = [...result.peers].map(([name, peer]) => row(result, name, peer));
  const rounds = Math.max(...[...result.peers.values()].map(({ reports }) => reports.length));
  const notes = [...result.peers.values()].map(({ reports }) => reports[0]?.note ?? null);
  const idle = [...result.peers.values()].flatMap(({ watched }) => watched.map(({ loop }) => loop?.idle.p99));
  const lines = [
    `### ${benchCase.name} on ${runtimeTitles[runtime]}`,
    "",
    `${settingLine(benchCase)}. Base: ${benchCase.base}. ${rounds === 1 ? "One round" : `${rounds} rounds`}.`,
    "",
    ...table(columns, rows),
    "",
    ...notes.filter((note) => note !== null),
  ];
  const idleMs = idle.filter((each) => each !== undefined);
  if (idleMs.length > 0) {
    lines.push(`With nothing to do, the loop's p99 was ${number(Math.max(...idleMs), 1)} ms or less.`);
  }
  if (otherCpus !== null && otherCpus > quietCpus) {
    lines.push(`Other programs kept ${number(otherCpus, 2)} CPUs busy meanwhile: not a quiet machine.`);
  }
  for (const [name, { failures }] of result.peers) {
    for (const failure of failures) lines.push(`FAILED: ${name}: ${failure}`);
  }
  return `${lines.join("\n").trimEnd()}\n`;
}

/** The table of the kernels on one runtime. */
export function kernelReport({ runtime, times }: KernelResult): string {
  const rows = times.map(({ source, target, scaler, kernel }) => [
    `${source} to ${target}`,
    ...[scaler, kernel, scaler / kernel].map((value) => number(value, 2)),
  ]);
  return [
    `### ${kernelsName} on ${runtimeTitles[runtime]}`,
    "",
    "One conversion of 1920x1080 in one thread; CPU time, as a median.",
    "",
    ...table(["conversion", "libswscale ms", "kernel ms", "times as fast"], rows),
    "",
  ].join("\n");
}

/** A table of peers that took turns, with ratios to one of them, and what became of them. */
function turnsReport<Peer extends string>(
  peers: readonly PeerTurns<Peer, TimeReport>[],
  base: Peer,
  frames: number,
  titles: Readonly<Record<Peer, string>>,
): string[] {
  const reference = peers.find(({ peer }) => peer === base)!;
  const rows = peers.map((result) => {
    const { peer, reports, skipped } = result;
    if (reports.length === 0) return [peer, `not run: ${skipped ?? "it failed"}`];
    const wallMs = median(reports.map((report) => report.wallMs));
    return [
      peer,
      number(ratioOf("wallMs", result, reference), 2),
      number(ratioOf("cpuSeconds", result, reference), 2),
      number(wallMs / frames, 2),
      number(1000 * frames / wallMs, 0),
    ];
  });
  return [
    ...table(["peer", `time to ${base}'s`, "CPU time", "ms a frame", "frames a second"], rows),
    "",
    ...peers.map(({ peer }) => `- **${peer}**: ${titles[peer]}`),
    ...peers.flatMap(({ peer, failure }) => failure === null ? [] : [`FAILED: ${peer}: ${failure}`]),
    "",
  ];
}

/** The table of decoding on one runtime. */
export function decodingReport({ runtime, frames, peers: each }: DecodingResult): string {
  return [
    `### ${decodingName} on ${runtimeTitles[runtime]}`,
    "",
    `${frames} frames of 1920x1080 H.264 to RGBA in the program's memory. ${
      each[0]!.reports.length
    } rounds; medians.`,
    "",
    ...turnsReport(each, "avwriter", frames, decodingPeers),
  ].join("\n");
}

/** The table of transcoding with one setting on one runtime. */
export function transcodingReport(result: TranscodingResult): string {
  const { runtime, setting: { name, encoder, options, extension }, frames, peers: each } = result;
  const told = Object.entries(options).map(([option, value]) => `${option}=${value}`).join(" ");
  return [
    `### ${transcodingName} to ${name} on ${runtimeTitles[runtime]}`,
    "",
    `${frames} frames of 1920x1080 H.264 to ${extension} by ${encoder} ${told}. ${
      each[0]!.reports.length
    } rounds; medians.`,
    "",
    ...turnsReport(each, "ffmpeg", frames, transcodingPeers),
  ].join("\n");
}

/** The table of the way up to the encoder on one runtime. */
export function wayReport(way: WayResult): string {
  const rows = way.peers.map(({ peer, reports }) => {
    if (reports.length === 0) return [peer, "it failed"];
    return [
      peer,
      number(framesPerSecond(way, peer), 0),
      number(cpuMs(way, peer), 2),
      number(pixelNs(way, peer), 2),
    ];
  });
  return [
    `### ${wayName} on ${runtimeTitles[way.runtime]}`,
    "",
    "Frames up to the encoder, as yuv420p: `wrapped_avframe` and the muxer `null` do nothing with them.",
    "RGBA is opaque. Acquired frames are drawn into once and written as they are. The first",
    `${Math.min(startFrames, way.mostFrames)} frames do not count. ${way.rounds} rounds; medians.`,
    way.isPinned
      ? "Pinned: the whole program, with all threads of the runtime and of avwriter, may run on core " +
        `${pinnedCore} alone.`
      : "There is no `taskset` here that pins a program to a core: no row is pinned.",
    "",
    ...table(["frames", "frames a second", "CPU ms a frame", "ns a pixel, of CPU time"], rows),
    "",
    ...way.peers.flatMap(({ peer, failure }) => failure === null ? [] : [`FAILED: ${peer}: ${failure}`]),
    "",
  ].join("\n");
}

function wantedOf({ atMost, atLeast }: Target): string {
  return atMost === undefined ? `at least ${atLeast}` : `at most ${atMost}`;
}

function outcomeRow({ target, name, runtime, value, miss }: Outcome): string[] {
  const share = miss / (target.atMost ?? target.atLeast!);
  const became = miss === 0 ? "held" : `missed by ${number(miss, 2)}, ${number(share * 100, 0)} %`;
  return [target.what, name, runtimeTitles[runtime], wantedOf(target), number(value, 2), became];
}

/** Files that are not what they must be, and peers that broke off. */
export function failureCount(results: readonly CaseResult[]): number {
  return results.flatMap(({ peers: each }) => [...each.values()])
    .reduce((sum, { failures }) => sum + failures.size, 0);
}

/** The table of targets, and one line that sums it up. */
export function targetReport(
  results: readonly CaseResult[],
  kernels: readonly KernelResult[],
  ways: readonly WayResult[],
): string {
  const found = targets.map((target) => ({ target, outcomes: outcomesOf(target, results, kernels, ways) }));
  const rows = found.flatMap(({ target, outcomes }) =>
    outcomes.length === 0
      ? [[target.what, "", "", wantedOf(target), "", "not measured"]]
      : outcomes.map(outcomeRow)
  );
  const all = found.flatMap(({ outcomes }) => outcomes);
  const held = all.filter(({ miss }) => miss === 0).length;
  const idle = found.filter(({ outcomes }) => outcomes.length === 0).length;
  return [
    "### Targets",
    "",
    ...table(["what", "case", "runtime", "target", "measured", "became"], rows),
    "",
    `Targets: ${held} held, ${all.length - held} missed, ${idle} not measured.`,
    "",
  ].join("\n");
}

/** What was compared, and how. */
export function methodReport(machine: readonly string[], inUse: readonly PeerName[]): string {
  const clip = hasRealClip
    ? "NASA's clip (real footage), scaled to each size"
    : "a moving test picture with noise, scaled to each size (NASA's clip is not here)";
  return [
    "## Benchmark of avwriter",
    "",
    ...machine,
    `- Frames: ${clip}; 16 pictures that go forth and back. Programs that draw them have them in memory, files are in the page cache.`,
    "- Peers run in turn within a round, in processes of their own, another one first in each round. Figures are medians of the",
    "  rounds; ratios are taken within each round. A round to warm up does not count.",
    "- Time: from the start of the first writer or process until the last file is closed. Loading FFmpeg's libraries counts,",
    "  importing a module does not. Peak MB: what encoding added to the program, and all of the processes that it started. Growth:",
    "  of resident memory after garbage collection, without what is mapped from files (code), and with it.",
    "- The same AVOptions for all, threads as the encoder chooses. mp4 and mov have their index in front: ffmpeg and node-av with",
    "  `-movflags +faststart`; avwriter records in fragments, which survive a kill, and makes the same kind of file at the end.",
    "- The delay of the event loop is that of a 1 ms timer in the thread that writes, at any moment from the first accepted frame to",
    "  the last, in up to three rounds of their own. Opening and closing are in the column beside.",
    "- Every file: all frames there and decoded, PSNR at most 0.5 dB below the limit's (1 dB, where the encoder takes another",
    "  pixel format than the limit's frames have; 4 dB, where another program makes another matrix), no picture below 25 dB.",
    "",
    ...inUse.map((name) => `- **${name}**: ${peers[name].title}`),
    "",
  ].join("\n");
}
