/**
 * What a video's muxer and its opener work with.
 *
 * @module
 */
import type { EncoderSettings } from "../codecs/open_encoder.ts";
import type { Stage } from "../container/muxer_options.ts";
import type { Rotation } from "../container/picture_tags.ts";
import type { CrashSafety } from "../file/safety.ts";
import type { SubtitleTracks } from "../file/subtitle_tracks.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Rational } from "../libav/rational.ts";
import type { CodecParameters } from "../libav/streams/codec_parameters.ts";
import type { StreamRequest } from "../libav/streams/stream_parameters.ts";
import type { InputFormats } from "../video/input_format.ts";
import type { AudioTracks } from "./audio_tracks.ts";
import type { FrameClock } from "./frame_clock.ts";

/** What a muxer is made by. */
export interface MuxerRequest {
  /** What the encoder makes. */
  readonly parameters: CodecParameters;
  readonly settings: EncoderSettings;
  readonly timeBase: Rational;
  readonly url: string;
  readonly stage: Stage;
  /** The file that was recorded, where an ordinary one is made of it. */
  readonly recording?: Demuxer | null;
  /** Another rotation than the one asked for. */
  readonly rotation?: Rotation;
  /** Other tracks than those asked for, or none. */
  readonly audioTracks?: AudioTracks | null;
}

/** What an opener works with. */
export interface OpenerContext {
  /** All pixel formats of the loaded libavutil. */
  readonly formats: InputFormats;
  /** The clock that frames get their times from. */
  readonly clock: FrameClock;
  /** How the file is kept playable. */
  readonly safety: CrashSafety;
  /** The tracks beside the video; `null` where there are none. */
  readonly audioTracks: AudioTracks | null;
  /** The tracks of text after those; `null` where there are none. */
  readonly subtitles: SubtitleTracks | null;
  /** Streams that are a file each, which come after all others. */
  readonly files: readonly StreamRequest[];
}
