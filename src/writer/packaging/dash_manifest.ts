/**
 * The manifest of MPEG-DASH (ISO/IEC 23009-1), over the same segments.
 *
 * @module
 */
import { bandwidth, uri } from "./hls_playlists.ts";
import type { Rendition } from "./rendition.ts";
import type { Segment } from "./segment.ts";

/** What a manifest tells beside its renditions. */
export interface ManifestState {
  readonly segmentSeconds: number;
  /** How many segments are listed at most; `null`: all. */
  readonly windowSegments: number | null;
  readonly hasEnded: boolean;
  /** The time on the wall of second 0, in milliseconds since 1970. */
  readonly beganMs: number;
  /** The same for now. */
  readonly nowMs: number;
  /** Frames per second. */
  readonly frameRate: { readonly num: number; readonly den: number };
}

/** How far behind the end players stay, in segments. */
const delaySegments = 3;

const seconds = (value: number): string => `PT${Number(value.toFixed(3))}S`;
const date = (ms: number): string => new Date(ms).toISOString();

/** The manifest. */
export function dashManifest(
  videos: readonly Rendition[],
  audios: readonly Rendition[],
  state: ManifestState,
): string {
  const { segmentSeconds, windowSegments, hasEnded, beganMs, nowMs } = state;
  const all = [...videos, ...audios];
  // Where the beginning is gone, the period begins with what is there.
  const begin = hasEnded ? Math.min(...all.map(({ segments }) => segments[0]?.start ?? Infinity)) : 0;
  const end = Math.max(...all.map((rendition) => rendition.end));
  const attributes = [
    'xmlns="urn:mpeg:dash:schema:mpd:2011"',
    'profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"',
    `minBufferTime="${seconds(segmentSeconds)}"`,
    ...(hasEnded ? ['type="static"', `mediaPresentationDuration="${seconds(end - begin)}"`] : [
      'type="dynamic"',
      `availabilityStartTime="${date(beganMs)}"`,
      `publishTime="${date(nowMs)}"`,
      `minimumUpdatePeriod="${seconds(segmentSeconds)}"`,
      `suggestedPresentationDelay="${seconds(segmentSeconds * delaySegments)}"`,
      ...(windowSegments === null
        ? []
        : [`timeShiftBufferDepth="${seconds(windowSegments * segmentSeconds)}"`]),
    ]),
  ];
  const sets = [
    adaptationSet(0, "video", videos, begin, state),
    ...audios.map((audio, index) => adaptationSet(index + 1, "audio", [audio], begin, state)),
  ];
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD ${attributes.join(" ")}>`,
    '  <Period id="0" start="PT0S">',
    ...sets.filter((lines) => lines.length > 0).flat(),
    "  </Period>",
    "</MPD>",
    "",
  ].join("\n");
}

function adaptationSet(
  id: number,
  kind: "video" | "audio",
  renditions: readonly Rendition[],
  begin: number,
  state: ManifestState,
): string[] {
  if (renditions.length === 0) return [];
  return [
    `    <AdaptationSet id="${id}" contentType="${kind}" mimeType="${kind}/mp4" segmentAlignment="true" startWithSAP="1">`,
    ...renditions.flatMap((rendition) => representation(rendition, begin, state)),
    "    </AdaptationSet>",
  ];
}

function representation(rendition: Rendition, begin: number, { frameRate }: ManifestState): string[] {
  const { label, name, headerName, segments, header } = rendition;
  const { codec, width, height, sampleRate, channels, timescale } = header;
  const { num, den } = frameRate;
  const isVideo = header.kind === "video";
  const own = isVideo
    ? `width="${Math.round(width)}" height="${Math.round(height)}" frameRate="${num}${
      den === 1 ? "" : `/${den}`
    }"`
    : `audioSamplingRate="${sampleRate}"`;
  const offset = Math.round(begin * timescale);
  return [
    `      <Representation id="${label}" bandwidth="${bandwidth(rendition)}" codecs="${codec}" ${own}>`,
    ...(isVideo ? [] : [
      `        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="${channels}"/>`,
    ]),
    `        <SegmentTemplate timescale="${timescale}"${
      offset === 0 ? "" : ` presentationTimeOffset="${offset}"`
    } initialization="${uri(headerName)}" media="${uri(name)}-$Number$.m4s" startNumber="${
      segments[0]?.number ?? 1
    }">`,
    "          <SegmentTimeline>",
    ...timeline(segments, timescale).map((line) => `            ${line}`),
    "          </SegmentTimeline>",
    "        </SegmentTemplate>",
    "      </Representation>",
  ];
}

/** The times of segments; those of the same length that follow each other in one line. */
function timeline(segments: readonly Segment[], timescale: number): string[] {
  const runs: { start: number; ticks: number; repeats: number }[] = [];
  let next = NaN;
  for (const segment of segments) {
    const start = Math.round(segment.start * timescale);
    const ticks = Math.round((segment.start + segment.seconds) * timescale) - start;
    const last = runs.at(-1);
    if (last !== undefined && last.ticks === ticks && start === next) last.repeats++;
    else runs.push({ start, ticks, repeats: 0 });
    next = start + ticks;
  }
  return runs.map(({ start, ticks, repeats }) =>
    `<S t="${start}" d="${ticks}"${repeats === 0 ? "" : ` r="${repeats}"`}/>`
  );
}
