/**
 * What a file says of itself, where that is told after its writer was made.
 *
 * @module
 */
import type { Rotation } from "../container/picture_tags.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { Rational } from "../libav/rational.ts";
import type { ChapterPlace } from "../libav/streams/stream_parameters.ts";
import { copiedChapters } from "./copying/copied_streams.ts";
import type { VideoFileRequest } from "./session_types.ts";

/** Tags, chapters, and how pictures are shown. What is left out stays as the options have it. */
export interface FileDescription {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly chapters?: readonly ChapterPlace[];
  readonly rotation?: Rotation;
  readonly sampleAspectRatio?: Rational;
}

/** A request for the same file with another description. */
export function describedRequest(
  request: VideoFileRequest,
  info: MuxerInfo,
  { metadata, chapters, rotation, sampleAspectRatio }: FileDescription,
): VideoFileRequest {
  const options = {
    ...request.options,
    ...(metadata && { metadata }),
    ...(chapters && { chapters: copiedChapters(info, chapters) }),
    ...(rotation && { rotation }),
    ...(sampleAspectRatio && { sampleAspectRatio }),
  };
  return { ...request, options };
}
