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
 * const subtitles: SubtitleOptions[] = [{ language: "eng", default: true }, { from: "film.de.srt", language: "deu" }];
 * ```
 */
export interface SubtitleOptions {
  /** An SRT, WebVTT or ASS file in UTF-8 or UTF-16, all of which becomes the track. Default: none, its cues come with `writeSubtitle`. */
  from?: string | URL;
  /**
   * How the track is kept: `"mov_text"` in mp4 and mov, `"webvtt"` in webm, `"subrip"` or `"ass"` in mkv. Default: what the container
   * takes, in mkv `"ass"` for an ASS file and `"subrip"` for all else.
   */
  codec?: SubtitleCodec;
  /** The language as three letters (ISO 639-2): `"eng"`. */
  language?: string;
  /** What players list the track as. */
  title?: string;
  /**
   * Whether players show the track unasked. Default `false`; in mp4 and mov, where a file without such a track can't be told from one
   * that has it first, the first track is then.
   */
  default?: boolean;
  /** Whether the track is for those who want no subtitles, too: what is said in a foreign language. mov, and mp4 before FFmpeg 4.4, can't say so. */
  forced?: boolean;
}

/** A track's options after the check. */
export interface CheckedSubtitleOptions extends Pick<SubtitleOptions, "codec" | "language" | "title"> {
  /** The absolute path of the file that becomes the track; `null`: cues do. */
  readonly from: string | null;
  /** Players show it unasked. */
  readonly isDefault: boolean;
  /** It is shown to those who want no subtitles, too. */
  readonly isForced: boolean;
}

const checks: { readonly [Name in keyof Required<SubtitleOptions>]: Check } = {
  // What it means is found out below.
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
    checkOptionTable(track, checks, "subtitles.");
    const { from, codec, language, title, default: isDefault = false, forced: isForced = false } = track;
    return {
      ...withoutUndefined({ codec, language, title }),
      ...{ isDefault, isForced },
      from: from === undefined ? null : filePath(from, "read"),
    };
  });
}
