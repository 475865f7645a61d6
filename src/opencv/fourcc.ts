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

/** Each codec and its FOURCCs, as OpenCV takes them (libavformat/riff.c, isom_tags.c), in small letters. */
const names: Readonly<Record<string, readonly string[]>> = {
  xvid: ["xvid"],
  mpeg4: ["mp4v", "fmp4", "divx", "dx50"],
  mjpeg: ["mjpg"],
  h264: ["h264", "x264", "avc1"],
  hevc: ["hevc", "h265", "hvc1", "hev1"],
  av1: ["av01"],
  vp8: ["vp80"],
  vp9: ["vp90", "vp09"],
  ffv1: ["ffv1"],
  huffyuv: ["hfyu"],
  ffvhuff: ["ffvh"],
  png: ["mpng", "png "],
  mpeg1video: ["pim1", "mpg1"],
  mpeg2video: ["mpg2"],
  msmpeg4v2: ["mp42"],
  msmpeg4: ["mp43", "div3"],
  flv: ["flv1"],
  wmv1: ["wmv1"],
  wmv2: ["wmv2"],
};

const codecs = new Map<string, FourccCodec>([
  ...Object.entries(names).flatMap(([codec, letters]) => letters.map((name) => [name, { codec }] as const)),
  ...["i420", "iyuv"].map((name) => [name, { codec: "rawvideo", pixelFormat: "yuv420p" }] as const),
]);

/** All FOURCCs that are known, in capitals. */
export const knownFourccs: readonly string[] = [...codecs.keys()].map((name) => name.toUpperCase());

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
  return codecs.get(lettersOf(fourcc).toLowerCase()) ?? null;
}
