/**
 * What a file says of itself, where that is told after its writer was made.
 *
 * @module
 */
import { copiedChapters } from "../container/chapters.ts";
import type { Rotation } from "../container/picture_tags.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { Rational } from "../libav/rational.ts";
import type { ChapterPlace } from "../libav/streams/stream_parameters.ts";
import { isOneFile } from "../same_file.ts";
import type { VideoFileRequest } from "./session_types.ts";

/**
 * Tags, chapters, how pictures are shown, and the file that they are from. What is left out stays as the
 * options have it.
 */
export interface FileDescription {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly chapters?: readonly ChapterPlace[];
  readonly rotation?: Rotation;
  readonly sampleAspectRatio?: Rational;
  readonly source?: string;
}

/** A request for the same file with another description. Throws where that file is the source. */
export function describedRequest(
  request: VideoFileRequest,
  info: MuxerInfo,
  { metadata, chapters, rotation, sampleAspectRatio, source }: FileDescription,
): VideoFileRequest {
  if (source !== undefined && isOneFile(source, request.path)) {
    throw new TypeError(`Cannot copy ${source} into the same file: give the writer another path`);
  }
  const options = {
    ...request.options,
    ...(metadata && { metadata }),
    ...(chapters && { chapters: copiedChapters(info, chapters) }),
    ...(rotation !== undefined && { rotation }),
    ...(sampleAspectRatio && { sampleAspectRatio }),
  };
  return { ...request, options };
}
