/**
 * Rotation, pixel shape and HDR metadata: what is asked for, and whether it came back.
 *
 * @module
 */
import { type FieldOrder, isInterlaced, tellsFields } from "../codecs/field_order.ts";
import { traitsOf } from "../codecs/encoder_settings.ts";
import { UnsupportedError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { type Rational, rationalText } from "../libav/rational.ts";
import {
  type ChromaLocation,
  displayMatrixOne,
  sideData,
  type StreamTags,
} from "../libav/streams/stream_tags.ts";
import { shown } from "../shown.ts";
import type { ColorDescription } from "../video/color.ts";
import { displayVolume } from "../video/hdr.ts";
import type { Loss } from "./kept.ts";

/** Degrees clockwise by which players rotate the picture. */
export type Rotation = 0 | 90 | 180 | 270;

/** The aspect ratio of a pixel, width to height: `"4/3"`, `"4:3"` or `{ num: 4, den: 3 }`. */
export type SampleAspectRatio = `${number}/${number}` | `${number}:${number}` | { num: number; den: number };

/** What a writer requests its container to keep. */
export interface TagRequest {
  readonly rotation?: Rotation;
  readonly sampleAspectRatio?: Rational;
  readonly fieldOrder?: FieldOrder;
  readonly metadata?: Readonly<Record<string, string>>;
}

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

/** What a file is told of its picture, and compared with. */
export interface PictureRequest extends TagRequest {
  readonly color: Partial<ColorDescription>;
  readonly encoder: EncoderInfo;
  /** The width of the picture; `null` where frames of another size may come. */
  readonly width: number | null;
}

/** The orders that say of two fields which is shown first, with or without saying which is coded first. */
const sameOrders = { tff: [2, 4], bff: [3, 5] } as const;

/** Whether anything is said of the picture that a container may lose. */
export function asksForPicture(
  { rotation = 0, sampleAspectRatio, fieldOrder, color: { masteringDisplay, contentLight } }: PictureRequest,
): boolean {
  const isStretched = sampleAspectRatio !== undefined && sampleAspectRatio.num !== sampleAspectRatio.den;
  return rotation !== 0 || isStretched || isInterlaced(fieldOrder) || masteringDisplay !== undefined ||
    contentLight !== undefined;
}

/** What did not come back of what was said of the picture; with no reader, nothing did. */
export function pictureLosses(file: Demuxer | null, request: PictureRequest): Loss[] {
  const read = file === null || file.streams.length === 0 ? null : file;
  const { rotation = 0, sampleAspectRatio: ratio, encoder } = request;
  const losses: Loss[] = [];
  if (rotation !== 0 && !isRotated(read, rotation)) {
    losses.push({
      kind: "rotation",
      code: "ROTATION_NOT_FOR_CONTAINER",
      what: `the rotation ${rotation}`,
      why: "it does not keep it with this FFmpeg",
    });
  }
  if (ratio !== undefined && ratio.num !== ratio.den && !hasPixelShape(read, ratio, request.width)) {
    losses.push({
      kind: "sample aspect ratio",
      code: "ASPECT_NOT_FOR_CONTAINER",
      what: `the sample aspect ratio ${rationalText(ratio)}`,
      why: `neither it nor ${encoder.codecName} has a place for it`,
    });
  }
  const { fieldOrder } = request;
  if (isInterlaced(fieldOrder) && !hasFieldOrder(read, fieldOrder, encoder)) {
    losses.push({
      kind: "field order",
      code: "FIELD_ORDER",
      what: `the fieldOrder "${fieldOrder}"`,
      why: `neither it nor ${encoder.codecName} tells it`,
    });
  }
  if (!isHdrKept(read, request)) {
    losses.push({
      kind: "HDR metadata",
      code: "HDR_NOT_FOR_CONTAINER",
      what: "HDR metadata",
      why: `neither it nor encoder ${encoder.name} has a place for it`,
    });
  }
  return losses;
}

/** The first two columns and rows of each rotation's matrix (libavutil/display.h). */
const rotationMatrices = { 90: [0, 1, -1, 0], 180: [-1, 0, 0, -1], 270: [0, -1, 1, 0] } as const;

function isRotated(file: Demuxer | null, rotation: keyof typeof rotationMatrices): boolean {
  const bytes = file?.sideData(0, sideData.displayMatrix) ?? null;
  if (bytes === null) return false;
  const found = new Int32Array(bytes.buffer);
  return [0, 1, 3, 4].every((at, index) =>
    Math.round(found[at]! / displayMatrixOne) === rotationMatrices[rotation][index]
  );
}

/** Whether a file tells the order of fields, or leaves it to the packets. */
function hasFieldOrder(file: Demuxer | null, order: "tff" | "bff", encoder: EncoderInfo): boolean {
  if (file === null) return false;
  const found: number = file.fieldOrder(0);
  return sameOrders[order].some((number) => number === found) || found === 0 && tellsFields(encoder);
}

/** Containers may count in pixels: the width that is shown is right to half of one. */
const widthTolerance = 0.5;
/** The width of a small picture, where the size is not known yet. */
const smallWidth = 64;

function hasPixelShape(file: Demuxer | null, { num, den }: Rational, width: number | null): boolean {
  const found = file?.sampleAspectRatio(0) ?? { num: 1, den: 1 };
  const difference = Math.abs(found.num / found.den - num / den);
  // Some codecs have a few shapes of the whole picture only: which fits depends on its size.
  if (width === null && found.num !== found.den) return true;
  return difference * (width ?? smallWidth) <= widthTolerance;
}

function isHdrKept(
  file: Demuxer | null,
  { color: { masteringDisplay, contentLight }, encoder }: PictureRequest,
): boolean {
  if (traitsOf(encoder).hdrSyntax !== undefined) return true;
  return (masteringDisplay === undefined || file?.sideData(0, sideData.masteringDisplay) != null) &&
    (contentLight === undefined || file?.sideData(0, sideData.contentLight) != null);
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
