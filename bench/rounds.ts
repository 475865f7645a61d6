/**
 * Runs the peers of a case in turn, round by round.
 *
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BenchCase, frameRate } from "./cases.ts";
import type { Sources } from "./content.ts";
import { complaint, Judge, type Verdict } from "./judge.ts";
import type { PeerReport, PeerRequest, PeerSkipped } from "./peers/protocol.ts";
import { type PeerName, peers } from "./peers.ts";
import { childrenCpuSeconds, machineBusySeconds } from "./resources.ts";
import { runScript, type RuntimeName } from "./runtimes.ts";

/** Rounds in which the event loop is watched, at most. */
const mostWatchedRounds = 3;

/** How a case is run. */
export interface RoundsRequest {
  readonly benchCase: BenchCase;
  readonly runtime: RuntimeName;
  /** The runtime's program. */
  readonly program: string;
  readonly sources: Sources;
  /** A folder for the files that are made. */
  readonly folder: string;
  /** Rounds that count. */
  readonly rounds: number;
  /** Whether a round that does not count goes before them. */
  readonly hasWarmUp: boolean;
  /** The peers to run, of those that the case has. */
  readonly peers: readonly PeerName[];
  /** Told what goes on. */
  readonly log: (line: string) => void;
}

/** What became of one peer. */
export interface PeerResult {
  /** One for each round that counts. */
  readonly reports: PeerReport[];
  /** One for each round in which the event loop was watched. */
  readonly watched: PeerReport[];
  verdict: Verdict | null;
  /** Why it did not run. */
  skipped: string | null;
  /** What is wrong with its files. */
  readonly failures: Set<string>;
}

/** What became of a case. */
export interface CaseResult {
  readonly benchCase: BenchCase;
  readonly runtime: RuntimeName;
  readonly peers: Map<PeerName, PeerResult>;
  /**
   * CPUs that other programs of this machine kept busy meanwhile, on average; `null` where that is not known.
   */
  readonly otherCpus: number | null;
}

/** CPU time that was used while something ran, by it and by others. */
class LoadWatch {
  #seconds = 0;
  #others = 0;

  async during<Result>(action: () => Promise<Result>): Promise<Result> {
    const from = { time: performance.now(), busy: machineBusySeconds(), own: childrenCpuSeconds() };
    const result = await action();
    const busy = machineBusySeconds(), own = childrenCpuSeconds();
    if (busy !== null && own !== null && from.busy !== null && from.own !== null) {
      this.#seconds += (performance.now() - from.time) / 1000;
      this.#others += Math.max(0, busy - from.busy - (own - from.own));
    }
    return result;
  }

  get otherCpus(): number | null {
    return this.#seconds === 0 ? null : this.#others / this.#seconds;
  }
}

/** Runs the rounds of one case. */
class Rounds {
  readonly #request: RoundsRequest;
  readonly #judge: Judge;
  readonly #load = new LoadWatch();
  readonly #results = new Map<PeerName, PeerResult>();

  constructor(request: RoundsRequest) {
    this.#request = request;
    this.#judge = new Judge(request.benchCase, request.sources);
    for (const name of request.peers) {
      this.#results.set(name, {
        reports: [],
        watched: [],
        verdict: null,
        skipped: null,
        failures: new Set(),
      });
    }
  }

  async run(): Promise<CaseResult> {
    const { benchCase, runtime, rounds, hasWarmUp } = this.#request;
    if (hasWarmUp) await this.#round("warm-up", 0, () => {});
    for (let round = 0; round < rounds; round++) {
      await this.#round(`round ${round + 1} of ${rounds}`, round, (result, report) => {
        result.reports.push(report);
      });
    }
    if (benchCase.measure === "wallMs" && benchCase.growthFrom === undefined) {
      for (let round = 0; round < Math.min(rounds, mostWatchedRounds); round++) {
        await this.#round("event loop", round, (result, report) => result.watched.push(report), true);
      }
    }
    this.#compare();
    return { benchCase, runtime, peers: this.#results, otherCpus: this.#load.otherCpus };
  }

  /** Every peer once, beginning with another one in each round. */
  async #round(
    title: string,
    first: number,
    take: (result: PeerResult, report: PeerReport) => void,
    isWatched = false,
  ): Promise<void> {
    const names = [...this.#results.keys()];
    const turn = names.map((_, index) => names[(index + first) % names.length]!);
    for (const name of turn) {
      const result = this.#results.get(name)!;
      const { onlyWith, isFed } = peers[name];
      if (onlyWith !== undefined && (this.#results.get(onlyWith)?.skipped ?? null) !== null) {
        result.skipped = `of use beside ${onlyWith} only`;
      }
      if (result.skipped !== null || (isWatched && !isFed)) continue;
      const report = await this.#peer(name, result, isWatched);
      if (report === null) continue;
      this.#request.log(
        `${this.#request.benchCase.name}, ${title}: ${name} ${report.wallMs.toFixed(0)} ms`,
      );
      take(result, report);
    }
  }

  /** Runs one peer and judges its files; `null` where it can't run. */
  async #peer(name: PeerName, result: PeerResult, isWatched: boolean): Promise<PeerReport | null> {
    const { benchCase, runtime, program, folder } = this.#request;
    const { program: script, denoFlags } = peers[name];
    mkdirSync(folder, { recursive: true });
    try {
      const parameter = JSON.stringify(this.#peerRequest(name, isWatched));
      const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
      const line = await this.#load.during(() =>
        runScript({ runtime, program, script: path, parameter, denoFlags })
      );
      const answer: PeerReport | PeerSkipped = JSON.parse(line);
      if ("skipped" in answer) {
        result.skipped = answer.skipped;
        return null;
      }
      if (name !== "ffmpeg-version") this.#judgeFiles(result, benchCase.writers);
      return answer;
    } catch (error) {
      result.failures.add((error as Error).message);
      result.skipped = "it failed";
      return null;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #output(index: number): string {
    const { benchCase, folder } = this.#request;
    return join(folder, `${index}.${benchCase.setting.extension}`);
  }

  #peerRequest(name: PeerName, isWatched: boolean): PeerRequest {
    const { benchCase, sources } = this.#request;
    const { size, input, setting, frames, writers, growthFrom } = benchCase;
    return {
      variant: peers[name].variant,
      sources,
      input,
      width: size.width,
      height: size.height,
      inputColor: size.color,
      color: setting.color ?? size.color,
      frameRate,
      setting,
      frames,
      outputs: Array.from({ length: writers }, (_, index) => this.#output(index)),
      isWatched,
      growthFrom,
    };
  }

  #judgeFiles(result: PeerResult, count: number): void {
    for (let index = 0; index < count; index++) {
      const verdict = this.#judge.judge(this.#output(index));
      // Of files that differ, the worst one counts.
      if (result.verdict === null || verdict.average < result.verdict.average) result.verdict = verdict;
    }
  }

  #compare(): void {
    const limit = this.#results.get("limit")?.verdict;
    if (!limit) return;
    const { benchCase } = this.#request;
    for (const [name, { verdict, failures }] of this.#results) {
      const isOther = peers[name].program !== "avwriter.ts";
      const wrong = verdict === null ? null : complaint(benchCase, isOther, verdict, limit);
      if (wrong !== null) failures.add(wrong);
    }
  }
}

/**
 * Runs one case on one runtime: a round to warm up, those that count, and some where the event loop is
 * watched.
 */
export function runRounds(request: RoundsRequest): Promise<CaseResult> {
  return new Rounds(request).run();
}
