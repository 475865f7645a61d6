/**
 * Judges what Chromium shows of a file: duration, size, the frame at a time, and the patches' colours, both
 * as its decoder gives them and as they are drawn on a canvas.
 *
 * @module
 */
import type { Case } from "./case_types.ts";
import { browse, type BrowserFrame, type BrowserJob, type BrowserReport } from "./chromium.ts";
import { toRgb, type Triple, yuvCoding } from "./color_math.ts";
import { containerFacts, timeError } from "./containers.ts";
import { type Area, interior, layoutOf } from "./picture.ts";
import { formatByName } from "./pixel_formats.ts";
import { expectedFrame, givenFrame } from "./reference.ts";

/** What was measured. */
export interface BrowserVerdict {
  /**
   * The worst error of a patch, in 255ths: of the decoder's samples, converted exactly by the colour that
   * Chromium tells.
   */
  readonly decoded: number;
  /** The same of what is drawn. */
  readonly drawn: number;
  readonly complaints: readonly string[];
}

/** Types of files that Chromium shows. */
const types: Readonly<Record<string, string>> = {
  mp4: "video/mp4",
  mov: "video/mp4",
  webm: "video/webm",
  gif: "image/gif",
  webp: "image/webp",
  apng: "image/png",
};

/**
 * How far drawn pixels may be off, where Chromium's own arithmetic is to blame (measured with Chromium 156 on
 * x86-64).
 */
const drawnErrors: Readonly<Record<string, { readonly atMost: number; readonly why: string }>> = {
  smpte170m: {
    atMost: 3,
    why: "libyuv on x86 takes 128/64 for BT.601's blue factor of 129/64: 2 at full blue",
  },
  bt709: {
    atMost: 15,
    why:
      "libyuv on x86 takes 128/64 for BT.709's blue factor of 135/64: 12 at full blue, 15 where it has 10 bits",
  },
  bt2020nc: { atMost: Infinity, why: "Chromium takes what is drawn from BT.2020's primaries to sRGB's" },
};

/** Names of WebCodecs for ffprobe's. A colour that it has no name for is absent. */
const colorNames: Readonly<Record<string, string | null>> = {
  bt2020nc: "bt2020-ncl",
  "bt2020-10": null,
  gbr: "rgb",
  smpte2084: "pq",
  "arib-std-b67": "hlg",
};

/** The frames that are looked at. */
function indices({ frames }: Case): number[] {
  return [...new Set([0, Math.floor(frames * 2 / 3), frames - 1])];
}

function areasOf({ size }: Case): Area[] {
  const layout = layoutOf(...size);
  return [...layout.patches, ...layout.bits].map(interior);
}

/** The middle of a frame's time. */
function middle({ expectedTimes, expectedSeconds }: Case, index: number): number {
  return (expectedTimes[index]! + (expectedTimes[index + 1] ?? expectedSeconds)) / 2;
}

function jobOf(name: string, test: Case): BrowserJob {
  const [width, height] = test.storedSize;
  return {
    url: `/${name}`,
    type: types[test.extension]!,
    kind: test.browser!,
    ...{ width, height },
    areas: areasOf(test),
    seeks: indices(test).slice(1).map((index) => middle(test, index)),
  };
}

/** Shows files, by name in a folder, and judges each. */
export async function judgeInChromium(
  folder: string,
  files: ReadonlyMap<string, Case>,
): Promise<ReadonlyMap<string, BrowserVerdict>> {
  const jobs = [...files].map(([name, test]) => jobOf(name, test));
  const reports = await browse(folder, jobs).catch((error: unknown) => String(error));
  const verdicts = new Map<string, BrowserVerdict>();
  for (const [name, test] of files) {
    const report = typeof reports === "string" ? undefined : reports.find(({ url }) => url === `/${name}`);
    const missing = typeof reports === "string" ? reports : "the page ended without it";
    const error = report === undefined ? missing : report.error;
    verdicts.set(
      name,
      error === undefined
        ? judgeReport(report!, test)
        : { decoded: NaN, drawn: NaN, complaints: [`Chromium: ${error}`] },
    );
  }
  return verdicts;
}

function judgeReport(report: BrowserReport, test: Case): BrowserVerdict {
  const complaints: string[] = [];
  const [width, height] = test.storedSize;
  if (report.width !== width || report.height !== height) {
    complaints.push(`Chromium shows ${report.width}x${report.height} instead of ${width}x${height}`);
  }
  const { durationError } = containerFacts(test.extension);
  if (Math.abs(report.duration - test.expectedSeconds) > durationError) {
    complaints.push(`Chromium: it lasts ${report.duration} s instead of ${test.expectedSeconds} s`);
  }
  const wanted = test.browser === "video" ? indices(test) : [...Array(test.frames).keys()];
  if (report.frames.length !== wanted.length) {
    complaints.push(`Chromium: ${report.frames.length} frames instead of ${wanted.length}`);
  }
  let decoded = 0, drawn = 0;
  for (const [place, frame] of report.frames.entries()) {
    const index = wanted[place] ?? 0;
    if (Math.abs(frame.time - test.expectedTimes[index]!) > timeError(test)) {
      complaints.push(`Chromium: frame ${index} is shown at ${frame.time} s`);
    }
    const errors = judgeFrame(frame, test, index, complaints);
    decoded = Math.max(decoded, errors.decoded);
    drawn = Math.max(drawn, errors.drawn);
  }
  const first = report.frames[0];
  if (test.browser === "video" && first !== undefined) complaints.push(...tagComplaints(first, test));
  const atMost = drawnErrors[test.color.matrix]?.atMost ?? test.tolerance.rgb;
  if (!(decoded <= test.tolerance.rgb)) {
    complaints.push(`Chromium: decoded patches are off by ${decoded.toFixed(2)}`);
  }
  if (!(drawn <= Math.max(atMost, test.tolerance.rgb))) {
    complaints.push(`Chromium: drawn patches are off by ${drawn.toFixed(2)}`);
  }
  return { decoded, drawn, complaints };
}

function tagComplaints({ planes: { colorSpace } }: BrowserFrame, { tags }: Case): string[] {
  const expected = { ...tags, fullRange: tags.range === "pc" };
  return (["matrix", "primaries", "transfer", "fullRange"] as const).flatMap((name) => {
    const wanted = expected[name];
    const named = typeof wanted === "string" && Object.hasOwn(colorNames, wanted)
      ? colorNames[wanted]
      : wanted;
    const found = colorSpace[name];
    return wanted === null || found === named
      ? []
      : [`Chromium: the ${name} is ${found} instead of ${named}`];
  });
}

/** A sample of Chromium's decoder as R, G, B and, where it has it, alpha, in 255ths. */
function asRgb({ planes: { format, bits, colorSpace } }: BrowserFrame, sample: readonly number[]): number[] {
  const [first, second, third, alpha] = sample;
  if (/^RGB/.test(format)) return [first!, second!, third!, alpha!];
  if (/^BGR/.test(format)) return [third!, second!, first!, alpha!];
  const { luma, chroma } = yuvCoding(bits, colorSpace.fullRange ? "pc" : "tv");
  const yuv: Triple = [
    (first! - luma.offset) / luma.scale,
    (second! - chroma.offset) / chroma.scale,
    (third! - chroma.offset) / chroma.scale,
  ];
  const matrix = colorSpace.matrix === "bt2020-ncl" ? "bt2020nc" : colorSpace.matrix ?? "smpte170m";
  return toRgb(yuv, matrix).map((value) => Math.min(255, Math.max(0, value * 255)));
}

function judgeFrame(
  frame: BrowserFrame,
  test: Case,
  index: number,
  complaints: string[],
): { decoded: number; drawn: number } {
  const expected = expectedFrame(test, givenFrame(test, index), formatByName(test.stored));
  let decoded = 0, drawn = 0, found = 0;
  const patchCount = layoutOf(...test.size).patches.length;
  for (const [place, area] of areasOf(test).entries()) {
    const canvas = frame.canvas[place]!;
    if (place >= patchCount) {
      if (canvas[1]! > 127) found |= 1 << (place - patchCount);
      continue;
    }
    const at = (area.y + (area.height >> 1)) * test.storedSize[0] + area.x + (area.width >> 1);
    const wanted = expected.rgba.map(({ values }) => values[at]!);
    const samples = asRgb(frame, frame.planes.samples[place]!);
    // A canvas keeps colour multiplied by alpha: little alpha leaves little of it.
    const isOpaque = wanted[3]! > 254;
    for (const channel of [0, 1, 2]) {
      if (wanted[3]! > 0) decoded = Math.max(decoded, Math.abs(samples[channel]! - wanted[channel]!));
      if (isOpaque) drawn = Math.max(drawn, Math.abs(canvas[channel]! - wanted[channel]!));
    }
    drawn = Math.max(drawn, Math.abs(canvas[3]! - wanted[3]!));
  }
  if (found !== index) complaints.push(`Chromium: frame ${index} shows the picture of frame ${found}`);
  return { decoded, drawn };
}
