/**
 * The work of a node with filters.
 *
 * @module
 */
import { loadNative } from "../../../ffi/mod.ts";
import { NoThreadError } from "../../thread/encoding_thread.ts";
import { FilterThread } from "../../thread/filtering/filter_thread.ts";
import { type FilterFrame, FrameFilter } from "../../thread/filtering/frame_filter.ts";
import { reasonOf, type ThreadPlaces } from "../../thread/thread_task.ts";
import { SourceFrame } from "../pipeline/source_frame.ts";
import type { Emit, NodeWork } from "./node_work.ts";

/** Filters, in whatever thread. */
interface Filters {
  write(frame: FilterFrame): readonly FilterFrame[] | Promise<readonly FilterFrame[]>;
  flush(): readonly FilterFrame[] | Promise<readonly FilterFrame[]>;
  free(): Promise<void>;
}

/** Where filters run. */
export interface FilterPlace extends ThreadPlaces {
  readonly thread: "worker" | "main";
}

/** Whether the warning that there are no threads was printed. */
let hasWarned = false;

function warning(cause: unknown): string {
  return `avwriter: filters run in the thread that makes their node, for another cannot be started: ${
    reasonOf(cause)
  }. A bundle needs the module of avwriter's threads beside it, or named by the option workerUrl; thread "main" avoids this warning`;
}

/** Opens filters. Throws an `OptionError` where the description is not valid. */
async function openFilters(description: string, place: FilterPlace): Promise<Filters> {
  if (place.thread === "worker") {
    try {
      return await FilterThread.open(description, place);
    } catch (error) {
      if (!(error instanceof NoThreadError)) throw error;
      if (!hasWarned) console.warn(warning(error.cause));
      hasWarned = true;
    }
  }
  const filter = new FrameFilter(loadNative(place.libraryPath), description);
  return {
    write: (frame) => filter.write(frame),
    flush: () => filter.flush(),
    free: () => Promise.resolve(filter[Symbol.dispose]()),
  };
}

/** Sends frames through libavfilter's filters. */
export class FilterWork implements NodeWork {
  readonly #open: () => Promise<Filters>;
  /** The filters; `null` once they were freed at the end of a source, until frames come again. */
  #filters: Filters | null;

  private constructor(open: () => Promise<Filters>, filters: Filters) {
    this.#open = open;
    this.#filters = filters;
  }

  /** Opens the filters. Throws an `OptionError` where the description is not valid. */
  static async open(description: string, place: FilterPlace): Promise<FilterWork> {
    const open = (): Promise<Filters> => openFilters(description, place);
    return new FilterWork(open, await open());
  }

  async process(frame: SourceFrame, emit: Emit): Promise<void> {
    this.#filters ??= await this.#open();
    const own = frame.own();
    const isWhole = own.data.length === own.data.buffer.byteLength;
    const bytes = isWhole ? own.data.buffer : own.data.slice().buffer;
    await emitAll(await this.#filters.write({ ...own.facts, bytes }), emit);
  }

  async flush(emit: Emit): Promise<void> {
    if (this.#filters !== null) await emitAll(await this.#filters.flush(), emit);
  }

  async end(emit: Emit): Promise<void> {
    await this.flush(emit);
    await this.free();
  }

  async free(): Promise<void> {
    const filters = this.#filters;
    this.#filters = null;
    await filters?.free();
  }
}

async function emitAll(frames: readonly FilterFrame[], emit: Emit): Promise<void> {
  for (const { bytes, ...facts } of frames) await emit(SourceFrame.of(new Uint8Array(bytes), facts));
}
