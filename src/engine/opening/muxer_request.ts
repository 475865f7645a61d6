/**
 * What a video's muxer and its opener work with.
 *
 * @module
 */
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import type { Cover } from "../../container/cover.ts";
import type { Stage } from "../../container/muxer_options.ts";
import type { CrashSafety } from "../../file/safety.ts";
import type { SubtitleTracks } from "../../file/subtitle_tracks.ts";
import type { Demuxer } from "../../libav/demuxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { Rational } from "../../libav/rational.ts";
import type { CodecParameters } from "../../libav/streams/codec_parameters.ts";
import type { StreamRequest } from "../../libav/streams/stream_parameters.ts";
import type { InputFormats } from "../../video/input_format.ts";
import type { AudioTracks } from "../audio_tracks.ts";
import type { FrameClock } from "../frame_clock.ts";
import type { PacketFeeds } from "../outputs/packet_feeds.ts";

/** What a muxer is made from. */
export interface MuxerRequest {
  /** What the encoder makes. */
  readonly parameters: CodecParameters;
  readonly settings: EncoderSettings;
  readonly timeBase: Rational;
  readonly url: string;
  readonly stage: Stage;
  /** The recorded file, where the final one is made from it. */
  readonly recording?: Demuxer | null;
  /** Another container than the requested one. */
  readonly info?: MuxerInfo;
  /** Whether tags go under keys of their own; default: as the container was found to need. */
  readonly namesKeys?: boolean;
  /** Whether the requested cover goes in; default: it does. */
  readonly hasCover?: boolean;
  /** Whether the encoders of audio have begun before this file. */
  readonly isContinued?: boolean;
  /** Other tracks than the requested ones, or none. */
  readonly audioTracks?: AudioTracks | null;
}

/** What an opener works with. */
export interface OpenerContext {
  /** All pixel formats of the loaded libavutil. */
  readonly formats: InputFormats;
  /** The clock that frames get their times from. */
  readonly clock: FrameClock;
  /** How the file stays playable after a crash. */
  readonly safety: CrashSafety;
  /** The audio tracks; `null` where there are none. */
  readonly audioTracks: AudioTracks | null;
  /** The subtitle tracks; `null` where there are none. */
  readonly subtitles: SubtitleTracks | null;
  /** The cover; `null` where there is none. */
  readonly cover: Cover | null;
  /** Streams of attached files, which come last. */
  readonly attachments: readonly StreamRequest[];
  /** The outputs in other threads; `null` where there are none. */
  readonly feeds: PacketFeeds | null;
}
