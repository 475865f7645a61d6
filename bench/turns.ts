/**
 * Small programs that take turns, round by round, each of which tells what it took.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { PeerSkipped } from "./peers/protocol.ts";
import { runScript, type RuntimeName } from "./runtimes.ts";
import { median } from "./statistics.ts";

/** What every program tells. */
export interface TimeReport {
  readonly wallMs: number;
  /** Of all its threads, and of programs that it started. */
  readonly cpuSeconds: number | null;
}

/** What became of one program. */
export interface PeerTurns<Peer extends string, Report extends TimeReport> {
  readonly peer: Peer;
  /** One for each round that counts. */
  readonly reports: Report[];
  /** Why it did not run, or what is wrong with what it made. */
  failure: string | null;
  skipped: string | null;
}

/** What runs in a program's turn. */
export interface Turn {
  /** In `peers`. */
  readonly script: string;
  /** What it is asked, in JSON. */
  readonly request: unknown;
  /** The only core that it may run on; absent: all. */
  readonly core?: number | undefined;
}

/** How turns are taken. */
export interface TurnSettings {
  readonly runtime: RuntimeName;
  /** The runtime's program. */
  readonly program: string;
  /** Rounds that count. */
  readonly rounds: number;
  /** Whether a round that does not count goes before them. */
  readonly hasWarmUp: boolean;
  /** Told what goes on. */
  readonly log: (line: string) => void;
}

/** Who takes turns at what. */
export interface Turns<Peer extends string, Report extends TimeReport> extends TurnSettings {
  readonly name: string;
  readonly peers: readonly Peer[];
  turnOf(peer: Peer): Turn;
  /** What is wrong with what a program made; `null` where nothing is. */
  judge(peer: Peer, report: Report): string | null;
}

async function takeTurn<Peer extends string, Report extends TimeReport>(
  turns: Turns<Peer, Report>,
  result: PeerTurns<Peer, Report>,
): Promise<Report | null> {
  const { runtime, program } = turns;
  const { script: path, request, core } = turns.turnOf(result.peer);
  const script = fileURLToPath(new URL(`peers/${path}`, import.meta.url));
  const parameter = JSON.stringify(request);
  try {
    const line = await runScript({
      ...{ runtime, program, script, parameter, core },
      denoFlags: ["--node-modules-dir=manual"],
    });
    const answer: Report | PeerSkipped = JSON.parse(line);
    if ("skipped" in answer) {
      result.skipped = answer.skipped;
      return null;
    }
    result.failure = turns.judge(result.peer, answer);
    return answer;
  } catch (error) {
    result.failure = (error as Error).message;
    return null;
  }
}

/** Runs all in turn, another one first in each round. */
export async function takeTurns<Peer extends string, Report extends TimeReport>(
  turns: Turns<Peer, Report>,
): Promise<PeerTurns<Peer, Report>[]> {
  const results = turns.peers.map((peer): PeerTurns<Peer, Report> => ({
    peer,
    reports: [],
    failure: null,
    skipped: null,
  }));
  for (let round = turns.hasWarmUp ? 0 : 1; round <= turns.rounds; round++) {
    for (const turn of results.keys()) {
      const result = results[(turn + round) % results.length]!;
      if (result.failure !== null || result.skipped !== null) continue;
      const report = await takeTurn(turns, result);
      if (report === null) continue;
      turns.log(`${turns.name}, round ${round}: ${result.peer} ${report.wallMs.toFixed(0)} ms`);
      if (round > 0) result.reports.push(report);
    }
  }
  return results;
}

/** A figure of one program divided by that of another, round by round: the median; `null` without one. */
export function ratioOf<Report extends TimeReport>(
  figure: "wallMs" | "cpuSeconds",
  { reports }: { readonly reports: readonly Report[] },
  base: { readonly reports: readonly Report[] },
): number | null {
  const ratios = reports.flatMap((report, round) => {
    const one = report[figure], other = base.reports[round]?.[figure] ?? null;
    return one === null || other === null ? [] : [one / other];
  });
  return ratios.length === 0 ? null : median(ratios);
}
