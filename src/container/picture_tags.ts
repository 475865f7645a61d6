/**
 * Rotation, pixel shape and HDR metadata: what is asked for, and which containers keep it.
 *
 * The tables were measured, with the ffmpeg and ffprobe programs of FFmpeg 4.3, 5.1, 7.1 and 9.0 alike.
 *
 * @module
 */
import { traitsOf } from "../codecs/encoder_settings.ts";
import { UnsupportedError } from "../errors.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { type Rational, rationalText } from "../libav/rational.ts";
import type { ChromaLocation, StreamTags } from "../libav/streams/stream_tags.ts";
import { shown } from "../shown.ts";
import type { ColorDescription } from "../video/color.ts";
import { displayVolume } from "../video/hdr.ts";

/** Degrees clockwise by which players rotate the picture. */
export type Rotation = 0 | 90 | 180 | 270;

/** The aspect ratio of a pixel, width to height: `"4/3"`, `"4:3"` or `{ num: 4, den: 3 }`. */
export type SampleAspectRatio = `${number}/${number}` | `${number}:${number}` | { num: number; den: number };

/** What a writer requests its container to keep. */
export interface TagRequest {
  readonly rotation?: Rotation;
  readonly sampleAspectRatio?: Rational;
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Containers that keep a rotation with every release: the matrix of their track header (ISO/IEC 14496-12,
 * 8.3.2).
 */
export const rotationContainers: readonly string[] = [
  "mp4",
  "mov",
  "ipod",
  "3gp",
  "3g2",
  "psp",
  "f4v",
  "ismv",
];
/** Containers that only newer releases write it into: the header shows whether this one does. */
export const newerRotationContainers: readonly string[] = ["matroska", "webm"];

/** Containers that keep the sample aspect ratio of any codec. */
const pixelShapeContainers: readonly string[] = [
  ...["mp4", "mov", "ipod", "3gp", "3g2", "f4v", "ismv", "matroska", "webm", "avi", "nut", "asf"],
  ...["ogg", "ogv", "yuv4mpegpipe"],
];
/**
 * Codecs that keep it themselves, and the largest number that each takes (as libavcodec's encoders write it).
 */
const pixelShapeCodecs: Readonly<Record<string, number>> = {
  h264: 4096,
  hevc: 65_535,
  mpeg4: 255,
  mjpeg: 65_535,
  png: 65_535,
  apng: 65_535,
};

/** Containers that keep HDR metadata for any codec: the boxes mdcv and clli, the element Colour. */
const hdrContainers: readonly string[] = ["mp4", "mov", "matroska", "webm"];

/** The bounds of libavcodec's option. */
const maxAspect = 10;
/** The most that a C `int` holds. */
const maxInt = 2 ** 31 - 1;

/**
 * Parses a sample aspect ratio, in lowest terms. Throws a `TypeError` or `RangeError` where it is not valid.
 */
export function parseSampleAspectRatio(ratio: SampleAspectRatio): Rational {
  const example = 'give its width over its height as "4/3" or { num: 4, den: 3 }';
  const refuse = (why: string): never => {
    throw new RangeError(`Cannot use the sample aspect ratio ${shown(ratio)}: ${why}; ${example}`);
  };
  const fraction = readFraction(ratio);
  if (fraction === null) {
    throw new TypeError(
      `Cannot use the sample aspect ratio ${shown(ratio)}: it is not a fraction; ${example}`,
    );
  }
  const { num, den } = fraction;
  if (!Number.isInteger(num) || !Number.isInteger(den)) refuse("both parts must be whole numbers");
  if (num <= 0 || den <= 0) refuse("it must be above 0");
  const divisor = greatestCommonDivisor(num, den);
  const reduced = { num: num / divisor, den: den / divisor };
  if (reduced.num > maxInt || reduced.den > maxInt) refuse(`its parts must not exceed ${maxInt}`);
  if (num > maxAspect * den || den > maxAspect * num) {
    refuse(`one side of a pixel can be ${maxAspect} times the other at most`);
  }
  return reduced;
}

function readFraction(ratio: unknown): Rational | null {
  if (typeof ratio === "string") {
    const parts = /^(\d+)[/:](\d+)$/.exec(ratio);
    return parts === null ? null : { num: Number(parts[1]), den: Number(parts[2]) };
  }
  if (typeof ratio !== "object" || ratio === null) return null;
  const { num, den } = ratio as Partial<Rational>;
  return typeof num === "number" && typeof den === "number" ? { num, den } : null;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The stream's tags for a muxer. */
export function streamTags(
  { rotation = 0, sampleAspectRatio }: TagRequest,
  { masteringDisplay, contentLight }: Pick<ColorDescription, "masteringDisplay" | "contentLight">,
  chromaLocation: ChromaLocation | null,
): StreamTags {
  return {
    rotation,
    sampleAspectRatio: sampleAspectRatio ?? null,
    chromaLocation,
    masteringDisplay: masteringDisplay === undefined ? null : displayVolume(masteringDisplay),
    contentLight: contentLight ?? null,
  };
}

export function rotationLost(container: string, rotation: Rotation): UnsupportedError {
  const isNewer = newerRotationContainers.includes(container);
  return new UnsupportedError(
    `Cannot write the rotation ${rotation} into ${container}: ${
      isNewer ? "this FFmpeg is too old to write it there" : "it has no place for it"
    }`,
    {
      code: "ROTATION_NOT_FOR_CONTAINER",
      operation: `write a rotation into ${container}`,
      hint: `Containers that keep it: mp4, mov${isNewer ? ", or this one from FFmpeg 7.1 on" : ""}`,
    },
  );
}

/** Whether only the header shows if this FFmpeg writes the rotation. */
export function isRotationUncertain({ name }: MuxerInfo, { rotation = 0 }: TagRequest): boolean {
  return rotation !== 0 && newerRotationContainers.includes(name);
}

/** Throws an {@linkcode UnsupportedError} where the rotation makes no difference to the header's length. */
export function requireRotationWritten(
  { name }: MuxerInfo,
  { rotation = 0 }: TagRequest,
  bytesWith: number | null,
  bytesWithout: number | null,
): void {
  if (bytesWith === bytesWithout) throw rotationLost(name, rotation);
}

/**
 * Throws an {@linkcode UnsupportedError} where neither the container nor the codec keeps the sample aspect
 * ratio or the HDR metadata.
 */
export function requireStreamTagSupport(
  { name }: MuxerInfo,
  encoder: EncoderInfo,
  { sampleAspectRatio }: TagRequest,
  { masteringDisplay, contentLight }: Partial<ColorDescription>,
): void {
  if (sampleAspectRatio !== undefined && !keepsPixelShape(name, encoder.codecName, sampleAspectRatio)) {
    throw new UnsupportedError(
      `Cannot write the sample aspect ratio ${
        rationalText(sampleAspectRatio)
      } into ${name} with ${encoder.codecName}: neither has a place for it`,
      {
        code: "ASPECT_NOT_FOR_CONTAINER",
        operation: `write a sample aspect ratio into ${name}`,
        hint: "Containers that keep it: mp4, mov, matroska, webm, avi, nut",
      },
    );
  }
  if (masteringDisplay === undefined && contentLight === undefined) return;
  if (hdrContainers.includes(name) || traitsOf(encoder).hdrSyntax !== undefined) return;
  throw new UnsupportedError(
    `Cannot write HDR metadata into ${name} with ${encoder.name}: neither has a place for it`,
    {
      code: "HDR_NOT_FOR_CONTAINER",
      operation: `write HDR metadata into ${name}`,
      hint: `Containers that keep it: ${hdrContainers.join(", ")}`,
    },
  );
}

function keepsPixelShape(container: string, codec: string, { num, den }: Rational): boolean {
  if (num === den || pixelShapeContainers.includes(container)) return true;
  return Object.hasOwn(pixelShapeCodecs, codec) && Math.max(num, den) <= pixelShapeCodecs[codec]!;
}

/** Containers of pictures that have no place for primaries. */
const withoutPrimaries: readonly string[] = ["gif", "webp"];

/** Throws an {@linkcode UnsupportedError} where a file cannot say that its primaries are Display P3's. */
export function requirePrimariesSupport({ name }: MuxerInfo): void {
  if (!withoutPrimaries.includes(name)) return;
  throw new UnsupportedError(`Cannot write display-p3 frames into ${name}: it has no place to say so`, {
    code: "COLOR_SPACE_NOT_FOR_CONTAINER",
    operation: `choose the color for ${name}`,
    hint: "Draw in sRGB, or use apng, webm or mp4",
  });
}
