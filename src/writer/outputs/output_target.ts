/**
 * Where outputs go.
 *
 * @module
 */
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import { addressTarget, isAddress } from "./output_address.ts";
import type { OutputOptions } from "./output_options.ts";

/** An output's place. */
export interface PlacedOutput {
  readonly target: OutputTarget;
}

/** The place of an output. Throws where it is none, or may not be written to. */
export function outputTarget(options: OutputOptions): PlacedOutput {
  const { target } = options;
  if (isAddress(target)) return { target: addressTarget(target, options) };
  throw new TypeError("Cannot write there");
}
