/**
 * What judges say that is no fault of the file: each with its reason. Data only, and one function.
 *
 * @module
 */
import type { Case, Complaints } from "./case_types.ts";

/** A complaint that is let pass. */
export interface Allowance {
  /** For files of these extensions; absent: all. */
  readonly extensions?: readonly string[];
  /** For these codecs; absent: all. */
  readonly codecs?: readonly string[];
  /** What is said. */
  readonly pattern: RegExp;
  /** Why it is no fault of the file. */
  readonly why: string;
}

/** All that is let pass. */
export const allowances: readonly Allowance[] = [
  {
    extensions: ["webm"],
    pattern:
      /^mediaconch: \w+ is defined starting in version [34] but occurs in a Matroska file of version 2/,
    why: "libavformat 59 writes DocTypeVersion 2 into every WebM file; readers go by the elements",
  },
  {
    codecs: ["prores"],
    extensions: ["mkv"],
    pattern: /^mediaconch: (?:SimpleBlock is not a valid Parent|An Element at has an Element Size Length)/,
    why: "it takes ProRes frames for EBML, in files of the ffmpeg program as well; mkvtoolnix reads them",
  },
  {
    extensions: ["mov"],
    pattern:
      /^mp4box: BoxParser: (?:Invalid box type: '©swr'|Parsing of box 'udta'|Unknown box type: 'wide')/,
    why: "QuickTime's own boxes: mp4box knows the ISO family",
  },
  {
    extensions: ["mov"],
    pattern: /^mp4box: BoxParser: Parsing of box 'colr' .* \(missing 6 bytes\)/,
    why: "QuickTime's own kind of colour box, nclc: mp4box knows the ISO family",
  },
  {
    extensions: ["mov"],
    pattern: /^mp4box: BoxParser: Unknown sample entry type: '(?:jpeg|ap\w\w|AVdh|png |2vuy|rle )'/,
    why: "codes of QuickTime codecs that ISO has not registered: mp4box knows the ISO family",
  },
];

/** Leaves out what is allowed. */
export function withoutAllowed({ extension, codec }: Case, complaints: Complaints): Complaints {
  const allowed = allowances.filter(({ extensions, codecs }) =>
    (extensions?.includes(extension) ?? true) && (codecs?.includes(codec) ?? true)
  );
  return complaints.filter((complaint) => !allowed.some(({ pattern }) => pattern.test(complaint)));
}
