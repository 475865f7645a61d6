/**
 * AVI in a file on the disk.
 *
 * @module
 */
import { cutFile, RandomFile, removeFile } from "../../ffi/mod.ts";
import type { EncoderChoice } from "../engine/session_types.ts";
import { requireWritable, withWriteErrors } from "../file/target.ts";
import { AviFile, type AviFileOutput, type AviMuxer } from "./avi_file.ts";
import { AviStream } from "./avi_stream.ts";
import { rawChoice } from "./choice.ts";
import type { AviLayout } from "./layout.ts";
import type { AviTarget } from "./target.ts";

/** A file, a pipe or a device. */
export class FileTarget implements AviTarget, AviFileOutput {
  readonly path: string;
  readonly format = "avi";
  readonly isDirect = true;
  readonly #rejected: EncoderChoice["rejected"];
  readonly #isOwnFile: boolean;
  /** Kept open until the file is. */
  readonly #pipe: Disposable | null;
  #file: RandomFile | null = null;
  #muxer: AviMuxer | null = null;
  #end = 0;

  /**
   * Throws unless the path can be written; the disk stays as it was. `rejected` is what was wanted instead of
   * an AVI file.
   */
  constructor(path: string, rejected: EncoderChoice["rejected"]) {
    this.path = path;
    this.#rejected = rejected;
    const { isOwnFile, pipe } = requireWritable(path);
    this.#isOwnFile = isOwnFile;
    this.#pipe = pipe;
  }

  open(layout: AviLayout): AviMuxer {
    return withWriteErrors(this.path, () => {
      const file = this.#file = new RandomFile(this.path);
      this.#pipe?.[Symbol.dispose]();
      return this.#muxer = file.isSeekable
        ? new AviFile(this, layout)
        : new AviStream((bytes) => this.writeAt(this.#end, bytes), layout);
    });
  }

  choice({ video }: AviLayout, encoded: string | null): EncoderChoice {
    return rawChoice(video, encoded, this.#rejected);
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    withWriteErrors(this.path, () => this.#file!.write(bytes, offset));
    this.#end = Math.max(this.#end, offset + bytes.length);
  }

  drained(): null {
    return null;
  }

  close(): null {
    withWriteErrors(this.path, () => {
      this.#file?.sync();
      this.#close();
    });
    return null;
  }

  salvage(bytes: number): void {
    if (this.#file === null) return this.discard();
    try {
      // The end of a chunk that could not be written.
      if (this.#isOwnFile) cutFile(this.path, bytes, null);
      this.#muxer?.finish();
    } catch {
      // The file is whole without the old index.
    } finally {
      this.#close();
    }
  }

  discard(): void {
    this.#pipe?.[Symbol.dispose]();
    if (this.#file === null) return;
    this.#close();
    if (this.#isOwnFile) removeFile(this.path);
  }

  #close(): void {
    const file = this.#file;
    this.#file = null;
    file?.[Symbol.dispose]();
  }
}
