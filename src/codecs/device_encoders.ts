/**
 * Encoders that devices do the work of: where their frames lie, and what they are told.
 *
 * @module
 */
import { OptionError } from "../errors.ts";
import { optionText } from "../libav/options.ts";
import { shown } from "../shown.ts";
import { type EncoderOptions, type EncoderTraits, onlyBt601, type QualityScale } from "./encoder_traits.ts";

/** What an encoder of a device needs besides its options. */
export interface DeviceNeeds {
  /** libavutil's name of the kind of device (AVHWDeviceType). */
  readonly type: string;
  /** Which device of that kind; absent: libavutil chooses. */
  readonly name?: string;
  /** The pixel format of frames in the device's memory; absent: it takes those of ordinary memory. */
  readonly pixelFormat?: string;
  /** The formats of the frames that are copied there. */
  readonly pixels?: readonly string[];
}

/** An interface to devices. */
interface DeviceInterface {
  /** Absent: the encoder opens the device itself. */
  readonly device?: DeviceNeeds;
  /** Options of its encoders. */
  readonly defaults?: EncoderTraits["defaults"];
  /** Options that make them hold no frame back. They were not tried on a device. */
  readonly live?: EncoderOptions;
  /** Options that decide whether a device does the work, and the values with which one does. */
  readonly deviceOptions?: Readonly<Record<string, readonly string[]>>;
}

/** The words for an option that is on or off (av_opt_set, libavutil/opt.c). */
const on = ["1", "true", "y", "yes", "enable", "enabled", "on"] as const;
const off = ["0", "false", "n", "no", "disable", "disabled", "off"] as const;

/** Frames that devices take: their drivers know this format, whatever else they know. */
const formats = ["nv12", "yuv420p"] as const;
const deepFormats = ["p010le"] as const;
/** Codecs of which devices make streams of more than 8 bits. Of H.264 hardly any does, others have none. */
const deepCodecs: readonly string[] = ["hevc", "vp9", "av1"];
const pixels = ["nv12", "p010le"] as const;

/** The interfaces, by the ends of their encoders' names. */
const interfaces: Readonly<Record<string, DeviceInterface>> = {
  nvenc: { live: { zerolatency: true, delay: 0, bf: 0 } },
  // Any implementation would do otherwise, one in software, too.
  qsv: { device: { type: "qsv", name: "hw_any" }, live: { async_depth: 1, bf: 0 } },
  amf: { live: { usage: "lowlatency" } },
  videotoolbox: { live: { realtime: true, bf: 0 }, deviceOptions: { allow_sw: off, require_sw: off } },
  vaapi: { device: { type: "vaapi", pixelFormat: "vaapi", pixels }, live: { bf: 0 } },
  vulkan: { device: { type: "vulkan", pixelFormat: "vulkan", pixels }, live: { tune: "ll" } },
  // Windows has encoders in software behind the same interface.
  mf: {
    defaults: { hw_encoding: true },
    live: { scenario: "live_streaming" },
    deviceOptions: { hw_encoding: on },
  },
  v4l2m2m: {},
  omx: {},
  mediacodec: {},
};

const ending = new RegExp(`_(${Object.keys(interfaces).join("|")})$`);

function interfaceOf(encoder: string): string | null {
  return ending.exec(encoder)?.[1] ?? null;
}

/** Options that make a device's encoder hold no frame back. */
export function liveDeviceOptions(encoder: string): EncoderOptions {
  const name = interfaceOf(encoder);
  return name === null || Object.hasOwn(programs, encoder) ? {} : interfaces[name]!.live ?? {};
}

/** Whether a device does the work of an encoder. */
export function isDeviceEncoder(encoder: string): boolean {
  return interfaceOf(encoder) !== null;
}

/** Throws an {@linkcode OptionError} for options with which a device's encoder may work in software. */
export function requireDeviceOptions(encoder: string, given: EncoderOptions): void {
  const name = interfaceOf(encoder);
  const { deviceOptions = {} } = name === null ? {} : interfaces[name]!;
  for (const [option, values] of Object.entries(deviceOptions)) {
    const value = Object.hasOwn(given, option) ? given[option]! : values[0]!;
    if (values.includes(optionText(value).toLowerCase())) continue;
    throw new OptionError(
      `Cannot use the option ${option} (${
        shown(value)
      }) with hardware "require": encoder ${encoder} may work in software with it`,
      {
        code: "EINVAL",
        operation: `configure encoder ${encoder}`,
        hint: `Leave ${option} out, or use hardware "auto"`,
      },
    );
  }
}

/** What programs on a device take, other than its circuits. */
const programs: Readonly<
  Record<string, { readonly pixels: readonly string[]; readonly traits: EncoderTraits }>
> = {
  ffv1_vulkan: {
    pixels: ["gray", "yuv420p", "yuv422p", "yuv444p", "yuva444p", "bgr0", "bgra", "yuv444p10le", "gbrp16le"],
    traits: { isLossless: true },
  },
  prores_ks_vulkan: { pixels: ["yuv422p10le", "yuv444p10le"], traits: { formats: ["yuv422p10le"] } },
};

/** The device that an encoder has to be given; `null` where it needs none, or opens it itself. */
export function deviceNeeds(encoder: string): DeviceNeeds | null {
  const name = interfaceOf(encoder);
  const device = name === null ? undefined : interfaces[name]!.device;
  if (device === undefined) return null;
  return Object.hasOwn(programs, encoder) ? { ...device, pixels: programs[encoder]!.pixels } : device;
}

const quantizers = { min: 1, max: 51 } as const;

/** How an interface takes the quantizer of H.264 and HEVC. */
const scales: Readonly<Record<string, QualityScale>> = {
  nvenc: { option: "cq", ...quantizers, with: { rc: "vbr", b: 0 } },
  qsv: { option: "global_quality", ...quantizers },
  vaapi: { option: "global_quality", ...quantizers },
};

/** Quantizers as libx264 and libx265 have them at these levels. They were not compared on a device. */
const levels = { low: 28, medium: 21, high: 16 } as const;

/** What a codec's decoders assume, by the beginning of an encoder's name. */
const codecTraits: Readonly<Record<string, EncoderTraits>> = {
  mjpeg: { isFullRange: true, onlyMatrices: onlyBt601 },
  vp8: { onlyMatrices: onlyBt601 },
};

/** What is known of a device's encoder. */
export function deviceTraits(encoder: string): EncoderTraits {
  const name = interfaceOf(encoder);
  if (name === null) return {};
  if (Object.hasOwn(programs, encoder)) return programs[encoder]!.traits;
  const { defaults } = interfaces[name]!;
  const codec = encoder.slice(0, -name.length - 1);
  const scale = codec === "h264" || codec === "hevc" ? scales[name] : undefined;
  return {
    ...codecTraits[codec],
    formats,
    ...(deepCodecs.includes(codec) ? { deepFormats } : {}),
    ...(defaults && { defaults }),
    ...(scale && { scale, levels }),
  };
}
