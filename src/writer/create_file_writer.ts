/**
 * The front door: a codec, a path and a frame rate make a writer.
 *
 * @module
 */
import { loadNative } from "../../ffi/mod.ts";
import type { Codec } from "../codecs/families.ts";
import { shown } from "../shown.ts";
import { type FrameRate, parseFrameRate } from "../video/frame_rate.ts";
import { filePath } from "./file_path.ts";
import type { Engine } from "./engine.ts";
import { createClock } from "./frame_clock.ts";
import { checkOptions, type WriterOptions } from "./options.ts";
import { WriterSession } from "./session.ts";
import type { SessionRequest } from "./session_types.ts";
import { EngineWriter, type VideoWriter } from "./video_writer.ts";
import { NoThreadError, WorkerEngine } from "./worker_engine.ts";

/**
 * Makes a writer that encodes frames into a video file.
 *
 * The size of the video is that of the first frame. Everything that can be checked before is checked here: a wrong codec,
 * option, container or path throws now, and a file that exists at the path stays as it was until the first frame is written.
 *
 * @param codec A codec family (`"h264"`, `"hevc"`, `"av1"`, `"vp9"`, ...), resolved to the best encoder that opens, or the exact name
 * of any libavcodec encoder (`"libx264rgb"`).
 * @param path The file, as a path or a `file:` URL. Its extension chooses the container unless `format` does.
 * @param fps Frames per second, kept exactly: `30`, `29.97` (which means 30000/1001), `"30000/1001"` or `{ num, den }`.
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
 *   for (let y = 60; y < 120; y++) data.fill(0, (y * width + index * 8) * 4, (y * width + index * 8 + 60) * 4);
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
  if (typeof codec !== "string" || codec === "" || codec.includes("\0")) {
    throw new TypeError(
      `Cannot use the codec ${shown(codec)}: give a name such as "h264" or "libx264"`,
    );
  }
  const file = filePath(path);
  const frameRate = parseFrameRate(fps);
  const checked = checkOptions(options);
  checked.signal?.throwIfAborted();
  const engine = await openEngine({ codec, path: file, frameRate, options: checked });
  // The caller has given up while the thread was starting.
  if (checked.signal?.aborted) await engine.abort();
  checked.signal?.throwIfAborted();
  return new EngineWriter(engine, createClock(frameRate, checked), checked);
}

/** Whether it was told that there are no threads here. */
let hasWarned = false;

async function openEngine(request: SessionRequest): Promise<Engine> {
  const { thread, libraryPath, logLevel } = request.options;
  if (thread !== "main") {
    try {
      return await WorkerEngine.open(request);
    } catch (error) {
      if (!(error instanceof NoThreadError)) throw error;
      if (!hasWarned && logLevel !== "quiet") console.warn(warning(error.cause));
      hasWarned = true;
    }
  }
  return new WriterSession(loadNative(libraryPath), request);
}

function warning(cause: unknown): string {
  return `avwriter: frames are encoded in the thread that calls write, for another can't be started: ${
    cause instanceof Error ? cause.message : cause
  }. The README tells what a thread needs; with thread "main" this is not said`;
}
