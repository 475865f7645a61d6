/**
 * Judges the pictures of a file: decoded by ffmpeg (or by libwebp's programs), in the stream's own pixel
 * format against the exact conversion, and as RGB against the patches that were given.
 *
 * @module
 */
import type { Case } from "./case_types.ts";
import { asTheyAre, decoderOptions, lines, run } from "./commands.ts";
import { Errors, insides } from "./measure.ts";
import { layoutOf, readIndex } from "./picture.ts";
import { componentSize, formatByName, pictureBytes, type PixelFormat, unpack } from "./pixel_formats.ts";
import { expectedFrame, givenFrame } from "./reference.ts";
import { decodeWebp } from "./webp.ts";

/** What was measured. */
export interface PictureVerdict {
  /** Frames that came out of the decoder. */
  readonly frames: number;
  /** One for each stored component, in code values. */
  readonly stored: readonly Errors[];
  /** Patches as R, G, B and alpha, in 255ths. */
  readonly rgb: readonly Errors[];
  readonly complaints: readonly string[];
}

interface Decoded {
  readonly bytes: Uint8Array;
  readonly complaints: readonly string[];
}

/** The way to RGB by the stream's tags, without libswscale's shortcuts. */
const toRgba = "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";

async function decode(path: string, test: Case, format: string, filter?: string): Promise<Decoded> {
  const ended = await run("ffmpeg", [
    ...["-v", "error", ...decoderOptions(test), "-i", path, "-map", "0:v:0", ...asTheyAre],
    ...(filter === undefined ? [] : ["-vf", filter]),
    ...["-f", "rawvideo", "-pix_fmt", format, "-"],
  ]);
  const complaints = lines(ended.stderr).map((line) => `decoder: ${line}`);
  if (ended.code !== 0) complaints.push(`the decoder ended with ${ended.code}`);
  return { bytes: ended.stdout, complaints };
}

async function decodeBoth(path: string, test: Case): Promise<{ own: Decoded; rgba: Decoded }> {
  if (test.extension === "webp") {
    const decoded = await decodeWebp(path, test.storedSize);
    return { own: decoded, rgba: { ...decoded, complaints: [] } };
  }
  const own = await decode(path, test, test.stored);
  return { own, rgba: test.stored === "rgba" ? own : await decode(path, test, "rgba", toRgba) };
}

function* frames(bytes: Uint8Array, format: PixelFormat, [width, height]: readonly [number, number]) {
  const size = pictureBytes(format, width, height);
  for (let start = 0; start + size <= bytes.length; start += size) {
    yield unpack(format, width, height, bytes.subarray(start, start + size));
  }
}

/** Compares every frame with what was given. */
export async function judgePictures(path: string, test: Case): Promise<PictureVerdict> {
  const { own, rgba } = await decodeBoth(path, test);
  const complaints = [...own.complaints, ...rgba.complaints];
  const format = formatByName(test.stored);
  const stored = format.components.map(() => new Errors());
  const rgb = Array.from({ length: format.hasAlpha ? 4 : 3 }, () => new Errors());
  const size = pictureBytes(format, ...test.storedSize);
  const count = own.bytes.length / size;
  if (!Number.isInteger(count)) complaints.push(`${own.bytes.length} bytes are no frames of ${size}`);
  if (Math.floor(count) !== test.frames) complaints.push(`${count} frames decoded instead of ${test.frames}`);
  const rgbaFrames = frames(rgba.bytes, formatByName("rgba"), test.storedSize);
  let index = 0;
  for (const actual of frames(own.bytes, format, test.storedSize)) {
    if (index >= test.frames) break;
    const shown = rgbaFrames.next().value ?? null;
    compareFrame(test, index, actual, shown, { stored, rgb, complaints });
    index++;
  }
  return {
    frames: Math.floor(count),
    stored,
    rgb,
    complaints: [...complaints, ...excesses(test, stored, rgb)],
  };
}

interface Results {
  readonly stored: readonly Errors[];
  readonly rgb: readonly Errors[];
  readonly complaints: string[];
}

type Components = ReturnType<typeof unpack>;

function compareFrame(
  test: Case,
  index: number,
  actual: Components,
  shown: Components | null,
  { stored, rgb, complaints }: Results,
): void {
  const format = formatByName(test.stored);
  const [width, height] = test.storedSize;
  const layout = layoutOf(...test.size);
  const found = readIndex(actual[0]!, layout, 2 ** format.bits / 2);
  if (found !== index) complaints.push(`frame ${index} shows the picture of frame ${found}`);
  const expected = expectedFrame(test, givenFrame(test, index), format);
  const mask = test.dropsHidden ? expected.rgba[3]! : null;
  for (const [channel, errors] of stored.entries()) {
    const size = componentSize(format, channel, width, height);
    const areas = expected.onlyPatches
      ? insides(layout, size.width < width ? format.shiftX : 0, size.height < height ? format.shiftY : 0)
      : [{ x: 0, y: 0, ...size }];
    const wanted = expected.components[channel]!;
    for (const area of areas) errors.addArea(actual[channel]!, wanted, area, mask);
  }
  if (shown === null) {
    complaints.push(`frame ${index} was not decoded to RGB`);
    return;
  }
  const [, , , alpha] = expected.rgba;
  for (const area of insides(layout, 0, 0)) {
    // What can't be seen has no colour to judge.
    const isVisible = alpha!.values[area.y * width + area.x]! > 0;
    for (const [channel, errors] of rgb.entries()) {
      if (isVisible || channel === 3) errors.addArea(shown[channel]!, expected.rgba[channel]!, area);
    }
  }
}

/** Says where errors are greater than the case allows. */
function excesses(
  { tolerance, stored: pixels }: Case,
  stored: readonly Errors[],
  rgb: readonly Errors[],
): string[] {
  const [worst, mean] = tolerance.stored;
  const complaints: string[] = [];
  const { hasAlpha } = formatByName(pixels);
  for (const [channel, errors] of stored.entries()) {
    const isAlpha = hasAlpha && channel === stored.length - 1;
    const most = isAlpha ? tolerance.alpha ?? worst : worst;
    if (errors.worst > most || errors.mean > mean || errors.count === 0) {
      complaints.push(
        `stored component ${channel}: worst ${errors.worst.toFixed(2)}, mean ${errors.mean.toFixed(3)}` +
          ` (at most ${most}, ${mean})`,
      );
    }
  }
  for (const [channel, errors] of rgb.entries()) {
    if (errors.worst > tolerance.rgb || errors.count === 0) {
      complaints.push(
        `${"RGBA"[channel]} of patches: worst ${errors.worst.toFixed(2)} (at most ${tolerance.rgb})`,
      );
    }
  }
  return complaints;
}
