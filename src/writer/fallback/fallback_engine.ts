/**
 * What the fallbacks take: which options they refuse, and the session that they share.
 *
 * @module
 */
import type { CheckedAudioOptions } from "../../audio/audio_options.ts";
import { AviEngine } from "../../avi/avi_engine.ts";
import { AviSession } from "../../avi/avi_session.ts";
import { pcmSampleFormat } from "../../avi/pcm_samples.ts";
import { jpegQuantizers, jpegScale } from "../../avi/jpeg_quality.ts";
import type { PcmOptions } from "../../avi/pcm_track.ts";
import type { AviTarget } from "../../avi/target.ts";
import type { SessionOptions } from "../../engine/session_options.ts";
import type { Fallback, VideoFileRequest } from "../../engine/session_types.ts";
import { UnsupportedError } from "../../errors.ts";
import { shown } from "../../shown.ts";

/** Options that need the libraries, and the values of theirs that change nothing. */
const needLibraries: Readonly<Partial<Record<keyof SessionOptions, readonly unknown[]>>> = {
  passes: [],
  chunk: [],
  resize: ["error"],
  timing: ["constant"],
  rotation: [0],
  sampleAspectRatio: [],
  fieldOrder: ["progressive"],
  hardware: ["off", "auto"],
  background: ["black"],
  premultipliedAlpha: [false],
  chapters: [],
  cover: [null],
};

/** Options that the program knows. */
const needProgram: typeof needLibraries = { filter: [], metadata: [] };

function refuse(name: string, value: unknown, fallback: Fallback): never {
  const isProcess = fallback === "process";
  throw new UnsupportedError(
    `Cannot use the option ${name} (${shown(value)}) without FFmpeg's libraries: fallback ${
      shown(fallback)
    } ${isProcess ? "has no way to tell the program" : "writes frames and samples as they are given"}`,
    {
      code: "FALLBACK",
      operation: "open the fallback",
      hint: `Leave ${name} out, or install FFmpeg's libraries`,
    },
  );
}

/** Throws an {@linkcode UnsupportedError} for an option that a fallback does not know. */
export function requireFallbackSupport({ options }: VideoFileRequest, fallback: Fallback): void {
  const table = fallback === "process" ? needLibraries : { ...needLibraries, ...needProgram };
  for (const [name, harmless] of Object.entries(table)) {
    const value = options[name as keyof SessionOptions];
    if (value !== undefined && !harmless.includes(value)) refuse(name, value, fallback);
  }
  if (options.subtitles.length > 0) refuse("subtitles", options.subtitles, fallback);
  if (options.attachments.length > 0) refuse("attachments", options.attachments, fallback);
  for (const { source, language, sampleFormat } of options.audio) {
    if (source.kind !== "samples" && source.kind !== "silence") refuse("audio.from", source, fallback);
    if (fallback === "process") continue;
    if (language !== undefined) refuse("audio.language", language, fallback);
    if (pcmSampleFormat(sampleFormat) === null) refuse("audio.sampleFormat", sampleFormat, fallback);
  }
}

function jpegQualityOf({ quality }: SessionOptions): number {
  const { min, max } = jpegQuantizers;
  const isOutside = typeof quality === "number" && (quality < min || quality > max);
  if (quality === "lossless" || isOutside) refuse("quality", quality, "uncompressed");
  return jpegScale(quality);
}

/** The engine of a file that a target takes. */
export function openFallbackEngine(
  { codec, frameRate, options }: VideoFileRequest,
  target: AviTarget,
  queueSize: number,
  fallback: Fallback,
): AviEngine {
  const audio = options.audio.map(fallback === "process" ? programTrack : storedTrack);
  const { width, height, alpha, imageOrientation } = options;
  const turnsImages = imageOrientation !== "none";
  const jpegQuality = fallback === "uncompressed" && codec === "mjpeg" ? jpegQualityOf(options) : null;
  const session = new AviSession(
    { frameRate, width, height, alpha, turnsImages, audio, jpegQuality },
    target,
  );
  return new AviEngine(session, target, queueSize);
}

function storedTrack({ sampleRate, sampleFormat, layout, title, source }: CheckedAudioOptions): PcmOptions {
  return {
    sampleFormat: pcmSampleFormat(sampleFormat)!,
    sampleRate: sampleRate ?? null,
    layout,
    title: title ?? null,
    isSilent: source.kind === "silence",
  };
}

/** The program resamples and mixes. */
function programTrack({ source }: CheckedAudioOptions): PcmOptions {
  const isSilent = source.kind === "silence";
  return { sampleFormat: "flt", sampleRate: null, layout: null, title: null, isSilent };
}
