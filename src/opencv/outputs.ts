/**
 * What OpenCV calls backends: FFmpeg's libraries, and AVI in pure TypeScript.
 *
 * @module
 */
import { loadNative } from "../../ffi/mod.ts";
import { AviSession } from "../avi/avi_session.ts";
import { FileTarget } from "../avi/file_target.ts";
import { aviFormatsByName } from "../avi/pixel_formats.ts";
import type { CheckedFrame } from "../engine/checked_frame.ts";
import { SessionControl } from "../engine/ending/session_control.ts";
import type { VideoFileRequest } from "../engine/session_types.ts";
import { VideoSession } from "../engine/video_session.ts";
import { completed } from "../steps.ts";
import type { InputFormats } from "../video/input_format.ts";

/** A file that is written while its calls last. */
export interface Output {
  /** The backend's name. */
  readonly name: "FFMPEG" | "AVI";
  readonly formats: InputFormats;
  /** Writes a raw frame. */
  write(frame: CheckedFrame): void;
  /** Finishes the file: so many frames were written. */
  finish(frames: number): void;
  /** After a failure: makes the file as playable as possible. */
  salvage(): void;
}

/** A file by FFmpeg's libraries. */
export class LibavOutput implements Output {
  readonly name = "FFMPEG";
  readonly formats: InputFormats;
  readonly #session: VideoSession;

  /** Opens it as far as that is possible before the first frame. */
  constructor(request: VideoFileRequest) {
    this.#session = new VideoSession(loadNative(), request, new SessionControl(), {}, {});
    this.formats = this.#session.info.formats;
  }

  write({ picture, stamp }: CheckedFrame): void {
    if (picture.kind === "raw") this.#session.encode(picture.planes, picture.layout, stamp);
  }

  finish(frames: number): void {
    try {
      completed(this.#session.finish(BigInt(frames)));
    } finally {
      this.#session[Symbol.dispose]();
    }
  }

  salvage(): void {
    this.#session.salvage();
  }
}

/** A file of AVI. */
export class AviOutput implements Output {
  readonly name = "AVI";
  readonly formats = aviFormatsByName;
  readonly #target: FileTarget;
  readonly #session: AviSession;

  /** Opens it. */
  constructor({ path, frameRate, options: { width, height } }: VideoFileRequest) {
    this.#target = new FileTarget(path, []);
    const request = {
      frameRate,
      width,
      height,
      alpha: undefined,
      turnsImages: false,
      audio: [],
      jpegQuality: null,
    };
    this.#session = new AviSession(request, this.#target);
  }

  write({ picture }: CheckedFrame): void {
    if (picture.kind === "raw") this.#session.writeRaw(picture.planes, picture.layout);
  }

  finish(): void {
    if (this.#session.finish(false)) this.#target.close();
    else this.#target.discard();
  }

  salvage(): void {
    this.#target.salvage(this.#session.bytes);
  }
}
