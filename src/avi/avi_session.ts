/**
 * One AVI file being written: frames and samples in, chunks out. Synchronous, and it needs no FFmpeg.
 *
 * @module
 */
import { requireNoLostTracks } from "../engine/lost_tracks.ts";
import { RefusedCall, tooMuchWaits } from "../engine/refused_call.ts";
import type { EncoderChoice, EngineInfo, WriteSummary } from "../engine/session_types.ts";
import { noStats, type WriterStats } from "../engine/writer_stats.ts";
import { UnsupportedError } from "../errors.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Rational } from "../libav/rational.ts";
import type { Size } from "../size.ts";
import { jpeg, jpegSize } from "../video/images/jpeg.ts";
import type { FrameLayout, PlaneView } from "../video/raw_frame.ts";
import { isJpegSource, JpegEncoder, longestJpegSide } from "./jpeg_encoder.ts";
import type { AviMuxer } from "./avi_file.ts";
import { type Chunk, createChunk } from "./chunk.ts";
import { type AviLayout, type AviVideo, chunkId } from "./layout.ts";
import { type PcmOptions, PcmTrack } from "./pcm_track.ts";
import { aviFormatsByName, type StoredFormat, storedFormat } from "./pixel_formats.ts";
import { isOpaque, storedBytes, storePicture } from "./stored_pictures.ts";
import type { AviTarget } from "./target.ts";

/** What an AVI file is asked to be, checked already. */
export interface AviRequest {
  readonly frameRate: Rational;
  /** The size of its pictures; `undefined`: that of the first one. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly alpha: "keep" | "discard" | undefined;
  readonly turnsImages: boolean;
  /** Pixels become JPEG of this quality, from 1 to 100; `null`: they are stored as they are. */
  readonly jpegQuality: number | null;
  readonly audio: readonly PcmOptions[];
}

/** Bytes of audio that wait for the first frame, and for the frames of their time. */
const maxEarlyBytes = 256 * 2 ** 20, maxWaitingBytes = 32 * 2 ** 20;

/** The largest chunk. */
const maxChunkBytes = 2 ** 32 - 2 ** 10;

/** A file that is open. */
interface Open {
  readonly layout: AviLayout;
  readonly muxer: AviMuxer;
}

/** Writes an AVI file. */
export class AviSession {
  readonly #request: AviRequest;
  readonly #target: AviTarget;
  readonly #tracks: readonly PcmTrack[];
  #open: Open | null = null;
  #choice: EncoderChoice | null = null;
  /** What makes JPEG of pixels. */
  #jpeg: { readonly format: string; readonly encoder: JpegEncoder } | null = null;
  /** The chunk of the last picture, where its memory may be reused. */
  #chunk: Chunk | null = null;
  #frames = 0;
  #videoBytes = 0;

  constructor(request: AviRequest, target: AviTarget) {
    this.#request = request;
    this.#target = target;
    this.#tracks = request.audio.map((options) => new PcmTrack(options));
  }

  get choice(): EncoderChoice | null {
    return this.#choice;
  }

  get size(): Size | null {
    return this.#open === null ? null : { width: this.#video.width, height: this.#video.height };
  }

  get info(): EngineInfo {
    return {
      formats: aviFormatsByName,
      container: "avi",
      containerClock: null,
      audioChannels: this.#tracks.map(({ channels }) => channels),
    };
  }

  get stats(): WriterStats {
    return {
      ...noStats,
      frames: this.#frames,
      bytes: this.#videoBytes,
      seconds: this.#seconds,
      audio: this.#tracks.map(({ stats }) => stats),
    };
  }

  get #video(): AviVideo {
    return this.#open!.layout.video;
  }

  get #seconds(): number {
    const { num, den } = this.#request.frameRate;
    return this.#frames * den / num;
  }

  /** Throws a {@linkcode RefusedCall} where frames are images. */
  requireRaw(): void {
    const isFree = this.#open === null || this.#request.jpegQuality !== null;
    if (isFree || this.#video.stored !== "MJPG") return;
    throw refusedFrame("the frames before it are JPEG images; give all frames in one form");
  }

  /** Writes a raw frame. */
  writeRaw(planes: readonly PlaneView[], layout: FrameLayout): void {
    this.requireRaw();
    const { jpegQuality } = this.#request;
    if (jpegQuality !== null) {
      return this.#writeJpeg(this.#encoderFor(layout, jpegQuality).encode(planes), layout);
    }
    this.#open ??= this.#openRaw(planes, layout);
    const stored = this.#video.stored as StoredFormat;
    const chunk = this.#chunkFor(this.#video.frameBytes);
    storePicture(stored, planes, layout, chunk.data);
    this.#writeFrame(chunk);
  }

  /** Writes a JPEG image as it is. Throws a {@linkcode RefusedCall} for any other. */
  writeImage(bytes: Uint8Array): void {
    this.#writeJpeg(bytes, this.#checkImage(bytes));
  }

  #encoderFor(layout: FrameLayout, quality: number): JpegEncoder {
    const { name: format } = layout.format;
    if (!isJpegSource(format)) {
      throw refusedFrame(
        `without FFmpeg's libraries, JPEG is made of RGB and gray pixels, and these are ${format}`,
      );
    }
    const { width, height } = layout;
    if (Math.max(width, height) > longestJpegSide) {
      throw refusedFrame(
        `it is ${width}x${height}, and sides of JPEG have ${longestJpegSide} pixels at most`,
      );
    }
    if (this.#jpeg?.format !== format) this.#jpeg = { format, encoder: new JpegEncoder(layout, quality) };
    return this.#jpeg.encoder;
  }

  #writeJpeg(bytes: Uint8Array, { width, height }: Size): void {
    requireChunk(bytes.length);
    this.#open ??= this.#openFile({ width, height, stored: "MJPG", frameBytes: 0 });
    const chunk = createChunk(chunkId(this.#open.layout, 0), bytes.length);
    chunk.data.set(bytes);
    this.#writeFrame(chunk);
  }

  /** Takes samples for a track that start at a time in seconds, or (`null`) where the last ones end. */
  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    const found = this.#tracks[track]!;
    if (this.#open === null && found.waitingBytes > maxEarlyBytes) {
      throw tooMuchWaits("write samples", maxEarlyBytes);
    }
    found.take(samples, seconds);
    if (this.#open !== null) {
      this.#writeSamples(found.waitingBytes > maxWaitingBytes ? Infinity : this.#seconds);
    }
  }

  /** Ends all streams. With `isCut`, audio ends with the video. Returns whether there is a file. */
  finish(isCut: boolean): boolean {
    if (this.#open === null) {
      requireNoLostTracks(this.#tracks.map(({ stats }) => stats), false);
      return false;
    }
    for (const track of this.#tracks) {
      track.cut(isCut ? this.#seconds : Math.max(this.#seconds, track.stats.seconds));
    }
    this.#writeSamples(Infinity);
    this.#open.muxer.finish();
    return true;
  }

  /** What was written: `bytes` is the size of the file, where it is another than that of what was given. */
  summary(bytes: number | null, leftOut: number): WriteSummary {
    const { path, format } = this.#target;
    return {
      ...{ path, format, leftOut },
      encoder: this.#choice?.name ?? "",
      ...(this.size ?? { width: 0, height: 0 }),
      frames: this.#frames,
      seconds: this.#seconds,
      bytes: bytes ?? this.bytes,
    };
  }

  /** Bytes that are whole. */
  get bytes(): number {
    return this.#open?.muxer.bytes ?? 0;
  }

  #openRaw(planes: readonly PlaneView[], layout: FrameLayout): Open {
    const { alpha } = this.#request;
    const hasAlpha = layout.format.hasAlpha && alpha !== "discard" &&
      (alpha === "keep" || !isOpaque(planes, layout));
    const stored = storedFormat(layout.format.name, hasAlpha);
    const frameBytes = storedBytes(stored, layout);
    requireChunk(frameBytes);
    return this.#openFile({ width: layout.width, height: layout.height, stored, frameBytes });
  }

  #openFile(video: Omit<AviVideo, "frameRate">): Open {
    const layout: AviLayout = {
      video: { ...video, frameRate: this.#request.frameRate },
      audio: this.#tracks.map(({ format }) => format),
    };
    if (this.#request.alpha === "keep" && (video.stored === "MJPG" || video.stored.name !== "bgra")) {
      throw new UnsupportedError("Cannot keep alpha: the frames have none that AVI keeps", {
        code: "ALPHA",
        operation: "write a frame",
        hint: 'Give frames such as rgba, or leave out alpha: "keep"',
      });
    }
    const muxer = this.#target.open(layout);
    this.#choice = this.#target.choice(layout, this.#jpeg?.format ?? null);
    return { layout, muxer };
  }

  #chunkFor(bytes: number): Chunk {
    if (this.#chunk !== null) return this.#chunk;
    const chunk = createChunk(chunkId(this.#open!.layout, 0), bytes);
    if (this.#target.isDirect) this.#chunk = chunk;
    return chunk;
  }

  #writeFrame(chunk: Chunk): void {
    this.#open!.muxer.write(0, chunk);
    this.#frames++;
    this.#videoBytes += chunk.data.length;
    this.#writeSamples(this.#seconds);
  }

  /** Writes the samples that wait, up to a time in seconds. */
  #writeSamples(seconds: number): void {
    const { layout, muxer } = this.#open!;
    for (const [index, track] of this.#tracks.entries()) {
      for (let bytes; (bytes = track.next(seconds)) !== null;) {
        const chunk = createChunk(chunkId(layout, index + 1), bytes.length);
        chunk.data.set(bytes);
        muxer.write(index + 1, chunk);
      }
    }
  }

  #checkImage(bytes: Uint8Array): Size {
    if (!jpeg.begins(bytes)) {
      throw refusedFrame("only JPEG images are written without FFmpeg's libraries; give pixels");
    }
    if (this.#open !== null && this.#video.stored !== "MJPG") {
      throw refusedFrame("the frames before it are pixels; give all frames in one form");
    }
    let size: Size, orientation: number;
    try {
      // Throws where the image is not whole.
      jpeg.essence(bytes);
      size = jpegSize(bytes);
      orientation = jpeg.orientation!(bytes);
    } catch (error) {
      throw new RefusedCall(error);
    }
    if (orientation !== 1 && this.#request.turnsImages) {
      throw refusedFrame(
        `its EXIF data says that it lies on its side or upside down (${orientation}), and without FFmpeg's libraries nothing is turned; turn it first, or use imageOrientation "none"`,
      );
    }
    const { width = this.#request.width ?? size.width, height = this.#request.height ?? size.height } =
      this.size ?? {};
    if (size.width === width && size.height === height) return size;
    throw new RefusedCall(
      new RangeError(
        `Cannot write a ${size.width}x${size.height} frame: this video is ${width}x${height}; scale the frame first`,
      ),
    );
  }
}

function requireChunk(bytes: number): void {
  if (bytes <= maxChunkBytes) return;
  throw refusedFrame(`it is stored in ${bytes} bytes, and AVI has ${maxChunkBytes} for a picture`);
}

function refusedFrame(problem: string): RefusedCall {
  return new RefusedCall(new TypeError(`Cannot write the frame: ${problem}`));
}
