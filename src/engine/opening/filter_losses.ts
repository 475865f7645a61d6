/**
 * What filters must not lose.
 *
 * @module
 */
import { UnsupportedError } from "../../errors.ts";
import { bitsPerComponent, type PixelFormatInfo } from "../../libav/pixel_format.ts";
import { shown } from "../../shown.ts";
import type { VideoFileRequest } from "../session_types.ts";

const operation = "filter a frame";

/**
 * Throws an {@linkcode UnsupportedError} where filters turn a format into one without what must be kept: the
 * bits, with "lossless", and alpha, with `alpha: "keep"`. Whoever says the encoder's format has decided.
 */
export function requireKept(
  { filter, quality, alpha, pixelFormat }: VideoFileRequest["options"],
  given: PixelFormatInfo,
  filtered: PixelFormatInfo,
): void {
  if (filter === undefined || pixelFormat !== undefined) return;
  const [from, to] = [bitsPerComponent(given), bitsPerComponent(filtered)];
  if (quality === "lossless" && to < from) {
    throw new UnsupportedError(
      `Cannot encode ${given.name} losslessly after the filter ${shown(filter)}: it makes ${to} bits per ` +
        `component (${filtered.name}), and the pictures have ${from}`,
      { code: "DEPTH", operation, hint: "Use a filter that keeps every bit, or another quality" },
    );
  }
  if (alpha === "keep" && given.hasAlpha && !filtered.hasAlpha) {
    throw new UnsupportedError(
      `Cannot keep alpha: the filter ${shown(filter)} makes ${filtered.name} of ${given.name}`,
      { code: "ALPHA", operation, hint: "Use a filter that keeps alpha, or leave the option alpha out" },
    );
  }
}
