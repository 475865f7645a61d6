/**
 * All cases, with the defaults filled in.
 *
 * @module
 */
import { alphaCases } from "./cases_alpha.ts";
import { losslessCases } from "./cases_lossless.ts";
import { lossyCases } from "./cases_lossy.ts";
import type { Case, CaseRow } from "./case_types.ts";
import { type ColorTags, namedTags } from "./color_math.ts";
import { formatByName } from "./pixel_formats.ts";

/** From this many lines on, avwriter promises BT.709 where no colour is asked for. */
const highDefinitionLines = 720;

function requestedColor({ options: { color } = {} }: CaseRow, height: number): ColorTags {
  const byDefault = namedTags[height >= highDefinitionLines ? "bt709" : "bt601"]!;
  if (color === undefined) return byDefault;
  return typeof color === "string" ? namedTags[color]! : { ...byDefault, ...color };
}

/** What a stream of a pixel format must be tagged with. */
function streamColor(stored: string, requested: ColorTags): ColorTags {
  const { model } = formatByName(stored);
  if (model === "rgb") return { matrix: "gbr", primaries: "bt709", transfer: "iec61966-2-1", range: "pc" };
  return model === "gray" || stored.startsWith("yuvj") ? { ...requested, range: "pc" } : requested;
}

/** Words that tell a case from others. */
function nameOf({ codec, extension, input, options = {}, size, alpha, fps, frames }: CaseRow): string {
  const { color, quality, pixelFormat, profile, oddSize, timing, filter, background } = options;
  const words = [
    ...[codec, extension, input, size?.join("x"), alpha && "alpha", fps, frames && `${frames}frames`],
    ...[
      typeof color === "object" ? Object.values(color).join("-") : color,
      pixelFormat,
      profile,
      oddSize,
      timing,
      filter?.replaceAll(/\W+/g, "-"),
      background?.replace("#", ""),
    ],
    quality === undefined ? undefined : `q${quality}`,
  ];
  return words.filter((word) => word !== undefined).join("-").replaceAll("/", "_");
}

function complete(row: CaseRow): Case {
  const { size = [256, 144], frames = 12, fps = 25, options = {}, exactFps: [num, den] = [Number(fps), 1] } =
    row;
  const asked = requestedColor(row, size[1]);
  const requested = row.matrix === undefined ? asked : { ...asked, matrix: row.matrix };
  const color = streamColor(row.stored, requested);
  const ignored = row.matrix === undefined ? {} : { primaries: null, transfer: null };
  const regular = Array.from({ length: frames }, (_, index) => index * den / num);
  return {
    detail: "smooth",
    ...row,
    ...{ size, frames, fps, options, requested },
    name: nameOf(row),
    storedSize: row.storedSize ?? size,
    color,
    tags: row.tags ?? { ...color, ...ignored },
    expectedTimes: row.times ?? regular,
    expectedSeconds: (row.times?.at(-1) ?? (frames - 1) * den / num) + den / num,
  };
}

/** Every case. */
export const cases: readonly Case[] = [...lossyCases, ...losslessCases, ...alphaCases].map(complete);

const repeated = cases.map(({ name }) => name).filter((name, index, names) => names.indexOf(name) !== index);
if (repeated.length > 0) throw new Error(`cases of the same name: ${repeated.join(", ")}`);
