/**
 * Containers of animations whose frames build on each other from the first to the last.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { containerOperation } from "./known_containers.ts";

/** Only their first frame is a key frame. */
const animations: readonly string[] = ["gif", "apng", "webp"];

/** Whether a container has key frames after the first one. */
export function hasKeyFrames(container: string): boolean {
  return !animations.includes(container);
}

/** Throws an {@linkcode UnsupportedError} where key frames or palettes are requested that a container does
 * not have. */
export function requireAnimationSupport(
  { name }: MuxerInfo,
  { keyFrameInterval, palette, live }: {
    readonly keyFrameInterval?: number;
    readonly palette?: string;
    readonly live?: boolean;
  },
): void {
  if (palette !== undefined && name !== "gif") {
    throw new UnsupportedError(`Cannot use the option palette in ${name}: only GIF has palettes to choose`, {
      code: "PALETTE_NOT_FOR_CONTAINER",
      operation: containerOperation,
      hint: "Leave palette out",
    });
  }
  if (keyFrameInterval === undefined || hasKeyFrames(name)) return;
  throw new UnsupportedError(
    `Cannot use the option keyFrameInterval in ${name}: only the first frame of such an animation is a key frame`,
    {
      code: "KEY_FRAMES_NOT_FOR_CONTAINER",
      operation: containerOperation,
      hint: live === true ? "Leave keyFrameInterval and live out" : "Leave keyFrameInterval out",
    },
  );
}
