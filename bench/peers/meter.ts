/**
 * Measures a peer from inside its process.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { callerCpuMs, cpuSeconds, forgetPeak, memoryOf } from "../resources.ts";
import { type LoopDelay, LoopWatch } from "./loop_delay.ts";
import type { PeerReport, PeerRequest } from "./protocol.ts";

/** How long the event loop is watched with nothing to do. */
const idleMs = 300;
/** How often the memory of child processes is read. */
const memoryPeriodMs = 50;

/** Frees what can be freed, where the runtime lets one ask. */
function collectGarbage(): void {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(isSynchronous: boolean): void } };
  gc?.();
  Bun?.gc(true);
}

/** Megabytes in memory. */
interface Resident {
  readonly all: number;
  /**
   * Without what is mapped from files: code that is run for the first time late is no memory that a program
   * asked for.
   */
  readonly own: number;
}

/** The memory of this process, without what can be freed; `null` where the system does not tell. */
function residentMemory(): Resident | null {
  collectGarbage();
  const all = memoryOf("self", "VmRSS"), files = memoryOf("self", "RssFile");
  return all === null || files === null ? null : { all, own: all - files };
}

/** What a peer tells while it works. */
export class Meter {
  readonly #growthFrom: number | undefined;
  readonly #startedAt = performance.now();
  readonly #children = new Map<number, number>();
  readonly #loop: LoopWatch | null;
  #memoryTimer: ReturnType<typeof setInterval> | undefined;
  #frames = 0;
  #writeMs = 0;
  #firstMs: number | null = null;
  #residentBefore: Resident | null = null;
  #growth: Resident | null = null;
  /** What the report should say of the peer. */
  note: string | null = null;

  /** Starts the clock. `loop` watches the event loop, where that is done. */
  constructor({ growthFrom }: PeerRequest, loop: LoopWatch | null) {
    this.#growthFrom = growthFrom;
    this.#loop = loop;
  }

  /**
   * Calls what writes one frame, and waits for it. Time counts as the caller's until the call returns its
   * promise.
   */
  async write(action: () => Promise<unknown>): Promise<void> {
    const from = performance.now();
    const written = action();
    this.#writeMs += performance.now() - from;
    await written;
    if (this.#firstMs === null) {
      this.#firstMs = performance.now() - this.#startedAt;
      this.#loop?.writingBegins();
    }
    if (++this.#frames === this.#growthFrom) this.#residentBefore = residentMemory();
  }

  /** To be called when the last frame is written, before anything is closed. */
  endOfFrames(): void {
    this.#loop?.writingEnds();
    const before = this.#residentBefore;
    const now = before === null ? null : residentMemory();
    if (before !== null && now !== null) {
      this.#growth = { all: now.all - before.all, own: now.own - before.own };
    }
  }

  /** Keeps an eye on the memory of a child process. */
  watchChild(pid: number): void {
    this.#children.set(pid, 0);
    this.#memoryTimer ??= setInterval(() => {
      for (const [child, before] of this.#children) {
        this.#children.set(child, memoryOf(child, "VmHWM") ?? before);
      }
    }, memoryPeriodMs);
  }

  /** Stops the clock. */
  stop() {
    const wallMs = performance.now() - this.#startedAt;
    clearInterval(this.#memoryTimer);
    return {
      wallMs,
      firstMs: this.#firstMs,
      writeMs: this.#frames === 0 ? null : this.#writeMs / this.#frames,
      frames: this.#frames,
      growthMegabytes: this.#growth?.own ?? null,
      residentGrowthMegabytes: this.#growth?.all ?? null,
      childrenMegabytes: [...this.#children.values()].reduce((sum, each) => sum + each, 0),
      note: this.note,
    };
  }
}

async function watchIdle(): Promise<LoopDelay> {
  const watch = new LoopWatch();
  await sleep(idleMs);
  return watch.stop().whole;
}

/** Measures what a peer does. Whatever it needs, its frames above all, is in memory before. */
export async function measure(
  request: PeerRequest,
  run: (meter: Meter) => Promise<void>,
): Promise<PeerReport> {
  collectGarbage();
  const idle = request.isWatched ? await watchIdle() : null;
  forgetPeak();
  const before = { memory: memoryOf("self", "VmRSS"), caller: callerCpuMs(), cpu: cpuSeconds() };
  const loop = request.isWatched ? new LoopWatch() : null;
  const meter = new Meter(request, loop);
  await run(meter);
  const { frames, childrenMegabytes, ...figures } = meter.stop();
  const busy = loop?.stop() ?? null;
  const caller = callerCpuMs(), cpu = cpuSeconds();
  const peak = memoryOf("self", "VmHWM");
  return {
    ...figures,
    cpuSeconds: cpu === null || before.cpu === null ? null : cpu - before.cpu,
    peakMegabytes: peak === null || before.memory === null ? null : peak - before.memory + childrenMegabytes,
    callerMs: caller === null || before.caller === null || frames === 0
      ? null
      : (caller - before.caller) / frames,
    loop: idle === null || busy === null ? null : { ...busy, idle },
  };
}
