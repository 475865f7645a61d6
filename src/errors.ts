/**
 * The errors that callers catch. Wrong arguments are `TypeError` and `RangeError`; everything else is an `AvError`.
 *
 * @module
 */
import { AvError } from "../ffi/errors.ts";

export { AvError, type AvErrorDetails, LibraryNotFoundError, LibraryVersionError } from "../ffi/errors.ts";

/** No encoder of that name, or none of that codec family, can be used with the FFmpeg at hand. */
export class EncoderNotFoundError extends AvError {
  /** The class's name. */
  override name = "EncoderNotFoundError";
}

/** The parts exist but do not go together: a codec and a container, a pixel format and an encoder, a size and an encoder. */
export class UnsupportedError extends AvError {
  /** The class's name. */
  override name = "UnsupportedError";
}

/** An option of the encoder or the muxer is unknown or has a value that it does not take. */
export class OptionError extends AvError {
  /** The class's name. */
  override name = "OptionError";
}

/** A file can't be read, or does not hold what it should. */
export class ReadError extends AvError {
  /** The class's name. */
  override name = "ReadError";
}

/** Encoding or writing failed: the target can't be written, the disk is full, the encoder gave up. */
export class WriteError extends AvError {
  /** The class's name. */
  override name = "WriteError";
}

/** The writer was closed or aborted before this call. */
export class WriterClosedError extends AvError {
  /** The class's name. */
  override name = "WriterClosedError";
}
