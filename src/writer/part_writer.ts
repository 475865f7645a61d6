/**
 * Writers that decode files themselves, for recipes.
 *
 * @module
 */
import type { PartProgress, PartRequest } from "../engine/frames/part_types.ts";
import type { VideoWriter } from "./video_writer.ts";

/** How a writer decodes a part of a file and encodes its frames, which no program sees. */
export const encodesPart: unique symbol = Symbol("encodes a part of a file");

/** A writer of `createFileWriter`. */
export interface PartWriter {
  [encodesPart](part: PartRequest, onStep: (progress: PartProgress) => void): Promise<PartProgress>;
}

/**
 * Decodes a part of a file and encodes its frames, all in the thread of the writer's encoder. Nothing else
 * may write frames. Calls `onStep` now and then. Throws a `ReadError` where the file can't be read.
 */
export function encodePart(
  writer: VideoWriter,
  part: PartRequest,
  onStep: (progress: PartProgress) => void,
): Promise<PartProgress> {
  return (writer as VideoWriter & PartWriter)[encodesPart](part, onStep);
}
