/**
 * Makes the case of a seed.
 *
 * @module
 */
import { families as encodersOf } from "../../src/codecs/families.ts";
import { parseFrameRate } from "../../src/video/frame_rate.ts";
import type { FrameSpec, FuzzCase, Value } from "./case_types.ts";
import type { Catalog } from "./catalog.ts";
import { generateFrames, mostFrames } from "./generate_frames.ts";
import { generateOptions } from "./generate_options.ts";
import { Random } from "./random.ts";
import { revive } from "./special_values.ts";
import {
  endings,
  extremeSizes,
  families,
  fileNames,
  namedSizes,
  oddCodecs,
  oddFileNames,
  oddRates,
  rareRates,
  usualRates,
  widelyTaking,
} from "./tables.ts";

/** How probable it is in a case that each choice makes no sense: most are to come to a file. */
const oddnesses = [[60, 0], [25, 0.05], [15, 0.3]] as const;

/** Encoders that need a device. */
const hardware = /_(?:nvenc|qsv|vaapi|v4l2m2m|omx|amf|mf|vulkan|videotoolbox|mediacodec|d3d12va|rkmpp)$/;

/** A codec and a container, as the writer gets them. */
interface Target {
  readonly codec: Value;
  /** The encoder that is probably used. */
  readonly encoder: string;
  /** The extension of the file. */
  readonly extension: string;
  /** The option `format`. */
  readonly format?: string;
}

function chooseCodec(random: Random, catalog: Catalog): Target {
  if (random.chance(0.65) || catalog.encoders.length === 0) {
    const { codec, extensions } = random.weighted(families);
    const candidates = encodersOf[codec as keyof typeof encodersOf];
    const encoder = candidates.find((name) => catalog.encoders.includes(name)) ?? candidates[0]!;
    return { codec, encoder, extension: random.pick(extensions) };
  }
  const software = catalog.encoders.filter((name) => !hardware.test(name));
  const encoder = random.pick(software.length === 0 || random.chance(0.03) ? catalog.encoders : software);
  const extensions = catalog.extensionsFor(encoder, widelyTaking);
  return {
    codec: encoder,
    encoder,
    extension: random.pick(extensions.length > 0 ? extensions : widelyTaking),
  };
}

function chooseTarget(random: Random, catalog: Catalog, oddness: number): Target {
  const target = chooseCodec(random, catalog);
  const codec = random.chance(oddness / 4) ? random.pick(oddCodecs) : target.codec;
  if (random.chance(0.9)) return { ...target, codec };
  const { name, extension } = random.pick(catalog.muxers);
  if (extension !== null && random.chance(0.5)) return { ...target, codec, extension };
  return { ...target, codec, format: name };
}

function chooseSize(random: Random): readonly [width: number, height: number] {
  return random.weighted<() => readonly [width: number, height: number]>([
    [20, () => [random.integer(1, 16), random.integer(1, 16)]],
    [50, () => [random.integer(8, 96), random.integer(8, 96)]],
    [20, () => [16 * random.integer(1, 12), 2 * random.integer(4, 80)]],
    [6, () => [random.integer(90, 320), random.integer(60, 240)]],
    [6, () => random.pick(namedSizes)],
    [2, () => random.pick(extremeSizes)],
  ])();
}

function chooseRate(random: Random, oddness: number): Value {
  if (random.chance(oddness / 4)) return random.pick(oddRates);
  return random.pick(random.chance(0.85) ? usualRates : rareRates);
}

function chooseName(random: Random, oddness: number, extension: string): string {
  const name = random.chance(oddness / 4) ? random.pick(oddFileNames) : random.weighted(fileNames);
  return name.replaceAll("*", extension);
}

/** The muxer that an extension means, as far as the catalog tells. */
function muxerOf({ muxers }: Catalog, { extension, format }: Target): string {
  if (format !== undefined) return format;
  const names: Readonly<Record<string, string>> = { mkv: "matroska", ts: "mpegts", y4m: "yuv4mpegpipe" };
  const byName = names[extension] ?? extension;
  return (muxers.find(({ name }) => name === byName) ?? muxers.find((muxer) => muxer.extension === extension))
    ?.name ??
    "";
}

/**
 * Seconds of video of which filters may make frames of a constant rate: of years, they would make millions.
 */
const longestFiltered = 1000;

/** Seconds of constant rates beside which audio lies: of hours, the silence would be encoded. */
const longestWithAudio = 300;

/** The longest that frames are paced for, in seconds. */
const longestPaced = 1;

/** Has live frames come when they are written, unless their pace is a fast one. */
function settleLive(options: Record<string, Value>, frameSeconds: number): void {
  if (options["live"] !== true) return;
  const isPaced = options["timing"] === "constant" && frameSeconds * mostFrames <= longestPaced;
  if (!isPaced) options["timing"] = "wallclock";
}

/** How long the frames are shown, in seconds, as far as that is known. */
function lengthOf(frameSeconds: number, frames: readonly FrameSpec[]): number {
  const times = frames.map(({ timing }) =>
    Number((timing as { timestamp?: Value } | null | undefined)?.timestamp)
  ).filter(Number.isFinite);
  return Math.max(0, frames.length * frameSeconds, Math.max(0, ...times) - Math.min(Infinity, ...times));
}

/** Makes a chunk of so many frames of the case, mostly with options that go with it. */
function chunk(options: Record<string, Value>, frames: number, isOdd: boolean): void {
  options["chunk"] = { frames };
  if (isOdd) return;
  for (const name of ["audio", "timing", "timestampOrigin", "live", "latePolicy", "palette"]) {
    delete options[name];
  }
}

/** How long a frame is shown at a rate, in seconds; that of a usual one where it makes no sense. */
function frameSecondsOf(fps: Value): number {
  try {
    const { num, den } = parseFrameRate(revive(fps) as number);
    return den / num;
  } catch {
    return 0.04;
  }
}

/** The case of a seed. The same FFmpeg gives the same case. */
export function generateCase(seed: number, catalog: Catalog): FuzzCase {
  const random = new Random(seed);
  const oddness = random.weighted(oddnesses);
  const target = chooseTarget(random, catalog, oddness);
  const size = chooseSize(random);
  const muxer = muxerOf(catalog, target);
  const options = generateOptions({ random, catalog, oddness, encoder: target.encoder, muxer, size });
  if (target.format !== undefined) options["format"] = target.format;
  const fps = chooseRate(random, oddness);
  const frameSeconds = frameSecondsOf(fps);
  settleLive(options, frameSeconds);
  // At any rate, the last frame is shown for as long.
  const seconds = (options["timing"] ?? "constant") === "constant" ? frameSeconds * mostFrames : frameSeconds;
  if (seconds > longestWithAudio) delete options["audio"];
  const pattern = target.format === "image2" && random.chance(0.8);
  const { frames, audioAfter } = generateFrames({ random, catalog, oddness, size, options, frameSeconds });
  const name = pattern ? `frame%03d.${target.extension}` : chooseName(random, oddness, target.extension);
  const isFlood = /fps=/.test(String(options["filter"])) && lengthOf(frameSeconds, frames) > longestFiltered;
  if (isFlood) delete options["filter"];
  if (random.chance(0.03)) {
    chunk(options, frames.length + (random.chance(0.2) ? 1 : 0), random.chance(oddness));
  }
  return {
    seed,
    codec: target.codec,
    name,
    fps,
    options: random.chance(oddness / 30) ? random.pick<Value>([null, [], 5, "fast"]) : options,
    frames,
    ...(audioAfter === undefined ? {} : { audioAfter }),
    ...(random.chance(0.1) ? { isUnawaited: true } : {}),
    end: random.weighted(endings),
    ...(random.chance(0.25) ? { isThereBefore: true } : {}),
    ...(random.chance(0.05) ? { abortsAt: random.integer(-1, frames.length) } : {}),
  };
}
