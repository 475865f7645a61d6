/**
 * Codec families: which encoders make them, best first. Data only.
 *
 * @module
 */

/** The names of the codec families. */
export type CodecFamily =
  | "h264"
  | "hevc"
  | "av1"
  | "vp9"
  | "vp8"
  | "mpeg4"
  | "xvid"
  | "mjpeg"
  | "prores"
  | "dnxhd"
  | "ffv1"
  | "huffyuv"
  | "utvideo"
  | "png"
  | "gif"
  | "webp"
  | "rawvideo";

/** A codec family, resolved to the best usable encoder, or the exact name of any libavcodec encoder. */
export type Codec = CodecFamily | (string & Record<never, never>);

/** Encoders of each family in the order in which they are tried. All of a family's make the same codec. */
export const families: Readonly<Record<CodecFamily, readonly string[]>> = {
  h264: ["libx264", "libopenh264"],
  hevc: ["libx265", "libkvazaar"],
  av1: ["libsvtav1", "libaom-av1", "librav1e"],
  vp9: ["libvpx-vp9"],
  vp8: ["libvpx"],
  mpeg4: ["mpeg4", "libxvid"],
  xvid: ["libxvid", "mpeg4"],
  mjpeg: ["mjpeg"],
  prores: ["prores_ks", "prores_aw"],
  dnxhd: ["dnxhd"],
  ffv1: ["ffv1"],
  huffyuv: ["huffyuv"],
  utvideo: ["utvideo"],
  png: ["png"],
  gif: ["gif"],
  webp: ["libwebp_anim", "libwebp"],
  rawvideo: ["rawvideo"],
};

/** Whether devices encode: never, where one can, or always. */
export type Hardware = "off" | "auto" | "require";

/**
 * Encoders of each family that devices do the work of, in the order in which they are tried. Families for
 * editing have none: devices take fewer pixel formats, and no alpha.
 */
export const deviceFamilies: Readonly<Partial<Record<CodecFamily, readonly string[]>>> = {
  h264: [
    ...["h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_amf", "h264_vaapi"],
    ...["h264_vulkan", "h264_mf", "h264_v4l2m2m"],
  ],
  hevc: [
    ...["hevc_nvenc", "hevc_videotoolbox", "hevc_qsv", "hevc_amf", "hevc_vaapi"],
    ...["hevc_vulkan", "hevc_mf", "hevc_v4l2m2m"],
  ],
  av1: ["av1_nvenc", "av1_qsv", "av1_amf", "av1_vaapi", "av1_vulkan", "av1_mf"],
  vp9: ["vp9_qsv", "vp9_vaapi"],
  vp8: ["vp8_vaapi", "vp8_v4l2m2m"],
  mpeg4: ["mpeg4_v4l2m2m"],
  mjpeg: ["mjpeg_qsv", "mjpeg_vaapi"],
};

/** Other names of families, for suggestions only. */
export const otherNames: Readonly<Record<string, CodecFamily>> = {
  avc: "h264",
  avc1: "h264",
  x264: "h264",
  "h.264": "h264",
  h265: "hevc",
  "h.265": "hevc",
  x265: "hevc",
  hvc1: "hevc",
  aom: "av1",
  av01: "av1",
  svtav1: "av1",
  libvpx9: "vp9",
  vp09: "vp9",
  divx: "xvid",
  mp4v: "mpeg4",
  jpeg: "mjpeg",
  jpg: "mjpeg",
  dnxhr: "dnxhd",
  raw: "rawvideo",
};

/**
 * The encoders to try for a codec in a container, in order: those of a family, or the one of that exact name.
 */
export function candidates(codec: Codec, container: string, hardware: Hardware = "off"): readonly string[] {
  // libavformat's YUV4MPEG muxer takes raw frames in this form only (yuv4mpegenc.c).
  if (codec === "rawvideo" && container === "yuv4mpegpipe") return ["wrapped_avframe"];
  if (!Object.hasOwn(families, codec)) return [codec];
  const software = families[codec as CodecFamily];
  if (hardware === "off") return software;
  const devices = deviceFamilies[codec as CodecFamily] ?? [];
  return hardware === "require" ? devices : [...devices, ...software];
}
