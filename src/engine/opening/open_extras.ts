/**
 * Opens what a file gets beside video and audio: cover, attachments and subtitles.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { attachmentStreams, requireAttachmentSupport } from "../../container/attachments.ts";
import { type Cover, openCover } from "../../container/cover.ts";
import type { SubtitleTracks } from "../../file/subtitle_tracks.ts";
import { setLogLevel } from "../../libav/log.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { StreamRequest } from "../../libav/streams/stream_parameters.ts";
import type { SessionOptions } from "../session_options.ts";
import type { SessionParts } from "./session_parts.ts";

/** What a file gets beside video and audio. */
export interface Extras {
  readonly cover: Cover | null;
  readonly attachments: readonly StreamRequest[];
  readonly subtitles: SubtitleTracks | null;
}

/** Opens them. What libav prints is in the errors alone. */
export function openExtras(
  native: Native,
  info: MuxerInfo,
  options: SessionOptions,
  { subtitles }: SessionParts,
): Extras {
  requireAttachmentSupport(info, options);
  setLogLevel(native, "quiet");
  return {
    cover: options.cover === null ? null : openCover(native, options.cover),
    attachments: attachmentStreams(native, options),
    // They come after the video and its audio.
    subtitles: subtitles === undefined
      ? null
      : new subtitles.SubtitleTracks(native, info, options.subtitles, 1 + options.audio.length),
  };
}
