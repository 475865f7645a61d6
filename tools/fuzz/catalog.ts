/**
 * What the loaded FFmpeg has: the names and the options that cases are made of.
 *
 * @module
 */
import { type Address, type Native, NULL } from "../../ffi/mod.ts";
import { Encoder, type EncoderInfo, encodersOf } from "../../src/libav/encoder.ts";
import { Muxer } from "../../src/libav/muxer.ts";
import { muxerByFileName, type MuxerInfo, muxers, muxerSupportsCodec } from "../../src/libav/muxer_info.ts";
import { encoderPixelFormats, pixelFormatNames } from "../../src/libav/pixel_format.ts";

/** An option of an encoder or a muxer. */
export interface KnownOption {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of values. */
  readonly words: readonly string[];
}

/** All that cases choose from. */
export interface Catalog {
  readonly encoders: readonly string[];
  readonly muxers: readonly {
    readonly name: string;
    readonly extension: string | null;
    readonly hasAudio: boolean;
  }[];
  readonly pixelFormats: readonly string[];
  /** Those of some extensions whose containers may take what an encoder makes. */
  readonly extensionsFor: (encoder: string, extensions: readonly string[]) => readonly string[];
  /** The pixel formats that an encoder takes; empty where it does not tell, or is not there. */
  readonly formatsOf: (encoder: string) => readonly string[];
  /** The options of an encoder, its own first. */
  readonly encoderOptions: (encoder: string) => readonly KnownOption[];
  /** The options of a muxer, its own first. */
  readonly muxerOptions: (muxer: string) => readonly KnownOption[];
}

/** AV_OPT_FLAG_ENCODING_PARAM, libavutil/opt.h. */
const encodingOption = 1;

/** The options of one object that concern writing. */
function optionsOf(native: Native, object: Address): KnownOption[] {
  if (object === NULL) return [];
  const { avutil, fields, memory } = native;
  const options: (KnownOption & { unit: string })[] = [];
  const words = new Map<string, string[]>();
  let option: Address = NULL;
  while ((option = avutil.av_opt_next(object, option)) !== NULL) {
    if ((fields.get(option, "AVOption", "flags") & encodingOption) === 0) continue;
    const name = memory.text(fields.get(option, "AVOption", "name")) ?? "";
    const unit = memory.text(fields.get(option, "AVOption", "unit")) ?? "";
    if (fields.get(option, "AVOption", "offset") === 0) {
      words.set(unit, [...words.get(unit) ?? [], name]);
      continue;
    }
    const min = fields.get(option, "AVOption", "min");
    const max = fields.get(option, "AVOption", "max");
    options.push({ name, min, max, unit, words: [] });
  }
  return options.map(({ unit, ...rest }) => ({ ...rest, words: unit === "" ? [] : words.get(unit) ?? [] }));
}

/** The options of a context, those of its private part first. */
function allOptionsOf(native: Native, context: Address): KnownOption[] {
  return [
    ...optionsOf(native, native.avutil.av_opt_child_next(context, NULL)),
    ...optionsOf(native, context),
  ];
}

function encoderOptionsOf(native: Native, info: EncoderInfo): KnownOption[] {
  using encoder = new Encoder(native, info);
  return allOptionsOf(native, encoder.address);
}

function muxerOptionsOf(native: Native, info: MuxerInfo): KnownOption[] {
  using muxer = new Muxer(native, info, "file:none");
  return allOptionsOf(native, muxer.address);
}

/** Remembers what a function found for each name. */
function remembered<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    if (!known.has(name)) known.set(name, find(name));
    return known.get(name)!;
  };
}

/** Reads the catalog of the loaded FFmpeg. */
export function readCatalog(native: Native): Catalog {
  const encoders = new Map(encodersOf(native, "video").map((info) => [info.name, info]));
  const formats = new Map(muxers(native).map((info) => [info.name, info]));
  return {
    encoders: [...encoders.keys()].sort(),
    muxers: [...formats.values()].map(({ name, extensions, audioCodecId }) => ({
      name,
      extension: extensions[0] ?? null,
      hasAudio: audioCodecId !== 0,
    })).sort((one, other) => one.name < other.name ? -1 : 1),
    pixelFormats: pixelFormatNames(native),
    extensionsFor: (name, extensions) =>
      extensions.filter((extension) => {
        const info = encoders.get(name);
        const muxer = muxerByFileName(native, `a.${extension}`);
        return info !== undefined && muxer !== null &&
          muxerSupportsCodec(native, muxer, info.codecId, "experimental") !== false;
      }),
    formatsOf: remembered((name) => {
      const info = encoders.get(name);
      const taken = info === undefined ? null : encoderPixelFormats(native, info.codec);
      return (taken ?? []).filter(({ isHardware }) => !isHardware).map((format) => format.name);
    }),
    encoderOptions: remembered((name) => {
      const info = encoders.get(name);
      return info === undefined ? [] : encoderOptionsOf(native, info);
    }),
    muxerOptions: remembered((name) => {
      const info = formats.get(name);
      return info === undefined ? [] : muxerOptionsOf(native, info);
    }),
  };
}
