/**
 * What one writer writes: a path, to which nobody else writes meanwhile, or bytes for the program.
 *
 * @module
 */
import { FileLock, type Native, type Target } from "../../ffi/mod.ts";
import { foldersOf } from "../container/many_files.ts";
import { containerOperation } from "../container/known_containers.ts";
import { needsFragments, streamOptions } from "../container/muxer_options.ts";
import { UnsupportedError, WriteError } from "../errors.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { ByteSink } from "../libav/muxing/muxer_output.ts";
import type { OptionValue } from "../libav/options.ts";
import { shown } from "../shown.ts";
import { indexFirst } from "./mp4/index_first.ts";
import { requireWritable, requireWritableFolder } from "./target.ts";

/** A path that is written, until it is disposed; or a sink of bytes. */
export class HeldTarget implements Disposable {
  readonly #native: Native;
  readonly #path: string;
  readonly #target: Target;
  /** Whether files are made in its folder. */
  readonly #isFolder: boolean;
  /** Who takes the bytes; `null` where they go to the path. */
  readonly #sink: ByteSink | null;
  #lock: FileLock | null = null;

  private constructor(
    native: Native,
    path: string,
    target: Target,
    isFolder: boolean,
    sink: ByteSink | null = null,
  ) {
    this.#sink = sink;
    this.#isFolder = isFolder;
    this.#native = native;
    this.#path = path;
    this.#target = target;
  }

  /**
   * Throws a {@linkcode WriteError}, or Deno's own `NotCapable`, unless the path can be written, and nobody
   * else is writing it. Leaves the disk unchanged. With a sink there is no path.
   */
  static take(
    native: Native,
    info: MuxerInfo,
    path: string,
    formatOptions: Readonly<Record<string, OptionValue>> | undefined,
    sink: ByteSink | null = null,
  ): HeldTarget {
    if (sink !== null) {
      if (info.opensFilesItself) throw makesFiles(info);
      return new HeldTarget(native, "", { isOwnFile: false, pipe: null }, false, sinkFor(info, sink));
    }
    if (info.opensFilesItself) {
      for (const folder of foldersOf(info, path, formatOptions)) requireWritableFolder(folder);
      return new HeldTarget(native, path, { isOwnFile: false, pipe: null }, true);
    }
    const held = new HeldTarget(native, path, requireWritable(path), false);
    if (!held.isPipe) held.#takeLock(false);
    return held;
  }

  /** Whether it is a regular file of its own, which an abort may remove. */
  get isOwnFile(): boolean {
    return this.#target.isOwnFile;
  }

  /** Whether it is a pipe. */
  get isPipe(): boolean {
    return this.#target.pipe !== null;
  }

  /** Whether bytes leave as they are written: what is in them can't be changed later. */
  get isStream(): boolean {
    return this.#sink === null ? this.isPipe : this.#sink.kind === "stream";
  }

  /** Opens a muxer's output, with a URL where it is a path: an existing file is truncated. */
  open(muxer: Muxer, url: string): void {
    if (this.#sink !== null) {
      streamOptions(muxer, this.#sink.kind);
      return muxer.openBytes(this.#sink);
    }
    this.#lockFile();
    muxer.openFile(url);
    this.#letGoOfPipe();
  }

  /** Makes and locks the file, before it is opened, where there was none, or it is another one by now. */
  #lockFile(): void {
    if (this.isPipe || this.#isFolder || this.#lock?.isOf(this.#path)) return;
    this.#lock?.[Symbol.dispose]();
    this.#lock = null;
    this.#takeLock(true);
  }

  #takeLock(isMade: boolean): void {
    const lock = FileLock.take(this.#native.fileLocks(), this.#path, isMade);
    if (lock === "taken") throw inUse(this.#path);
    this.#lock = lock;
  }

  /** Whether nobody else writes the path. Locks it again where it was given free. */
  isMine(): boolean {
    if (this.#lock !== null || this.isPipe || this.#isFolder || this.#sink !== null) return true;
    const lock = FileLock.take(this.#native.fileLocks(), this.#path, false);
    if (lock === "taken") return false;
    this.#lock = lock;
    return true;
  }

  /** Lets go of a pipe, which is open now. */
  #letGoOfPipe(): void {
    this.#target.pipe?.[Symbol.dispose]();
  }

  /** Gives the path free. */
  [Symbol.dispose](): void {
    this.#letGoOfPipe();
    this.#lock?.[Symbol.dispose]();
    this.#lock = null;
  }
}

/** The error of a second writer. */
export function inUse(path: string): WriteError {
  return new WriteError(`Cannot write ${shown(path)}: another writer is writing it`, {
    code: "IN_USE",
    operation: `open ${path} for writing`,
    hint: "Close that writer first, or choose another name",
  });
}

/** A sink of bytes, for the files of a muxer. */
function sinkFor(info: MuxerInfo, sink: ByteSink): ByteSink {
  if (sink.kind === "stream" || !needsFragments(info)) return sink;
  return { kind: "memory", give: (bytes) => sink.give(indexFirst(bytes)) };
}

function makesFiles({ name }: MuxerInfo): UnsupportedError {
  return new UnsupportedError(`Cannot write ${name} as bytes: it makes files of its own`, {
    code: "MANY_TARGETS",
    operation: containerOperation,
    hint: "Use createFileWriter, or a format of one file, such as mp4, matroska, webm or mpegts",
  });
}
