/**
 * The fuzz test: plays cases in another process and judges what comes of them.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Complaint, withoutAllowed } from "./allowances.ts";
import type { FuzzCase } from "./case_types.ts";
import type { ChildRequest } from "./child.ts";
import { judgeFile } from "./judge_file.ts";
import { Limiter } from "./limiter.ts";
import { judgeMemory, type MemorySample } from "./memory.ts";
import { type Played, Player, type RuntimeProgram } from "./player.ts";
import { Prober } from "./probe.ts";

/** A case with which something is wrong. */
export interface Failure {
  readonly runtime: string;
  readonly request: ChildRequest;
  readonly case: FuzzCase | null;
  /** The encoder and the container, as far as they were known. */
  readonly what: string;
  readonly complaints: readonly Complaint[];
}

/** What came of all cases. */
export interface FuzzReport {
  readonly passed: number;
  readonly failures: readonly Failure[];
  /**
   * How many cases came to what: "a file", "no frames", "aborted" or the class of the error that ended it.
   */
  readonly tally: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** What the memory of the process did. */
  readonly memory: string;
}

/** What is to be done. */
export interface FuzzRequest {
  readonly runtime: RuntimeProgram;
  readonly requests: Iterable<ChildRequest>;
  /** Told at once of each failure. */
  readonly onFailure?: (failure: Failure) => void;
  /** Told of each case that was played. */
  readonly onPlayed?: (played: Played) => void;
  /** Shared between runs: what it knows need not be probed again. */
  readonly prober?: Prober;
}

/** Judges that run at once, beside the process that plays. */
const mostJudges = 2;
/** Cases that may wait for a judge. */
const mostWaiting = 16;

/** What a case came to, in a word. */
function endOf({ outcome, death }: Played): string {
  if (outcome === null) return death === null ? "nothing" : "the death of the process";
  if (outcome.summary !== null) return outcome.summary.frames > 0 ? "a file" : "no frames";
  const fatal = outcome.rejections.find(({ at, type }) =>
    at === "open" || !/^(TypeError|RangeError)$/.test(type)
  );
  return fatal === undefined ? "an abort" : `${fatal.type} at ${fatal.at}`;
}

async function judge(
  { case: test, outcome, death }: Played,
  folder: string,
  prober: Prober,
): Promise<Complaint[]> {
  if (death !== null || test === null || outcome === null) {
    return [{ kind: "death", text: death ?? "no answer" }];
  }
  const complaints: Complaint[] = [
    ...outcome.complaints.map((text) => ({ kind: "play" as const, text })),
    ...await judgeFile(test, outcome, folder, prober),
  ];
  const { encoderOptions, formatOptions } = (test.options ?? {}) as Record<string, object | undefined>;
  return withoutAllowed(complaints, {
    muxer: outcome.summary?.format ?? null,
    encoder: outcome.encoder,
    options: [...Object.keys(encoderOptions ?? {}), ...Object.keys(formatOptions ?? {})],
    test,
  });
}

/** Plays cases with one runtime, and judges them. */
export async function fuzz(
  { runtime, requests, onFailure, onPlayed, prober = new Prober() }: FuzzRequest,
): Promise<FuzzReport> {
  const from = performance.now();
  const root = mkdtempSync(join(tmpdir(), "avwriter-fuzz-"));
  const limiter = new Limiter(mostJudges);
  const failures: Failure[] = [];
  const tally: Record<string, number> = {};
  const memory: MemorySample[] = [];
  const verdicts = new Set<Promise<void>>();
  let count = 0;
  const settle = async (request: ChildRequest, played: Played, folder: string): Promise<void> => {
    const complaints = await limiter.run(() => judge(played, folder, prober));
    rmSync(folder, { recursive: true, force: true });
    if (complaints.length === 0) return;
    const { encoder, summary } = played.outcome ?? {};
    const what = `${encoder ?? "no encoder"} in ${summary?.format ?? "no file"}`;
    const failure = { runtime: runtime.name, request, case: played.case, what, complaints };
    failures.push(failure);
    onFailure?.(failure);
  };
  try {
    using player = new Player(runtime, root);
    for (const request of requests) {
      const folder = join(root, String("case" in request ? request.case.seed : request.seed));
      mkdirSync(folder, { recursive: true });
      const played = await player.play(request);
      count++;
      onPlayed?.(played);
      tally[endOf(played)] = (tally[endOf(played)] ?? 0) + 1;
      if (played.outcome !== null) {
        memory.push({ process: played.process, residentBytes: played.outcome.residentBytes });
      }
      const verdict = settle(request, played, folder).finally(() => verdicts.delete(verdict));
      verdicts.add(verdict);
      while (limiter.size > mostWaiting) await Promise.race(verdicts);
    }
    await Promise.all(verdicts);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  const { text, complaint } = judgeMemory(memory);
  if (complaint !== null) {
    const failure = {
      runtime: runtime.name,
      request: { seed: -1 },
      case: null,
      what: "all",
      complaints: [complaint],
    };
    failures.push(failure);
    onFailure?.(failure);
  }
  const failed = failures.length;
  return {
    passed: count - (complaint === null ? failed : failed - 1),
    failures,
    tally,
    seconds: (performance.now() - from) / 1000,
    memory: text,
  };
}
