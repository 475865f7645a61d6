/**
 * The colour behind transparent pictures.
 *
 * @module
 */
import { cString, type Native, NULL } from "../../ffi/mod.ts";
import { OptionError } from "../errors.ts";
import { shown } from "../shown.ts";
import type { PixelMeaning } from "./color.ts";
import { lumaShares } from "./kernels/weights.ts";

/** Red, green and blue, from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The background unless another one is asked for. */
export const black: Rgb = [0, 0, 0];

/** Forms that a background may have: a name, or digits for red, green and blue. */
export const backgroundForm = /^(?:[a-z]+|#[0-9a-f]{3}|#[0-9a-f]{6})$/i;

/** The colour of a name or of digits. Throws an {@linkcode OptionError} where libavutil has no such name. */
export function parseBackground({ avutil }: Native, color: string): Rgb {
  const digits = /^#(.)(.)(.)$/.exec(color)?.slice(1).map((digit) => digit + digit).join("");
  const parsed = new Uint8Array(4);
  const text = cString(digits === undefined ? color : `#${digits}`);
  if (color.toLowerCase() !== "random" && avutil.av_parse_color(parsed, text, -1, NULL) >= 0) {
    const [red, green, blue] = parsed;
    return [red!, green!, blue!];
  }
  throw new OptionError(`Cannot use the background ${shown(color)}: FFmpeg knows no colour of that name`, {
    code: "BACKGROUND",
    operation: "read the background",
    hint: 'Use a name such as "white", or digits such as "#20c83c"',
  });
}

/** Luma and both chroma samples of a colour, as numbers of so many bits. */
export function lumaAndChroma(color: Rgb, { matrix, range }: PixelMeaning, depth: number): number[] {
  const { red, blue } = lumaShares(matrix);
  const [r, g, b] = color.map((value) => value / 255) as [number, number, number];
  const luma = red * r + (1 - red - blue) * g + blue * b;
  const u = (b - luma) / (1 - blue) / 2, v = (r - luma) / (1 - red) / 2;
  const most = 2 ** depth - 1, step = 2 ** (depth - 8);
  const values = range === "tv"
    ? [16 * step + 219 * step * luma, 128 * step + 224 * step * u, 128 * step + 224 * step * v]
    : [most * luma, 2 ** (depth - 1) + most * u, 2 ** (depth - 1) + most * v];
  return values.map((value) => Math.min(Math.max(Math.round(value), 0), most));
}
