/**
 * Streams of fragments, made into segments, with the playlists that list them.
 *
 * @module
 */
import { WriteError } from "../../errors.ts";
import type { FragmentCuts } from "../../file/fragments.ts";
import { SegmentGrid } from "../../file/mp4/segment_grid.ts";
import type { Rational } from "../../libav/rational.ts";
import { dashManifest } from "./dash_manifest.ts";
import { bandwidth, mediaPlaylist, multivariantPlaylist, type PlaylistState } from "./hls_playlists.ts";
import { filePrefix } from "./file_names.ts";
import { PackagedStream } from "./packaged_stream.ts";
import { Rendition } from "./rendition.ts";
import type { EarlierList, SegmentFile } from "./segment.ts";
import type { TrackHeader } from "./track_header.ts";

/** How a stream is packaged. */
export interface PackagerOptions {
  readonly format: "hls" | "dash";
  /** The name of the manifest: the playlist of playlists, or the MPD. */
  readonly manifest: string;
  /** How fragments were cut. */
  readonly cuts: FragmentCuts;
  /** How much longer segments get that have whole frames, in seconds. */
  readonly moreSeconds: number;
  /** How many segments are listed at most; `null`: all. */
  readonly windowSegments: number | null;
  /** Frames per second; `null` where filters may change that: it is measured. */
  readonly frameRate: Rational | null;
  /** The bit rate that each video was told, one for each of the ladder. */
  readonly videoBits: readonly (number | null)[];
  /** Whether playlists tell the time on the wall. */
  readonly tellsDate: boolean;
  /** What another writer has left, which is gone on with, by the labels of renditions. */
  readonly earlier: ReadonlyMap<string, EarlierList>;
}

/** Where files go. */
export interface FileTaker {
  /** Stores a file, after all that were given before. A later one of its name may come in its place. */
  put(file: SegmentFile, type: string): void;
  /** Removes a file, likewise. */
  remove(name: string): void;
}

/** What servers call the files. */
const types = {
  hls: "application/vnd.apple.mpegurl",
  dash: "application/dash+xml",
  header: "video/mp4",
  segment: "video/iso.segment",
} as const;

/** Key frames of a ladder that differ by less are at the same time. */
const sameSeconds = 0.001;
/** The beginnings of so many segments are kept, to be compared. */
const maxBeginnings = 100;

/** Packages streams of fragments. */
export class Packager {
  readonly #options: PackagerOptions;
  readonly #files: FileTaker;
  readonly #streams: readonly PackagedStream[];
  readonly #videos: Rendition[] = [];
  readonly #audios: Rendition[] = [];
  /** When each segment begins, by its number. */
  readonly #beginnings = new Map<number, number>();
  #hasEnded = false;
  /** What the manifest listed when it was written last. */
  #listed = "";
  /** The time on the wall of second 0, in milliseconds since 1970. */
  beganMs = 0;

  /** For one stream for each video; the audio is in the first. */
  constructor(options: PackagerOptions, files: FileTaker) {
    this.#options = options;
    this.#files = files;
    this.#streams = options.videoBits.map((bits, index) => {
      const label = options.videoBits.length === 1 ? "video" : `video${index + 1}`;
      return new PackagedStream(options.cuts.partSeconds !== null, new SegmentGrid(options.cuts, true), {
        open: (track, audios) => this.#open(track, audios, label, bits),
        part: (rendition, file, isLast) => {
          this.#files.put(file, types.segment);
          this.#list(rendition, isLast);
        },
        end: (rendition, end) => this.#end(rendition, end),
      });
    });
  }

  /** Takes bytes of a stream. */
  push(stream: number, bytes: Uint8Array): void {
    this.#streams[stream]!.push(bytes);
  }

  /** Ends all streams, where the video ends after so many seconds, or (`null`) nobody knows. */
  finish(seconds: number | null): void {
    this.#hasEnded = true;
    for (const stream of this.#streams) stream.finish(seconds);
    const renditions = this.#filled;
    if (renditions.length === 0) return;
    for (const rendition of renditions) this.#list(rendition);
    this.#describe();
  }

  /** The renditions that have something. */
  get #filled(): Rendition[] {
    return [...this.#videos, ...this.#audios].filter(({ completed }) => completed > 0);
  }

  /** Makes the rendition of a track, one of so many of audio, and stores its header. */
  #open(header: TrackHeader, audios: number, label: string, bits: number | null): Rendition {
    const isVideo = header.kind === "video";
    const own = isVideo ? this.#videos : this.#audios;
    const audioLabel = audios > 1 ? `audio${own.length + 1}` : "audio";
    const prefix = filePrefix(this.#options.manifest);
    const ownLabel = isVideo ? label : audioLabel;
    const { earlier, moreSeconds, cuts: { segmentSeconds } } = this.#options;
    const before = earlier.get(ownLabel) ?? null;
    const rendition = new Rendition({
      ...{ label: ownLabel, name: `${prefix}-${ownLabel}`, header, toldBits: isVideo ? bits : null },
      targetSeconds: Math.max(1, Math.round(segmentSeconds + moreSeconds)),
      ...{ earlier: before, discontinuities: this.#discontinuities },
    });
    for (const name of before?.strays ?? []) this.#files.remove(name);
    own.push(rendition);
    // The first is the best, whichever is there first.
    this.#videos.sort((one, other) => one.label.localeCompare(other.label, "en", { numeric: true }));
    this.#files.put({ name: rendition.headerName, bytes: header.file }, types.header);
    return rendition;
  }

  /** How many writers were there before. */
  get #discontinuities(): number {
    const counts = this.#options.earlier.values().map(({ segments, removedDiscontinuities }) =>
      removedDiscontinuities + segments.filter(({ isDiscontinuous }) => isDiscontinuous).length + 1
    );
    return Math.max(0, ...counts);
  }

  /** Completes the segment of a rendition, and lists it. */
  #end(rendition: Rendition, end: number | null): void {
    const { windowSegments } = this.#options;
    const file = rendition.endSegment(end);
    if (file === null) return;
    if (rendition.header.kind === "video") this.#requireSameTimes(rendition);
    this.#files.put(file, types.segment);
    const gone = rendition.slide(windowSegments);
    if (!this.#hasEnded) {
      this.#list(rendition);
      if (this.#isReady) this.#describe();
    }
    for (const name of gone) this.#files.remove(name);
  }

  /** Throws where a segment of one video begins at another time than that of another. */
  #requireSameTimes({ label, segments, completed: number }: Rendition): void {
    const { start } = segments.at(-1)!;
    const other = this.#beginnings.get(number);
    if (other === undefined) {
      this.#beginnings.set(number, start);
      this.#beginnings.delete(number - maxBeginnings);
    } else if (Math.abs(other - start) > sameSeconds) {
      throw new WriteError(
        `Cannot write a ladder: segment ${number} of ${label} begins at ${start} s, and of another size at ${other} s`,
        {
          code: "KEY_FRAMES",
          operation: "make segments",
          hint: "Use an encoder that makes key frames where it is told to, such as libx264",
        },
      );
    }
  }

  /** Lists a rendition; whether the part that came last is the last one of its segment. */
  #list(rendition: Rendition, isPartLast = false): void {
    if (this.#options.format === "dash") return;
    const { cuts: { longestPartSeconds }, windowSegments, tellsDate } = this.#options;
    // Parts of audio have whole packets.
    const more = rendition.header.kind === "audio" ? rendition.packetSeconds ?? 0 : 0;
    const state: PlaylistState = {
      partSeconds: longestPartSeconds === null ? null : longestPartSeconds + more,
      nextPart: rendition.nextPart(isPartLast),
      isWindow: windowSegments !== null,
      hasEnded: this.#hasEnded,
      beganMs: tellsDate ? this.beganMs : null,
    };
    this.#putText(rendition.playlistName, mediaPlaylist(rendition, state), "hls");
  }

  /** Whether all renditions can be listed: audio that is late is not waited for. */
  get #isReady(): boolean {
    const isOpen = this.#videos.length === this.#streams.length;
    const isLate = this.#videos.every(({ completed }) => completed > 1);
    const isFilled = ({ completed }: Rendition): boolean => completed > 0;
    return isOpen && this.#videos.every(isFilled) && (isLate || this.#audios.every(isFilled));
  }

  /** Writes the manifest: that of HLS only where it has changed. */
  #describe(): void {
    const { format, manifest, windowSegments, cuts: { segmentSeconds } } = this.#options;
    const filled = this.#filled;
    const videos = filled.filter(({ header }) => header.kind === "video");
    const audios = filled.filter(({ header }) => header.kind === "audio");
    const frameRate = this.#options.frameRate ?? videos[0]!.measuredRate;
    if (format === "dash") {
      const state = { segmentSeconds, windowSegments, hasEnded: this.#hasEnded, frameRate };
      const times = { beganMs: this.beganMs, nowMs: Date.now() };
      return this.#putText(manifest, dashManifest(videos, audios, { ...state, ...times }), format);
    }
    const listed = filled.map((rendition) => `${rendition.name} ${bandwidth(rendition)}`).join();
    if (listed === this.#listed && !this.#hasEnded) return;
    this.#listed = listed;
    const perSecond = frameRate.num / frameRate.den;
    this.#putText(manifest, multivariantPlaylist(videos, audios, perSecond), format);
  }

  #putText(name: string, text: string, type: "hls" | "dash"): void {
    this.#files.put({ name, bytes: new TextEncoder().encode(text) }, types[type]);
  }
}
