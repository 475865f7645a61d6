/**
 * The modules that only some videos need. Loading modules is most of a thread's start.
 *
 * @module
 */
import type { VideoFileRequest } from "../session_types.ts";

/** The modules of each part; missing where the request needs none. */
export interface SessionParts {
  /** Audio tracks. */
  readonly audio?: typeof import("../audio_tracks.ts");
  /** Subtitle tracks. */
  readonly subtitles?: typeof import("../../file/subtitle_tracks.ts");
  /** Outputs in other threads. */
  readonly outputs?: typeof import("../outputs/packet_feeds.ts");
  /** Two passes. */
  readonly passes?: typeof import("../passes/open_passes.ts");
  /** Recordings in segments. */
  readonly segments?: typeof import("../segments/open_segmented.ts");
}

type Load = { readonly [Part in keyof SessionParts]-?: () => Promise<Required<SessionParts>[Part]> };

const load: Load = {
  audio: () => import("../audio_tracks.ts"),
  subtitles: () => import("../../file/subtitle_tracks.ts"),
  outputs: () => import("../outputs/packet_feeds.ts"),
  passes: () => import("../passes/open_passes.ts"),
  segments: () => import("../segments/open_segmented.ts"),
};

/** Loads the parts that a request needs; `null` where it needs none. */
export function loadParts({ options, outputs }: VideoFileRequest): Promise<SessionParts> | null {
  const isNeeded: Readonly<Record<keyof SessionParts, boolean>> = {
    audio: options.audio.length > 0,
    subtitles: options.subtitles.length > 0,
    outputs: outputs !== undefined,
    passes: options.passes !== undefined,
    segments: options.segments !== undefined,
  };
  const needed = (Object.keys(load) as (keyof SessionParts)[]).filter((part) => isNeeded[part]);
  if (needed.length === 0) return null;
  return Promise.all(needed.map(async (part) => [part, await load[part]()] as const))
    .then((parts) => Object.fromEntries(parts));
}
