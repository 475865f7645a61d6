/**
 * What a writer tells of pictures that are not encoded.
 *
 * @module
 */
import type { EncoderChoice } from "../engine/session_types.ts";
import type { AviVideo } from "./layout.ts";

/** The "encoder" of pictures as AVI has them. `rejected` is what was wanted instead, and why it can't be. */
export function rawChoice({ stored }: AviVideo, rejected: EncoderChoice["rejected"] = []): EncoderChoice {
  const common = { rejected, fallback: "uncompressed" } as const;
  // The pixel format of a JPEG is its own.
  if (stored === "MJPG") return { name: "copy", codec: "mjpeg", pixelFormat: "", ...common };
  return { name: "rawvideo", codec: "rawvideo", pixelFormat: stored.name, ...common };
}
