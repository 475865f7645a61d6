/**
 * The filters that turn and resize the pictures of a source.
 *
 * @module
 */
import type { VideoSource } from "../reader/video_source.ts";
import type { Size } from "../size.ts";
import type { ResizeMode } from "../video/resizer.ts";

/** What a picture is to become. */
export interface WantedSize {
  readonly width?: number;
  readonly height?: number;
  /** Where both sides are given. Default: `"contain"`. */
  readonly resize?: ResizeMode;
}

/** What the filters make. */
export interface PictureFilters {
  readonly filters: readonly string[];
  /** Whether pixels are square, whatever those of the source are. */
  readonly isSquare: boolean;
}

/** The scaling of the ffmpeg program, which gives the same pixels. */
const flags = "flags=bicubic";

/** How players turn pictures, in degrees clockwise. */
const turns = { 0: [], 90: ["transpose=clock"], 180: ["hflip", "vflip"], 270: ["transpose=cclock"] } as const;

type Facts = Pick<VideoSource, "width" | "height" | "rotation" | "sampleAspectRatio">;

/** The size of a source's pictures, as players turn them, in pixels that may not be square. */
function turnedSize({ width, height, rotation }: Facts): Size {
  return rotation === 90 || rotation === 270 ? { width: height, height: width } : { width, height };
}

/** The shape of the pixels of turned pictures. */
export function turnedShape(
  { rotation, sampleAspectRatio: { num, den } }: Facts,
): { num: number; den: number } {
  return rotation === 90 || rotation === 270 ? { num: den, den: num } : { num, den };
}

/** A length as a whole number of steps, of which there is one at least. */
function inSteps(length: number, step: number): number {
  return Math.max(1, Math.round(length / step)) * step;
}

/**
 * The filters for pictures of a source: turned as players do, and resized. One side alone keeps the shape of
 * the picture. Sides that follow from others are multiples of `step`. With `isSquare`, pixels become square.
 */
export function pictureFilters(
  source: Facts,
  { width, height, resize = "contain" }: WantedSize,
  step: number,
  isSquare = false,
): PictureFilters {
  const { width: own, height: ownHeight } = turnedSize(source);
  const { num, den } = turnedShape(source);
  const becomesSquare = isSquare || width !== undefined && height !== undefined;
  const ownWidth = becomesSquare ? own * num / den : own;
  const turned = turns[source.rotation];
  const square = becomesSquare ? ["setsar=1"] : [];
  const give = (...scaling: string[]): PictureFilters => ({
    filters: [...turned, ...scaling, ...(scaling.length > 0 ? square : [])],
    isSquare: becomesSquare,
  });
  if (width === undefined && height === undefined) {
    return isSquare ? give(`scale=${inSteps(ownWidth, step)}:${ownHeight}:${flags}`) : give();
  }
  if (height === undefined) {
    return give(`scale=${width}:${inSteps(width! * ownHeight / ownWidth, step)}:${flags}`);
  }
  if (width === undefined) {
    return give(`scale=${inSteps(height * ownWidth / ownHeight, step)}:${height}:${flags}`);
  }
  if (resize === "fill") return give(`scale=${width}:${height}:${flags}`);
  const ratios = [width / ownWidth, height / ownHeight];
  const ratio = resize === "contain" ? Math.min(...ratios) : Math.max(...ratios);
  const sides = [inSteps(ownWidth * ratio, step), inSteps(ownHeight * ratio, step)] as const;
  // An odd side has no room for the next step, and with chroma of half the size `pad` makes it even.
  const room = (side: number): number => Math.max(1, Math.floor(side / step)) * step;
  const [inner, innerHeight] = resize === "contain"
    ? [Math.min(sides[0], room(width)), Math.min(sides[1], room(height))]
    : sides;
  const placed = resize === "contain" ? `pad=${width}:${height}:-1:-1` : `crop=${width}:${height}`;
  return inner === width && innerHeight === height
    ? give(`scale=${width}:${height}:${flags}`)
    : give(`scale=${inner}:${innerHeight}:${flags}`, placed);
}

/** Pixel formats with alpha. */
const alphaFormats = /^(?:yuva|rgba|bgra|argb|abgr|gbrap|ya\d|pal8)/;

/** Whether a pixel format has alpha. */
export function hasAlpha(format: string): boolean {
  return alphaFormats.test(format);
}
