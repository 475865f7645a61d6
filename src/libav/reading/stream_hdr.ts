/**
 * What a stream's header, or a frame, says of brightness: the display that it was mastered on, and how bright
 * it gets.
 *
 * @module
 */
import { type Address, type Native, NULL } from "../../../ffi/mod.ts";
import type { Demuxer } from "../demuxer.ts";
import { unpackRational } from "../rational.ts";
import { type Chromaticity, type DisplayVolume, type LightLevels, sideData } from "../streams/stream_tags.ts";

/** AV_FRAME_DATA_*, libavutil/frame.h. */
const frameData = { masteringDisplay: 11, contentLight: 14 } as const;

/** What is said of brightness; `null` for what is not. */
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

/** What a stream's header says of brightness. */
export function streamBrightness(native: Native, demuxer: Demuxer, index: number): Brightness {
  const at = (type: keyof typeof frameData): Address | null => demuxer.sideDataAddress(index, sideData[type]);
  return brightnessAt(native, at("masteringDisplay"), at("contentLight"));
}

/** What a frame says of brightness: some containers have no place for it, so that only its packets tell. */
export function frameBrightness(native: Native, frame: Address): Brightness {
  const at = (type: keyof typeof frameData): Address | null => {
    const found = native.frameSideData().av_frame_get_side_data(frame, frameData[type]);
    return found === NULL ? null : native.fields.get(found, "AVFrameSideData", "data");
  };
  return brightnessAt(native, at("masteringDisplay"), at("contentLight"));
}

function brightnessAt(native: Native, display: Address | null, light: Address | null): Brightness {
  return {
    display: display === null ? null : displayVolumeAt(native, display),
    light: light === null ? null : lightLevelsAt(native, light),
  };
}

/** A display; `null` where not all of it is said. */
function displayVolumeAt(native: Native, data: Address): DisplayVolume | null {
  const struct = "AVMasteringDisplayMetadata";
  const { fields } = native;
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

function lightLevelsAt({ fields }: Native, data: Address): LightLevels {
  return {
    maxCll: fields.get(data, "AVContentLightMetadata", "MaxCLL"),
    maxFall: fields.get(data, "AVContentLightMetadata", "MaxFALL"),
  };
}
