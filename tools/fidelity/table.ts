/**
 * The table that is printed: one row for each case and runtime.
 *
 * @module
 */
import type { Case, Complaints } from "./case_types.ts";
import type { BrowserVerdict } from "./judge_chromium.ts";
import type { ProbeVerdict } from "./judge_ffprobe.ts";
import type { PictureVerdict } from "./judge_pictures.ts";
import type { Errors } from "./measure.ts";
import { formatByName } from "./pixel_formats.ts";

/** All that was found of one file. A part is absent where there was no file to judge. */
export interface Verdict {
  readonly pictures?: PictureVerdict;
  readonly probe?: ProbeVerdict;
  readonly browser?: BrowserVerdict;
  /** The judges that were asked, and what each finds wrong. */
  readonly judges: Readonly<Record<string, Complaints>>;
}

/** One row. */
export interface Row {
  readonly runtime: string;
  readonly test: Case;
  /** The runtime whose file has the same bytes, and the same verdict with it. */
  readonly sameAs: string | null;
  readonly verdict: Verdict;
}

/** What is wrong with a row; none where it passes. */
export function complaintsOf({ verdict: { pictures, probe, browser, judges } }: Row): Complaints {
  return [
    ...pictures?.complaints ?? [],
    ...probe?.complaints ?? [],
    ...browser?.complaints ?? [],
    ...Object.values(judges).flat(),
  ];
}

const number = (value: number): string =>
  value === 0 ? "0" : value >= 10 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(1) : value.toFixed(2);

/** Worst and mean of each channel: `YUV 1,0.5,0.5 (0.3,0.2,0.2)`. */
function errors(names: string, channels: readonly Errors[]): string {
  const worst = channels.map((channel) => number(channel.worst)).join(",");
  const mean = channels.map((channel) => number(channel.mean)).join(",");
  return channels.every((channel) => channel.worst === 0) ? `${names} 0` : `${names} ${worst} (${mean})`;
}

function seconds(value: number): string {
  return value < 1e-6 ? "0" : value.toPrecision(2);
}

function colorName({ options, color }: Case): string {
  if (typeof options.color === "string") return options.color;
  if (options.color !== undefined) return "custom";
  return color.matrix === "gbr" ? "RGB" : { smpte170m: "601", bt709: "709" }[color.matrix] ?? color.matrix;
}

function details({ options: { color: _, ...options }, size, fps, frames, alpha }: Case): string {
  const words = [
    ...(size[0] === 256 && size[1] === 144 ? [] : [size.join("x")]),
    ...(fps === 25 ? [] : [`${fps} fps`]),
    ...(frames === 12 ? [] : [`${frames} frame${frames === 1 ? "" : "s"}`]),
    ...(alpha ? ["alpha"] : []),
    ...Object.entries(options).map(([name, value]) =>
      typeof value === "object" ? `${name}…` : name === "quality" ? `q ${value}` : String(value)
    ),
  ];
  return words.join(" ");
}

const modelNames = { rgb: "RGB", yuv: "YUV", gray: "Y" } as const;

function cells(row: Row): string[] {
  const { runtime, test, verdict: { pictures, probe, browser, judges } } = row;
  const stored = formatByName(test.stored);
  const alpha = stored.hasAlpha ? "A" : "";
  const asked = Object.entries(judges).map(([name, complaints]) =>
    complaints.length === 0 ? name : `${name}!`
  );
  return [
    runtime,
    `${test.codec} ${test.extension}`,
    `${test.input}>${test.stored}`,
    colorName(test),
    details(test),
    pictures === undefined ? "" : errors(`${modelNames[stored.model]}${alpha}`, pictures.stored),
    pictures === undefined ? "" : errors(`RGB${alpha}`, pictures.rgb),
    browser === undefined ? "" : `${number(browser.decoded)} ${number(browser.drawn)}`,
    `${pictures?.frames ?? 0}/${test.frames}`,
    probe === undefined ? "" : seconds(probe.worstTime),
    probe === undefined ? "" : seconds(probe.durationError),
    asked.join(" "),
    `${complaintsOf(row).length === 0 ? "pass" : "FAIL"}${row.sameAs === null ? "" : `, as ${row.sameAs}`}`,
  ];
}

const headings = [
  "runtime",
  "file",
  "pixels",
  "colour",
  "options",
  "stored: worst (mean)",
  "patches: worst (mean)",
  "browser",
  "frames",
  "pts",
  "duration",
  "judges",
  "verdict",
] as const;

/** Rows of cells as lines of text, in columns. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd());
}

/** The rows as lines of text, with headings, and below what is wrong with those that fail. */
export function tableLines(rows: readonly Row[]): string[] {
  const table = aligned([[...headings], ...rows.map(cells)]);
  const failed = rows.flatMap((row) =>
    complaintsOf(row).map((complaint) => `FAIL ${row.runtime} ${row.test.name}: ${complaint}`)
  );
  return [...table, ...(failed.length > 0 ? ["", ...failed] : [])];
}
