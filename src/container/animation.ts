/**
 * Animations: how many times they play.
 *
 * @module
 */
import { UnsupportedError } from "../errors.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { OptionValue } from "../libav/options.ts";

/** The most plays that the formats count (GIF, RFC 9649, PNG's acTL as libavformat takes it). */
export const maxPlays = 65535;

/** The muxer's option for a number of plays, where 0 is for ever. */
const playOptions: Readonly<Record<string, (plays: number) => Readonly<Record<string, OptionValue>>>> = {
  // GIF counts how often it is played again.
  gif: (plays) => ({ loop: plays === 0 ? 0 : plays === 1 ? -1 : plays - 1 }),
  webp: (plays) => ({ loop: plays }),
  apng: (plays) => ({ plays }),
};

/** The options of an animation's muxer for a number of plays; none for other muxers. */
export function animationOptions(
  { name }: Pick<MuxerInfo, "name">,
  plays: number,
): Readonly<Record<string, OptionValue>> {
  return Object.hasOwn(playOptions, name) ? playOptions[name]!(plays) : {};
}

/** Throws an {@linkcode UnsupportedError} where a number of plays is given, but the container has none. */
export function requireLoopSupport({ name }: MuxerInfo, { loop }: { readonly loop?: number }): void {
  if (loop === undefined || Object.hasOwn(playOptions, name)) return;
  throw new UnsupportedError(`Cannot use the option loop: ${name} does not say how often it is played`, {
    code: "LOOP_NOT_FOR_CONTAINER",
    operation: `open ${name}`,
    hint: `Leave it out, or use ${Object.keys(playOptions).join(", ")}`,
  });
}
