/**
 * The header of animated WebP.
 *
 * @module
 */
import type { NativePacket } from "../libav/native_packet.ts";

/** Where things are in an animated WebP file (RFC 9649, 2.7.1). */
const place = {
  flags: 20,
  canvas: 24,
  plays: 42,
  firstFrame: 44,
  firstPosition: 52,
  firstSize: 58,
  end: 64,
} as const;

const alphaFlag = 0x10;

/**
 * Has an animation say how often it plays, which FFmpeg 4.3 does from twice on only, and that it has
 * transparent pixels where its first picture does not fill it: libwebp makes opaque parts of transparent
 * pictures, and then says that there is no alpha.
 */
export function completeWebpHeader(packet: NativePacket, plays: number, hasAlpha: boolean): void {
  const bytes = packet.head(place.end);
  const isNamed = (name: string, at: number): boolean =>
    name === String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < place.end || !isNamed("VP8X", 12) || !isNamed("ANMF", place.firstFrame)) return;
  packet.overwrite(place.plays, Uint8Array.of(plays & 255, plays >> 8));
  const sizeAt = (at: number): string => bytes.subarray(at, at + 6).join();
  const isCovered = sizeAt(place.firstPosition) === "0,0,0,0,0,0" &&
    sizeAt(place.firstSize) === sizeAt(place.canvas);
  if (hasAlpha && !isCovered) packet.overwrite(place.flags, Uint8Array.of(bytes[place.flags]! | alphaFlag));
}
