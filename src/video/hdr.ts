/**
 * HDR10's static metadata: the display that a video was mastered on (SMPTE ST 2086:2018) and how bright its
 * content gets (CTA-861.3-A).
 *
 * @module
 */
import type { Rational } from "../libav/rational.ts";
import type { Chromaticity, DisplayVolume, LightLevels } from "../libav/streams/stream_tags.ts";
import { didYouMean } from "../nearest.ts";
import { fieldsOf } from "../plain_copy.ts";
import { shown } from "../shown.ts";

/** A colour by its x and y in the CIE 1931 diagram. */
export type ChromaticityPoint = readonly [x: number, y: number];

/** The display that a video was mastered on, as SMPTE ST 2086 describes it. */
export interface MasteringDisplay {
  /** The red primary: `[0.68, 0.32]` for Display P3, `[0.708, 0.292]` for BT.2020. */
  red: ChromaticityPoint;
  /** The green primary: `[0.265, 0.69]` for Display P3, `[0.17, 0.797]` for BT.2020. */
  green: ChromaticityPoint;
  /** The blue primary: `[0.15, 0.06]` for Display P3, `[0.131, 0.046]` for BT.2020. */
  blue: ChromaticityPoint;
  /** White: `[0.3127, 0.329]` is D65. */
  whitePoint: ChromaticityPoint;
  /** The lowest luminance, in cd/m2, from 0.0001 to 5. */
  minLuminance: number;
  /** The highest luminance, in cd/m2, from 5 to 10000. */
  maxLuminance: number;
}

/** The brightness of a video as CTA-861.3 defines it: integers in cd/m2, from 1 to 65535. */
export interface ContentLight {
  /** The brightest pixel of the whole video (MaxCLL). */
  maxCll: number;
  /** The brightest frame of the whole video, on average over its pixels (MaxFALL). */
  maxFall: number;
}

/** How an encoder's library takes these in a list of its own parameters. */
export type HdrSyntax = "x265" | "svtav1";

/** The steps that ST 2086 counts in, for each 1 of x or y and for each cd/m2 (Rec. ITU-T H.265, D.3.28). */
const steps = { chromaticity: 50_000, luminance: 10_000 } as const;

interface Range {
  readonly min: number;
  readonly max: number;
  /** The unit of the numbers. */
  readonly unit: string;
  readonly isWhole?: true;
}

/** What ST 2086 can say, as H.265 (D.3.28) gives the limits; numbers outside mean that nothing is known. */
const limits = {
  x: { min: 0.0001, max: 0.74, unit: "an x of the CIE 1931 diagram" },
  y: { min: 0.0001, max: 0.84, unit: "a y of the CIE 1931 diagram" },
  minLuminance: { min: 0.0001, max: 5, unit: "a number of cd/m2" },
  maxLuminance: { min: 5, max: 10_000, unit: "a number of cd/m2" },
  /** 16 bits, of which CTA-861.3 takes 0 for unknown. */
  lightLevel: { min: 1, max: 65_535, unit: "a whole number of cd/m2", isWhole: true },
} as const satisfies Readonly<Record<string, Range>>;

const points = ["red", "green", "blue", "whitePoint"] as const;
const luminances = ["minLuminance", "maxLuminance"] as const;
const lightLevels = ["maxCll", "maxFall"] as const;

/** A copy of a mastering display, not checked yet. */
export function copiedMasteringDisplay(value: unknown): unknown {
  const copy = copiedFields(value, [...points, ...luminances]);
  if (typeof copy !== "object" || copy === null || Array.isArray(copy)) return copy;
  for (const [name, point] of Object.entries(copy)) {
    if (Array.isArray(point)) (copy as Record<string, unknown>)[name] = [...point];
  }
  return copy;
}

/** A copy of the brightness of a video, not checked yet. */
export function copiedContentLight(value: unknown): unknown {
  return copiedFields(value, lightLevels);
}

/** A copy of an object. What is none stays as it is: the checks name it. */
function copiedFields(value: unknown, names: readonly string[]): unknown {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? fieldsOf(value, names) : value;
}

/** Throws a `TypeError` or `RangeError` unless a value describes a mastering display. */
export function checkMasteringDisplay(value: unknown): void {
  const option = "color.masteringDisplay";
  const display = checkFields(option, value, [...points, ...luminances]);
  for (const name of points) checkPoint(`${option}.${name}`, display[name]);
  for (const name of luminances) checkNumber(`${option}.${name}`, display[name], limits[name]);
}

/** Throws a `TypeError` or `RangeError` unless a value describes the brightness of a video. */
export function checkContentLight(value: unknown): void {
  const option = "color.contentLight";
  const light = checkFields(option, value, lightLevels);
  for (const name of lightLevels) checkNumber(`${option}.${name}`, light[name], limits.lightLevel);
  const { maxCll, maxFall } = light as unknown as ContentLight;
  if (maxFall <= maxCll) return;
  throw new RangeError(
    `Cannot use the option ${option}: its maxFall ${maxFall} is above its maxCll ${maxCll}, but no frame is brighter on average than the brightest pixel`,
  );
}

function checkFields(option: string, value: unknown, names: readonly string[]): Record<string, unknown> {
  const form = `{ ${names.join(", ")} }`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot use the option ${option}: it is ${shown(value)}, but must be ${form}`);
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue;
    const question = didYouMean(name, names);
    throw new TypeError(
      `Cannot use the option ${option}: it has no ${shown(name)}, only ${form}${
        question === null ? "" : `. ${question}`
      }`,
    );
  }
  return value as Record<string, unknown>;
}

function checkPoint(option: string, value: unknown): void {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(
      `Cannot use the option ${option}: it is ${shown(value)}, but must be [x, y] in the CIE 1931 diagram`,
    );
  }
  checkNumber(`${option}[0]`, value[0], limits.x);
  checkNumber(`${option}[1]`, value[1], limits.y);
}

function checkNumber(option: string, value: unknown, { min, max, unit, isWhole }: Range): void {
  const mustBe = `but must be ${unit} from ${min} to ${max}`;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot use the option ${option}: it is ${shown(value)}, ${mustBe}`);
  }
  if (value >= min && value <= max && (!isWhole || Number.isInteger(value))) return;
  throw new RangeError(`Cannot use the option ${option}: it is ${value}, ${mustBe}`);
}

/** A mastering display in ST 2086's own steps. */
export function displayVolume(display: MasteringDisplay): DisplayVolume {
  const point = ([x, y]: ChromaticityPoint): Chromaticity => [
    inSteps(x, steps.chromaticity),
    inSteps(y, steps.chromaticity),
  ];
  return {
    red: point(display.red),
    green: point(display.green),
    blue: point(display.blue),
    whitePoint: point(display.whitePoint),
    minLuminance: inSteps(display.minLuminance, steps.luminance),
    maxLuminance: inSteps(display.maxLuminance, steps.luminance),
  };
}

/** A mastering display that a file describes; `null` where it says what no display is. */
export function masteringDisplayOf(volume: DisplayVolume): MasteringDisplay | null {
  const point = ([x, y]: Chromaticity): ChromaticityPoint => [quotient(x), quotient(y)];
  const display = {
    red: point(volume.red),
    green: point(volume.green),
    blue: point(volume.blue),
    whitePoint: point(volume.whitePoint),
    minLuminance: quotient(volume.minLuminance),
    maxLuminance: quotient(volume.maxLuminance),
  };
  return isValid(() => checkMasteringDisplay(display)) ? display : null;
}

/** The brightness that a file tells; `null` where it tells none. */
export function contentLightOf({ maxCll, maxFall }: LightLevels): ContentLight | null {
  const light = { maxCll, maxFall };
  return isValid(() => checkContentLight(light)) ? light : null;
}

function quotient({ num, den }: Rational): number {
  return num / den;
}

function isValid(check: () => void): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

function inSteps(value: number, den: number): Rational {
  return { num: Math.round(value * den), den };
}

/**
 * A list of a library's parameters, `name=value:name=value`, that makes its encoder write HDR metadata into
 * the stream.
 */
export function hdrParameters(
  syntax: HdrSyntax,
  display: MasteringDisplay | undefined,
  light: ContentLight | undefined,
): string {
  const parameters: string[] = [];
  const names = parameterNames[syntax];
  if (display !== undefined) parameters.push(`${names.display}=${displayText(syntax, display)}`);
  if (light !== undefined) parameters.push(`${names.light}=${light.maxCll},${light.maxFall}`);
  return parameters.join(":");
}

const parameterNames: Readonly<Record<HdrSyntax, { display: string; light: string }>> = {
  x265: { display: "master-display", light: "max-cll" },
  svtav1: { display: "mastering-display", light: "content-light" },
};

/**
 * x265 counts in ST 2086's steps, SVT-AV1 in plain numbers; both want green, blue, red, white, and the
 * brightest first.
 */
function displayText(syntax: HdrSyntax, display: MasteringDisplay): string {
  const { red, green, blue, whitePoint, minLuminance, maxLuminance } = displayVolume(display);
  const number = ({ num, den }: Rational): string => String(syntax === "x265" ? num : num / den);
  const pair = (one: Rational, other: Rational): string => `(${number(one)},${number(other)})`;
  return `G${pair(...green)}B${pair(...blue)}R${pair(...red)}WP${pair(...whitePoint)}L${
    pair(maxLuminance, minLuminance)
  }`;
}
