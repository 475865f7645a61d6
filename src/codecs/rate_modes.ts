/**
 * How each encoder takes bits per second. Data only: numbers of bits in, AVOptions out.
 *
 * A limit is that of a player's buffer: what comes in at `maxBitrate` and is shown never leaves it empty. The
 * buffer holds one second.
 *
 * @module
 */
import { isDeviceEncoder } from "./device_encoders.ts";
import type { EncoderOptions } from "./encoder_traits.ts";

/** Bits per second. */
export interface Rates {
  readonly bitrate: number;
  readonly maxBitrate: number;
  /** Seconds per frame at the nominal rate. */
  readonly frameSeconds: number;
}

/** The rate control that an encoder has besides quality. A mode that is absent is refused. */
export interface RateModes {
  /** Bits per second on average. */
  readonly average?: (rates: Rates) => EncoderOptions;
  /** Bits per second on average, and the most; constant where both are the same. */
  readonly bounded?: (rates: Rates) => EncoderOptions;
  /**
   * A quality, but never more bits per second than `maxBitrate`. `bitrate` is the same; `scale` are the
   * options for the quality alone, `best` is its number.
   */
  readonly cappedQuality?: (rates: Rates, scale: EncoderOptions, best: number) => EncoderOptions;
  /** Bits per second on average in two passes, where that is another mode, which has no limit. */
  readonly inTwoPasses?: (rates: Rates) => EncoderOptions;
  /** Whether `cappedQuality` goes with a quality that other options set. */
  readonly capsAnyQuality?: true;
}

/** The most that a C `int` holds. */
const maxInt = 2 ** 31 - 1;
/** The seconds of a player's buffer. */
const bufferSeconds = 1;
/**
 * The buffer that libvpx and libaom are told, in seconds: they keep to it by and large only, and overrun it
 * by half in pictures of few pixels.
 */
const softBufferSeconds = 0.6;
/** Their buffer where there is no limit to keep. */
const averageBufferSeconds = 6;
/** libavcodec's MPEG encoders let the average be off by so many seconds' bits. */
const toleranceSeconds = 0.25;

const average = ({ bitrate }: Rates): EncoderOptions => ({ b: bitrate });

/** A player's buffer: one second, or one frame where that is longer. */
function buffer({ maxBitrate, frameSeconds }: Rates): EncoderOptions {
  const seconds = Math.max(bufferSeconds, frameSeconds);
  return { maxrate: maxBitrate, bufsize: Math.min(maxInt, Math.ceil(maxBitrate * seconds)) };
}

/** Encoders with a model of a player's buffer of their own. */
const buffered: RateModes = {
  average,
  bounded: (rates) => ({ ...average(rates), ...buffer(rates) }),
  cappedQuality: (rates, scale) => ({ ...scale, ...buffer(rates) }),
  capsAnyQuality: true,
};

/** libavcodec's MPEG encoders: ratecontrol.c. */
function mpegAverage({ bitrate, frameSeconds }: Rates): EncoderOptions {
  // It must hold two frames at least (mpegvideo_enc.c).
  const seconds = Math.max(toleranceSeconds, 2 * frameSeconds);
  return { b: bitrate, bt: Math.min(maxInt, Math.ceil(bitrate * seconds)) };
}

const mpeg: RateModes = {
  average: mpegAverage,
  bounded: (rates) => ({ ...mpegAverage(rates), ...buffer(rates) }),
  // A fixed quantizer knows no limit: it is the best one of a bit rate instead.
  cappedQuality: (rates, _scale, best) => ({
    ...mpegAverage(rates),
    ...buffer(rates),
    qmin: Math.max(1, Math.round(best)),
  }),
};

/**
 * libvpx's and libaom's mode for constant bit rates, which `minrate` selects. They keep a limit in no other
 * (`maxrate` by itself is heeded in the second of two passes), and come closest to an average in it, too:
 * libvpx-vp9's own takes 1.7 times as much as is asked for of real footage, libvpx's and libaom's 1.2.
 */
function googleConstant({ bitrate }: Rates, seconds: number): EncoderOptions {
  const bufsize = Math.min(maxInt, Math.ceil(bitrate * seconds));
  // Their own is four seconds, whatever the buffer.
  const occupancy = Math.ceil(bufsize / 2);
  return { b: bitrate, minrate: bitrate, maxrate: bitrate, bufsize, rc_init_occupancy: occupancy };
}

const google: RateModes = {
  average: (rates) => googleConstant(rates, averageBufferSeconds),
  bounded: (rates) => googleConstant(rates, softBufferSeconds),
  cappedQuality: (rates, _scale, best) => ({
    ...googleConstant(rates, softBufferSeconds),
    qmin: Math.round(best),
  }),
  inTwoPasses: average,
};

/** Without cyclic refresh, libvpx-vp9 and libaom are slow to heed their buffer where `qmin` is high. */
const cyclicRefresh: EncoderOptions = { "aq-mode": 3 };

const refreshing: RateModes = {
  ...google,
  bounded: (rates) => ({ ...google.bounded!(rates), ...cyclicRefresh }),
  cappedQuality: (...request) => ({ ...google.cappedQuality!(...request), ...cyclicRefresh }),
};

/**
 * SVT-AV1's mode for constant bit rates, without frames that refer to later ones. libavcodec selects it, too,
 * with `maxrate` equal to `b`, but SVT-AV1 1.4 then fails to open.
 */
const svtConstant = "rc=2:pred-struct=1:lookahead=0";

function svtBounded(rates: Rates): EncoderOptions {
  const { bufsize } = buffer({ ...rates, maxBitrate: rates.bitrate });
  return { b: rates.bitrate, bufsize: bufsize!, "svtav1-params": svtConstant };
}

const svt: RateModes = {
  average,
  bounded: svtBounded,
  cappedQuality: (rates, _scale, best) => ({
    ...svtBounded(rates),
    "svtav1-params": `${svtConstant}:min-qp=${Math.max(1, Math.round(best))}`,
  }),
};

/** A quality of these interfaces is a quantizer, which knows no limit. */
const uncapped: RateModes = { average, bounded: buffered.bounded! };
const withoutCap = /_(qsv|vaapi)$/;

const averageOnly: RateModes = { average };
const none: RateModes = {};

/** By the encoder's name. */
const rateModes: Readonly<Record<string, RateModes>> = {
  libx264: buffered,
  libx264rgb: buffered,
  libx265: buffered,
  libsvtav1: svt,
  "libaom-av1": refreshing,
  librav1e: averageOnly,
  "libvpx-vp9": refreshing,
  libvpx: google,
  libopenh264: { average: (rates) => ({ ...average(rates), rc_mode: "bitrate" }) },
  libkvazaar: averageOnly,
  // In one pass it has no limit.
  libxvid: averageOnly,
  libtheora: averageOnly,
  mpeg4: mpeg,
  mpeg1video: mpeg,
  mpeg2video: mpeg,
  flv: mpeg,
  h263: mpeg,
  h263p: mpeg,
  msmpeg4: mpeg,
  msmpeg4v2: mpeg,
  wmv1: mpeg,
  wmv2: mpeg,
  mjpeg: mpeg,
  // The profile dnxhd has a few bit rates for each size.
  dnxhd: averageOnly,
};

/** Encoders that make the same of any number of bits per second, as was measured with FFmpeg 5.1. */
const withoutRates: readonly string[] = (`a64multi a64multi5 alias_pix amv apng asv1 asv2 avrp avui ayuv
   bitpacked bmp cfhd cinepak cljr dpx dvvideo exr ffv1 ffvhuff
   fits flashsv flashsv2 gif hap huffyuv jpeg2000 jpegls libjxl libjxl_anim
   libopenjpeg libwebp libwebp_anim ljpeg magicyuv msrle msvideo1 pam pbm pcx
   pfm pgm pgmyuv phm png ppm prores prores_aw prores_ks qoi
   qtrle r10k r210 rawvideo rpza sgi smc sunrast svq1 targa
   tiff utvideo v210 v308 v408 v410 vbn vnull wbmp wrapped_avframe
   xbm xface xwd y41p yuv4 zlib zmbv`)
  .split(/\s+/);

/** The rate control of an encoder. */
export function rateModesOf(encoder: string): RateModes {
  if (Object.hasOwn(rateModes, encoder)) return rateModes[encoder]!;
  if (withoutRates.includes(encoder)) return none;
  if (!isDeviceEncoder(encoder)) return averageOnly;
  return withoutCap.test(encoder) ? uncapped : buffered;
}
