/**
 * Nodes: targets that are sources, too.
 *
 * @module
 */
import type { PictureForm } from "../pipeline/crop.ts";
import { Flow } from "../pipeline/flow.ts";
import { type FrameSink, sinkOfNode } from "../pipeline/frame_sink.ts";
import type { FrameTarget, PipelineSource, SourceStatus } from "../pipeline/pipeline_source.ts";
import { SourceFrame } from "../pipeline/source_frame.ts";
import type { DecodedFrame } from "../source.ts";
import { type GivenFrame, takeGiven } from "./given_frame.ts";
import type { NodeWork } from "./node_work.ts";

/**
 * A target that does something to frames, and is a source of what comes of it. {@linkcode createVideoNode}
 * makes it. A node without targets drops its frames. It ends with its source, and goes on after `detach`.
 */
export interface VideoNode extends PipelineSource, FrameTarget {
  /**
   * Takes a frame from a program, instead of a source: copied, so that it stays as it is.
   *
   * @throws {Error} What the node's own function, filter or stream throws.
   */
  update(frame: DecodedFrame | GivenFrame): Promise<void>;
}

/** A node over its work. */
export class NodeFlow extends Flow implements VideoNode {
  readonly #work: NodeWork;
  /** How many sources send frames. */
  #sources = 0;
  #status: SourceStatus = "running";
  #form: PictureForm | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isFreed = false;
  /** The last call of the work. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #emit = async (frame: SourceFrame): Promise<void> => {
    const { width, height, format } = frame;
    this.#form = { width, height, format };
    await this.send(frame);
  };

  constructor(work: NodeWork) {
    super();
    this.#work = work;
  }

  override get status(): SourceStatus {
    return this.#status;
  }

  async update(frame: DecodedFrame | GivenFrame): Promise<void> {
    const own = frame instanceof SourceFrame ? frame : takeGiven(frame as GivenFrame, null);
    // The program may keep it.
    if (own === frame) own.hold(1);
    await this.#process(own);
  }

  [sinkOfNode](): FrameSink {
    this.#sources++;
    this.#status = "running";
    this.#failure = null;
    let isAttached = true;
    return {
      take: ({ frame }) => this.#process(frame),
      settle: () => this.#settle(),
      leave: () => {
        if (isAttached) this.#sources--;
        isAttached = false;
      },
      end: async () => {
        if (this.#sources === 0) await this.#end();
      },
      fail: (error) => this.#fail(error),
    };
  }

  protected override get form(): PictureForm | null {
    return this.#form;
  }

  protected override begin(): void {
    if (this.#failure !== null) this.distributor.fail(this.#failure.error);
    else if (this.#status === "ended") this.distributor.end();
  }

  protected override async free(): Promise<void> {
    this.#status = "ended";
    this.#isFreed = true;
    await this.#work.free();
  }

  async #process(frame: SourceFrame): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#isFreed) frame.release();
      else await this.#work.process(frame, this.#emit);
    });
  }

  /** Resolves once all targets have what was made of the frames that came. */
  async #settle(): Promise<void> {
    if (!this.#isFreed) await this.#inTurn(() => this.#work.flush(this.#emit));
    await this.distributor.settled();
  }

  async #end(): Promise<void> {
    if (!this.#isFreed) await this.#inTurn(() => this.#work.end(this.#emit));
    this.#status = "ended";
    const outlets = [...this.distributor.outlets];
    this.distributor.end();
    await Promise.all(outlets.map((outlet) => outlet.settled()));
  }

  #fail(error: unknown): void {
    this.#status = "ended";
    this.#failure = { error };
    this.distributor.fail(error);
  }

  /** Calls the work, after the calls before. */
  async #inTurn(call: () => Promise<void>): Promise<void> {
    const result = this.#last.then(call);
    this.#last = result.catch(() => {});
    await result;
  }
}
