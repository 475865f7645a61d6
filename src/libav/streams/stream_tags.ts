/**
 * What a container is told of a stream and of the whole file beside the codec's parameters: how the picture
 * is turned, the shape of its pixels, where its chroma was sampled, how bright it gets, and the file's tags.
 *
 * @module
 */
import { type Address, address, cString, type Native, NULL } from "../../../ffi/mod.ts";
import { AvError } from "../../errors.ts";
import { codeName, errorText, outOfMemory } from "../failure.ts";
import { packRational, type Rational } from "../rational.ts";

/** AV_PKT_DATA_*, libavcodec/packet.h. */
export const sideData = { displayMatrix: 5, masteringDisplay: 20, contentLight: 22 } as const;
/** AVCHROMA_LOC_*, libavutil/pixfmt.h. */
const chromaLocations = { center: 2 } as const;
/** 1.0 in a display matrix, which is in 16.16 fixed point but for its last column (libavutil/display.h). */
export const displayMatrixOne: number = 1 << 16;
/** Nine 32-bit integers. */
const matrixBytes = 36;
/** Offsets 7 and 8: how far the rotated picture is moved to the right and down. */
const translationAt = 24n;

/** The position of a chroma sample among the luma samples that share it. */
export type ChromaLocation = keyof typeof chromaLocations;

/** A point of the CIE 1931 chromaticity diagram. */
export type Chromaticity = readonly [x: Rational, y: Rational];

/** The display that a video was mastered on (SMPTE ST 2086), in exact fractions; luminance in cd/m2. */
export interface DisplayVolume {
  readonly red: Chromaticity;
  readonly green: Chromaticity;
  readonly blue: Chromaticity;
  readonly whitePoint: Chromaticity;
  readonly minLuminance: Rational;
  readonly maxLuminance: Rational;
}

/** The brightest pixel of a video and its brightest frame on average (CTA-861.3), in cd/m2. */
export interface LightLevels {
  readonly maxCll: number;
  readonly maxFall: number;
}

/** The tags of a stream; `null` leaves a value out. */
export interface StreamTags {
  /** Degrees clockwise by which players rotate the picture. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** The sample aspect ratio. */
  readonly sampleAspectRatio: Rational | null;
  /** See {@linkcode ChromaLocation}. */
  readonly chromaLocation: ChromaLocation | null;
  /** See {@linkcode DisplayVolume}. */
  readonly masteringDisplay: DisplayVolume | null;
  /** See {@linkcode LightLevels}. */
  readonly contentLight: LightLevels | null;
}

/** Sets the tags of a stream, after its AVCodecParameters are filled and before the header is written. */
export function tagStream(native: Native, stream: Address, tags: StreamTags): void {
  const { fields } = native;
  const { rotation, sampleAspectRatio, chromaLocation, masteringDisplay, contentLight } = tags;
  const parameters = fields.get(stream, "AVStream", "codecpar");
  if (sampleAspectRatio !== null) {
    // libavformat refuses a stream where the two differ (mux.c).
    fields.set(stream, "AVStream", "sample_aspect_ratio", packRational(sampleAspectRatio));
    fields.set(parameters, "AVCodecParameters", "sample_aspect_ratio", packRational(sampleAspectRatio));
  }
  if (chromaLocation !== null) {
    fields.set(parameters, "AVCodecParameters", "chroma_location", chromaLocations[chromaLocation]);
  }
  if (rotation !== 0) addDisplayMatrix(native, stream, rotation, sampleAspectRatio);
  if (masteringDisplay !== null) addMasteringDisplay(native, stream, masteringDisplay);
  if (contentLight !== null) addContentLight(native, stream, contentLight);
}

/** Adds tags to a file or stream, before the header is written. */
export function setTags(native: Native, tags: Address, metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    const result = native.avutil.av_dict_set(tags, cString(key), cString(value), 0);
    if (result < 0) fail(native, result, `set the tag ${key}`);
  }
}

/** AV_DICT_IGNORE_SUFFIX, libavutil/dict.h: with an empty key, the next entry of all. */
const ignoreSuffix = 2;

/** All tags of a file or stream. */
export function tagsOf({ avutil, fields, memory }: Native, dictionary: Address): Record<string, string> {
  const tags: Record<string, string> = {};
  let entry: Address = NULL;
  while ((entry = avutil.av_dict_get(dictionary, cString(""), entry, ignoreSuffix)) !== NULL) {
    const key = memory.text(fields.get(entry, "AVDictionaryEntry", "key")) ?? "";
    tags[key] = memory.text(fields.get(entry, "AVDictionaryEntry", "value"), Infinity) ?? "";
  }
  return tags;
}

function addDisplayMatrix(
  native: Native,
  stream: Address,
  rotation: 90 | 180 | 270,
  sampleAspectRatio: Rational | null,
): void {
  const matrix = addSideData(native, stream, sideData.displayMatrix, matrixBytes);
  native.avutil.av_display_rotation_set(matrix, rotation);
  const parameters = native.fields.get(stream, "AVStream", "codecpar");
  const { num, den } = sampleAspectRatio ?? { num: 1, den: 1 };
  const width = Math.round(native.fields.get(parameters, "AVCodecParameters", "width") * num / den);
  const height = native.fields.get(parameters, "AVCodecParameters", "height");
  // Rotated about its upper left corner, the picture lies outside the movie's area until it is moved back
  // (ISO/IEC 14496-12, 6.2.2).
  const moved = { 90: [height, 0], 180: [width, height], 270: [0, width] }[rotation];
  native.memory.write(
    address(matrix + translationAt),
    Int32Array.from(moved, (pixels) => pixels * displayMatrixOne),
  );
}

function addMasteringDisplay(native: Native, stream: Address, display: DisplayVolume): void {
  const struct = "AVMasteringDisplayMetadata";
  const { fields, memory } = native;
  const data = addSideData(native, stream, sideData.masteringDisplay, fields.size(struct));
  const points = (...chromaticities: readonly Chromaticity[]): BigUint64Array =>
    BigUint64Array.from(chromaticities.flat(), packRational);
  const { red, green, blue, whitePoint, minLuminance, maxLuminance } = display;
  memory.write(fields.addressOf(data, struct, "display_primaries"), points(red, green, blue));
  memory.write(fields.addressOf(data, struct, "white_point"), points(whitePoint));
  fields.set(data, struct, "min_luminance", packRational(minLuminance));
  fields.set(data, struct, "max_luminance", packRational(maxLuminance));
  fields.set(data, struct, "has_primaries", 1);
  fields.set(data, struct, "has_luminance", 1);
}

function addContentLight(native: Native, stream: Address, { maxCll, maxFall }: LightLevels): void {
  const struct = "AVContentLightMetadata";
  const { fields } = native;
  const data = addSideData(native, stream, sideData.contentLight, fields.size(struct));
  fields.set(data, struct, "MaxCLL", maxCll);
  fields.set(data, struct, "MaxFALL", maxFall);
}

/** Adds zeroed side data, which the stream owns, and returns its address. */
export function addSideData(native: Native, stream: Address, type: number, size: number): Address {
  const { avutil, fields, parametersSideData, streamSideData } = native;
  const bytes = BigInt(size);
  const data = avutil.av_mallocz(bytes);
  if (data === NULL) fail(native, outOfMemory, "add side data");
  const parameters = fields.get(stream, "AVStream", "codecpar");
  const isTaken = parametersSideData === null
    ? streamSideData!.av_stream_add_side_data(stream, type, data, bytes) >= 0
    : parametersSideData.av_packet_side_data_add(
      fields.addressOf(parameters, "AVCodecParameters", "coded_side_data"),
      fields.addressOf(parameters, "AVCodecParameters", "nb_coded_side_data"),
      type,
      data,
      bytes,
      0,
    ) !== NULL;
  if (isTaken) return data;
  avutil.av_free(data);
  fail(native, outOfMemory, "add side data");
}

function fail(native: Native, result: number, operation: string): never {
  throw new AvError(errorText(native, result), { code: codeName(result), operation });
}
