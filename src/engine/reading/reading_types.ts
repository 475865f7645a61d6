/**
 * What is to be read, and what a reader tells of it.
 *
 * @module
 */
import type { Address } from "../../../ffi/mod.ts";
import type { Rational } from "../../libav/rational.ts";
import type { ChapterPlace } from "../../libav/streams/stream_parameters.ts";
import type { LogLevel } from "../../libav/log.ts";
import type { ColorDescription } from "../../video/color.ts";

/** Where the bytes are. */
export type InputPlace =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "bytes"; readonly bytes: SharedArrayBuffer }
  /** Images that are numbered: the path has the place of the number, such as `%04d`. */
  | {
    readonly kind: "sequence";
    readonly path: string;
    readonly frameRate: Rational;
    /** The number of the first image; `null`: it is looked for. */
    readonly start: number | null;
  }
  | NetworkPlace
  | DevicePlace;

/** A device, and how it is opened. */
export interface DevicePlace {
  readonly kind: "device";
  /** libavdevice's name of its system. */
  readonly system: string;
  readonly name: string;
  /** Options of the system. */
  readonly options: Readonly<Record<string, string>>;
}

/** A network address, and how it is opened. */
export interface NetworkPlace {
  readonly kind: "network";
  readonly url: string;
  /** The protocols that it is read by, and no others. */
  readonly protocols: string;
  /** Options of libav's protocols and formats. */
  readonly options: Readonly<Record<string, string>>;
  /** Whether redirects and playlists may lead to other hosts. */
  readonly mayChangeHost: boolean;
  /** Which variant of a playlist is read: the best of at most so many bits per second. */
  readonly maxBitrate: number;
  /** Whether another connection goes on after one that is lost, where the source has a length. */
  readonly isResumable: boolean;
  /** Where an earlier connection has ended; `null`: this is the first. */
  readonly resumption: Resumption | null;
}

/** Where a connection has ended. */
export interface Resumption {
  /** The time of its last frame, in seconds. */
  readonly seconds: number;
  /** Whether it was of a recording, of which another connection has the same times. */
  readonly isRecording: boolean;
  /** Where that is in an HLS stream; `null` for others. */
  readonly position: HlsPosition | null;
}

/** A place in an HLS stream. */
export interface HlsPosition {
  /** A segment to read on from, and the one before it, if there is one. */
  readonly marks: readonly SegmentMark[];
  /** Where time 0 is. */
  readonly origin: TimeOrigin;
}

/** The beginning of a segment. */
export interface SegmentMark {
  /** Its number. */
  readonly sequence: number;
  /** The end of its address: servers may have keys in what is before and behind it. */
  readonly name: string;
  /** The clocks of the streams, by their indexes. */
  readonly clocks: readonly ClockState[];
}

/** Where the clock of a stream is, in seconds. */
export interface ClockState {
  readonly index: number;
  readonly shift: number;
  /** `null` where times begin. */
  readonly last: number | null;
  readonly end: number;
}

/** A time of a stream. */
export interface TimeOrigin {
  readonly ticks: bigint;
  readonly timeBase: Rational;
}

/** A file to read, checked already. */
export interface ReadRequest {
  readonly place: InputPlace;
  /** What messages call it: its path, or what else it is. */
  readonly label: string;
  /** The pixel format of the frames; `null`: the source's own. */
  readonly format: string | null;
  /** Which of the video streams. */
  readonly stream: number;
  readonly logLevel: LogLevel;
}

/** What every track of a source has. */
export interface SourceTrack {
  /** libavcodec's name of its codec. */
  readonly codec: string;
  /** Its language, as three letters of ISO 639-2; `null` where it is not known. */
  readonly language: string | null;
  /** Its title; `null` where it has none. */
  readonly title: string | null;
  /** Whether players use it unless told otherwise. */
  readonly isDefault: boolean;
}

/** An audio track of a source. */
export interface SourceAudioTrack extends SourceTrack {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  /** Number of channels. */
  readonly channels: number;
}

/** A subtitle track of a source. */
export interface SourceSubtitleTrack extends SourceTrack {
  /** Whether players show it though nobody asked for subtitles. */
  readonly isForced: boolean;
  /** Whether its cues are text; pictures can't be read as cues. */
  readonly isText: boolean;
}

/** What is told of a source before anything is decoded. */
export interface SourceInfo {
  readonly width: number;
  readonly height: number;
  readonly format: string;
  readonly color: Partial<ColorDescription>;
  readonly rotation: 0 | 90 | 180 | 270;
  readonly sampleAspectRatio: Rational;
  readonly codec: string;
  readonly container: string;
  readonly duration: number | null;
  /** Whether it says itself that it ends, so that an end is none of the connection's. */
  readonly tellsEnd: boolean;
  /** Whether it goes on where an earlier connection has ended. */
  readonly isResumed: boolean;
  /** Whether there is audio that is not read. */
  readonly lacksAudio: boolean;
  readonly frameRate: Rational | null;
  readonly frameIntervals: { readonly least: number; readonly greatest: number } | null;
  readonly audioTracks: readonly SourceAudioTrack[];
  readonly subtitleTracks: readonly SourceSubtitleTrack[];
  readonly chapters: readonly ChapterPlace[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** A picture in libav's memory, which its thread keeps until it is given back. */
export interface LentPicture {
  /** The AVFrame. */
  readonly address: Address;
  /** Bytes of the picture, tightly packed. */
  readonly bytes: number;
}

/** A decoded frame on its way out of the engine. */
export interface ReadFrame {
  readonly data: ArrayBuffer | LentPicture;
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly timestamp: number;
  readonly duration: number | null;
  readonly isDiscontinuous: boolean;
  /** Where an HLS stream is read on from after this frame, where that has changed. */
  readonly position?: HlsPosition | null;
  readonly color: Partial<ColorDescription>;
}
