/**
 * The playlists of HTTP Live Streaming (RFC 8216, and its second edition for parts).
 *
 * @module
 */
import type { Rendition, Segment } from "./rendition.ts";

/** fMP4 segments need 6, and one number serves all playlists. */
const version = 7;
/** Parts are listed of so many target durations before the end. */
const partTargets = 3;
/** How far behind the end players stay, in parts. */
const holdBackParts = 3;

/** What a playlist of one rendition is besides its segments. */
export interface PlaylistState {
  /** The planned length of a segment, in seconds. */
  readonly segmentSeconds: number;
  /** How much longer they get where frames are even, in seconds. */
  readonly moreSeconds: number;
  /** The longest part, in seconds; `null` where there are none. */
  readonly partSeconds: number | null;
  /** How many segments were removed at its beginning; `null` where all stay. */
  readonly isWindow: boolean;
  readonly hasEnded: boolean;
  /** The time on the wall of second 0, in milliseconds since 1970; `null`: it is not told. */
  readonly beganMs: number | null;
}

/** The name of a file as an address, beside that of the playlist. */
export const uri: (name: string) => string = encodeURIComponent;

/** Seconds, as exact as a microsecond. */
const exact = (seconds: number): string => seconds.toFixed(6);

/** The largest duration of a segment of a rendition, in whole seconds, as its playlist promises. */
export function targetSeconds({ longestSeconds }: Rendition, state: PlaylistState): number {
  // It must not change: what is to be expected counts, and the rest only where it comes otherwise.
  const { segmentSeconds, moreSeconds } = state;
  return Math.max(1, Math.round(segmentSeconds + moreSeconds), Math.round(longestSeconds));
}

/** The playlist of one rendition. */
export function mediaPlaylist(rendition: Rendition, state: PlaylistState): string {
  const { segments, headerName } = rendition;
  const { partSeconds, isWindow, hasEnded, beganMs } = state;
  const target = targetSeconds(rendition, state);
  const listsParts = partSeconds !== null && !hasEnded;
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${version}`,
    `#EXT-X-TARGETDURATION:${target}`,
    ...(listsParts
      ? [
        `#EXT-X-SERVER-CONTROL:PART-HOLD-BACK=${exact(partSeconds * holdBackParts)}`,
        `#EXT-X-PART-INF:PART-TARGET=${exact(partSeconds)}`,
      ]
      : []),
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? 1}`,
    ...(isWindow ? [] : [`#EXT-X-PLAYLIST-TYPE:${hasEnded ? "VOD" : "EVENT"}`]),
    "#EXT-X-INDEPENDENT-SEGMENTS",
    `#EXT-X-MAP:URI="${uri(headerName)}"`,
  ];
  const partsFrom = rendition.end - partTargets * target;
  for (const segment of segments) {
    if (beganMs !== null) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(beganMs + segment.start * 1000).toISOString()}`);
    }
    if (listsParts && segment.start + segment.seconds > partsFrom) lines.push(...partLines(segment.parts));
    lines.push(`#EXTINF:${exact(segment.seconds)},`, uri(segment.name));
  }
  if (listsParts) {
    if (beganMs !== null && rendition.parts.length > 0) {
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(beganMs + rendition.end * 1000).toISOString()}`);
    }
    lines.push(...partLines(rendition.parts));
  }
  if (hasEnded) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

function partLines(parts: Segment["parts"]): string[] {
  return parts.map(({ name, seconds, isIndependent }) =>
    `#EXT-X-PART:DURATION=${exact(seconds)},URI="${uri(name)}"${isIndependent ? ",INDEPENDENT=YES" : ""}`
  );
}

/** The most bits per second of a rendition, as far as is known. */
export function bandwidth({ peakBits, toldBits }: Rendition): number {
  return Math.ceil(Math.max(peakBits, toldBits ?? 0));
}

/** The playlist of playlists. `frameRate` is in frames per second. */
export function multivariantPlaylist(
  videos: readonly Rendition[],
  audios: readonly Rendition[],
  frameRate: number,
): string {
  const lines = ["#EXTM3U", `#EXT-X-VERSION:${version}`, "#EXT-X-INDEPENDENT-SEGMENTS"];
  for (const [index, { label, playlistName, header }] of audios.entries()) {
    const isFirst = index === 0 ? "YES" : "NO";
    lines.push(
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="${label}",DEFAULT=${isFirst},AUTOSELECT=YES,` +
        `CHANNELS="${header.channels}",URI="${uri(playlistName)}"`,
    );
  }
  const sum = (bits: (audio: Rendition) => number): number => Math.max(0, ...audios.map(bits));
  for (const video of videos) {
    const { playlistName, header: { codec, width, height }, averageBits } = video;
    const codecs = new Set([codec, ...audios.map(({ header }) => header.codec)]);
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth(video) + sum(bandwidth)},` +
        `AVERAGE-BANDWIDTH=${Math.ceil(averageBits + sum((audio) => audio.averageBits))},` +
        `CODECS="${[...codecs].join(",")}",RESOLUTION=${Math.round(width)}x${Math.round(height)},` +
        `FRAME-RATE=${frameRate.toFixed(3)},CLOSED-CAPTIONS=NONE` +
        (audios.length === 0 ? "" : ',AUDIO="audio"'),
      uri(playlistName),
    );
  }
  return `${lines.join("\n")}\n`;
}
