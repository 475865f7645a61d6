/**
 * A recording in segments: what its session and its output share.
 *
 * @module
 */
import { dirname, makeFolder, type Native, removeFile } from "../../../ffi/mod.ts";
import type { Size } from "../../size.ts";
import type { VideoFileRequest } from "../session_types.ts";
import type { SegmentFile } from "./segment_file.ts";
import { newSegmentPath } from "./segment_name.ts";
import type { SegmentListener, SegmentOptions } from "./segment_options.ts";
import { SegmentPlan } from "./segment_plan.ts";
import { SegmentStore } from "./segment_store.ts";

/** Where segments are written. */
interface SegmentWriting {
  /** The paths of segments that are not complete. */
  readonly unfinished: readonly string[];
  /** Records what comes until so many seconds later, and what came before. */
  recordEvent(seconds: number): void;
}

/** The segments of one session. */
export class Segments {
  readonly #folder: string;
  readonly #store: SegmentStore;
  readonly #onSegment: SegmentListener;
  readonly options: SegmentOptions;
  /** At which frames segments begin. */
  readonly plan: SegmentPlan;
  /** Where they are written; `null` before the first frame. */
  #output: SegmentWriting | null = null;
  /** How long an event is recorded that was told before the first frame, in seconds. */
  #earlySeconds: number | null = null;

  /** Makes the folder of the segments. */
  constructor(
    native: Native,
    folder: string,
    options: SegmentOptions,
    keyFrameInterval: number | undefined,
    onSegment: SegmentListener = () => {},
  ) {
    this.#folder = folder;
    this.#onSegment = onSegment;
    this.options = options;
    this.plan = new SegmentPlan(options, keyFrameInterval);
    this.#store = new SegmentStore(native, folder, options);
  }

  /** A new path for a segment that begins at a time of the video; its folder is made. */
  pathAt(seconds: number): string {
    return this.#newPath(Math.round(this.plan.wallMs(seconds)));
  }

  /** The request for one of the files, which stands for all, before there is one. */
  trialOf(request: VideoFileRequest): VideoFileRequest {
    return { ...request, path: this.#newPath(Date.now()) };
  }

  #newPath(ms: number): string {
    const path = newSegmentPath(this.#folder, this.options.name, new Date(ms));
    makeFolder(dirname(path));
    return path;
  }

  /** Removes old segments. Files that are being written may still take so many bytes. */
  makeRoom(nowSeconds: number, growingBytes: number): void {
    this.#store.keepLimits(this.plan.wallMs(nowSeconds), growingBytes);
  }

  /** Tells of a finished segment. */
  tell({ path, seconds, endSeconds, frames }: SegmentFile, bytes: number): void {
    const endMs = this.plan.wallMs(endSeconds);
    this.#store.add({ path, bytes, endMs });
    this.makeRoom(this.plan.lastSeconds, 0);
    const [start, end] = [this.plan.wallMs(seconds), endMs].map((ms) => new Date(Math.round(ms)));
    this.#onSegment({ path, start: start!, end: end!, frames });
  }

  /**
   * Whether a frame has another size than those before it (`null`: it is the first), and begins a segment of
   * its own for that.
   */
  hasNewSize({ width, height }: Size, before: Size | null): boolean {
    if (this.options.newSize !== true || before === null) return false;
    if (width === before.width && height === before.height) return false;
    this.plan.beginStream();
    return true;
  }

  /** Has segments written there. */
  writeTo(output: SegmentWriting): void {
    this.#output = output;
    if (this.#earlySeconds !== null) output.recordEvent(this.#earlySeconds);
  }

  /** Records an event until so many seconds later. */
  recordEvent(seconds: number): void {
    if (this.#output === null) this.#earlySeconds = Math.max(this.#earlySeconds ?? 0, seconds);
    else this.#output.recordEvent(seconds);
  }

  /** Removes the files that are not complete, once `close` has closed them. */
  removeUnfinished(close: () => void): void {
    const unfinished = this.#output?.unfinished ?? [];
    close();
    for (const path of unfinished) removeFile(path);
  }
}
