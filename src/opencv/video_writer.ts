/**
 * OpenCV's VideoWriter.
 *
 * @module
 */
import { createClock, type FrameClock } from "../engine/frame_clock.ts";
import { FrameChecker } from "../engine/frames/frame_checker.ts";
import type { VideoFileRequest } from "../engine/session_types.ts";
import { LibraryNotFoundError, UnsupportedError, WriterClosedError } from "../errors.ts";
import { filePath } from "../file_path.ts";
import { didYouMean } from "../nearest.ts";
import { shown } from "../shown.ts";
import type { Size } from "../size.ts";
import { parseFrameRate } from "../video/frame_rate.ts";
import { readFrame } from "../writer/given_frame.ts";
import { checkOptions } from "../writer/options.ts";
import { codecOf, isPlain, knownFourccs, lettersOf } from "./fourcc.ts";
import { frameOf, type OpenCvImage } from "./image.ts";
import { AviOutput, LibavOutput, type Output } from "./outputs.ts";
import * as properties from "./properties.ts";

/** Width and height in pixels. */
export type FrameSize = readonly [width: number, height: number];

/** What a writer is opened with. */
export type OpenArguments =
  | readonly [path: string | URL, fourcc: number, fps: number, frameSize: FrameSize, isColor?: boolean]
  | readonly [
    path: string | URL,
    fourcc: number,
    fps: number,
    frameSize: FrameSize,
    params: readonly number[],
  ]
  | readonly [
    path: string | URL,
    apiPreference: number,
    fourcc: number,
    fps: number,
    frameSize: FrameSize,
    isColor?: boolean | readonly number[],
  ];

/** A file that is open. */
interface Open {
  readonly output: Output;
  readonly checker: FrameChecker;
  readonly clock: FrameClock;
  readonly fourcc: number;
  readonly fps: number;
  readonly size: Size;
  readonly format: "bgr24" | "gray";
}

/**
 * Writes frames as OpenCV's class of this name does: its calls are done when they return, so they block the
 * thread while a frame is encoded, and what goes wrong is not thrown unless
 * {@linkcode VideoWriter.setExceptionMode} asks for it.
 *
 * With a FOURCC of 0, an avi file has the pixels as they are, and needs no FFmpeg. All others are encoded by
 * FFmpeg's libraries.
 *
 * @example
 * ```ts
 * import { VideoWriter, VideoWriter_fourcc } from "@avwriter/avwriter/opencv";
 *
 * const path = `${await Deno.makeTempDir()}/out.avi`;
 * const writer = new VideoWriter(path, VideoWriter_fourcc(..."MJPG"), 25, [320, 180]);
 * if (!writer.isOpened()) throw new Error("not open");
 * const frame = new Uint8Array(320 * 180 * 3); // blue, green and red
 * for (let n = 0; n < 25; n++) writer.write(frame.fill(n * 10));
 * writer.release();
 * ```
 */
export class VideoWriter implements Disposable {
  #open: Open | null = null;
  #throws = false;
  #hasWarned = false;

  /** Makes a writer, and opens it where it is told what: as {@linkcode VideoWriter.open} does. */
  constructor(...parameters: readonly [] | OpenArguments) {
    if (parameters.length > 0) this.open(...parameters as OpenArguments);
  }

  /**
   * Opens a file; one that is open is finished first.
   *
   * @param parameters The path, whose extension chooses the container; optionally `CAP_FFMPEG` or `CAP_ANY`;
   * the FOURCC; frames per second; width and height; and whether frames are BGR (`true`, the default) or
   * gray.
   * @returns Whether it is open.
   */
  open(...parameters: OpenArguments): boolean {
    this.release();
    try {
      this.#open = openFile(parameters);
      return true;
    } catch (error) {
      this.#refuse(error, true);
      return false;
    }
  }

  /** Whether a file is open. */
  isOpened(): boolean {
    return this.#open !== null;
  }

  /**
   * Writes a frame: BGR, or gray where the writer was opened so. One of another size or form is left out.
   * After an error of the encoder or the disk, the file is finished as far as it goes, and closed.
   *
   * @param image The frame; its memory is the caller's again when this returns.
   */
  write(image: OpenCvImage): void {
    const open = this.#open;
    let frame;
    try {
      if (open === null) throw closedError("write a frame");
      frame = open.checker.check(readFrame(frameOf(image, open.size, open.format)), {}, 0);
    } catch (error) {
      return this.#refuse(error, false);
    }
    try {
      open.output.write(frame);
      open.checker.accept(frame, null);
    } catch (error) {
      this.#open = null;
      open.output.salvage();
      this.#refuse(error, true);
    }
  }

  /** Finishes the file and closes it. Does nothing where none is open. Without a frame there is no file. */
  release(): void {
    const open = this.#open;
    this.#open = null;
    try {
      open?.output.finish(open.clock.frames);
    } catch (error) {
      this.#refuse(error, true);
    }
  }

  /** Finishes the file, at the end of a block with `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /**
   * A property of the open file: one of the numbers `CAP_PROP_...`; 0 where it has none, or no file is open.
   */
  get(property: number): number {
    const open = this.#open;
    if (open === null) return 0;
    const { frames, takenSeconds } = open.clock;
    switch (property) {
      case properties.CAP_PROP_FRAME_WIDTH:
        return open.size.width;
      case properties.CAP_PROP_FRAME_HEIGHT:
        return open.size.height;
      case properties.CAP_PROP_FPS:
        return open.fps;
      case properties.CAP_PROP_FOURCC:
        return open.fourcc;
      case properties.CAP_PROP_FRAME_COUNT:
      case properties.CAP_PROP_POS_FRAMES:
        return frames;
      case properties.CAP_PROP_POS_MSEC:
        return takenSeconds * 1000;
      case properties.CAP_PROP_FORMAT:
        return open.format === "gray" ? properties.CV_8UC1 : properties.CV_8UC3;
      case properties.CAP_PROP_BACKEND:
        return open.output.name === "FFMPEG" ? properties.CAP_FFMPEG : properties.CAP_ANY;
      default:
        return 0;
    }
  }

  /**
   * Sets a property. All are set by {@linkcode VideoWriter.open} for good.
   *
   * @returns Whether the property has that value.
   */
  set(property: number, value: number): boolean {
    if (this.#open !== null && this.get(property) === value) return true;
    this.#refuse(
      new UnsupportedError(
        `Cannot set the property ${shown(property)} to ${shown(value)}: open sets them all`,
        {
          code: "PROPERTY",
          operation: "set a property",
          hint: "Open the writer with the value that you need",
        },
      ),
      false,
    );
    return false;
  }

  /** `"FFMPEG"`, or `"AVI"` for pixels as they are. Throws where no file is open, as in OpenCV. */
  getBackendName(): string {
    if (this.#open === null) throw closedError("tell the backend");
    return this.#open.output.name;
  }

  /** Whether what goes wrong is thrown. Default: `false`, and it is printed once. */
  setExceptionMode(enable: boolean): void {
    this.#throws = enable;
  }

  /** Whether what goes wrong is thrown. */
  getExceptionMode(): boolean {
    return this.#throws;
  }

  /** Throws an error where that was asked for, and otherwise prints it, once, where it is `loud`. */
  #refuse(error: unknown, isLoud: boolean): void {
    if (this.#throws) throw error;
    if (!isLoud || this.#hasWarned) return;
    this.#hasWarned = true;
    console.warn(`avwriter: VideoWriter: ${error instanceof Error ? error.message : error}`);
  }
}

function closedError(operation: string): WriterClosedError {
  return new WriterClosedError(`Cannot ${operation}: the VideoWriter is not open`, {
    code: "CLOSED",
    operation,
    hint: "Open it first, and see what isOpened says",
  });
}

/** The arguments by name. */
function readArguments(parameters: OpenArguments): {
  path: string | URL;
  api: number;
  fourcc: number;
  fps: number;
  frameSize: FrameSize;
  isColor: boolean;
} {
  const [path, ...rest] = parameters as readonly [string | URL, ...unknown[]];
  const hasApi = !Array.isArray(rest[2]);
  const [api, fourcc, fps, frameSize, isColor = true] = hasApi ? rest : [properties.CAP_ANY, ...rest];
  return {
    path,
    api: api as number,
    fourcc: fourcc as number,
    fps: fps as number,
    frameSize: frameSize as FrameSize,
    isColor: Array.isArray(isColor) ? isColorIn(isColor) : isColor === true || isColor === 1,
  };
}

/** Parameters are pairs of a property and its value. */
function isColorIn(params: readonly number[]): boolean {
  const at = params.findIndex((value, index) =>
    index % 2 === 0 && value === properties.VIDEOWRITER_PROP_IS_COLOR
  );
  return at < 0 || params[at + 1] !== 0;
}

function openFile(parameters: OpenArguments): Open {
  const { path, api, fourcc, fps, frameSize, isColor } = readArguments(parameters);
  if (!Array.isArray(frameSize) || frameSize.length !== 2) {
    throw new TypeError(
      `Cannot open the writer: frameSize is ${shown(frameSize)}, but must be [width, height]`,
    );
  }
  if (!Number.isInteger(fourcc)) {
    throw new TypeError(
      `Cannot open the writer: fourcc is ${
        shown(fourcc)
      }, but must be a number such as VideoWriter_fourcc(..."MJPG")`,
    );
  }
  const file = filePath(path), frameRate = parseFrameRate(fps);
  const [width, height] = frameSize as [number, number];
  const known = codecOf(fourcc);
  const { codec, pixelFormat } = known ?? { codec: "rawvideo", pixelFormat: "bgr24" };
  // As OpenCV does, but only where the encoder needs even sides.
  const { session: options } = checkOptions({
    ...{ width, height, oddSize: "crop" },
    ...(pixelFormat === undefined || !isColor ? {} : { pixelFormat }),
  });
  const request: VideoFileRequest = { kind: "video", codec, path: file, frameRate, options };
  const clock = createClock(frameRate, options);
  const output = openOutput(request, api, fourcc);
  return {
    ...{ output, clock, fourcc, size: { width, height }, format: isColor ? "bgr24" : "gray" },
    checker: new FrameChecker(output.formats, options, clock),
    fps: frameRate.num / frameRate.den,
  };
}

function openOutput(request: VideoFileRequest, api: number, fourcc: number): Output {
  if (api !== properties.CAP_ANY && api !== properties.CAP_FFMPEG) {
    throw new UnsupportedError(`Cannot open the writer: there is no backend ${shown(api)}`, {
      code: "BACKEND",
      operation: "open the writer",
      hint: "Use CAP_FFMPEG, or CAP_ANY",
    });
  }
  const isAvi = /\.avi$/i.test(request.path);
  if (isPlain(fourcc) && isAvi && api === properties.CAP_ANY) return new AviOutput(request);
  if (!isPlain(fourcc) && codecOf(fourcc) === null) {
    const letters = lettersOf(fourcc);
    throw new UnsupportedError(`Cannot open the writer: no codec is known by the FOURCC ${shown(letters)}`, {
      code: "FOURCC",
      operation: "open the writer",
      hint: didYouMean(letters, knownFourccs) ?? 'Use "MJPG" or "XVID" in avi, and "avc1" or "mp4v" in mp4',
    });
  }
  try {
    return new LibavOutput(request);
  } catch (error) {
    if (!(error instanceof LibraryNotFoundError) || !isAvi) throw error;
    throw new LibraryNotFoundError(
      `${error.message}. Without them, an avi file can have the FOURCC 0`,
      error,
    );
  }
}
