/**
 * What all sources have: targets, readers, streams and a part of the picture.
 *
 * @module
 */
import { WriterClosedError } from "../../errors.ts";
import type { DecodedFrame } from "../source.ts";
import { Attachment } from "./attachment.ts";
import { checkArea, cropped, type PictureForm, requireArea } from "./crop.ts";
import { Distributor } from "./distributor.ts";
import { FrameIterator } from "./frame_iterator.ts";
import { FrameQueue } from "./frame_queue.ts";
import { framesOf } from "./frame_taker.ts";
import type { Outlet } from "./outlet.ts";
import type {
  AttachedTarget,
  CropArea,
  PipelineSource,
  QueueOptions,
  SourceStatus,
  VideoTarget,
} from "./pipeline_source.ts";
import type { SourceFrame } from "./source_frame.ts";

/** A source of frames, wherever they come from. */
export abstract class Flow implements PipelineSource {
  /** All that get frames. */
  protected readonly distributor: Distributor = new Distributor();
  readonly #attachments = new WeakMap<VideoTarget, Attachment>();
  /** Those that failed. */
  #failed: Attachment[] = [];
  #crop: CropArea | null = null;
  #readable: ReadableStream<DecodedFrame> | undefined;

  abstract get status(): SourceStatus;

  /** The size and format of pictures; `null` where they are not known yet. */
  protected abstract get form(): PictureForm | null;

  /** There is one more that gets frames, or none comes any more. */
  protected abstract begin(): void;

  /** A reader has not used the last frame that it got. */
  protected takeBack(frame: SourceFrame): void {
    frame.release();
  }

  /** Frees what the source has, once nobody gets frames. */
  protected abstract free(): Promise<void>;

  get crop(): CropArea | null {
    return this.#crop;
  }

  set crop(area: CropArea | null) {
    const checked = area === null ? null : checkArea(area);
    if (checked !== null && this.form !== null) requireArea(checked, this.form);
    this.#crop = checked;
  }

  attach(target: VideoTarget, queue?: QueueOptions): AttachedTarget {
    if (this.#attachments.get(target)?.state === "attached") {
      throw new TypeError("Cannot attach the target: it is attached to this source already; detach it first");
    }
    if (leadsTo(target, this)) {
      throw new TypeError("Cannot attach a node whose frames would come back to where they come from");
    }
    const attachment: Attachment = new Attachment(target, new FrameQueue(queue), {
      tellRoom: () => this.distributor.tellRoom(),
      leave: (outlet) => this.distributor.remove(outlet),
      failed: (error) => {
        // A program that closes a writer knows it.
        if (error instanceof WriterClosedError) return;
        this.#failed = [...this.#failed.filter(({ untold }) => untold !== null), attachment];
      },
    });
    this.#attachments.set(target, attachment);
    this.#add(attachment);
    return attachment;
  }

  async detach(target: VideoTarget): Promise<void> {
    const attachment = this.#attachments.get(target);
    if (attachment === undefined) {
      throw new TypeError("Cannot detach the target: it was never attached to this source");
    }
    await attachment.detach();
  }

  get readable(): ReadableStream<DecodedFrame> {
    return this.#readable ??= this.#stream();
  }

  pipeThrough<Result>(
    transform: { writable: WritableStream<DecodedFrame>; readable: ReadableStream<Result> },
    options?: StreamPipeOptions,
  ): ReadableStream<Result> {
    return this.#stream().pipeThrough(transform, options);
  }

  pipeTo(writable: WritableStream<DecodedFrame>, options?: StreamPipeOptions): Promise<void> {
    return this.#stream().pipeTo(writable, options);
  }

  [Symbol.asyncIterator](): FrameIterator {
    return this[framesOf](false);
  }

  /** The frames, for somebody who takes those whose pixels are lent, or not. */
  [framesOf](takesLent: boolean): FrameIterator {
    return new FrameIterator({
      takesLent,
      begin: (reader) => this.#add(reader),
      tellRoom: () => this.distributor.tellRoom(),
      leave: (reader) => this.distributor.remove(reader),
      takeBack: (frame) => this.takeBack(frame),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const outlets = [...this.distributor.outlets];
    const attached = outlets.filter((outlet) => outlet instanceof Attachment);
    for (const reader of outlets.filter((outlet) => !(outlet instanceof Attachment))) {
      this.distributor.remove(reader);
      reader.end();
    }
    await Promise.allSettled(attached.map((attachment) => attachment.detach()));
    await this.free();
    const untold = this.#failed.map((attachment) => attachment.untold).find((failure) => failure !== null);
    if (untold) throw untold.error;
  }

  /** What is attached. */
  get targets(): VideoTarget[] {
    return [...this.distributor.outlets].filter((outlet) => outlet instanceof Attachment)
      .map(({ target }) => target);
  }

  /** Whether frames whose pixels are lent may be sent: to all of it, and as they are. */
  protected get takesLent(): boolean {
    return this.#crop === null && this.distributor.takesLent;
  }

  /** Sends a frame, or the part of it that is asked for, once all that get it have room. */
  protected async send(frame: SourceFrame): Promise<void> {
    await this.distributor.room(frame);
    this.sendNow(frame);
  }

  /** Sends a frame, or the part of it that is asked for. */
  protected sendNow(frame: SourceFrame): void {
    this.distributor.send(this.partOf(frame));
  }

  /** The part of a frame that is asked for. */
  protected partOf(frame: SourceFrame): SourceFrame {
    return this.#crop === null ? frame : cropped(frame, this.#crop);
  }

  #add(outlet: Outlet): void {
    this.distributor.add(outlet);
    this.begin();
  }

  #stream(): ReadableStream<DecodedFrame> {
    const frames = this[Symbol.asyncIterator]();
    return new ReadableStream<DecodedFrame>({
      async pull(controller) {
        const { done, value } = await frames.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void await frames.return(),
    }, { highWaterMark: 0 });
  }
}

/** Whether frames of a target come to a source. */
function leadsTo(target: VideoTarget, source: Flow): boolean {
  if (!(target instanceof Flow)) return false;
  return target === source || target.targets.some((next) => leadsTo(next, source));
}
