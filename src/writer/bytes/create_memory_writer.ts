/**
 * The door for video in memory: a codec, a container and a frame rate make a writer whose end gives the file.
 *
 * @module
 */
import type { Codec } from "../../codecs/families.ts";
import { openVideoEngine } from "../../thread/open_engine.ts";
import { type FrameRate, parseFrameRate } from "../../video/frame_rate.ts";
import { refuseOption } from "../../option_checks.ts";
import type { CloseOptions } from "../close_options.ts";
import { requireCodec, writerOver } from "../create_file_writer.ts";
import { checkOptions } from "../options.ts";
import type { VideoWriter } from "../video_writer.ts";
import type { WriterOptions } from "../writer_options.ts";
import { requireNoFileOptions } from "./byte_options.ts";

/**
 * A {@linkcode VideoWriter} whose file is in memory.
 *
 * @example
 * ```ts
 * import { createMemoryWriter, type MemoryWriter } from "@avwriter/avwriter";
 *
 * const writer: MemoryWriter = await createMemoryWriter("h264", "mp4", 30);
 * await writer.write(new ImageData(320, 180));
 * const file = new Blob([await writer.close()], { type: "video/mp4" });
 * if (file.size < 500) throw new Error("not as written");
 * ```
 */
export interface MemoryWriter extends Omit<VideoWriter, "close" | "recordEvent"> {
  /**
   * Encodes what is left, finishes the file and gives its bytes; none where no frame was written. Called
   * again, it gives the same.
   *
   * @param options How long it may take: {@linkcode CloseOptions.deadlineSeconds}.
   * @throws {TypeError} The options have the wrong type. The writer goes on.
   * @throws {RangeError} The deadline is below 0. The writer goes on.
   * @throws {WriteError} Encoding or writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(options?: CloseOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Makes a writer that encodes frames into a file in memory, the same as {@linkcode createFileWriter} makes on
 * a disk: an ordinary mp4 with its index in front, a webm with its length and its cues. A file has less than
 * 1 GiB; it takes twice its size when it is finished.
 *
 * @param codec A codec family, or the exact name of any libavcodec encoder, as for
 * {@linkcode createFileWriter}.
 * @param format The container, by libavformat's name: `"mp4"`, `"webm"`, `"matroska"`, `"gif"`. A container
 * of several files is refused.
 * @param fps Frames per second, kept exactly.
 * @param options See {@linkcode WriterOptions}; `crashSafe`, `passes: 2`, `targetBytes`,
 * `palette: "clip"`, `chunk`, `segments` and `fallback` are for files.
 * @returns The writer. `close` gives the bytes.
 *
 * @throws {TypeError} An argument or option has the wrong type or shape.
 * @throws {RangeError} The frame rate is not above 0, or too fine for FFmpeg's integers.
 * @throws {LibraryNotFoundError} FFmpeg's libraries were not found or may not be opened.
 * @throws {LibraryVersionError} FFmpeg's libraries are too new, or not what their version says.
 * @throws {EncoderNotFoundError} No encoder for the codec can be used.
 * @throws {OptionError} An option of the encoder or muxer is unknown, or its value is refused.
 * @throws {UnsupportedError} Codec, container, pixel format or size do not go together, or the container is
 * of several files.
 *
 * @example
 * ```ts
 * import { createMemoryWriter } from "@avwriter/avwriter";
 *
 * const writer = await createMemoryWriter("vp9", "webm", 30, { preset: "8" });
 * for (let n = 0; n < 15; n++) await writer.write(new ImageData(320, 180));
 * const bytes = await writer.close();
 * if (bytes[0] !== 0x1a) throw new Error("not as written");
 * ```
 */
export async function createMemoryWriter(
  codec: Codec,
  format: string,
  fps: FrameRate,
  options: WriterOptions = {},
): Promise<MemoryWriter> {
  requireCodec(codec);
  if (typeof format !== "string" || format === "" || format.includes("\0")) {
    refuseOption("format", format, 'a name such as "mp4"');
  }
  const frameRate = parseFrameRate(fps);
  const checked = checkOptions(options);
  const { engine: engineOptions, fallback } = checked;
  requireNoFileOptions(checked.session, "a file in memory", fallback);
  if (checked.outputs.length > 0) {
    throw new TypeError(
      "Cannot use the option outputs with a file in memory: it is whole only at its end; use createStreamWriter",
    );
  }
  const session = { ...checked.session, format };
  engineOptions.signal?.throwIfAborted();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const request = { kind: "video", codec, path: "", bytesTo: "memory", frameRate, options: session } as const;
  const take = (bytes: Uint8Array<ArrayBuffer>): void => void parts.push(bytes);
  const engine = await openVideoEngine(request, { ...engineOptions, take });
  const writer = await writerOver(engine, frameRate, { ...checked, session });
  return withBytes(writer, () => parts[0] ?? new Uint8Array(0));
}

/** The same writer, whose end gives bytes. */
function withBytes(writer: VideoWriter, bytes: () => Uint8Array<ArrayBuffer>): MemoryWriter {
  return {
    write: (frame, options) => writer.write(frame, options),
    acquire: (width, height, format) => writer.acquire(width, height, format),
    release: (frame) => writer.release(frame),
    writeAudio: (samples, options) => writer.writeAudio(samples, options),
    writeSubtitle: (cue) => writer.writeSubtitle(cue),
    copyFrom: (source, options) => writer.copyFrom(source, options),
    abort: (reason) => writer.abort(reason),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
    close: async (options) => {
      await writer.close(options);
      return bytes();
    },
    get writable() {
      return writer.writable;
    },
    get timing() {
      return writer.timing;
    },
    get encoder() {
      return writer.encoder;
    },
    get stats() {
      return writer.stats;
    },
    get desiredSize() {
      return writer.desiredSize;
    },
  };
}
