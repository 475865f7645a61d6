/**
 * Formats of 8-bit luma and chroma that kernels read.
 *
 * @module
 */

/** How chroma lies, and the kernel that makes RGB of it. */
export interface ChromaFormat {
  /** The kernel for such chroma. */
  readonly kernel: "half_to_rgb32" | "pairs_to_rgb32" | "whole_to_rgb32";
  /** The binary logarithms of the pixels that a sample covers. */
  readonly across: number;
  readonly down: number;
}

const half = { kernel: "half_to_rgb32", across: 1 } as const;
/** Samples of u and v in turns. */
export const pairs: ChromaFormat = { kernel: "pairs_to_rgb32", across: 1, down: 1 };
const whole = { kernel: "whole_to_rgb32", across: 0, down: 0 } as const;

/** By libavutil's name of a format. */
export const chromaFormats: Readonly<Record<string, ChromaFormat>> = {
  yuv420p: { ...half, down: 1 },
  yuvj420p: { ...half, down: 1 },
  nv12: pairs,
  yuv422p: { ...half, down: 0 },
  yuvj422p: { ...half, down: 0 },
  yuv444p: whole,
  yuvj444p: whole,
};
