/**
 * What a stream's header says of brightness: the display that it was mastered on, and how bright it gets.
 *
 * @module
 */
import type { Address, Native } from "../../../ffi/mod.ts";
import type { Demuxer } from "../demuxer.ts";
import { unpackRational } from "../rational.ts";
import { type Chromaticity, type DisplayVolume, type LightLevels, sideData } from "../streams/stream_tags.ts";

/** What a header says of brightness; `null` for what it does not say. */
export interface Brightness {
  readonly display: DisplayVolume | null;
  readonly light: LightLevels | null;
}

/** A row of points, each two fractions. */
function pointsAt({ memory }: Native, at: Address, count: number): Chromaticity[] {
  const packed = new BigUint64Array(2 * count);
  memory.read(at, packed);
  return Array.from({ length: count }, (_, point) => [
    unpackRational(packed[2 * point]!),
    unpackRational(packed[2 * point + 1]!),
  ]);
}

/** The display that a stream was mastered on; `null` where the header does not say all of it. */
export function displayVolumeOf(native: Native, demuxer: Demuxer, index: number): DisplayVolume | null {
  const struct = "AVMasteringDisplayMetadata";
  const { fields } = native;
  const data = demuxer.sideDataAddress(index, sideData.masteringDisplay);
  if (data === null) return null;
  const isWhole = fields.get(data, struct, "has_primaries") !== 0 &&
    fields.get(data, struct, "has_luminance") !== 0;
  if (!isWhole) return null;
  const primaries = fields.addressOf(data, struct, "display_primaries");
  const [red, green, blue] = pointsAt(native, primaries, 3) as [Chromaticity, Chromaticity, Chromaticity];
  const [whitePoint] = pointsAt(native, fields.addressOf(data, struct, "white_point"), 1) as [Chromaticity];
  const minLuminance = unpackRational(fields.get(data, struct, "min_luminance"));
  const maxLuminance = unpackRational(fields.get(data, struct, "max_luminance"));
  return { red, green, blue, whitePoint, minLuminance, maxLuminance };
}

/** How bright a stream gets; `null` where the header does not say it. */
export function lightLevelsOf({ fields }: Native, demuxer: Demuxer, index: number): LightLevels | null {
  const data = demuxer.sideDataAddress(index, sideData.contentLight);
  if (data === null) return null;
  return {
    maxCll: fields.get(data, "AVContentLightMetadata", "MaxCLL"),
    maxFall: fields.get(data, "AVContentLightMetadata", "MaxFALL"),
  };
}
