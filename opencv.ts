/**
 * OpenCV's VideoWriter: the class, `VideoWriter_fourcc` and the numbers of its properties, as OpenCV's users
 * know them.
 *
 * @example
 * ```ts
 * import { VideoWriter } from "@avwriter/avwriter/opencv";
 *
 * const path = `${await Deno.makeTempDir()}/out.avi`;
 * // The FOURCC 0: pixels as they are, which needs no FFmpeg.
 * using writer = new VideoWriter(path, 0, 30, [64, 48]);
 * for (let n = 0; n < 10; n++) writer.write(new Uint8Array(64 * 48 * 3).fill(n * 20));
 * ```
 *
 * @module
 */
export { VideoWriter_fourcc } from "./src/opencv/fourcc.ts";
export type { MatLike, OpenCvImage } from "./src/opencv/image.ts";
export * from "./src/opencv/properties.ts";
export { type FrameSize, type OpenArguments, VideoWriter } from "./src/opencv/video_writer.ts";
