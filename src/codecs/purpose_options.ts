/**
 * What encoders are told because of what their packets are for.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import type { EncoderInfo } from "../libav/encoder.ts";
import { liveDeviceOptions } from "./device_encoders.ts";
import type { EncoderRequest, NamedOption } from "./encoder_request.ts";

/** Options by encoder. */
type OptionTable = Readonly<Record<string, readonly NamedOption[]>>;

/** AV_CPU_FLAG_AVX512 (libavutil/cpu.h): on other processors than x86, no flag has this bit. */
const avx512 = 0x100000;

/** What makes the files of one encoder joinable, whichever machine each is from. */
const chunk: OptionTable = {
  // It begins groups with frames that refer to the one before, and has the processor's features and all of
  // its settings among its headers.
  libx265: [["x265-params", "open-gop=0:info=0"]],
};

/**
 * What makes x264 encode the same frames the same way. It does otherwise with another number of threads,
 * which is by default that of the machine; and its macroblock tree reads memory that was never set where it
 * uses AVX-512 (releases 160 to 165).
 */
function x264Chunk(native: Native | null): readonly NamedOption[] {
  const flags = native?.avutil.av_get_cpu_flags() ?? 0;
  return [["threads", 4], ...((flags & avx512) === 0 ? [] : [["x264-params", "asm=AVX2"] as const])];
}

const x264Live: readonly NamedOption[] = [["preset", "veryfast"], ["tune", "zerolatency"]];
const vpxLive: readonly NamedOption[] = [["deadline", "realtime"], ["cpu-used", 8], ["lag-in-frames", 0]];

/** What makes encoders keep up with what happens and hold no frame back. Others have no option for that. */
const live: OptionTable = {
  libx264: x264Live,
  libx264rgb: x264Live,
  libx265: [["preset", "ultrafast"], ["tune", "zerolatency"]],
  // Pictures refer to earlier ones only.
  libsvtav1: [["preset", 10], ["svtav1-params", "pred-struct=1"]],
  "libaom-av1": [["usage", "realtime"], ["cpu-used", 8], ["lag-in-frames", 0]],
  librav1e: [["speed", 10], ["rav1e-params", "low_latency=true:rdo_lookahead_frames=1"]],
  libvpx: vpxLive,
  "libvpx-vp9": vpxLive,
};

/** The options of an encoder that makes a part of a video, or whose packets are wanted at once. */
export function purposeOptions(
  native: Native | null,
  { name }: EncoderInfo,
  request: EncoderRequest,
): readonly NamedOption[] {
  if (request.chunk !== undefined) {
    if (name === "libx264" || name === "libx264rgb") return x264Chunk(native);
    return Object.hasOwn(chunk, name) ? chunk[name]! : [];
  }
  if (request.live !== true) return [];
  return Object.hasOwn(live, name) ? live[name]! : Object.entries(liveDeviceOptions(name));
}
