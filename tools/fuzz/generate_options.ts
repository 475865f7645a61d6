/**
 * Options of a case, by chance.
 *
 * @module
 */
import { encoderTraits } from "../../src/codecs/encoder_traits.ts";
import { rateModesOf } from "../../src/codecs/rate_modes.ts";
import type { Value } from "./case_types.ts";
import type { Catalog, KnownOption } from "./catalog.ts";
import { audioOption } from "./generate_audio.ts";
import { leftAlone } from "./dangers.ts";
import type { Random, Weighted } from "./random.ts";
import { specials } from "./special_values.ts";
import {
  chapterLists,
  oddChapters,
  oddMetadata,
  oddShapes,
  pixelShapes,
  tagKeys,
  tagValues,
} from "./tag_tables.ts";
import {
  backgrounds,
  colors,
  filters,
  oddBackgrounds,
  oddColors,
  oddFilters,
  oddFormats,
  oddOptions,
  oddOptionValues,
  words,
} from "./tables.ts";

/** What options are chosen for. */
export interface OptionContext {
  readonly random: Random;
  readonly catalog: Catalog;
  /** How probable it is that a choice makes no sense. */
  readonly oddness: number;
  /** The encoder that is probably used, and the muxer. */
  readonly encoder: string;
  readonly muxer: string;
  /** The size of the frames. */
  readonly size: readonly [width: number, height: number];
}

/** A value of an option, mostly one that it takes. */
function optionValue({ random, oddness }: OptionContext, { min, max, words: names }: KnownOption): Value {
  if (random.chance(oddness)) return random.pick(oddOptionValues);
  if (names.length > 0 && random.chance(0.8)) return (random.chance(0.2) ? "+" : "") + random.pick(names);
  if (min === max) return random.pick<Value>(["a", "1", "0", "a=1", "1:2", true, ""]);
  const low = Math.max(min, -1000);
  const high = Math.min(max, random.pick([2, 16, 100, 5000]));
  const kinds: Weighted<Value> = [
    [6, random.integer(Math.ceil(low), Math.max(Math.ceil(low), Math.floor(high)))],
    [1, min],
    [1, Math.min(max, 2 ** 31 - 1)],
    [1, low + random.fraction() * (high - low)],
    [1, random.chance(0.5)],
    [1, 0],
    [1, String(random.integer(0, 9))],
  ];
  return random.weighted(kinds);
}

/** A few options of an encoder or a muxer. */
function someOf(context: OptionContext, known: readonly KnownOption[]): Value {
  const { random, oddness } = context;
  const usable = known.filter(({ name }) => !Object.hasOwn(leftAlone, name));
  const chosen: Record<string, Value> = {};
  for (let count = random.integer(1, 3); count > 0; count--) {
    if (usable.length === 0 || random.chance(oddness / 2)) {
      const name = random.pick(["nosuch", "crff", "", "a\0b", "__proto__", "b:v"]);
      // An assignment would set the prototype on Bun alone.
      Object.defineProperty(chosen, name, { value: 1, enumerable: true, configurable: true, writable: true });
      continue;
    }
    // The object's own options stand before those of its class.
    const reach = random.chance(0.7) ? Math.min(usable.length, 40) : usable.length;
    const option = usable[random.integer(0, reach - 1)]!;
    chosen[option.name] = optionValue(context, option);
  }
  return chosen;
}

function bits(random: Random): Value {
  return random.pick<Value>([
    1,
    1000,
    64_000,
    800_000,
    4_000_000,
    1e9,
    2 ** 31,
    1e12,
    1e300,
    0.4,
    "800k",
    "4M",
    "1g",
  ]);
}

/** Bits per second: refused by encoders without such a mode, which is enough now and then. */
function rate(
  { random, encoder, oddness }: OptionContext,
  mode: "average" | "cappedQuality",
): Value | undefined {
  return rateModesOf(encoder)[mode] !== undefined || random.chance(oddness) ? bits(random) : undefined;
}

/** A palette, where there is one to choose. */
function palette({ random, muxer, oddness }: OptionContext): Value | undefined {
  if (muxer !== "gif" && !random.chance(oddness / 4)) return undefined;
  return random.chance(oddness) ? "web" : random.pick(["frame", "clip"]);
}

const twoPassEncoders: readonly string[] = ["libx264", "libx265", "libvpx-vp9", "libvpx", "libaom-av1"];

/** Encoders that take two passes; of others, now and then is enough. */
function takesPasses({ random, encoder, oddness }: OptionContext): boolean {
  return twoPassEncoders.includes(encoder) || random.chance(oddness / 4);
}

function passes(context: OptionContext): Value | undefined {
  const { random, oddness } = context;
  if (!takesPasses(context)) return undefined;
  return random.chance(oddness) ? random.pick<Value>([0, 3, "2", 1]) : 2;
}

function targetBytes(context: OptionContext): Value | undefined {
  const { random, oddness } = context;
  if (!takesPasses(context)) return undefined;
  return random.chance(oddness) ? random.pick<Value>([0, -1, 0.5, 1, "1M"]) : random.integer(2000, 200_000);
}

function latePolicy({ random, muxer, oddness }: OptionContext): Value | undefined {
  if (constantOnly.includes(muxer) && random.chance(0.9)) return "block";
  return random.chance(oddness) ? random.pick(["wait", ""]) : random.pick(["drop", "drop", "block"]);
}

function keyFrameInterval({ random, muxer, oddness }: OptionContext): Value | undefined {
  if (["gif", "webp", "apng"].includes(muxer) && !random.chance(oddness)) return undefined;
  return random.pick([1, 0.1, 2, 10, 1e-9, 1e300, 0.04]);
}

/** A quality: one that the encoder has, where it has any. */
function quality({ random, encoder, oddness }: OptionContext): Value | undefined {
  const { isLossless, levels, scale } = encoderTraits[encoder] ?? {};
  if (random.chance(oddness)) {
    return random.pick<Value>(["low", "medium", "lossless", 0, 50, -1, 1000, 2.5, "best"]);
  }
  if (isLossless) return "lossless";
  if (levels === undefined) return undefined;
  if (scale === undefined || random.chance(0.6)) return random.pick(Object.keys(levels));
  return random.integer(scale.min, scale.max);
}

/** A preset, a tuning or a profile: one that the encoder has, as far as that is known. */
function word({ random, encoder, oddness }: OptionContext, kind: keyof typeof words): Value | undefined {
  const { choices, profileFormats, presetOption } = encoderTraits[encoder] ?? {};
  const known = choices?.[kind] ?? (kind === "profile" ? Object.keys(profileFormats ?? {}) : []);
  if (random.chance(oddness)) return random.pick(words[kind]);
  if (known.length > 0) return random.pick(known);
  return kind === "preset" && presetOption !== undefined ? String(random.integer(4, 8)) : undefined;
}

type Maker = (context: OptionContext) => Value | undefined;

/** How each option is made, and how often it is given. */
const makers: Readonly<Record<string, readonly [probability: number, make: Maker]>> = {
  quality: [0.15, quality],
  bitrate: [0.06, (context) => rate(context, "average")],
  maxBitrate: [0.05, (context) => rate(context, "cappedQuality")],
  passes: [0.04, passes],
  targetBytes: [0.03, targetBytes],
  live: [0.05, ({ random, oddness }) => random.chance(oddness) ? "yes" : random.chance(0.9)],
  latePolicy: [0.06, latePolicy],
  keyFrameInterval: [0.1, keyFrameInterval],
  alpha: [
    0.1,
    ({ random, oddness }) => random.chance(oddness) ? "drop" : random.pick(["discard", "discard", "keep"]),
  ],
  palette: [0.3, palette],
  preset: [0.08, (context) => word(context, "preset")],
  tune: [0.06, (context) => word(context, "tune")],
  profile: [0.08, (context) => word(context, "profile")],
  pixelFormat: [0.12, pixelFormat],
  color: [0.15, ({ random, oddness }) => random.pick(random.chance(oddness) ? oddColors : colors)],
  oddSize: [0.12, ({ random }) => random.pick(["pad", "crop", "error"])],
  timing: [0.5, timing],
  audio: [0.5, audio],
  filter: [0.14, ({ random, oddness }) => random.pick<Value>(random.chance(oddness) ? oddFilters : filters)],
  background: [
    0.15,
    ({ random, oddness }) => random.pick<Value>(random.chance(oddness) ? oddBackgrounds : backgrounds),
  ],
  premultipliedAlpha: [0.06, ({ random }) => random.chance(0.8)],
  imageOrientation: [0.03, ({ random }) => random.pick(["from-image", "none"])],
  loop: [0.3, loop],
  metadata: [
    0.15,
    ({ random, oddness }) => random.chance(oddness) ? random.pick(oddMetadata) : metadata(random),
  ],
  chapters: [0.05, ({ random, oddness }) => random.pick(random.chance(oddness) ? oddChapters : chapterLists)],
  sampleAspectRatio: [
    0.12,
    ({ random, oddness }) => random.pick(random.chance(oddness) ? oddShapes : pixelShapes),
  ],
  fieldOrder: [0.03, ({ random }) => random.pick(["tff", "bff", "progressive"])],
  rotation: [0.03, ({ random }) => random.pick([0, 90, 180, 270])],
  crashSafe: [0.2, ({ random }) => random.chance(0.5)],
  encoderOptions: [0.1, (context) => someOf(context, context.catalog.encoderOptions(context.encoder))],
  formatOptions: [0.08, (context) => someOf(context, context.catalog.muxerOptions(context.muxer))],
};

/** A few tags, some of them that few containers have a place for. */
function metadata(random: Random): Value {
  const tags: Record<string, Value> = {};
  for (let count = random.integer(1, 3); count > 0; count--) {
    tags[random.pick(tagKeys)] = random.pick(tagValues);
  }
  return tags;
}

/** Containers that keep constant rates only: now and then is enough. */
const constantOnly: readonly string[] = ["avi", "mxf", "webp"];

function timing({ random, muxer }: OptionContext): Value | undefined {
  if (constantOnly.includes(muxer) && random.chance(0.9)) return undefined;
  return random.weighted([[10, "constant"], [70, "timestamps"], [20, "wallclock"]]);
}

/** Containers that say how often they are played. Others refuse the option: now and then is enough. */
const animations: readonly string[] = ["gif", "webp", "apng"];

function loop({ random, muxer, oddness }: OptionContext): Value | undefined {
  if (!animations.includes(muxer) && !random.chance(oddness / 5)) return undefined;
  return random.pick<Value>(random.chance(oddness) ? [-1, 0.5, 65536, "1", true] : [0, 1, 2, 65535]);
}

function audio({ random, catalog, muxer, oddness }: OptionContext): Value | undefined {
  const hasAudio = catalog.muxers.some(({ name, hasAudio }) => name === muxer && hasAudio);
  return hasAudio || random.chance(0.05) ? audioOption(random, oddness) : undefined;
}

function pixelFormat({ random, catalog, encoder, oddness }: OptionContext): Value {
  if (random.chance(oddness)) return random.pick(oddFormats);
  const taken = catalog.formatsOf(encoder);
  return taken.length > 0 && random.chance(0.9) ? random.pick(taken) : random.pick(catalog.pixelFormats);
}

/** Gives each option of a writer by chance. Frames need a size, which `resize` may leave to them. */
export function generateOptions(context: OptionContext): Record<string, Value> {
  const { random, oddness, size: [width, height] } = context;
  const options: Record<string, Value> = {};
  for (const [name, [probability, make]] of Object.entries(makers)) {
    if (!random.chance(probability)) continue;
    const value = random.chance(oddness / 5) ? { $: random.pick(specials) } : make(context);
    if (value !== undefined) options[name] = value;
  }
  if (random.chance(options["timing"] === "timestamps" ? 0.3 : oddness / 10)) {
    options["timestampOrigin"] = random.chance(oddness / 5)
      ? "last"
      : random.pick(["first", "first", "zero"]);
  }
  // Two passes are for a bit rate.
  if (options["passes"] === 2 && !random.chance(oddness)) options["bitrate"] ??= 200_000;
  if (options["targetBytes"] !== undefined && !random.chance(oddness)) {
    for (const name of ["bitrate", "maxBitrate", "quality", "passes"]) delete options[name];
  }
  // A constant bit rate, or a limit that is no lower.
  if (options["bitrate"] !== undefined && random.chance(0.3)) options["maxBitrate"] = options["bitrate"];
  // Both together are refused: now and then is enough.
  if (options["bitrate"] !== undefined && !random.chance(oddness)) delete options["quality"];
  if (random.chance(0.2)) options["resize"] = random.pick(["contain", "cover", "fill", "contain", "error"]);
  if (random.chance(0.15)) {
    options["width"] = random.chance(oddness) ? random.integer(-1, 400) : width;
    options["height"] = random.chance(oddness) ? random.integer(-1, 400) : height;
    if (random.chance(0.2)) delete options[random.pick(["width", "height"])];
  }
  if (random.chance(0.05)) options["onProgress"] = { $: random.chance(oddness / 2) ? "thrower" : "function" };
  if (random.chance(oddness / 4)) {
    const [name, value] = random.pick(oddOptions);
    Object.defineProperty(options, name, { value, enumerable: true, configurable: true, writable: true });
  }
  options["logLevel"] = random.chance(oddness / 4)
    ? random.pick(["error", "warning", "info", "debug", "loud"])
    : "quiet";
  return options;
}
