/**
 * A file that is read: synchronous, without threads or promises.
 *
 * @module
 */
import { cString, type Native } from "../../../ffi/mod.ts";
import { ReadError } from "../../errors.ts";
import { setInputLogLevel, setLogLevel } from "../../libav/log.ts";
import type { NativeFrame } from "../../libav/native_frame.ts";
import { pixelFormatById, type PixelFormatInfo, pixelFormatNames } from "../../libav/pixel_format.ts";
import type { InputStream } from "../../libav/reading/input_stream.ts";
import { didYouMean } from "../../nearest.ts";
import { shown } from "../../shown.ts";
import type { CopiedFile } from "../copying/media_packet.ts";
import { FrameCopier, requireOutputFormat } from "./frame_copier.ts";
import { FrameCursor } from "./frame_cursor.ts";
import type { LentFrames } from "./lent_frames.ts";
import type { ShownFrame } from "./held_frame.ts";
import { MediaInput } from "./media_input.ts";
import type { ReadFrame, ReadRequest, SourceInfo } from "./reading_types.ts";
import { describeFile, PacketReader } from "./packet_reader.ts";
import { describeSource } from "./source_facts.ts";
import { mayHaveHdr, streamColor } from "../../video/reading/read_color.ts";
import { AudioReader, SubtitleReader } from "./track_readers.ts";

/** Reads one file. */
export class ReadingSession implements Disposable {
  readonly #native: Native;
  readonly #request: ReadRequest;
  readonly #format: PixelFormatInfo | null;
  readonly #owned = new DisposableStack();
  readonly #copier: FrameCopier;
  /** What the file says. */
  readonly info: SourceInfo;
  /** For frames one after another, and for those of any time. */
  #cursor: FrameCursor | null = null;
  #randomCursor: FrameCursor | null = null;

  /** Opens a file. Throws a {@linkcode ReadError} where that can't be read, or has no video. */
  constructor(native: Native, request: ReadRequest) {
    this.#native = native;
    this.#request = request;
    this.#setQuietLevel();
    this.#format = request.format === null ? null : outputFormat(native, request.format);
    using input = new MediaInput(native, request);
    const stream = videoStream(input, request);
    this.#copier = this.#owned.use(new FrameCopier(native, this.#format, streamColor(native, stream)));
    const info = describeSource(native, input, stream, this.#format, request.label);
    this.info = isComplete(info) && !mayHaveHdr(info.color) ? info : { ...info, ...this.#lookedAt(info) };
  }

  /** The next frame, in the memory given if it fits, or lent where that can be; `null` at the end. */
  next(memory?: ArrayBuffer, lent: LentFrames | null = null): ReadFrame | null {
    setLogLevel(this.#native, this.#request.logLevel);
    return this.#copy(this.#frames.advance(), memory, lent);
  }

  /** A copy of a frame that was lent, in the memory given if it fits. */
  copyOf(frame: NativeFrame, memory?: ArrayBuffer): ReadFrame {
    return this.#copier.copy({ frame, timestamp: 0, duration: null, isDiscontinuous: false }, memory);
  }

  /** Has the frame that is shown at a time in seconds come next. */
  seek(seconds: number): void {
    this.#setQuietLevel();
    this.#frames.seek(seconds);
  }

  /** The frame that is shown at a time in seconds, in the memory given if it fits; `null` where none is. */
  frameAt(seconds: number, memory?: ArrayBuffer): ReadFrame | null {
    this.#setQuietLevel();
    this.#randomCursor ??= this.#owned.use(this.#openCursor());
    return this.#copy(this.#randomCursor.at(seconds), memory);
  }

  /** Reads an audio track from a time in seconds on, or from its beginning where a file has no index. */
  openAudio(track: number, from: number): AudioReader {
    const reader = this.#openAudio(track);
    if (from === 0 || reader.seek(from)) return reader;
    reader[Symbol.dispose]();
    return this.#openAudio(track);
  }

  #openAudio(track: number): AudioReader {
    const input = new MediaInput(this.#native, this.#request);
    return new AudioReader(this.#native, input, input.streamsOf("audio")[track]!, this.#request.label);
  }

  /** Reads a subtitle track, from the beginning. */
  openSubtitles(track: number): SubtitleReader {
    const input = new MediaInput(this.#native, this.#request);
    return new SubtitleReader(this.#native, input, input.streamsOf("subtitle")[track]!, this.#request.label);
  }

  /** What can be copied without being decoded. */
  describe(): CopiedFile {
    using input = new MediaInput(this.#native, this.#request);
    const { place } = this.#request;
    return { ...describeFile(this.#native, input, false), path: place.kind === "file" ? place.path : null };
  }

  /** Reads the packets of all tracks, from the beginning. */
  openPackets(): PacketReader {
    const input = new MediaInput(this.#native, this.#request);
    return new PacketReader(this.#native, input, this.#request.label);
  }

  /**
   * Of files that can't be opened, an error tells; and decoders complain of frames that refer to others
   * before the key frame, which are left out.
   */
  #setQuietLevel(): void {
    setInputLogLevel(this.#native, this.#request.logLevel);
  }

  get #frames(): FrameCursor {
    return this.#cursor ??= this.#owned.use(this.#openCursor());
  }

  #openCursor(): FrameCursor {
    const { label } = this.#request;
    const input = new MediaInput(this.#native, this.#request);
    return new FrameCursor(this.#native, input, videoStream(input, this.#request), label);
  }

  #copy(
    frame: ShownFrame | null,
    memory?: ArrayBuffer,
    lent: LentFrames | null = null,
  ): ReadFrame | null {
    return frame === null ? null : this.#copier.copy(frame, memory, lent);
  }

  /** What the first frame says, where the header does not. */
  #lookedAt(info: SourceInfo): Partial<SourceInfo> {
    try {
      return this.#looked();
    } catch (error) {
      // The metadata of HDR alone is no reason to fail.
      if (!(error instanceof ReadError) || !isComplete(info)) throw error;
      return {};
    }
  }

  #looked(): Partial<SourceInfo> {
    using cursor = this.#openCursor();
    const frame = this.#copy(cursor.advance());
    if (frame === null) {
      throw new ReadError(`Cannot read ${this.#request.label}: it has no frame`, {
        code: "NO_FRAME",
        operation: "read a file",
        hint: null,
      });
    }
    const { width, height, format, color } = frame;
    return { width, height, format, color };
  }

  /** Closes everything. */
  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

export function isComplete({ width, height, format }: SourceInfo): boolean {
  return width > 0 && height > 0 && format !== "";
}

export function outputFormat(native: Native, name: string): PixelFormatInfo {
  const format = pixelFormatById(native, native.avutil.av_get_pix_fmt(cString(name)));
  if (format !== null) {
    requireOutputFormat(format);
    return format;
  }
  const question = didYouMean(name, pixelFormatNames(native));
  throw new RangeError(
    `Cannot read frames as ${shown(name)}: FFmpeg knows no pixel format of that name${
      question === null ? "" : `. ${question}`
    }`,
  );
}

export function videoStream(input: MediaInput, { stream, label }: ReadRequest): InputStream {
  const streams = input.streamsOf("video");
  const found = streams[stream];
  if (found !== undefined) return found;
  const refuse = (problem: string, hint: string | null): never => {
    throw new ReadError(`Cannot read ${label}: ${problem}`, {
      code: "NO_VIDEO",
      operation: "read a file",
      hint,
    });
  };
  if (streams.length === 0) return refuse("it has no video", null);
  return refuse(`it has no video stream ${stream}`, `Give a stream from 0 to ${streams.length - 1}`);
}
