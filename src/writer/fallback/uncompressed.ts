/**
 * Files without FFmpeg: AVI with pictures and samples as they are.
 *
 * @module
 */
import type { CheckedAudioOptions } from "../../audio/audio_options.ts";
import { AviEngine } from "../../avi/avi_engine.ts";
import { AviSession } from "../../avi/avi_session.ts";
import { FileTarget } from "../../avi/file_target.ts";
import { pcmSampleFormat } from "../../avi/pcm_samples.ts";
import type { PcmOptions } from "../../avi/pcm_track.ts";
import type { SessionOptions } from "../../engine/session_options.ts";
import type { VideoFileRequest } from "../../engine/session_types.ts";
import { UnsupportedError } from "../../errors.ts";
import { shown } from "../../shown.ts";

/** Options that change what is seen or heard, and the values of theirs that change nothing. */
const needFfmpeg: Readonly<Partial<Record<keyof SessionOptions, readonly unknown[]>>> = {
  resize: ["error"],
  timing: ["constant"],
  filter: [],
  rotation: [0],
  sampleAspectRatio: [],
  fieldOrder: ["progressive"],
  background: ["black"],
  premultipliedAlpha: [false],
  metadata: [],
  chapters: [],
  cover: [null],
};

function refuse(name: string, value: unknown): never {
  throw new UnsupportedError(
    `Cannot use the option ${name} (${
      shown(value)
    }) without FFmpeg's libraries: fallback "uncompressed" writes frames and samples as they are given`,
    {
      code: "FALLBACK",
      operation: "open the fallback",
      hint: `Leave ${name} out, install FFmpeg, or use fallback "process"`,
    },
  );
}

/** The engine of a file without FFmpeg. `reason` is why its libraries can't be used. */
export function openUncompressed(
  { codec, path, frameRate, options }: VideoFileRequest,
  queueSize: number,
  reason: string,
): AviEngine {
  for (const [name, harmless] of Object.entries(needFfmpeg)) {
    const value = options[name as keyof SessionOptions];
    if (value !== undefined && !harmless.includes(value)) refuse(name, value);
  }
  if (options.subtitles.length > 0) refuse("subtitles", options.subtitles);
  if (options.attachments.length > 0) refuse("attachments", options.attachments);
  const audio = options.audio.map(trackOf);
  const target = new FileTarget(path, [{ name: codec, reason }]);
  const { width, height, alpha, imageOrientation } = options;
  const turnsImages = imageOrientation !== "none";
  const session = new AviSession({ frameRate, width, height, alpha, turnsImages, audio }, target);
  return new AviEngine(session, target, queueSize);
}

function trackOf(
  { sampleRate, sampleFormat, layout, language, title, source }: CheckedAudioOptions,
): PcmOptions {
  if (source.kind !== "samples" && source.kind !== "silence") refuse("audio.from", source);
  if (language !== undefined) refuse("audio.language", language);
  const format = pcmSampleFormat(sampleFormat);
  if (format === null) refuse("audio.sampleFormat", sampleFormat);
  return {
    sampleFormat: format,
    sampleRate: sampleRate ?? null,
    layout,
    title: title ?? null,
    isSilent: source.kind === "silence",
  };
}
