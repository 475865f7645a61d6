/**
 * Chooses the encoder of a track, and opens it.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { AvError, EncoderNotFoundError, UnsupportedError } from "../errors.ts";
import {
  type AudioFormat,
  type ChannelLayout,
  type SampleFormat,
  sampleFormatByName,
} from "../libav/audio_frame.ts";
import { Encoder, encoderByName, type EncoderInfo, encodersOf } from "../libav/encoder.ts";
import { quietly } from "../libav/log.ts";
import { supportedNumbers } from "../libav/supported.ts";
import { didYouMean } from "../nearest.ts";
import { familyOfCodecString } from "../other_names.ts";
import { shown } from "../shown.ts";
import { audioCandidates, audioFamilies, defaultAudioCodec } from "./audio_families.ts";
import type { CheckedAudioOptions } from "./audio_options.ts";
import { defaultLayout, largerLayouts, layoutInCodec, similarLayouts } from "./channels.ts";

/** Sample formats that encoders get where they take them, best first. */
const preferredSampleFormats: readonly string[] = "fltp flt s16 s16p s32 s32p dbl dblp u8 u8p s64 s64p".split(
  " ",
);

/** An open audio encoder, and what it takes. */
export interface OpenAudioEncoder {
  readonly encoder: Encoder;
  readonly shape: AudioFormat;
}

/** What a track is like unless options say otherwise. */
export interface AudioDefaults extends Pick<AudioFormat, "sampleRate" | "layout"> {
  /** The sample format that comes in, by libavutil's name; `null`: not known yet. */
  readonly sampleFormat: string | null;
  /** Whether samples with these channels come in, so that the encoder must take as many. */
  readonly isGiven: boolean;
}

/** What an audio encoder is opened for. */
export interface AudioEncoderRequest {
  readonly options: CheckedAudioOptions;
  /** The format of the output unless another one is requested, or the encoder does not take it. */
  readonly defaults: AudioDefaults;
  /** The container's name. */
  readonly container: string;
  /** Whether codec headers go into the container's header. */
  readonly globalHeader: boolean;
  /** Throws where the container does not support an encoder's codec. */
  readonly requireUsable: (encoder: EncoderInfo) => void;
}

/** Opens the first candidate for a track. */
export function openAudioEncoder(native: Native, request: AudioEncoderRequest): OpenAudioEncoder {
  const { options, container } = request;
  const codec = options.codec ?? defaultAudioCodec(container);
  const missing: string[] = [];
  for (const name of audioCandidates(codec, container, options.sampleFormat)) {
    const info = encoderByName(native, name, "audio");
    if (info === null) {
      missing.push(name);
      continue;
    }
    request.requireUsable(info);
    return openAs(native, info, request);
  }
  throw notFound(native, codec, missing);
}

function notFound(native: Native, codec: string, missing: readonly string[]): EncoderNotFoundError {
  const details = { code: "ENCODER_NOT_FOUND", operation: `find an encoder for ${codec}` };
  if (audioFamilies.includes(codec)) {
    return new EncoderNotFoundError(
      `Cannot encode ${codec}: FFmpeg ${native.version} was built without ${missing.join(" and ")}`,
      { ...details, hint: `Use an FFmpeg built with ${missing.join(" or ")}, or another codec` },
    );
  }
  const known = [...audioFamilies, ...encodersOf(native, "audio").map(({ name }) => name)];
  const family = familyOfCodecString(codec);
  return new EncoderNotFoundError(
    `Cannot encode ${
      shown(codec)
    }: it is neither a family of audio codecs nor an audio encoder of FFmpeg ${native.version}`,
    {
      ...details,
      hint: (family === null ? didYouMean(codec, known) : `Did you mean ${shown(family)}?`) ??
        `Families: ${audioFamilies.join(", ")}`,
    },
  );
}

/** The name of a sample format without regard to planes. */
const plain = (name: string): string => name.replace(/p$/, "");

/**
 * The best of the formats that an encoder takes. One without floats keeps the bits that come in, which may be
 * more than 16.
 */
function bestFormat(taken: readonly SampleFormat[], incoming: string | null): SampleFormat | undefined {
  const [best] = taken;
  const isShort = incoming !== null && ["u8", "s16"].includes(plain(incoming));
  if (best === undefined || isShort || plain(best.name) !== "s16") return best;
  return taken.find(({ name }) => plain(name) === "s32") ?? best;
}

function chooseFormat(
  native: Native,
  info: EncoderInfo,
  wanted: string | undefined,
  incoming: string | null,
): SampleFormat {
  const numbers = supportedNumbers(native, info.codec, "sample_fmts");
  const all = preferredSampleFormats.map((name) => sampleFormatByName(native, name)!);
  const taken = numbers === null ? all : all.filter(({ id }) => numbers.includes(id));
  const found = wanted === undefined
    ? bestFormat(taken, incoming)
    : taken.find(({ name }) => name === wanted) ?? taken.find(({ name }) => plain(name) === plain(wanted));
  if (found !== undefined) return found;
  throw new UnsupportedError(
    `Cannot encode with ${info.name} from sampleFormat ${shown(wanted)}: the encoder does not take it`,
    {
      code: "SAMPLE_FORMAT",
      operation: `choose the sample format for ${info.name}`,
      hint: `It takes ${[...new Set(taken.map(({ name }) => plain(name)))].join(", ")}`,
    },
  );
}

/** The requested rate, or the nearest that the encoder takes: a higher one if possible. */
function chooseRate(
  native: Native,
  info: EncoderInfo,
  wanted: number | undefined,
  defaultRate: number,
): number {
  const rates = supportedNumbers(native, info.codec, "supported_samplerates")?.sort((a, b) => a - b) ?? null;
  const rate = wanted ?? defaultRate;
  if (rates === null || rates.includes(rate)) return rate;
  if (wanted === undefined) return rates.find((other) => other > rate) ?? rates.at(-1)!;
  throw new UnsupportedError(
    `Cannot encode with ${info.name} at the sampleRate ${wanted}: the encoder does not take it`,
    {
      code: "SAMPLE_RATE",
      operation: `choose the sample rate for ${info.name}`,
      hint: `It takes ${rates.join(", ")}; samples of every rate are converted to it`,
    },
  );
}

/** Opens an encoder with the first layout that it takes, and that has a place for each channel. */
function openAs(native: Native, info: EncoderInfo, request: AudioEncoderRequest): OpenAudioEncoder {
  const { options, defaults } = request;
  const format = chooseFormat(native, info, options.sampleFormat, defaults.sampleFormat);
  const sampleRate = chooseRate(native, info, options.sampleRate, defaults.sampleRate);
  const openWith = (layout: ChannelLayout): OpenAudioEncoder => {
    const shape = { format, layout, sampleRate };
    return { encoder: open(native, info, shape, request), shape };
  };
  const requested = options.layout && layoutInCodec(info.codecName, options.layout);
  const layout = layoutInCodec(info.codecName, defaults.layout);
  const choices = candidateLayouts(requested, { ...defaults, layout });
  // libavcodec would print why each one is refused.
  const taken = quietly(native, () => choices.find((layout) => canOpen(() => openWith(layout))));
  return openWith(taken ?? choices[0]);
}

/** The layouts to try. Where nobody has said how many channels there are, they may be fewer. */
function candidateLayouts(
  requested: ChannelLayout | null,
  { layout, isGiven }: AudioDefaults,
): readonly [ChannelLayout, ...ChannelLayout[]] {
  if (requested !== null) return [requested, ...similarLayouts(requested)];
  return isGiven ? [layout, ...similarLayouts(layout), ...largerLayouts(layout)] : [layout, defaultLayout(1)];
}

function canOpen(openEncoder: () => OpenAudioEncoder): boolean {
  try {
    openEncoder().encoder[Symbol.dispose]();
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

function open(
  native: Native,
  info: EncoderInfo,
  shape: AudioFormat,
  { options, container, globalHeader }: AudioEncoderRequest,
): Encoder {
  const encoder = new Encoder(native, info);
  try {
    const table = encoder.options;
    encoder.audio = shape;
    table.setField("time_base", `1/${shape.sampleRate}`);
    if (options.bitrate !== undefined) table.set("b", options.bitrate);
    if (globalHeader) table.setField("flags", "+global_header");
    // The first packet is left out there, of which no later one may have a part.
    if (container === "avi" && info.name === "libmp3lame") table.set("reservoir", 0);
    table.setAll(options.encoderOptions ?? {});
    encoder.open();
    return encoder;
  } catch (cause) {
    encoder[Symbol.dispose]();
    if (!(cause instanceof AvError) || cause.operation !== `open encoder ${info.name}`) throw cause;
    const { format, layout, sampleRate } = shape;
    throw new UnsupportedError(
      `Cannot open encoder ${info.name} for ${layout.name} at ${sampleRate} Hz from ${format.name}: ${cause.message}`,
      {
        code: cause.code,
        operation: cause.operation,
        hint:
          'The encoder prints details to stderr at every logLevel except "quiet"; check channels, layout, sampleRate and bitrate',
        cause,
      },
    );
  }
}
