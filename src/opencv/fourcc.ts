/**
 * FOURCCs, and the codecs that they stand for in avi and mp4.
 *
 * @module
 */
import type { Codec } from "../codecs/families.ts";
import type { PixelFormat } from "../video/raw_frame.ts";

/** What a FOURCC asks for. */
export interface FourccCodec {
  readonly codec: Codec;
  /** The pixel format that it stands for; absent where that is the encoder's choice. */
  readonly pixelFormat?: PixelFormat;
}

/** Each codec and its FOURCCs, as OpenCV takes them (libavformat/riff.c and isom_tags.c), in capitals. */
const names: Readonly<Record<string, readonly string[]>> = {
  xvid: ["XVID"],
  mpeg4: ["MP4V", "FMP4", "DIVX", "DX50"],
  mjpeg: ["MJPG"],
  h264: ["H264", "X264", "AVC1"],
  hevc: ["HEVC", "H265", "HVC1", "HEV1"],
  av1: ["AV01"],
  vp8: ["VP80"],
  vp9: ["VP90", "VP09"],
  ffv1: ["FFV1"],
  huffyuv: ["HFYU"],
  ffvhuff: ["FFVH"],
  png: ["MPNG", "PNG "],
  mpeg1video: ["PIM1", "MPG1"],
  mpeg2video: ["MPG2"],
  msmpeg4v2: ["MP42"],
  msmpeg4: ["MP43", "DIV3"],
  flv: ["FLV1"],
  wmv1: ["WMV1"],
  wmv2: ["WMV2"],
};

const codecs = new Map<string, FourccCodec>([
  ...Object.entries(names).flatMap(([codec, letters]) => letters.map((name) => [name, { codec }] as const)),
  ...["I420", "IYUV"].map((name) => [name, { codec: "rawvideo", pixelFormat: "yuv420p" }] as const),
]);

/** All FOURCCs that are known, in capitals. */
export const knownFourccs: readonly string[] = [...codecs.keys()];

/** Blue, green and red as they are. */
const plainFourccs: readonly string[] = ["\0\0\0\0", "DIB "];

/**
 * The number of a FOURCC, for {@linkcode VideoWriter.open}.
 *
 * @example
 * ```ts
 * import { VideoWriter_fourcc } from "@avwriter/avwriter/opencv";
 *
 * if (VideoWriter_fourcc("M", "J", "P", "G") !== 0x47504a4d) throw new Error("not as in OpenCV");
 * if (VideoWriter_fourcc(..."XVID") !== 0x44495658) throw new Error("not as in OpenCV");
 * ```
 */
export function VideoWriter_fourcc(...letters: readonly string[]): number {
  if (letters.length !== 4 || letters.some((letter) => typeof letter !== "string" || letter.length !== 1)) {
    throw new TypeError(
      `Cannot make a FOURCC of ${JSON.stringify(letters)}: give four letters, such as "M", "J", "P", "G"`,
    );
  }
  return letters.reduce(
    (number, letter, index) => number + ((letter.charCodeAt(0) & 255) << 8 * index),
    0,
  ) >>> 0;
}

/** The letters of a FOURCC's number. */
export function lettersOf(fourcc: number): string {
  return [0, 8, 16, 24].map((shift) => String.fromCharCode(fourcc >>> shift & 255)).join("");
}

/** Whether a FOURCC asks for pictures as they are. */
export function isPlain(fourcc: number): boolean {
  return plainFourccs.includes(lettersOf(fourcc));
}

/** What a FOURCC asks for; `null` where it is not known. */
export function codecOf(fourcc: number): FourccCodec | null {
  return codecs.get(lettersOf(fourcc).toUpperCase()) ?? null;
}
