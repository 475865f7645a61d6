/**
 * A stream in segments as one of several outputs of an encode.
 *
 * @module
 */
import type { StreamTarget } from "../../engine/outputs/output_target.ts";
import { SegmentGrid } from "../../file/mp4/segment_grid.ts";
import type { Rational } from "../../libav/rational.ts";
import { redactTarget } from "../../redaction.ts";
import type { OutputStream } from "../../thread/outputs/output_request.ts";
import { connectionChecks, type OutputOptions } from "../outputs/output_options.ts";
import type { OpenSegment } from "../packaging/stores/stream_store.ts";
import { checkAdaptive } from "./adaptive_options.ts";
import {
  type AdaptivePlace,
  adaptivePlace,
  addressOf,
  httpOptions,
  notForSegments,
} from "./adaptive_place.ts";
import { AdaptiveTarget } from "./adaptive_target.ts";
import { planSegments, type SegmentsPlan } from "./segments_plan.ts";

/** What an encode is that has the output. */
export interface EncodeFacts {
  readonly frameRate: Rational;
  /** Whether filters may change its rate. */
  readonly isFiltered: boolean;
  /** Whether its frames come at its rate exactly. */
  readonly isEven: boolean;
  /** The bits per second that its encoder is told; `null`: none. */
  readonly videoBits: number | null;
}

/** An output that is checked; nothing of it is written or held yet. */
export interface AdaptivePlan {
  readonly target: StreamTarget;
  readonly place: AdaptivePlace;
  readonly segments: SegmentsPlan;
}

/** The plan of an output, which messages call `name`. Throws where it can't be. */
export function planAdaptive(
  options: OutputOptions,
  target: string | URL | OpenSegment,
  { frameRate, isEven }: EncodeFacts,
  name: string,
): AdaptivePlan {
  for (const option of Object.keys(notForSegments) as (keyof typeof notForSegments)[]) {
    if (options[option] === undefined) continue;
    throw new TypeError(
      `Cannot use the option ${name}.${option} with segments: ${notForSegments[option]}`,
    );
  }
  const { format, adaptive: given = {}, writeTimeoutSeconds, ...others } = options;
  const connection = Object.fromEntries(
    Object.entries(others).filter(([option]) => Object.hasOwn(connectionChecks, option)),
  );
  const place = adaptivePlace(target, format, httpOptions(connection, target, writeTimeoutSeconds));
  const adaptive = checkAdaptive(given, place.format, `${name}.adaptive.`);
  if (Object.hasOwn(given, "ladder")) {
    throw new TypeError(
      `Cannot use the option ${name}.adaptive.ladder: an encode has one size; give it to createStreamWriter`,
    );
  }
  const segments = planSegments(adaptive, frameRate, isEven);
  const address = addressOf(target);
  return {
    ...{ place, segments },
    target: {
      ...{ kind: "stream", format: "mp4", formatOptions: {}, cuts: segments.cuts },
      label: address === null
        ? place.store.path || `streams of ${place.manifest}`
        : redactTarget(address.href),
      pending: new SharedArrayBuffer(4),
    },
  };
}

/** What takes the bytes of the output's thread. */
export class AdaptiveOutput implements OutputStream {
  readonly #plan: SegmentsPlan;
  readonly #files: AdaptiveTarget;
  readonly #take: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #grid: SegmentGrid;
  #hasBegun = false;

  /** Throws where another writer writes the same manifest. */
  constructor({ place, segments }: AdaptivePlan, { frameRate, isFiltered, videoBits }: EncodeFacts) {
    const { store, format, manifest } = place;
    this.#plan = segments;
    this.#files = new AdaptiveTarget(store, {
      ...segments.packaging,
      ...{ format, manifest, frameRate: isFiltered ? null : frameRate, videoBits: [videoBits] },
    });
    this.#take = this.#files.taker(0);
    this.#grid = new SegmentGrid(segments.cuts, false);
  }

  /** Whether a segment begins with the next frame, which is at this time: it has to be a key frame. */
  begins(seconds: number): boolean {
    if (!this.#hasBegun) this.#files.begin(this.#plan.startMs(seconds));
    this.#hasBegun = true;
    return this.#grid.begins(seconds);
  }

  /** How many bytes were stored: as long as that grows, it goes on. */
  get progress(): number {
    return this.#files.summary.bytes;
  }

  take(bytes: Uint8Array<ArrayBuffer>): void {
    this.#take(bytes);
  }

  async ready(): Promise<void> {
    await this.#files.ready();
  }

  async close(): Promise<void> {
    await this.#files.close(null);
  }

  async abort(reason: unknown): Promise<void> {
    await this.#files.abort(reason);
  }

  /** Lets others write the manifest: nothing was written. */
  giveBack(): void {
    this.#files.giveBack();
  }
}
