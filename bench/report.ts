/**
 * The report, in Markdown.
 *
 * @module
 */
import { type BenchCase, frameRate } from "./cases.ts";
import { hasRealClip } from "./content.ts";
import { figure, type Outcome, outcomes, ratio } from "./figures.ts";
import { type PeerName, peers } from "./peers.ts";
import type { CaseResult, PeerResult } from "./rounds.ts";

/** Other programs that keep more than this share of a CPU busy are worth a warning. */
const quietCpus = 0.05;

const columns = [
  "peer",
  "time to the base",
  "spread",
  "ms a frame",
  "CPU to the base",
  "CPU ms a frame",
  "peak MB",
  "growth MB",
  "first ms",
  "write() ms",
  "caller CPU ms",
  "loop p50",
  "loop p99",
  "MB made",
  "PSNR",
] as const;

const number = (value: number | null | undefined, digits: number): string =>
  value === null || value === undefined || Number.isNaN(value) ? "" : value.toFixed(digits);

/** A figure of all frames as that of one, in other units. */
function perFrame({ benchCase: { frames, writers } }: CaseResult, value: number | null, units: number) {
  return value === null ? null : value * units / (frames * writers);
}

function row(result: CaseResult, name: PeerName, { verdict, watched, skipped }: PeerResult): string[] {
  const { base } = result.benchCase;
  if (skipped !== null && result.peers.get(name)!.reports.length === 0) return [name, `not run: ${skipped}`];
  const toBase = ratio(result, name, base);
  return [
    name,
    number(toBase?.median, 2),
    toBase === null ? "" : `${number(toBase.min, 2)} to ${number(toBase.max, 2)}`,
    number(perFrame(result, figure(result, name, "wallMs"), 1), 2),
    number(ratio(result, name, base, "cpuSeconds")?.median, 2),
    number(perFrame(result, figure(result, name, "cpuSeconds"), 1000), 2),
    number(figure(result, name, "peakMegabytes"), 0),
    number(figure(result, name, "growthMegabytes"), 2),
    number(figure(result, name, "firstMs"), 1),
    number(figure(result, name, "writeMs"), 2),
    number(figure(result, name, "callerMs"), 2),
    number(watched?.loop?.busy.p50, 1),
    number(watched?.loop?.busy.p99, 1),
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
  return `${videos}${frames} frames of ${size.width}x${size.height} ${input} at ${frameRate} a second; ` +
    `${setting.encoder} ${options}, ${setting.pixelFormat}, .${setting.extension}`;
}

/** The table of one case. */
export function caseReport(result: CaseResult): string {
  const { benchCase, runtime, otherCpus } = result;
  const rows = [...result.peers].map(([name, peer]) => row(result, name, peer));
  const rounds = Math.max(...[...result.peers.values()].map(({ reports }) => reports.length));
  const notes = [...result.peers.values()].map(({ reports }) => reports[0]?.note ?? null);
  const idle = [...result.peers.values()].map(({ watched }) => watched?.loop?.idle.p99 ?? null);
  const lines = [
    `### ${benchCase.name} on ${runtime === "deno" ? "Deno" : "Bun"}`,
    "",
    `${settingLine(benchCase)}. Base: ${benchCase.base}. ${rounds} rounds.`,
    "",
    ...table(columns, rows),
    "",
    ...notes.filter((note) => note !== null),
  ];
  const idleMs = idle.filter((each) => each !== null);
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

function outcomeRow({ target, result, value, isMet }: Outcome): string[] {
  const wanted = target.atMost === undefined ? `at least ${target.atLeast}` : `at most ${target.atMost}`;
  const { benchCase, runtime } = result;
  return [isMet ? "PASS" : "MISS", benchCase.name, runtime, target.what, number(value, 2), wanted];
}

/** The table of targets, and one line that sums it up. */
export function targetReport(results: readonly CaseResult[]): string {
  const all = outcomes(results);
  const met = all.filter(({ isMet }) => isMet).length;
  const failures = results.flatMap((result) => [...result.peers.values()])
    .reduce((sum, peer) => sum + peer.failures.size, 0);
  const head = ["", "case", "runtime", "what", "measured", "target"];
  return [
    "### Targets",
    "",
    ...(all.length === 0 ? [] : [...table(head, all.map(outcomeRow)), ""]),
    `${met} targets met, ${all.length - met} missed, ${failures} files or peers failed`,
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
    "  importing a module does not. Peak MB: what encoding added to the program, and all of the processes that it started.",
    "- The same AVOptions for all, threads as the encoder chooses. mp4 and mov have their index in front: ffmpeg and node-av with",
    "  `-movflags +faststart`; avwriter records in fragments, which survive a kill, and makes the same kind of file at the end.",
    "- The delay of the event loop is that of a 1 ms timer, at any moment of the writing, in a round of its own.",
    "- Every file: all frames there and decoded, PSNR at most 0.5 dB below the limit's (1 dB, where the encoder takes another",
    "  pixel format than yuv420p).",
    "",
    ...inUse.map((name) => `- **${name}**: ${peers[name].title}`),
    "",
  ].join("\n");
}
