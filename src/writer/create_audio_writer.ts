/**
 * The door for audio alone: a codec and a path make a writer.
 *
 * @module
 */
import { unlessAbortedMeanwhile } from "../abortable.ts";
import type { AudioCodec } from "../audio/audio_families.ts";
import { audioChecks, type AudioOptions, resolveTrack } from "../audio/audio_options.ts";
import { checkOptions, writerChecks } from "./options.ts";
import type { WriterOptions } from "./writer_options.ts";
import { filePath } from "../file_path.ts";
import { checkOptionTable, requireOptions } from "../option_checks.ts";
import { plainCopy } from "../plain_copy.ts";
import { shown } from "../shown.ts";
import { openAudioEngine } from "../thread/open_engine.ts";
import type { EngineOptions, SampleEngine } from "../thread/engine.ts";
import type { AudioFileRequest, AudioSummary } from "../engine/session_types.ts";
import type { AudioWriter, AudioWriterStats } from "./audio_writer.ts";
import { requireNoFileOptions } from "./bytes/byte_options.ts";
import { ByteStream, requireStream } from "./bytes/byte_stream.ts";
import { StreamSampleEngine } from "./bytes/stream_engine.ts";
import { EngineAudioWriter } from "./engine_audio_writer.ts";

/**
 * Options of {@linkcode createAudioWriter}. Every one may be left out. They are copied when the writer is
 * made. `sampleRate`, `channels` and `layout` are, unless given, those of the first samples, or the nearest
 * that the encoder takes.
 *
 * @example
 * ```ts
 * import type { AudioWriterOptions } from "@avwriter/avwriter";
 *
 * const options: AudioWriterOptions = { bitrate: "128k", metadata: { title: "Waves", artist: "Ana" } };
 * ```
 */
export interface AudioWriterOptions extends
  Pick<
    AudioOptions,
    | "sampleRate"
    | "channels"
    | "layout"
    | "bitrate"
    | "sampleFormat"
    | "encoderOptions"
    | "language"
    | "title"
  >,
  Pick<
    WriterOptions,
    | "format"
    | "formatOptions"
    | "metadata"
    | "chapters"
    | "cover"
    | "crashSafe"
    | "thread"
    | "workerUrl"
    | "logLevel"
    | "signal"
    | "libraryPath"
  > {
  /** Called after samples are written, at most four times per second, and at the end. */
  onProgress?: (stats: AudioWriterStats) => void;
}

const { codec: _codec, from: _from, stream: _stream, loop: _loop, ...trackChecks } = audioChecks;
const { format, formatOptions, metadata, chapters, cover } = writerChecks;
const { crashSafe, thread, workerUrl, logLevel, signal, onProgress, libraryPath } = writerChecks;
const fileChecks = {
  ...{ format, formatOptions, metadata, chapters, cover },
  ...{ crashSafe, thread, workerUrl, logLevel, signal, onProgress, libraryPath },
};

/**
 * Makes a writer that encodes samples into an audio file: wav, m4a, mp3, ogg, flac, and every other container
 * that takes audio alone.
 *
 * Everything that can be checked before is checked here, as {@linkcode createFileWriter} does: a wrong codec,
 * option, container or path throws now, and a file that exists at the path stays as it was until the first
 * samples are written.
 *
 * @param codec A family of codecs (`"aac"`, `"opus"`, `"mp3"`, `"flac"`, `"alac"`, `"vorbis"`, `"ac3"`,
 * `"pcm"`), or the exact name of any audio encoder of libavcodec.
 * @param path The file, as a path or a `file:` URL. Its extension chooses the container unless `format` does.
 * Or a stream that the bytes go to, as for {@linkcode createStreamWriter}: then `format` is required.
 * @param options See {@linkcode AudioWriterOptions}.
 * @returns The writer. Close it, best with `await using`.
 *
 * @throws {TypeError} An argument or option has the wrong type or shape.
 * @throws {RangeError} The sample rate is out of range.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {LibraryVersionError} FFmpeg's libraries are too new, or not what their version says.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder or muxer is unknown, or its value is refused.
 * @throws {UnsupportedError} Codec, container, rate or layout do not go together.
 * @throws {WriteError} The file can't be written.
 *
 * @example A second of a tone
 * ```ts
 * import { createAudioWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/tone.m4a`;
 * await using writer = await createAudioWriter("aac", path, { bitrate: "128k" });
 * const sampleRate = 48000;
 * const tone = (n: number): number => Math.sin(2 * Math.PI * 440 * n / sampleRate) / 2;
 * const data = Float32Array.from({ length: sampleRate }, (_, n) => tone(n));
 * await writer.write({ data, sampleRate });
 * ```
 */
export async function createAudioWriter(
  codec: AudioCodec,
  path: string | URL | WritableStream<Uint8Array>,
  options: AudioWriterOptions = {},
): Promise<AudioWriter> {
  if (typeof codec !== "string" || codec === "" || codec.includes("\0")) {
    throw new TypeError(`Cannot use the codec ${shown(codec)}: give a name such as "aac" or "libopus"`);
  }
  const stream = path instanceof WritableStream ? path : null;
  if (stream !== null) requireStream(stream);
  const file = path instanceof WritableStream ? "" : filePath(path);
  requireOptions(options);
  const checked = checkOptionTable(options, { ...trackChecks, ...fileChecks });
  const given = Object.entries(checked);
  const ofFile = Object.fromEntries(given.filter(([name]) => Object.hasOwn(fileChecks, name)));
  const ofTrack = Object.fromEntries(given.filter(([name]) => Object.hasOwn(trackChecks, name)));
  const { session, engine: engineOptions } = checkOptions(ofFile);
  engineOptions.signal?.throwIfAborted();
  const track = resolveTrack({ ...ofTrack, codec }, { kind: "samples" }, "");
  const request = { kind: "audio", path: file, options: plainCopy({ ...session, audio: [track] }) } as const;
  const engine = stream === null
    ? await openAudioEngine(request, engineOptions)
    : await openOverStream(request, engineOptions, stream);
  const { signal } = engineOptions;
  const isQuiet = session.logLevel === "quiet";
  const writer = new EngineAudioWriter(engine, track, signal, checked.onProgress, isQuiet);
  return await unlessAbortedMeanwhile(writer, signal);
}

/** Opens an engine whose bytes go to a stream. */
async function openOverStream(
  request: AudioFileRequest,
  options: EngineOptions,
  stream: WritableStream<Uint8Array>,
): Promise<SampleEngine<AudioSummary>> {
  if (request.options.format === undefined) {
    throw new TypeError('Cannot write to a stream without the option format: give one, such as "mp3"');
  }
  requireNoFileOptions(request.options, "a stream");
  const target = new ByteStream(stream);
  const engine = await openAudioEngine({ ...request, bytesTo: "stream" }, { ...options, take: target.take })
    .catch((error) => target.refuse(error));
  return new StreamSampleEngine(engine, target);
}
