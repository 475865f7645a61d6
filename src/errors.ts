/**
 * The errors that callers catch. Wrong arguments are `TypeError` and `RangeError`; everything else is an
 * `AvError`.
 *
 * @module
 */
import { AvError } from "../ffi/errors.ts";

export { AvError, type AvErrorDetails, LibraryNotFoundError, LibraryVersionError } from "../ffi/errors.ts";

/** No encoder of that name or codec family can be used with the installed FFmpeg. */
export class EncoderNotFoundError extends AvError {
  /** The class's name. */
  override name = "EncoderNotFoundError";
}

/**
 * The parts exist but do not go together: codec and container, pixel format and encoder, or size and encoder.
 */
export class UnsupportedError extends AvError {
  /** The class's name. */
  override name = "UnsupportedError";
}

/** An option of the encoder or muxer does not exist, or does not take that value. */
export class OptionError extends AvError {
  /** The class's name. */
  override name = "OptionError";
}

/** A file cannot be read, or does not contain what it should. */
export class ReadError extends AvError {
  /** The class's name. */
  override name = "ReadError";
}

/**
 * Encoding or writing failed: the target is not writable, the disk is full, the encoder gave up, or its
 * thread ended.
 */
export class WriteError extends AvError {
  /** The class's name. */
  override name = "WriteError";
}

/** The writer was closed or aborted before this call. */
export class WriterClosedError extends AvError {
  /** The class's name. */
  override name = "WriterClosedError";
}
