/**
 * The reference: the pictures as they are given to the writer, and what an exact conversion makes of them,
 * without rounding.
 *
 * @module
 */
import type { Case } from "./case_types.ts";
import { toRgb, toYuv, type Triple, yuvCoding } from "./color_math.ts";
import { drawPicture } from "./picture.ts";
import { type Component, componentSize, formatByName, pack, type PixelFormat } from "./pixel_formats.ts";

/** A picture in numbers from 0 to 1 (chroma from -0.5 to 0.5), each component in its own size. */
interface Normalised {
  readonly model: "rgb" | "yuv";
  /** R, G, B or Y, Cb, Cr. */
  readonly color: readonly Component[];
  readonly alpha: Component | null;
}

function plane(width: number, height: number): Component {
  return { width, height, values: new Float64Array(width * height) };
}

function map(component: Component, change: (value: number) => number): Component {
  return { ...component, values: component.values.map(change) };
}

/** Each value is the mean of the values that it covers; smaller pictures are spread out. */
function resample(component: Component, width: number, height: number): Component {
  if (component.width === width && component.height === height) return component;
  const result = plane(width, height);
  const scaleX = Math.max(1, Math.round(component.width / width));
  const scaleY = Math.max(1, Math.round(component.height / height));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0, count = 0;
      const fromX = scaleX > 1 ? x * scaleX : Math.floor(x * component.width / width);
      const fromY = scaleY > 1 ? y * scaleY : Math.floor(y * component.height / height);
      for (let row = fromY; row < Math.min(fromY + scaleY, component.height); row++) {
        for (let column = fromX; column < Math.min(fromX + scaleX, component.width); column++, count++) {
          sum += component.values[row * component.width + column]!;
        }
      }
      result.values[y * width + x] = sum / count;
    }
  }
  return result;
}

/** Cuts a picture to a size, or repeats its last column and row. */
function fit(component: Component, width: number, height: number): Component {
  if (component.width === width && component.height === height) return component;
  const result = plane(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const fromX = Math.min(x, component.width - 1);
      const fromY = Math.min(y, component.height - 1);
      result.values[y * width + x] = component.values[fromY * component.width + fromX]!;
    }
  }
  return result;
}

/** Converts all pixels; the components have one size. */
function convert(color: readonly Component[], change: (pixel: Readonly<Triple>) => Triple): Component[] {
  const { width, height } = color[0]!;
  const results = [plane(width, height), plane(width, height), plane(width, height)] as const;
  const [first, second, third] = color.map(({ values }) => values);
  for (let at = 0; at < width * height; at++) {
    const pixel = change([first![at]!, second![at]!, third![at]!]);
    for (const [channel, result] of results.entries()) result.values[at] = pixel[channel]!;
  }
  return [...results];
}

function maximum({ isFloat, bits }: PixelFormat): number {
  return isFloat ? 1 : 2 ** bits - 1;
}

/** From numbers to code values of a format, exact: nothing is rounded. */
function encode(
  { color, alpha }: Normalised,
  format: PixelFormat,
  range: string,
): Component[] {
  const max = maximum(format);
  const { luma, chroma } = yuvCoding(format.bits, range);
  const coded = format.components.slice(0, format.model === "gray" ? 1 : 3).map((_, index) => {
    if (format.model !== "yuv") return map(color[index]!, (value) => value * max);
    const { scale, offset } = index === 0 ? luma : chroma;
    return map(color[index]!, (value) => value * scale + offset);
  });
  if (format.hasAlpha) coded.push(map(alpha ?? map(color[0]!, () => 1), (value) => value * max));
  return coded;
}

/** From code values to numbers. Gray is full range, and equal in red, green and blue. */
function normalise(components: readonly Component[], format: PixelFormat, range: string): Normalised {
  const max = maximum(format);
  const alpha = format.hasAlpha ? map(components.at(-1)!, (value) => value / max) : null;
  if (format.model !== "yuv") {
    const color = [0, 1, 2].map((channel) =>
      map(components[format.model === "gray" ? 0 : channel]!, (value) => value / max)
    );
    return { model: "rgb", color, alpha };
  }
  const { luma, chroma } = yuvCoding(format.bits, range);
  const color = components.slice(0, 3).map((component, index) => {
    const { scale, offset } = index === 0 ? luma : chroma;
    return map(component, (value) => (value - offset) / scale);
  });
  return { model: "yuv", color, alpha };
}

/** Luma and chroma of a picture, with chroma averaged over the pixels that a format gives one value to. */
function asYuv(picture: Normalised, matrix: string, format: PixelFormat): Component[] {
  const color = picture.model === "yuv"
    ? picture.color
    : convert(picture.color, (pixel) => toYuv(pixel, matrix));
  const { width, height } = color[0]!;
  return color.map((component, index) => {
    const size = componentSize(format, index, width, height);
    return resample(component, size.width, size.height);
  });
}

function asRgb(picture: Normalised, matrix: string): Component[] {
  if (picture.model === "rgb") return [...picture.color];
  const { width, height } = picture.color[0]!;
  return convert(
    picture.color.map((component) => resample(component, width, height)),
    (pixel) => toRgb(pixel, matrix),
  );
}

/** A frame as the writer gets it. */
export interface Given {
  /** Its code values, whole numbers unless the format has floats. */
  readonly components: readonly Component[];
  /** The same as bytes. */
  readonly bytes: Uint8Array;
}

/** Makes the frame of an index in the case's input format. */
export function givenFrame(test: Case, index: number): Given {
  const [width, height] = test.size;
  const format = formatByName(test.input);
  const steps = format.bits > 8 ? 65535 : 255;
  const alpha = test.alpha ?? false;
  const drawn = drawPicture({ width, height, index, detail: test.detail, alpha, steps });
  const { matrix, range } = test.requested;
  const rgb: Normalised = { model: "rgb", color: drawn.slice(0, 3), alpha: drawn[3]! };
  const color = format.model === "rgb" ? rgb.color : asYuv(rgb, matrix, format);
  const exact = encode({ model: "yuv", color, alpha: rgb.alpha }, format, range);
  // The reddest red of full range has half a code too many.
  const rounded = (value: number) => Math.min(Math.round(value), maximum(format));
  const components = exact.map((component) => map(component, format.isFloat ? Math.fround : rounded));
  return { components, bytes: pack(format, width, height, components) };
}

/** RGB with alpha over a background, which is black unless it is given as six digits. */
function overBackground(picture: Normalised, background = "#000000"): Normalised {
  const { model, color, alpha } = picture;
  if (alpha === null || model !== "rgb") return picture;
  const behind = [1, 3, 5].map((at) => parseInt(background.slice(at, at + 2), 16) / 255);
  const laid = color.map((component, channel) => ({
    ...component,
    values: component.values.map((value, at) => {
      const opacity = alpha.values[at]!;
      return value * opacity + behind[channel]! * (1 - opacity);
    }),
  }));
  return { model, color: laid, alpha: null };
}

/** What an exact conversion makes of a frame. */
export interface Expected {
  /** Code values of the stored format, not rounded. */
  readonly components: readonly Component[];
  /** R, G, B and, where the stored format keeps it, alpha: in 255ths, in the stored size. */
  readonly rgba: readonly Component[];
  /** Chroma had to be made up: only the insides of patches are known. */
  readonly onlyPatches: boolean;
}

/** Converts a frame exactly into the stored format. */
export function expectedFrame(test: Case, { components }: Given, stored: PixelFormat): Expected {
  const input = formatByName(test.input);
  const [width, height] = test.storedSize;
  const { matrix } = test.requested;
  const whole = normalise(components, input, test.requested.range);
  const isFitted = whole.color[0]!.width === width && whole.color[0]!.height === height;
  if (!isFitted && whole.model === "yuv") throw new RangeError("odd sizes are checked with RGB only");
  const fitted = isFitted ? whole : {
    ...whole,
    color: whole.color.map((component) => fit(component, width, height)),
    alpha: whole.alpha && fit(whole.alpha, width, height),
  };
  const picture = stored.hasAlpha ? fitted : overBackground(fitted, test.options.background);
  const color = stored.model === "rgb" ? asRgb(picture, matrix) : asYuv(picture, matrix, stored);
  const rgb = asRgb(picture, matrix);
  const alpha = stored.hasAlpha && picture.alpha !== null ? picture.alpha : map(rgb[0]!, () => 1);
  return {
    components: encode({ model: "yuv", color, alpha: picture.alpha }, stored, test.color.range),
    rgba: [...rgb, alpha].map((component) => map(component, (value) => value * 255)),
    onlyPatches: picture.model === "yuv" &&
      (stored.model === "rgb" || stored.shiftX < input.shiftX || stored.shiftY < input.shiftY),
  };
}
