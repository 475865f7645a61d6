/**
 * Colour descriptions: what the numbers in a frame mean, by the names that libav's options use.
 *
 * The sets are those of ITU-R BT.601, BT.709 and BT.2020 and of IEC 61966-2-1, numbered in ITU-T H.273.
 *
 * @module
 */
import type { PixelFormatInfo } from "../libav/pixel_format.ts";
import { didYouMean } from "../nearest.ts";
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";
import {
  checkContentLight,
  checkMasteringDisplay,
  type ContentLight,
  copiedContentLight,
  copiedMasteringDisplay,
  type MasteringDisplay,
} from "./hdr.ts";

/** A whole colour description by name. */
export type ColorName = "bt601" | "bt709" | "bt2020" | "srgb";

/** The meaning of a stream's values, by libav's names. */
export interface ColorDescription {
  /**
   * Luma-chroma matrix: `"bt709"`, `"smpte170m"` (BT.601, 525 lines), `"bt470bg"` (BT.601, 625 lines),
   * `"bt2020nc"`.
   */
  matrix: string;
  /** Colour primaries: `"bt709"`, `"smpte170m"`, `"bt470bg"`, `"bt2020"`, `"smpte432"` (Display P3). */
  primaries: string;
  /**
   * Transfer characteristics: `"bt709"`, `"smpte170m"`, `"iec61966-2-1"` (sRGB), `"smpte2084"` (PQ),
   * `"arib-std-b67"` (HLG).
   */
  transfer: string;
  /** Limited range (`"tv"`, luma 16 to 235) or full range (`"pc"`, 0 to 255). */
  range: "tv" | "pc";
  /** HDR: the display that the video was mastered on. */
  masteringDisplay?: MasteringDisplay;
  /** HDR: how bright the video gets. */
  contentLight?: ContentLight;
}

/** The meaning of luma and chroma in a picture. */
export type PixelMeaning = Pick<ColorDescription, "matrix" | "range">;

/** The named descriptions. */
const namedColors: Readonly<Record<ColorName, ColorDescription>> = {
  bt601: { matrix: "smpte170m", primaries: "smpte170m", transfer: "smpte170m", range: "tv" },
  bt709: { matrix: "bt709", primaries: "bt709", transfer: "bt709", range: "tv" },
  bt2020: { matrix: "bt2020nc", primaries: "bt2020", transfer: "bt2020-10", range: "tv" },
  srgb: { matrix: "bt709", primaries: "bt709", transfer: "iec61966-2-1", range: "pc" },
};

/** What `ImageData` calls "display-p3": the primaries of that display, and sRGB's transfer. */
export const displayP3: Pick<ColorDescription, "primaries" | "transfer"> = {
  primaries: "smpte432",
  transfer: "iec61966-2-1",
};

/** libswscale's numbers of the matrices that it converts with (SWS_CS_*, libswscale/swscale.h). */
const scalerMatrices: Readonly<Record<string, number>> = {
  bt709: 1,
  fcc: 4,
  smpte170m: 5,
  bt470bg: 5,
  smpte240m: 7,
  bt2020nc: 9,
  bt2020c: 9,
};

/**
 * Primaries by the names that libavcodec's option takes in every release (libavcodec/options_table.h; H.273,
 * table 2).
 */
const primaries: readonly string[] = [
  ...["bt709", "bt470m", "bt470bg", "smpte170m", "smpte240m", "film", "bt2020", "smpte428", "smpte431"],
  ...["smpte432", "ebu3213", "jedec-p22", "smpte428_1", "unknown", "unspecified"],
];

/** Transfer characteristics, likewise (H.273, table 3). */
const transfers: readonly string[] = [
  ...["bt709", "gamma22", "gamma28", "smpte170m", "smpte240m", "linear", "log100", "log316", "iec61966-2-4"],
  ...[
    "bt1361e",
    "iec61966-2-1",
    "bt2020-10",
    "bt2020-12",
    "smpte2084",
    "smpte428",
    "arib-std-b67",
    "unknown",
  ],
  ...["unspecified", "log", "log_sqrt", "iec61966_2_4", "bt1361", "iec61966_2_1", "bt2020_10bit"],
  ...["bt2020_12bit", "smpte428_1"],
];

/**
 * Names that libavutil gives transfer characteristics, but libavcodec's option takes in newer releases only.
 */
const transferSynonyms: Readonly<Record<string, string>> = { bt470m: "gamma22", bt470bg: "gamma28" };

const fields = ["matrix", "primaries", "transfer", "range", "masteringDisplay", "contentLight"] as const;

/** Frames of this many lines and more are high definition: BT.709 by default, BT.601 below. */
const highDefinitionLines = 720;

/** The default colour description at a height. */
export function defaultColor(height: number): ColorDescription {
  return height >= highDefinitionLines ? namedColors.bt709 : namedColors.bt601;
}

/** A copy of the option `color`. Throws a `TypeError` or `RangeError` where it is not valid. */
export function checkColor(
  color: ColorName | Partial<ColorDescription>,
): ColorName | Partial<ColorDescription> {
  const copy = typeof color === "string" ? color : copiedColor(color);
  // No height makes a valid one invalid.
  parseColor(copy, highDefinitionLines);
  return copy;
}

/** A copy of what a frame says of its values. Throws a `TypeError` or `RangeError` where it is not valid. */
export function checkFrameColor(color: unknown): Partial<ColorDescription> {
  if (typeof color === "object" && color !== null) return checkColor(color) as Partial<ColorDescription>;
  throw new TypeError(
    `Cannot write the frame: its color is ${
      shown(color)
    }, but must be { matrix, primaries, transfer, range }`,
  );
}

/** Whether two frames say the same of their values. */
export function sameColor(
  one: Partial<ColorDescription> | null,
  other: Partial<ColorDescription> | null,
): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Whether a description has HDR metadata. */
export function hasHdr({ masteringDisplay, contentLight }: Partial<ColorDescription>): boolean {
  return masteringDisplay !== undefined || contentLight !== undefined;
}

/** A description without HDR metadata. */
export function withoutHdr(color: Partial<ColorDescription>): Partial<ColorDescription> {
  const { masteringDisplay: _display, contentLight: _light, ...rest } = color;
  return rest;
}

function copiedColor(color: Partial<ColorDescription>): Partial<ColorDescription> {
  const copy = fieldsOf(color, fields);
  copy.masteringDisplay = copiedMasteringDisplay(copy.masteringDisplay);
  copy.contentLight = copiedContentLight(copy.contentLight);
  return copy;
}

/** The colour description of an option. Throws a `TypeError` or `RangeError` where it is not valid. */
export function parseColor(color: ColorName | Partial<ColorDescription>, height: number): ColorDescription {
  if (typeof color === "string") {
    if (Object.hasOwn(namedColors, color)) return namedColors[color];
    const names = Object.keys(namedColors);
    throw new RangeError(
      `Cannot use the color ${shown(color)}: it is none of ${names.join(", ")}${suggestion(color, names)}`,
    );
  }
  for (const name of Object.keys(color)) {
    if ((fields as readonly string[]).includes(name)) continue;
    throw new TypeError(
      `Cannot use the option color: it has no ${shown(name)}, only ${fields.join(", ")}${
        suggestion(name, fields)
      }`,
    );
  }
  const given = Object.fromEntries(Object.entries(color).filter(([, value]) => value !== undefined));
  const description: ColorDescription = { ...defaultColor(height), ...given };
  const { transfer } = description;
  if (Object.hasOwn(transferSynonyms, transfer)) description.transfer = transferSynonyms[transfer]!;
  requireName("matrix", description.matrix, Object.keys(scalerMatrices));
  requireName("primaries", description.primaries, primaries);
  requireName("transfer", description.transfer, transfers);
  if (description.range !== "tv" && description.range !== "pc") {
    throw new RangeError(
      `Cannot use the color range ${shown(description.range)}: it is neither "tv" nor "pc"`,
    );
  }
  if (description.masteringDisplay !== undefined) checkMasteringDisplay(description.masteringDisplay);
  if (description.contentLight !== undefined) checkContentLight(description.contentLight);
  return description;
}

function requireName(field: string, name: unknown, names: readonly string[]): void {
  if (names.includes(name as string)) return;
  throw new RangeError(
    `Cannot use the color ${field} ${shown(name)}: it is none of ${names.join(", ")}${
      suggestion(String(name), names)
    }`,
  );
}

function suggestion(name: string, names: readonly string[]): string {
  const question = didYouMean(name, names);
  return question === null ? "" : `. ${question}`;
}

/** libswscale's number of a matrix. */
export function scalerMatrix({ matrix }: PixelMeaning): number {
  return scalerMatrices[matrix]!;
}

/** Formats with full range by definition: JPEG's, and gray as in images. */
export function isFullRangeFormat({ name, isGray }: PixelFormatInfo): boolean {
  return isGray || name.startsWith("yuvj");
}

/** The meaning of luma and chroma in frames of a format that do not say, in a video of this colour. */
export function meaningOf(format: PixelFormatInfo, { matrix, range }: ColorDescription): PixelMeaning {
  return { matrix, range: isFullRangeFormat(format) ? "pc" : range };
}

/** The meaning that a frame states. What it leaves open, or libswscale does not know, is as expected. */
export function meaningSaid(
  said: { readonly matrix: string | null; readonly range: string | null },
  expected: PixelMeaning,
): PixelMeaning {
  const { matrix, range } = said;
  return {
    matrix: matrix !== null && Object.hasOwn(scalerMatrices, matrix) ? matrix : expected.matrix,
    range: range === "tv" || range === "pc" ? range : expected.range,
  };
}
