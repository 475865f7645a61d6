/**
 * What a track of subtitles is asked to be, and the checks of it.
 *
 * @module
 */
import { filePath } from "../file_path.ts";
import {
  type Check,
  checkOptionTable,
  flag,
  language,
  oneOf,
  text,
  withoutUndefined,
} from "../option_checks.ts";
import { shown } from "../shown.ts";

/** A codec of subtitles, by libavcodec's name. */
export type SubtitleCodec = "mov_text" | "subrip" | "ass" | "webvtt";

/**
 * A track of subtitles.
 *
 * @example
 * ```ts
 * import type { SubtitleOptions } from "@avwriter/avwriter";
 *
 * const subtitles: SubtitleOptions[] = [
 *   { language: "eng", default: true },
 *   { from: "film.de.srt", language: "deu" },
 * ];
 * ```
 */
export interface SubtitleOptions {
  /**
   * The path of an SRT, WebVTT or ASS file in UTF-8 or UTF-16 that becomes the track. Default: none; cues
   * come with `writeSubtitle`.
   */
  from?: string | URL;
  /**
   * The track's codec: `"mov_text"` in mp4 and mov, `"webvtt"` in webm, `"subrip"` or `"ass"` in mkv.
   * Default: what the container takes, in mkv `"ass"` for an ASS file and `"subrip"` otherwise.
   */
  codec?: SubtitleCodec;
  /** The language as three letters (ISO 639-2): `"eng"`. */
  language?: string;
  /** The track's name in players. */
  title?: string;
  /**
   * Whether players show the track by default. Default: `false`. If no track is the default, the first one is
   * in mp4 and mov.
   */
  default?: boolean;
  /**
   * Whether players show the track even if subtitles are off, as for speech in a foreign language. mov, and
   * mp4 before FFmpeg 4.4, cannot store it.
   */
  forced?: boolean;
}

/** A track's options after the check. */
export interface CheckedSubtitleOptions extends Pick<SubtitleOptions, "codec" | "language" | "title"> {
  /** The absolute path of the file that becomes the track; `null` for cues. */
  readonly from: string | null;
  /** Whether players show it by default. */
  readonly isDefault: boolean;
  /** Whether players show it even if subtitles are off. */
  readonly isForced: boolean;
}

const checks: { readonly [Name in keyof Required<SubtitleOptions>]: Check } = {
  // Checked below.
  from: () => null,
  codec: oneOf("mov_text", "subrip", "ass", "webvtt"),
  language,
  title: text,
  default: flag,
  forced: flag,
};

/** Checks the option `subtitles`; throws a `TypeError` that names what is wrong with it. */
export function checkSubtitles(
  subtitles: SubtitleOptions | readonly SubtitleOptions[],
): CheckedSubtitleOptions[] {
  const tracks: readonly SubtitleOptions[] = Array.isArray(subtitles) ? subtitles : [subtitles];
  return tracks.map((track) => {
    if (typeof track !== "object" || track === null) {
      throw new TypeError(
        `Cannot use the option subtitles: a track is ${
          shown(track)
        }, but must be an object such as { language: "eng" }`,
      );
    }
    const { from, codec, language, title, default: isDefault = false, forced: isForced = false } =
      checkOptionTable(track, checks, "subtitles.");
    return {
      ...withoutUndefined({ codec, language, title }),
      ...{ isDefault, isForced },
      from: from === undefined ? null : filePath(from, "read subtitles from"),
    };
  });
}
