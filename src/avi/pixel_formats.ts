/**
 * The pixel formats that are written without FFmpeg, and what AVI keeps them as. Data only.
 *
 * @module
 */
import type { ComponentGeometry, PixelFormatInfo, PlaneGeometry } from "../libav/pixel_format.ts";

/** How a picture lies in an AVI file. */
export interface StoredFormat {
  /** The pixel format of what is stored, by libavutil's name. */
  readonly name: string;
  /** The FOURCC; `null` for rows of blue, green, red (and alpha), the lowest row first (BI_RGB). */
  readonly fourcc: string | null;
  /** Bits of a pixel on average. */
  readonly bits: number;
}

/** Rows of blue, green and red. */
export const bgr24: StoredFormat = { name: "bgr24", fourcc: null, bits: 24 };
/** The same with alpha. */
export const bgra: StoredFormat = { name: "bgra", fourcc: null, bits: 32 };

/** Where red, green, blue and alpha lie in a pixel, in bytes; alpha is -1 where there is none. */
export interface RgbOrder {
  readonly step: number;
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

function order(letters: string): RgbOrder {
  return {
    step: letters.length,
    red: letters.indexOf("r"),
    green: letters.indexOf("g"),
    blue: letters.indexOf("b"),
    alpha: letters.indexOf("a"),
  };
}

/** The formats of red, green and blue in bytes. */
export const rgbOrders: Readonly<Record<string, RgbOrder>> = {
  rgba: order("rgba"),
  bgra: order("bgra"),
  argb: order("argb"),
  abgr: order("abgr"),
  rgb0: order("rgb0"),
  bgr0: order("bgr0"),
  "0rgb": order("0rgb"),
  "0bgr": order("0bgr"),
  rgb24: order("rgb"),
  bgr24: order("bgr"),
};

/** The others, which are stored as they are. */
const plainFormats: Readonly<Record<string, StoredFormat>> = {
  gray: { name: "gray", fourcc: "Y800", bits: 8 },
  yuv420p: { name: "yuv420p", fourcc: "I420", bits: 12 },
  yuv422p: { name: "yuv422p", fourcc: "Y42B", bits: 16 },
  yuv444p: { name: "yuv444p", fourcc: "I444", bits: 24 },
  nv12: { name: "nv12", fourcc: "NV12", bits: 12 },
  yuyv422: { name: "yuyv422", fourcc: "YUY2", bits: 16 },
  uyvy422: { name: "uyvy422", fourcc: "UYVY", bits: 16 },
};

/** What a frame's format is stored as; `hasAlpha`: with its alpha. */
export function storedFormat(name: string, hasAlpha: boolean): StoredFormat {
  return plainFormats[name] ?? (hasAlpha ? bgra : bgr24);
}

function plane(step: number, log2Width = 0, log2Height = 0): PlaneGeometry {
  return { step, log2Width, log2Height };
}

function component(plane: number, step: number, offset: number): ComponentGeometry {
  return { plane, step, offset, shift: 0, depth: 8 };
}

/** How a format lies in memory. */
interface Geometry {
  /** log2 of the chroma's subsampling, horizontal and vertical. */
  readonly chroma: readonly [number, number];
  readonly planes: readonly PlaneGeometry[];
  readonly components: readonly ComponentGeometry[];
}

const inPlanes: readonly ComponentGeometry[] = [0, 1, 2].map((plane) => component(plane, 1, 0));

/** The formats that are not RGB. */
const geometries: Readonly<Record<string, Geometry>> = {
  gray: { chroma: [0, 0], planes: [plane(1)], components: inPlanes.slice(0, 1) },
  yuv420p: { chroma: [1, 1], planes: [plane(1), plane(1, 1, 1), plane(1, 1, 1)], components: inPlanes },
  yuv422p: { chroma: [1, 0], planes: [plane(1), plane(1, 1), plane(1, 1)], components: inPlanes },
  yuv444p: { chroma: [0, 0], planes: [plane(1), plane(1), plane(1)], components: inPlanes },
  nv12: {
    chroma: [1, 1],
    planes: [plane(1), plane(2, 1, 1)],
    components: [component(0, 1, 0), component(1, 2, 0), component(1, 2, 1)],
  },
  yuyv422: {
    chroma: [1, 0],
    planes: [plane(4, 1)],
    components: [component(0, 2, 0), component(0, 4, 1), component(0, 4, 3)],
  },
  uyvy422: {
    chroma: [1, 0],
    planes: [plane(4, 1)],
    components: [component(0, 2, 1), component(0, 4, 0), component(0, 4, 2)],
  },
};

function rgbGeometry({ step, red, green, blue, alpha }: RgbOrder): Geometry {
  const offsets = [red, green, blue, alpha].filter((offset) => offset >= 0);
  return {
    chroma: [0, 0],
    planes: [plane(step)],
    components: offsets.map((offset) => component(0, step, offset)),
  };
}

function described(name: string, id: number): PixelFormatInfo {
  const rgb = rgbOrders[name];
  const { chroma, planes, components } = rgb === undefined ? geometries[name]! : rgbGeometry(rgb);
  return {
    name,
    id,
    planeCount: planes.length,
    planes,
    isBitstream: false,
    isBigEndian: false,
    components,
    log2ChromaWidth: chroma[0],
    log2ChromaHeight: chroma[1],
    depth: 8,
    depths: components.map(({ depth }) => depth),
    isFloat: false,
    isRgb: rgb !== undefined,
    isGray: name === "gray",
    hasAlpha: rgb !== undefined && rgb.alpha >= 0,
    isPalette: false,
    isBayer: false,
    isHardware: false,
  };
}

/** The formats that frames may have, as libavutil describes them. */
export const aviPixelFormats: readonly PixelFormatInfo[] = [
  ...Object.keys(rgbOrders),
  ...Object.keys(plainFormats),
].map(described);

/** The same by name. */
export const aviFormatsByName: ReadonlyMap<string, PixelFormatInfo> = new Map(
  aviPixelFormats.map((format) => [format.name, format]),
);
