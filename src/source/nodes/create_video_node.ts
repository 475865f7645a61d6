/**
 * The front door of nodes.
 *
 * @module
 */
import { checkOptionTable, moduleAddress, oneOf, text } from "../../option_checks.ts";
import { shown } from "../../shown.ts";
import { workerModule } from "../../worker/worker_module.ts";
import { type FilterPlace, FilterWork } from "./filter_work.ts";
import {
  type ChangePixels,
  type FrameTransform,
  type NodeWork,
  PixelWork,
  TransformWork,
} from "./node_work.ts";
import { NodeFlow, type VideoNode } from "./video_node.ts";

/** Options of a node with filters. */
export interface NodeOptions {
  /** Where filters run: in a thread of their own, or in the one that makes the node. Default: `"worker"`. */
  thread?: "worker" | "main";
  /** The module that the thread runs, as writers have it. */
  workerUrl?: string | URL;
  /** The folder of FFmpeg's libraries, as writers have it. */
  libraryPath?: string;
}

const checks = { thread: oneOf("worker", "main"), workerUrl: moduleAddress, libraryPath: text } as const;

/**
 * Makes a node: a target that is a source of what it makes of frames.
 *
 * @param work What it does to frames:
 * - a function that changes the pixels of a frame in place. Frames that nobody else reads are not copied for
 *   it;
 * - a description in libavfilter's syntax, such as `"hflip,scale=320:-2"`, run in a thread;
 * - a `TransformStream` from frames to frames.
 * @param options Where filters run.
 * @returns The node.
 *
 * @throws {TypeError} It is none of these, or an option has the wrong type.
 * @throws {OptionError} The description is not valid.
 *
 * @example Red and blue are swapped, then the picture is mirrored
 * ```ts
 * import { createFileWriter, createFrameSource, createVideoNode } from "@avwriter/avwriter";
 *
 * const frames = [0, 80, 160].map((red) => ({
 *   data: new Uint8Array(64 * 64 * 4).map((_, at) => [red, 0, 0, 255][at % 4]!), width: 64, height: 64,
 * }));
 * await using source = await createFrameSource(frames, { frameRate: 25 });
 * await using swap = await createVideoNode((pixels) => {
 *   for (let at = 0; at < pixels.length; at += 4) {
 *     [pixels[at], pixels[at + 2]] = [pixels[at + 2]!, pixels[at]!];
 *   }
 * });
 * await using mirror = await createVideoNode("hflip");
 * await using writer = await createFileWriter("h264", `${await Deno.makeTempDir()}/blue.mp4`, 25);
 *
 * mirror.attach(writer);
 * swap.attach(mirror);
 * await source.attach(swap).finished;
 * if (writer.stats.frames !== 3) throw new Error("not as given");
 * ```
 */
export async function createVideoNode(
  work: ChangePixels | string | FrameTransform,
  options: NodeOptions = {},
): Promise<VideoNode> {
  const { thread = "worker", workerUrl = workerModule(), libraryPath } = checkOptionTable(options, checks);
  const place = { thread, workerModule: new URL(workerUrl), libraryPath };
  return new NodeFlow(await openWork(work, place));
}

async function openWork(
  work: ChangePixels | string | FrameTransform,
  place: FilterPlace,
): Promise<NodeWork> {
  if (typeof work === "function") return new PixelWork(work);
  if (typeof work === "string") return await FilterWork.open(work, place);
  if (work?.writable instanceof WritableStream && work.readable instanceof ReadableStream) {
    return new TransformWork(work);
  }
  throw new TypeError(
    `Cannot make a node of ${
      shown(work)
    }: give a function that changes pixels, a filter's description, or a TransformStream`,
  );
}
