/**
 * What avwriter knows of each encoder: its quality scale, the pixel formats that play everywhere, and good
 * defaults. Data only.
 *
 * The quality levels were chosen on real footage (480x270, 29.97 fps): "medium" keeps 43 dB PSNR or more with
 * every encoder.
 *
 * @module
 */
import type { OptionValue } from "../libav/options.ts";
import type { HdrSyntax } from "../video/hdr.ts";

/** Options of an encoder, by AVOption name. */
export type EncoderOptions = Readonly<Record<string, OptionValue>>;

/** The names of the quality levels. */
export type QualityLevel = "low" | "medium" | "high" | "lossless";

/** How an encoder takes quality as a number. */
export interface QualityScale {
  /** The AVOption for it. */
  readonly option: string;
  /** The ends of the encoder's scale. */
  readonly min: number;
  readonly max: number;
  /** Whether higher numbers are better; absent: lower ones are. */
  readonly isHigherBetter?: true;
  /** The factor between the number and the option's value. */
  readonly factor?: number;
  /** Options that make the encoder use it. */
  readonly with?: EncoderOptions;
}

/** What is known of an encoder. Every field is optional: without it the encoder's own defaults apply. */
export interface EncoderTraits {
  /** Preferred pixel formats for 8-bit input, best first. Absent: the least lossy one. */
  readonly formats?: readonly string[];
  /** Preferred pixel formats for input of more than 8 bits. */
  readonly deepFormats?: readonly string[];
  /** Preferred pixel formats for input with alpha, in these containers. */
  readonly alpha?: {
    readonly formats: readonly string[];
    readonly containers: readonly string[];
    /** Whether alpha takes much time even where everything is opaque. */
    readonly isCostly?: true;
    /** Options that go with these formats. */
    readonly options?: EncoderOptions;
  };
  /** Pixel formats that it lists, but takes only with `strict` set to experimental. */
  readonly experimental?: readonly ("float" | "bayer")[];
  /** The encoder is lossless and has no quality to choose. */
  readonly isLossless?: true;
  /** The scale of numbers as quality. */
  readonly scale?: QualityScale;
  /** Quality by name: a number on the scale, or options. */
  readonly levels?: Readonly<Partial<Record<QualityLevel, number | EncoderOptions>>>;
  /** Pixel formats that a `profile` means, where it means any. */
  readonly profileFormats?: Readonly<Record<string, { readonly opaque: string; readonly alpha?: string }>>;
  /** Options that suit everyone, unless set otherwise. */
  readonly defaults?: EncoderOptions;
  /**
   * Frames per second that it is told at least: its headers count seconds one by one, and slower ones are
   * damaged (libxvid below 1/10) or end the process (libxvid at 1/65535). The times of frames are the
   * container's.
   */
  readonly minRate?: number;
  /** Pixels that each side must have: smaller pictures overrun its buffers, and end the process. */
  readonly minSide?: number;
  /** Options for pictures narrower than a number of pixels. */
  readonly narrow?: { readonly below: number; readonly options: EncoderOptions };
  /** The AVOption for `preset`, where it has another name. */
  readonly presetOption?: string;
  /** Values of `preset`, `tune` and `profile`, where libavcodec has no list of them. */
  readonly choices?: Readonly<Partial<Record<"preset" | "tune" | "profile", readonly string[]>>>;
  /** The encoder's lookahead in frames, where an option limits it. */
  readonly lookahead?: {
    /** The option, or a key in an option of `key=value` pairs. */
    readonly option: string;
    readonly key?: string;
    /** The default number of frames, and presets with another number. */
    readonly frames: number;
    readonly presets?: Readonly<Record<string, number>>;
    /** Frames that it holds besides: reordered ones, and those that its threads work on. */
    readonly others: number;
    /** Each of its threads holds another one. */
    readonly holdsPerThread?: true;
  };
  /** Set where it may open for a few sizes only: what it takes. */
  readonly fewSizes?: string;
  /** It takes odd sizes even in pixel formats with subsampled chroma. */
  readonly takesOddSizes?: true;
  /** The longest side, where the encoder opens for longer ones but fails at the first frame. */
  readonly longestSide?: number;
  /** The least bits per second, where the encoder opens for fewer, but leaves out all frames. */
  readonly leastBitrate?: number;
  /** The minimum width: narrower pictures are padded, as they would lose their colours. */
  readonly minWidth?: number;
  /** JPEG's full range: its luma has no other. */
  readonly isFullRange?: true;
  /**
   * The luma-chroma matrices that decoders of its codec assume, whatever a stream says. The first is the
   * default.
   */
  readonly onlyMatrices?: readonly string[];
  /** How it takes HDR metadata to write into the stream, where it can. */
  readonly hdrSyntax?: HdrSyntax;
  /**
   * Where it is said that chroma lies at the centre of the pixels that share it: in the stream, or only in a
   * container that has a place for it. Absent: the codec's standard leaves no choice, or nothing is known of
   * the encoder.
   */
  readonly chromaLocation?: "stream" | "container";
  /** The library prints to stderr by itself, at levels of its own. */
  readonly ownLog?: "x265" | "svt";
}

const compatibleFormats = ["yuv420p"] as const;
const deepYuv = ["yuv420p10le", "yuv420p12le"] as const;
const webm = { formats: ["yuva420p"], containers: ["webm", "matroska"], isCostly: true } as const;

const x26xPresets = [
  "ultrafast",
  "superfast",
  "veryfast",
  "faster",
  "fast",
  "medium",
  "slow",
  "slower",
  "veryslow",
  "placebo",
] as const;

/** FF_QP2LAMBDA, libavutil/avutil.h: libavcodec keeps a quantizer in these units. */
const lambdaPerQuantizer = 118;

/** The native MPEG family of libavcodec: a fixed quantizer from 1 to 31. */
const quantizer: QualityScale = {
  option: "global_quality",
  min: 1,
  max: 31,
  factor: lambdaPerQuantizer,
  with: { flags: "+qscale" },
};

const mpegTraits: EncoderTraits = {
  formats: compatibleFormats,
  scale: quantizer,
  levels: { low: 8, medium: 3, high: 2 },
  takesOddSizes: true,
};

/** BT.601, which JPEG (JFIF 1.02), VP8 (RFC 6386, 9.2) and WebP (RFC 9649) are in. */
export const onlyBt601 = ["smpte170m", "bt470bg"] as const;

const webpTraits: EncoderTraits = {
  formats: compatibleFormats,
  alpha: { formats: ["bgra"], containers: ["webp", "image2"] },
  scale: { option: "quality", min: 0, max: 100, isHigherBetter: true },
  levels: { low: 60, medium: 85, high: 95, lossless: { lossless: 1, quality: 75 } },
  takesOddSizes: true,
  // Fourteen bits (RFC 9649).
  longestSide: 16383,
  onlyMatrices: onlyBt601,
};

const proRes444 = { opaque: "yuv444p10le", alpha: "yuva444p10le" } as const;

const losslessTraits: EncoderTraits = { isLossless: true, takesOddSizes: true };

/** Traits by encoder name. Other encoders work too, with libavcodec's defaults. */
export const encoderTraits: Readonly<Record<string, EncoderTraits>> = {
  libx264: {
    formats: compatibleFormats,
    scale: { option: "crf", min: 0, max: 51 },
    levels: { low: 28, medium: 20, high: 16, lossless: { qp: 0 } },
    choices: {
      preset: x26xPresets,
      tune: ["film", "animation", "grain", "stillimage", "psnr", "ssim", "fastdecode", "zerolatency"],
      profile: ["baseline", "main", "high", "high10", "high422", "high444"],
    },
    lookahead: {
      option: "rc-lookahead",
      frames: 40,
      presets: {
        ultrafast: 0,
        superfast: 0,
        veryfast: 10,
        faster: 20,
        fast: 30,
        slow: 50,
        slower: 60,
        veryslow: 60,
        placebo: 60,
      },
      others: 5,
      holdsPerThread: true,
    },
    chromaLocation: "stream",
  },
  libx264rgb: {
    scale: { option: "crf", min: 0, max: 51 },
    levels: { low: 28, medium: 20, high: 16, lossless: { qp: 0 } },
    choices: { preset: x26xPresets },
    takesOddSizes: true,
  },
  libx265: {
    formats: compatibleFormats,
    deepFormats: deepYuv,
    scale: { option: "crf", min: 0, max: 51 },
    levels: { low: 30, medium: 22, high: 18, lossless: { "x265-params": "lossless=1" } },
    // Key frames that are asked for would not be ones that a player can begin with.
    defaults: { "forced-idr": true },
    // Its vector code for cutree writes beyond the end of rows of less than four blocks of 16 pixels (3.5).
    narrow: { below: 49, options: { "x265-params": "cutree=0" } },
    choices: {
      preset: x26xPresets,
      tune: ["psnr", "ssim", "grain", "zerolatency", "fastdecode", "animation"],
    },
    // "ultrafast" looks 5 frames ahead, the slow ones 25 to 60; it wants at least one frame more than it
    // reorders.
    lookahead: { option: "x265-params", key: "rc-lookahead", frames: 20, others: 8 },
    hdrSyntax: "x265",
    chromaLocation: "stream",
    ownLog: "x265",
  },
  libsvtav1: {
    // SVT-AV1 before 3.0 says so; 4.2 writes beyond its memory for 8x8 and less.
    minSide: 64,
    formats: compatibleFormats,
    deepFormats: deepYuv,
    scale: { option: "crf", min: 1, max: 63 },
    levels: { low: 45, medium: 30, high: 20 },
    defaults: { preset: 8 },
    hdrSyntax: "svtav1",
    // AV1 has no code for the centre (chroma_sample_position, AV1 specification, 6.4.2).
    chromaLocation: "container",
    ownLog: "svt",
  },
  "libaom-av1": {
    formats: compatibleFormats,
    deepFormats: deepYuv,
    scale: { option: "crf", min: 0, max: 63, with: { b: 0 } },
    levels: { low: 42, medium: 28, high: 20, lossless: { crf: 0, b: 0, qmin: 0, qmax: 0 } },
    defaults: { "cpu-used": 6, "row-mt": true },
    chromaLocation: "container",
    presetOption: "cpu-used",
    lookahead: { option: "lag-in-frames", frames: 35, others: 0 },
    takesOddSizes: true,
  },
  librav1e: {
    formats: compatibleFormats,
    deepFormats: deepYuv,
    scale: { option: "qp", min: 0, max: 255 },
    levels: { low: 140, medium: 80, high: 60 },
    defaults: { speed: 8 },
    chromaLocation: "container",
    presetOption: "speed",
  },
  "libvpx-vp9": {
    formats: compatibleFormats,
    deepFormats: deepYuv,
    alpha: webm,
    scale: { option: "crf", min: 0, max: 63, with: { b: 0 } },
    levels: { low: 40, medium: 28, high: 20, lossless: { lossless: 1 } },
    defaults: { deadline: "good", "cpu-used": 4, "row-mt": true },
    chromaLocation: "container",
    presetOption: "cpu-used",
    lookahead: { option: "lag-in-frames", frames: 25, others: 0 },
    takesOddSizes: true,
    // As Debian builds it (--size-limit).
    longestSide: 16384,
  },
  libvpx: {
    formats: compatibleFormats,
    // libvpx keeps no alternate reference frames beside alpha.
    alpha: { ...webm, options: { "auto-alt-ref": 0 } },
    // VP8 heeds its constrained quality only under a bit rate to constrain: one that it never reaches.
    scale: { option: "crf", min: 4, max: 63, with: { b: 1_000_000_000 } },
    levels: { low: 24, medium: 12, high: 4 },
    defaults: { deadline: "good", "cpu-used": 4 },
    chromaLocation: "container",
    presetOption: "cpu-used",
    takesOddSizes: true,
    // It counts in kilobits, rounded.
    leastBitrate: 500,
    onlyMatrices: onlyBt601,
  },
  // Sides of thirteen bits (ISO/IEC 14496-2, 6.2.3).
  mpeg4: { ...mpegTraits, minRate: 1, longestSide: 8191 },
  libxvid: { ...mpegTraits, minRate: 1, longestSide: 8191 },
  mpeg1video: mpegTraits,
  mpeg2video: mpegTraits,
  flv: mpegTraits,
  h263p: mpegTraits,
  msmpeg4: mpegTraits,
  msmpeg4v2: mpegTraits,
  wmv1: mpegTraits,
  wmv2: mpegTraits,
  libtheora: {
    formats: compatibleFormats,
    scale: { ...quantizer, min: 0, max: 10, isHigherBetter: true },
    levels: { low: 5, medium: 8, high: 10 },
    takesOddSizes: true,
  },
  mjpeg: {
    formats: ["yuvj420p", "yuv420p"],
    scale: quantizer,
    levels: { low: 8, medium: 3, high: 2 },
    takesOddSizes: true,
    isFullRange: true,
    onlyMatrices: onlyBt601,
  },
  prores_ks: {
    formats: ["yuv422p10le"],
    levels: { low: { profile: "lt" }, medium: { profile: "standard" }, high: { profile: "hq" } },
    profileFormats: { "4444": proRes444, "4": proRes444, "4444xq": proRes444, "5": proRes444 },
    scale: quantizer,
    minWidth: 2,
  },
  prores_aw: {
    formats: ["yuv422p10le"],
    // It has no names for its profiles: 1 is LT, 2 standard, 3 HQ (proresenc_anatoliy.c).
    levels: { low: { profile: 1 }, medium: { profile: 2 }, high: { profile: 3 } },
  },
  dnxhd: {
    formats: ["yuv422p"],
    fewSizes:
      "With bitrate, dnxhd takes 1280x720, 1440x1080 and 1920x1080 at a few rates only, such as 120M; without it, any size of progressive frames",
    profileFormats: { dnxhr_hqx: { opaque: "yuv422p10le" }, dnxhr_444: { opaque: "yuv444p10le" } },
    // What its streams are in unless they say otherwise (SMPTE ST 2019-1), which libavcodec's encoder does
    // not write.
    onlyMatrices: ["bt709"],
    levels: { low: { profile: "dnxhr_lb" }, medium: { profile: "dnxhr_sq" }, high: { profile: "dnxhr_hq" } },
  },
  libwebp_anim: webpTraits,
  libwebp: webpTraits,
  flashsv: { minSide: 2, takesOddSizes: true },
  rpza: { minSide: 4, takesOddSizes: true },
  gif: { formats: ["pal8"], isLossless: true, takesOddSizes: true },
  ffv1: { ...losslessTraits, experimental: ["float", "bayer"] },
  huffyuv: losslessTraits,
  ffvhuff: losslessTraits,
  utvideo: losslessTraits,
  png: losslessTraits,
  apng: losslessTraits,
  qtrle: losslessTraits,
  rawvideo: losslessTraits,
  wrapped_avframe: losslessTraits,
};
