/**
 * The front door: a codec, a path and a frame rate make a writer.
 *
 * @module
 */
import { unlessAbortedMeanwhile } from "../abortable.ts";
import { AudioCapture } from "../capture/audio_capture.ts";
import type { Codec } from "../codecs/families.ts";
import type { SessionOptions } from "../engine/session_options.ts";
import type { VideoFileRequest } from "../engine/session_types.ts";
import type { EngineOptions, VideoEngine } from "../thread/engine.ts";
import { createClock } from "../engine/frame_clock.ts";
import { type CheckedOptions, checkOptions } from "./options.ts";
import type { WriterOptions } from "./writer_options.ts";
import { filePath } from "../file_path.ts";
import type { Rational } from "../libav/rational.ts";
import { refuseOption } from "../option_checks.ts";
import { isOneFile } from "../same_file.ts";
import { shown } from "../shown.ts";
import { openVideoEngine } from "../thread/open_engine.ts";
import { type FrameRate, parseFrameRate } from "../video/frame_rate.ts";
import { EngineVideoWriter } from "./engine_video_writer.ts";
import { openWithOutputs } from "./outputs/open_outputs.ts";
import type { VideoWriter } from "./video_writer.ts";

/**
 * Makes a writer that encodes frames into a video file.
 *
 * The size of the video is that of the first frame. Everything that can be checked before is checked here: a
 * wrong codec, option, container or path throws now, and a file that exists at the path stays as it was until
 * the first frame is written.
 *
 * @param codec A codec family (`"h264"`, `"hevc"`, `"av1"`, `"vp9"`, ...), resolved to the best encoder that
 * opens, or the exact name of any libavcodec encoder (`"libx264rgb"`).
 * @param path The file, as a path or a `file:` URL. Its extension chooses the container unless `format` does.
 * @param fps Frames per second, kept exactly: `30`, `29.97` (which means 30000/1001), `"30000/1001"` or
 * `{ num, den }`.
 * @param options See {@linkcode WriterOptions}.
 * @returns The writer. Close it, best with `await using`.
 *
 * @throws {TypeError} An argument or option has the wrong type or shape.
 * @throws {RangeError} The frame rate is not above 0, or too fine for FFmpeg's integers.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {LibraryVersionError} FFmpeg's libraries are too new, or not what their version says.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder or muxer is unknown, or its value is refused.
 * @throws {UnsupportedError} Codec, container, pixel format or size do not go together.
 * @throws {ReadError} A file of subtitles can't be read, or is none.
 * @throws {WriteError} The file can't be written.
 *
 * @example Half a second of a moving square
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/square.mp4`;
 * const width = 320, height = 180;
 * await using writer = await createFileWriter("h264", path, 30);
 * for (let index = 0; index < 15; index++) {
 *   const data = new Uint8ClampedArray(width * height * 4).fill(255);
 *   for (let y = 60; y < 120; y++) {
 *     const start = (y * width + index * 8) * 4;
 *     data.fill(0, start, start + 60 * 4);
 *   }
 *   await writer.write({ data, width, height });
 * }
 * const { frames } = await writer.close();
 * if (frames !== 15) throw new Error("not as written");
 * ```
 */
export async function createFileWriter(
  codec: Codec,
  path: string | URL,
  fps: FrameRate,
  options: WriterOptions = {},
): Promise<VideoWriter> {
  requireCodec(codec);
  const file = filePath(path);
  const frameRate = parseFrameRate(fps);
  const checked = checkOptions(options);
  const { session: sessionOptions, engine: engineOptions } = checked;
  engineOptions.signal?.throwIfAborted();
  requireOtherSources(file, sessionOptions);
  const request = { kind: "video", codec, path: file, frameRate, options: sessionOptions } as const;
  const open = (opened: VideoFileRequest): Promise<VideoEngine> => openVideoEngine(opened, engineOptions);
  const { outputs } = checked;
  const engine = outputs.length === 0
    ? await open(request).catch(async (error) => {
      const { openFallback } = await import("./fallback/open_fallback.ts");
      return await openFallback(error, request, checked);
    })
    : await openWithOutputs(request, engineOptions, { outputs, hasPrimary: false }, open);
  return await writerOver(engine, frameRate, checked);
}

/** Throws a `TypeError` unless a codec has a name. */
export function requireCodec(codec: unknown): void {
  if (typeof codec === "string" && codec !== "" && !codec.includes("\0")) return;
  throw new TypeError(`Cannot use the codec ${shown(codec)}: give a name such as "h264" or "libx264"`);
}

/** A writer over an engine, with its capture devices. */
export async function writerOver(
  engine: VideoEngine,
  frameRate: Rational,
  checked: CheckedOptions,
): Promise<VideoWriter> {
  const { session, engine: engineOptions } = checked;
  const devices = await openDevices(engine, session, engineOptions);
  const writer = new EngineVideoWriter(engine, createClock(frameRate, session), checked, devices);
  return await unlessAbortedMeanwhile(writer, engineOptions.signal);
}

/** Throws a `TypeError` where the file is both source and target. */
function requireOtherSources(file: string, { audio, subtitles }: SessionOptions): void {
  const sources = [
    ...audio.map(({ source }) =>
      ["audio.from", source.kind === "file" ? source.address.path : null] as const
    ),
    ...subtitles.map(({ from }) => ["subtitles.from", from] as const),
  ];
  for (const [option, path] of sources) {
    if (path !== null && (path === file || isOneFile(path, file))) {
      refuseOption(option, path, "another file than the one that is written");
    }
  }
}

/** Opens the capture devices of audio tracks. Aborts the engine where one fails. */
async function openDevices(
  engine: VideoEngine,
  { audio, logLevel }: SessionOptions,
  { libraryPath, workerModule, signal }: EngineOptions,
): Promise<Map<number, AudioCapture>> {
  const devices = new Map<number, AudioCapture>();
  try {
    for (const [track, { source }] of audio.entries()) {
      if (source.kind === "device") {
        devices.set(track, await AudioCapture.open(source, { libraryPath, workerModule, logLevel }, signal));
      }
    }
    return devices;
  } catch (error) {
    await Promise.all([engine.abort(), ...[...devices.values()].map((device) => device.stop(0))]);
    throw error;
  }
}
