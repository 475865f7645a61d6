/**
 * What a peer that decodes is asked, as its one parameter, and what it tells, on its last line: both in JSON.
 *
 * @module
 */
import process from "node:process";
import { cpuSeconds } from "../../resources.ts";
import type { TimeReport } from "../../turns.ts";
import { NotAvailable, type PeerSkipped } from "../protocol.ts";

/** What a peer shall decode to RGBA. */
export interface DecodingRequest {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/** What it took, and what came out. */
export interface DecodingReport extends TimeReport {
  readonly frames: number;
  /** Of samples from all frames. */
  readonly mean: number;
}

/** Bytes between those that are looked at: neither rows nor pixels are a multiple of it. */
const sampleStep = 4093;

/** Counts frames, and looks at some bytes of each. */
class FrameCount {
  frames = 0;
  #sum = 0;
  #samples = 0;

  /** Takes a frame of RGBA, which is the program's own from here on. */
  take(pixels: Uint8Array): void {
    this.frames++;
    for (let at = 0; at < pixels.length; at += sampleStep) {
      this.#sum += pixels[at]!;
      this.#samples++;
    }
  }

  get mean(): number {
    return this.#sum / this.#samples;
  }
}

/** Decodes a video, and has each frame taken. */
export type Decode = (request: DecodingRequest, take: (pixels: Uint8Array) => void) => Promise<void>;

/** Runs a peer. The clock starts when it has loaded all modules. */
export async function serveDecoding(load: () => Promise<Decode>): Promise<void> {
  const count = new FrameCount();
  let answer: DecodingReport | PeerSkipped;
  try {
    const run = await load();
    const cpu = cpuSeconds();
    const from = performance.now();
    await run(JSON.parse(process.argv[2]!), (pixels) => count.take(pixels));
    const wallMs = performance.now() - from;
    const after = cpuSeconds();
    answer = {
      wallMs,
      cpuSeconds: after === null || cpu === null ? null : after - cpu,
      frames: count.frames,
      mean: count.mean,
    };
  } catch (error) {
    if (!(error instanceof NotAvailable)) throw error;
    answer = { skipped: error.message };
  }
  console.log(JSON.stringify(answer));
}
