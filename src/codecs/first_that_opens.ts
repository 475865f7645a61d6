/**
 * Tries the encoders of a codec one after the other. It knows no libav: what opens one is a function.
 *
 * @module
 */
import { OptionError, UnsupportedError } from "../errors.ts";

/** A candidate that was not chosen. */
export interface RejectedEncoder {
  /** libavcodec's name of the encoder; with a `fallback`, `"FFmpeg's libraries"`. */
  readonly name: string;
  /** Why it was rejected. */
  readonly reason: string;
}

/** How candidates are tried. */
export interface Trial<Opened> {
  /** Opens an encoder; `null` where there is none of that name. Throws where it refuses. */
  readonly open: (name: string) => Opened | null;
  /** The reason for one that is not there. */
  readonly absence: string;
  /** Whether it is tried because it may be there: its refusal of an option is no mistake of the caller's. */
  readonly isOptional: (name: string) => boolean;
  /** Runs a trial of which nothing is printed. */
  readonly quietly: <Result>(action: () => Result) => Result;
}

/** The first encoder that opens, or the error of the first that is there and was not optional. */
export interface TrialResult<Opened> {
  readonly opened: Opened | null;
  readonly rejected: readonly RejectedEncoder[];
  readonly error: UnsupportedError | null;
}

/**
 * Opens the first candidate that takes what is asked for.
 *
 * An option that a candidate does not know is the caller's mistake and no reason to try the next: it throws.
 * That does not hold for optional ones, which are other encoders than the caller had in mind.
 */
export function firstThatOpens<Opened>(
  names: readonly string[],
  { open, absence, isOptional, quietly }: Trial<Opened>,
): TrialResult<Opened> {
  const rejected: RejectedEncoder[] = [];
  let first: UnsupportedError | null = null;
  for (const name of names) {
    const mayRefuse = isOptional(name);
    try {
      const opened = mayRefuse ? quietly(() => open(name)) : open(name);
      if (opened !== null) return { opened, rejected, error: null };
      rejected.push({ name, reason: absence });
    } catch (error) {
      const isRefusal = error instanceof UnsupportedError || mayRefuse && error instanceof OptionError;
      if (!isRefusal) throw error;
      if (!mayRefuse) first ??= error;
      rejected.push({ name, reason: mayRefuse ? withoutHint(error) : error.message });
    }
  }
  return { opened: null, rejected, error: first };
}

/** What happened, without advice for an encoder that nobody named. */
function withoutHint({ message, hint }: UnsupportedError | OptionError): string {
  return hint === null ? message : message.slice(0, -`. ${hint}`.length);
}
