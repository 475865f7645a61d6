/**
 * What a writer tells of pictures that are not encoded.
 *
 * @module
 */
import type { EncoderChoice } from "../engine/session_types.ts";
import type { AviVideo } from "./layout.ts";

/**
 * The "encoder" of pictures as AVI has them. `encoded` is the format of pixels that become JPEG, `null` where
 * none do; `rejected` is what was wanted instead, and why it can't be.
 */
export function rawChoice(
  { stored }: AviVideo,
  encoded: string | null,
  rejected: EncoderChoice["rejected"] = [],
): EncoderChoice {
  const common = { rejected, fallback: "uncompressed" } as const;
  if (stored !== "MJPG") return { name: "rawvideo", codec: "rawvideo", pixelFormat: stored.name, ...common };
  // The pixel format of a JPEG that is copied is its own.
  if (encoded === null) return { name: "copy", codec: "mjpeg", pixelFormat: "", ...common };
  return { name: "mjpeg", codec: "mjpeg", pixelFormat: encoded === "gray" ? "gray" : "yuvj420p", ...common };
}
