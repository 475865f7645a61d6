/**
 * How players show the pictures of a source, and those of the file that they are copied into.
 *
 * @module
 */
import type { FileDescription } from "../../engine/file_description.ts";
import type { FrameClock } from "../../engine/frame_clock.ts";
import type { SessionOptions } from "../../engine/session_options.ts";
import { UnsupportedError } from "../../errors.ts";
import type { Rational } from "../../libav/rational.ts";
import type { VideoSource } from "../../reader/video_source.ts";

/** What pictures are copied into. */
interface PictureTarget {
  readonly clock: FrameClock;
  readonly options: SessionOptions;
  /** What a source before has said of the file. */
  readonly described: FileDescription;
}

/** How players show a picture. */
type Shape = Pick<VideoSource, "rotation" | "sampleAspectRatio">;

/** Pictures of a source. */
type Pictures = Shape & Pick<VideoSource, "width" | "height">;

const square: Rational = { num: 1, den: 1 };

function isSameRatio(one: Rational, other: Rational): boolean {
  return one.num * other.den === other.num * one.den;
}

/**
 * What a new file is to say of its pictures, so that they are shown as those of the source, unless the writer
 * changes them or has options that say it. Throws an {@linkcode UnsupportedError} where the file has frames
 * that are shown in another way.
 */
export function pictureShape(
  { clock, options, described }: PictureTarget,
  source: Pictures,
): Pick<FileDescription, "rotation" | "sampleAspectRatio"> {
  const { filter } = options;
  if (filter !== undefined) return {};
  const rotation = options.rotation === undefined ? source.rotation : 0;
  const ratio = options.sampleAspectRatio === undefined ? source.sampleAspectRatio : square;
  const isNew = clock.frames === 0;
  const fileRatio = described.sampleAspectRatio ?? square;
  const sampleAspectRatio = keepsRatio(options, source, isNew) ? ratio : isNew ? square : fileRatio;
  if (!isNew) {
    requireSameShape(
      { rotation: described.rotation ?? 0, sampleAspectRatio: fileRatio },
      { rotation, sampleAspectRatio },
    );
    return {};
  }
  // A source before may have said something else, and given no frame.
  const isLevel = rotation === 0 && described.rotation === undefined;
  const isSquare = isSameRatio(sampleAspectRatio, square) && described.sampleAspectRatio === undefined;
  return { ...(isLevel ? {} : { rotation }), ...(isSquare ? {} : { sampleAspectRatio }) };
}

/**
 * Whether pixels keep their shape, which they do unless pictures are stretched: they are scaled by the same
 * factor both ways otherwise.
 */
function keepsRatio(
  { resize, width, height }: SessionOptions,
  source: Pictures,
  isNew: boolean,
): boolean {
  if (resize !== "fill") return true;
  return isNew && (width ?? source.width) === source.width && (height ?? source.height) === source.height;
}

function requireSameShape(file: Shape, source: Shape): void {
  const isSame = source.rotation === file.rotation &&
    isSameRatio(source.sampleAspectRatio, file.sampleAspectRatio);
  if (isSame) return;
  throw new UnsupportedError(
    `Cannot copy a source with ${shapeText(source)}: the file has frames with ${shapeText(file)}`,
    {
      code: "PICTURE_SHAPE",
      operation: "copy a source",
      hint: "Transcode the source first, which turns its pictures, or copy it into a file of its own",
    },
  );
}

function shapeText({ rotation, sampleAspectRatio: { num, den } }: Shape): string {
  return `a rotation of ${rotation} degrees and pixels of ${num}:${den}`;
}
