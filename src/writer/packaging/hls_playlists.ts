/**
 * The playlists of HTTP Live Streaming (RFC 8216, and its second edition for parts).
 *
 * @module
 */
import type { Rendition } from "./rendition.ts";
import type { Part, Segment } from "./segment.ts";

/** fMP4 segments need 6, and one number serves all playlists. */
const version = 7;
/** Parts are listed of so many target durations before the end. */
const partTargets = 3;
/** How far behind the end players stay, in parts. */
const holdBackParts = 3;

/** Times of containers are rounded by less. */
const roundingSeconds = 0.001;

/** What a playlist of one rendition is besides its segments. */
export interface PlaylistState {
  /** The longest part, in seconds; `null` where there are none. */
  readonly partSeconds: number | null;
  /** The part that comes next, by its name. */
  readonly nextPart: string;
  /** Whether old segments are removed, or all stay. */
  readonly isWindow: boolean;
  readonly hasEnded: boolean;
  /** The time on the wall of second 0, in milliseconds since 1970; `null`: it is not told. */
  readonly beganMs: number | null;
}

/** The name of a file as an address, beside that of the playlist. */
export const uri: (name: string) => string = encodeURIComponent;

/** Seconds, as exact as a microsecond. */
const exact = (seconds: number): string => seconds.toFixed(6);

/** The playlist of one rendition. */
export function mediaPlaylist(rendition: Rendition, state: PlaylistState): string {
  const { segments, headerName, number, removedDiscontinuities } = rendition;
  const { partSeconds, isWindow, hasEnded } = state;
  const target = rendition.targetSeconds;
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
    `#EXT-X-MEDIA-SEQUENCE:${segments[0]?.number ?? number}`,
    ...(removedDiscontinuities === 0 ? [] : [`#EXT-X-DISCONTINUITY-SEQUENCE:${removedDiscontinuities}`]),
    ...(isWindow ? [] : [`#EXT-X-PLAYLIST-TYPE:${hasEnded ? "VOD" : "EVENT"}`]),
    "#EXT-X-INDEPENDENT-SEGMENTS",
  ];
  const partsEnd = rendition.parts.reduce((sum, part) => sum + part.seconds, rendition.end);
  const partsFrom = partsEnd - partTargets * target - roundingSeconds;
  let header = "";
  const begin = ({ isDiscontinuous, header: needed }: Pick<Segment, "isDiscontinuous" | "header">): void => {
    if (isDiscontinuous) lines.push("#EXT-X-DISCONTINUITY");
    if (needed !== header) lines.push(`#EXT-X-MAP:URI="${uri(needed)}"`);
    header = needed;
  };
  for (const segment of segments) {
    const { start, seconds, parts, dateMs, name } = segment;
    begin(segment);
    lines.push(...dateLines(dateMs, start, state));
    const listed = listsParts && start >= partsFrom ? upTo(parts, partSeconds) : [];
    // Those of a whole segment sum up to it.
    if (listed.length === parts.length) lines.push(...listed.map(partLine));
    lines.push(`#EXTINF:${exact(seconds)},`, uri(name));
  }
  if (listsParts) {
    const { isDiscontinuous, end } = rendition;
    const parts = upTo(rendition.parts, partSeconds);
    if (parts.length > 0) {
      begin({ isDiscontinuous, header: headerName });
      lines.push(...dateLines(null, end, state), ...parts.map(partLine));
    }
    if (parts.length === rendition.parts.length) {
      lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${uri(state.nextPart)}"`);
    }
  }
  if (hasEnded) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

/** The time on the wall of what comes next, which begins at a time in seconds. */
function dateLines(dateMs: number | null, start: number, { beganMs }: PlaylistState): string[] {
  const ms = dateMs ?? (beganMs === null ? null : beganMs + start * 1000);
  return ms === null ? [] : [`#EXT-X-PROGRAM-DATE-TIME:${new Date(ms).toISOString()}`];
}

/** Parts up to one that is longer than was promised: that comes with its segment, as do those after it. */
function upTo(parts: readonly Part[], most: number): readonly Part[] {
  const tooLong = parts.findIndex(({ seconds }) => seconds > most + roundingSeconds);
  return tooLong < 0 ? parts : parts.slice(0, tooLong);
}

function partLine({ name, seconds, isIndependent }: Part): string {
  return `#EXT-X-PART:DURATION=${exact(seconds)},URI="${uri(name)}"${
    isIndependent ? ",INDEPENDENT=YES" : ""
  }`;
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
    const { playlistName, header: { codec, range, width, height }, averageBits } = video;
    const codecs = new Set([codec, ...audios.map(({ header }) => header.codec)]);
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth(video) + sum(bandwidth)},` +
        `AVERAGE-BANDWIDTH=${Math.ceil(averageBits + sum((audio) => audio.averageBits))},` +
        `CODECS="${[...codecs].join(",")}",RESOLUTION=${Math.round(width)}x${Math.round(height)},` +
        `FRAME-RATE=${frameRate.toFixed(3)},VIDEO-RANGE=${range},CLOSED-CAPTIONS=NONE` +
        (audios.length === 0 ? "" : ',AUDIO="audio"'),
      uri(playlistName),
    );
  }
  return `${lines.join("\n")}\n`;
}
