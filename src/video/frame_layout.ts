/**
 * How the planes of frames lie in memory.
 *
 * @module
 */
import type { PixelFormatInfo, PlaneGeometry } from "../libav/pixel_format.ts";
import type { FrameLayout } from "./raw_frame.ts";

/** Bytes of a row of a plane that is so many pixels wide. */
export function bytesOfRow(
  { isBitstream }: PixelFormatInfo,
  { step, log2Width }: PlaneGeometry,
  width: number,
): number {
  const steps = Math.ceil(width / (1 << log2Width));
  return isBitstream ? Math.ceil(steps * step / 8) : steps * step;
}

/** The planes of a frame of a format and size. */
export function frameLayout(format: PixelFormatInfo, width: number, height: number): FrameLayout {
  const planes = format.planes.map((plane) => ({
    rowBytes: bytesOfRow(format, plane, width),
    rows: Math.ceil(height / (1 << plane.log2Height)),
  }));
  // A palette is a further plane: 256 entries of 4 bytes.
  if (format.isPalette) planes.push({ rowBytes: 1024, rows: 1 });
  return { format, width, height, planes };
}
