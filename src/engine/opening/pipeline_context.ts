/**
 * What pipelines are opened with.
 *
 * @module
 */
import type { EncoderSettings } from "../../codecs/open_encoder.ts";
import type { HeldTarget } from "../../file/held_target.ts";
import type { CrashSafety } from "../../file/safety.ts";
import type { SubtitleTracks } from "../../file/subtitle_tracks.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { Size } from "../../size.ts";
import type { PictureShape, Pixels } from "../../video/pixels.ts";
import type { AudioTracks } from "../audio_tracks.ts";
import type { SessionControl } from "../ending/session_control.ts";
import type { FrameClock } from "../frame_clock.ts";
import type { PacketFeeds } from "../outputs/packet_feeds.ts";
import type { Segments } from "../segments/segments.ts";
import type { PreprocessorOutput } from "../preprocessor.ts";
import type { VideoFileRequest } from "../session_types.ts";
import type { VideoPipeline } from "../video_output.ts";
import type { StreamOpener } from "./stream_opener.ts";

/** What a session has before its first picture. */
export interface PipelineContext {
  readonly request: VideoFileRequest;
  readonly control: SessionControl;
  /** The container. */
  readonly info: MuxerInfo;
  readonly target: HeldTarget;
  readonly safety: CrashSafety;
  readonly clock: FrameClock;
  readonly audioTracks: AudioTracks | null;
  readonly subtitles: SubtitleTracks | null;
  readonly opener: StreamOpener;
  /** The outputs in other threads; `null` where there are none. */
  readonly feeds: PacketFeeds | null;
  /** The segments of a recording; `null` where it is one file. */
  readonly segments: Segments | null;
}

/** An open pipeline, and what its encoder was told. */
export interface OpenPipeline<Kind extends VideoPipeline> {
  readonly pipeline: Kind;
  readonly settings: EncoderSettings;
}

/** The first picture that comes to the encoder. */
export interface FirstPicture {
  /** What the encoder gets. */
  readonly input: PreprocessorOutput;
  readonly pixels: Pixels;
  /** When it is shown. */
  readonly seconds: number;
  /** The first picture that came in, and the size that it got. */
  readonly source: { readonly first: PictureShape; readonly size: Size };
}
