/**
 * Recipes for the audio of videos: taken out, replaced, added.
 *
 * @module
 */
import { audioChecks, type AudioOptions, resolveTrack } from "../audio/audio_options.ts";
import { checkSource } from "../audio/audio_source.ts";
import type { CopyInput, CopySummary } from "../engine/copying/copy_request.ts";
import { filePath } from "../file_path.ts";
import { flag } from "../option_checks.ts";
import { plainCopy } from "../plain_copy.ts";
import { checkRecipe, recipeChecks, type RecipeOptions, runCopy } from "./copy_recipe.ts";

/**
 * Options of {@linkcode extractAudio}.
 *
 * @example
 * ```ts
 * import type { ExtractAudioOptions } from "@avwriter/avwriter/recipes";
 *
 * const second: ExtractAudioOptions = { track: 1, codec: "opus", bitrate: "64k" };
 * ```
 */
export interface ExtractAudioOptions extends
  RecipeOptions,
  Pick<
    AudioOptions,
    "codec" | "sampleRate" | "channels" | "layout" | "bitrate" | "sampleFormat" | "encoderOptions"
  > {
  /** Which of the audio tracks, counted from 0. Default: 0. */
  track?: number;
}

/**
 * Options of {@linkcode replaceAudio}.
 *
 * @example
 * ```ts
 * import type { ReplaceAudioOptions } from "@avwriter/avwriter/recipes";
 *
 * const asSecondTrack: ReplaceAudioOptions = { keepsAudio: true };
 * ```
 */
export interface ReplaceAudioOptions extends ExtractAudioOptions {
  /** Whether the video keeps the audio that it has: the new one is a further track. Default: `false`. */
  keepsAudio?: boolean;
}

const { codec, sampleRate, channels, layout, bitrate, sampleFormat, encoderOptions } = audioChecks;
const encodingChecks = { codec, sampleRate, channels, layout, bitrate, sampleFormat, encoderOptions };
const trackChecks = {
  ...recipeChecks,
  ...encodingChecks,
  track: (value: unknown) =>
    Number.isInteger(value) && (value as number) >= 0 ? null : "a whole number from 0",
};

/**
 * Puts an audio track of a file into a file of its own. It is copied where the container takes its codec (m4a
 * for AAC and ALAC, mp3, flac, ogg for Vorbis and Opus, mka for all) and no option asks for a change, and
 * encoded otherwise: with the codec that the container usually has, at the rate and with the channels of the
 * track.
 *
 * @param input The file, as a path or a `file:` URL.
 * @param output The new file; its extension chooses the container.
 * @param options See {@linkcode ExtractAudioOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, or an option has the wrong type.
 * @throws {ReadError} The file can't be read, or has no such track.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder is unknown, or its value is refused.
 * @throws {UnsupportedError} The container has no place for the audio.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 * import { extractAudio } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/film.mp4`, 30, { audio: {} });
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   await writer.writeAudio({ data: new Float32Array(4800), sampleRate: 48000, channels: 1 });
 * }
 * const { format } = await extractAudio(`${folder}/film.mp4`, `${folder}/film.m4a`);
 * if (format !== "ipod") throw new Error(format);
 * ```
 */
export async function extractAudio(
  input: string | URL,
  output: string | URL,
  options: ExtractAudioOptions = {},
): Promise<CopySummary> {
  const checked = checkRecipe(options, trackChecks);
  const action = "extract the audio of";
  return await runCopy([audioOf(input, checked, action)], output, { action }, checked);
}

/**
 * Gives a video the audio of another file, in place of its own or beside it. It ends with the video, which is
 * copied. The audio is copied where the container takes its codec and no option asks for a change, and
 * encoded otherwise.
 *
 * @param video The file with the video, as a path or a `file:` URL.
 * @param audio The file with the audio, which may be a video, too.
 * @param output The new file, which is another one.
 * @param options See {@linkcode ReplaceAudioOptions}.
 * @returns What was made.
 *
 * @throws {TypeError} A path is none, or an option has the wrong type.
 * @throws {ReadError} A file can't be read, or has no such track.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder is unknown, or its value is refused.
 * @throws {UnsupportedError} The container has no place for a stream.
 * @throws {WriteError} The new file can't be written.
 *
 * @example
 * ```ts
 * import { createAudioWriter, createFileWriter } from "@avwriter/avwriter";
 * import { replaceAudio } from "@avwriter/avwriter/recipes";
 *
 * const folder = await Deno.makeTempDir();
 * {
 *   await using writer = await createFileWriter("h264", `${folder}/film.mp4`, 30);
 *   await writer.write({ data: new Uint8Array(64 * 64 * 4), width: 64, height: 64 });
 *   await using audio = await createAudioWriter("aac", `${folder}/speech.m4a`);
 *   await audio.write({ data: new Float32Array(4800), sampleRate: 48000, channels: 1 });
 * }
 * await replaceAudio(`${folder}/film.mp4`, `${folder}/speech.m4a`, `${folder}/told.mp4`);
 * ```
 */
export async function replaceAudio(
  video: string | URL,
  audio: string | URL,
  output: string | URL,
  options: ReplaceAudioOptions = {},
): Promise<CopySummary> {
  const { keepsAudio = false, ...checked } = checkRecipe(options, { ...trackChecks, keepsAudio: flag });
  const action = "replace the audio of";
  const inputs: CopyInput[] = [
    {
      paths: [filePath(video, action)],
      streams: keepsAudio ? "all" : "allButAudio",
      track: null,
      encoding: null,
    },
    audioOf(audio, checked, "read the audio of"),
  ];
  return await runCopy(inputs, output, { action, endsWithVideo: true }, checked);
}

/** An audio track of a file, and how it is encoded where it can't be copied. */
function audioOf(from: string | URL, options: ExtractAudioOptions, action: string): CopyInput {
  const { track = 0 } = options;
  const path = filePath(from, action);
  const given = Object.entries(options).filter(([name]) => Object.hasOwn(encodingChecks, name));
  const encoding = plainCopy(
    resolveTrack(Object.fromEntries(given), checkSource({ from: path, stream: track }), ""),
  );
  return { paths: [path], streams: "audio", track, encoding };
}
