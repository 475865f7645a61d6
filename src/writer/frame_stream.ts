/**
 * A writer as a stream of frames.
 *
 * @module
 */
import type { Frame } from "../video/frame.ts";
import { frameTimes, isTimedPicture } from "../video/frame_timing.ts";
import type { VideoWriter } from "./video_writer.ts";

/** A stream that writes frames, at the times that they have. */
export function frameStream(writer: VideoWriter): WritableStream<Frame> {
  return new WritableStream<Frame>({
    write: (frame) =>
      isTimedPicture(frame) ? writer.write(frame, frameTimes(frame, writer.timing)) : writer.write(frame),
    close: async () => void await writer.close(),
    abort: (reason) => writer.abort(reason),
  });
}
