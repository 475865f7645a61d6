/**
 * How pixel formats lie in memory, and how to get numbers in and out of them. Names are libavutil's.
 *
 * @module
 */

/** Where one component of a format is. */
export interface ComponentPlace {
  readonly plane: number;
  /** Samples from one value to the next, and of the first one. */
  readonly step: number;
  readonly offset: number;
}

/**
 * A pixel format. Its components are R, G, B or Y, Cb, Cr or Y alone, and alpha at the end where there is
 * any.
 */
export interface PixelFormat {
  readonly model: "rgb" | "yuv" | "gray";
  readonly hasAlpha: boolean;
  readonly bits: number;
  readonly isFloat: boolean;
  readonly isBigEndian: boolean;
  /** Luma samples for each chroma sample, as powers of two. */
  readonly shiftX: number;
  readonly shiftY: number;
  readonly components: readonly ComponentPlace[];
}

type Shape = Omit<PixelFormat, "components" | "bits" | "isFloat" | "isBigEndian">;

/** Pixels one after another; `order` names the samples of one: `"bgra"`; `x` is unused. */
function packed(order: string, bits = 8, isBigEndian = false): PixelFormat {
  const isGray = order.startsWith("y");
  const wanted = [...(isGray ? "y" : "rgb"), ...(order.includes("a") ? "a" : "")];
  return {
    model: isGray ? "gray" : "rgb",
    hasAlpha: order.includes("a"),
    bits,
    isFloat: false,
    isBigEndian,
    shiftX: 0,
    shiftY: 0,
    components: wanted.map((name) => ({ plane: 0, step: order.length, offset: order.indexOf(name) })),
  };
}

/** A plane for each component; `order` tells which: `"gbr"`. */
function planar(order: string, bits = 8, shiftX = 0, shiftY = 0): PixelFormat {
  const model = order === "y" ? "gray" : order.startsWith("yuv") ? "yuv" : "rgb";
  const names = { gray: "y", yuv: "yuv", rgb: "rgb" }[model] + (order.endsWith("a") ? "a" : "");
  const shape: Shape = { model, hasAlpha: order.endsWith("a"), shiftX, shiftY };
  return {
    ...shape,
    bits,
    isFloat: false,
    isBigEndian: false,
    components: [...names].map((name) => ({ plane: order.indexOf(name), step: 1, offset: 0 })),
  };
}

const float32 = (format: PixelFormat): PixelFormat => ({ ...format, bits: 32, isFloat: true });

/** Luma and chroma in other arrangements than one plane for each. */
function arranged(shiftY: number, components: readonly ComponentPlace[], bits = 8): PixelFormat {
  const shape: Shape = { model: "yuv", hasAlpha: false, shiftX: 1, shiftY };
  return { ...shape, bits, isFloat: false, isBigEndian: false, components };
}

const place = (plane: number, step: number, offset: number): ComponentPlace => ({ plane, step, offset });

/** The formats that cases use. */
export const pixelFormats: Readonly<Record<string, PixelFormat>> = {
  rgba: packed("rgba"),
  bgra: packed("bgra"),
  argb: packed("argb"),
  abgr: packed("abgr"),
  bgr0: packed("bgrx"),
  rgb24: packed("rgb"),
  bgr24: packed("bgr"),
  rgba64le: packed("rgba", 16),
  rgba64be: packed("rgba", 16, true),
  rgb48le: packed("rgb", 16),
  rgb48be: packed("rgb", 16, true),
  gray: packed("y"),
  gray16le: packed("y", 16),
  gray16be: packed("y", 16, true),
  gbrp: planar("gbr"),
  gbrp10le: planar("gbr", 10),
  gbrp12le: planar("gbr", 12),
  gbrp16le: planar("gbr", 16),
  gbrap: planar("gbra"),
  gbrap16le: planar("gbra", 16),
  gbrpf32le: float32(planar("gbr")),
  yuv420p: planar("yuv", 8, 1, 1),
  yuvj420p: planar("yuv", 8, 1, 1),
  yuv422p: planar("yuv", 8, 1, 0),
  yuv444p: planar("yuv"),
  yuva420p: planar("yuva", 8, 1, 1),
  yuv420p10le: planar("yuv", 10, 1, 1),
  yuv420p12le: planar("yuv", 12, 1, 1),
  yuv422p10le: planar("yuv", 10, 1, 0),
  yuv444p10le: planar("yuv", 10),
  yuv444p12le: planar("yuv", 12),
  yuva444p10le: planar("yuva", 10),
  yuva444p12le: planar("yuva", 12),
  nv12: arranged(1, [place(0, 1, 0), place(1, 2, 0), place(1, 2, 1)]),
  uyvy422: arranged(0, [place(0, 2, 1), place(0, 4, 0), place(0, 4, 2)]),
  yuyv422: arranged(0, [place(0, 2, 0), place(0, 4, 1), place(0, 4, 3)]),
};

/** A format by its name. */
export function formatByName(name: string): PixelFormat {
  const format = pixelFormats[name];
  if (format === undefined) throw new RangeError(`the pixel format ${name} is not in the table of this tool`);
  return format;
}

/** One component of a picture: code values, row by row. */
export interface Component {
  readonly width: number;
  readonly height: number;
  readonly values: Float64Array;
}

/** The size of a component; chroma is rounded up. */
export function componentSize(
  { model, shiftX, shiftY }: PixelFormat,
  index: number,
  width: number,
  height: number,
): { width: number; height: number } {
  const isChroma = model === "yuv" && (index === 1 || index === 2);
  return isChroma ? { width: -(-width >> shiftX), height: -(-height >> shiftY) } : { width, height };
}

/** The samples in a row of each plane, and its rows; without gaps. */
function planeSizes(format: PixelFormat, width: number, height: number): { row: number; rows: number }[] {
  const planes: { row: number; rows: number }[] = [];
  for (const [index, { plane, step }] of format.components.entries()) {
    const size = componentSize(format, index, width, height);
    const row = size.width * step;
    planes[plane] = { row: Math.max(row, planes[plane]?.row ?? 0), rows: size.height };
  }
  return planes;
}

function bytesPerSample({ isFloat, bits }: PixelFormat): number {
  return isFloat ? 4 : bits > 8 ? 2 : 1;
}

/** The bytes of a picture without gaps. */
export function pictureBytes(format: PixelFormat, width: number, height: number): number {
  const samples = planeSizes(format, width, height).reduce((sum, { row, rows }) => sum + row * rows, 0);
  return samples * bytesPerSample(format);
}

type Visit = (component: number, index: number, byte: number) => void;

/** Calls back for each value of a picture with the byte where it lies. */
function visit(format: PixelFormat, width: number, height: number, value: Visit): void {
  const size = bytesPerSample(format);
  const starts: number[] = [];
  let start = 0;
  const planes = planeSizes(format, width, height);
  for (const { row, rows } of planes) {
    starts.push(start);
    start += row * rows * size;
  }
  for (const [component, { plane, step, offset }] of format.components.entries()) {
    const { width: columns, height: rows } = componentSize(format, component, width, height);
    for (let y = 0, index = 0; y < rows; y++) {
      let byte = starts[plane]! + (y * planes[plane]!.row + offset) * size;
      for (let x = 0; x < columns; x++, index++, byte += step * size) value(component, index, byte);
    }
  }
}

/** Puts components into the bytes of a picture. */
export function pack(
  format: PixelFormat,
  width: number,
  height: number,
  components: readonly Component[],
): Uint8Array {
  const bytes = new Uint8Array(pictureBytes(format, width, height));
  const view = new DataView(bytes.buffer);
  const { isFloat, bits, isBigEndian } = format;
  visit(format, width, height, (component, index, byte) => {
    const sample = components[component]!.values[index]!;
    if (isFloat) view.setFloat32(byte, sample, true);
    else if (bits > 8) view.setUint16(byte, sample, !isBigEndian);
    else bytes[byte] = sample;
  });
  return bytes;
}

/** Takes the components out of the bytes of a picture. */
export function unpack(format: PixelFormat, width: number, height: number, bytes: Uint8Array): Component[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { isFloat, bits, isBigEndian } = format;
  const components = format.components.map((_, index) => {
    const size = componentSize(format, index, width, height);
    return { ...size, values: new Float64Array(size.width * size.height) };
  });
  visit(format, width, height, (component, index, byte) => {
    components[component]!.values[index] = isFloat
      ? view.getFloat32(byte, true)
      : bits > 8
      ? view.getUint16(byte, !isBigEndian)
      : bytes[byte]!;
  });
  return components;
}
