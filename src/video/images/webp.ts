/**
 * WebP files (RFC 9649).
 *
 * @module
 */
import { brokenImageError, type ImageKind, textAt, undecodableImageError, viewOf } from "./image_kind.ts";

/** A RIFF chunk: padded to an even length. */
function riffChunk(name: string, ...content: Uint8Array[]): Uint8Array[] {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const header = Uint8Array.from(`${name}....`, (letter) => letter.charCodeAt(0));
  viewOf(header).setUint32(4, length, true);
  return [header, ...content, new Uint8Array(length % 2)];
}

/** WebP (RFC 9649). */
export const webp: ImageKind = {
  name: "WebP",
  decoder: "webp",
  begins: (bytes) => textAt(bytes, 0) === "RIFF" && textAt(bytes, 8) === "WEBP",
  essence(bytes) {
    const view = viewOf(bytes);
    const fileEnd = 8 + view.getUint32(4, true);
    if (fileEnd > bytes.length) throw brokenImageError("WebP", "its end is missing");
    const parts: Uint8Array[] = [];
    for (let at = 12; at + 8 <= fileEnd;) {
      const name = textAt(bytes, at);
      const end = at + 8 + view.getUint32(at + 4, true);
      if (end > fileEnd) throw brokenImageError("WebP", "a chunk goes beyond its end");
      if (name === "ANIM") {
        throw undecodableImageError("WebP", "it is an animation; write its pictures one by one");
      }
      if (["VP8X", "ALPH", "VP8 ", "VP8L"].includes(name)) {
        parts.push(...riffChunk(name, bytes.subarray(at + 8, end)));
      }
      at = end + end % 2;
    }
    return riffChunk("RIFF", bytes.subarray(8, 12), ...parts);
  },
  // libav reads a bit about clamping (RFC 6386, 9.2) as the range.
  color: () => ({ matrix: "smpte170m", range: "tv" }),
};
