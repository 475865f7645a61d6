/**
 * Makes the outputs of each kind.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { NetworkOutput } from "./network_output.ts";
import type { OutputTarget } from "./output_target.ts";
import type { PacketOutput } from "./packet_output.ts";

/** A new output, which has not connected yet. */
export function createPacketOutput(native: Native, target: OutputTarget): PacketOutput {
  switch (target.kind) {
    case "network":
      return new NetworkOutput(native, target);
    default:
      throw new Error(`There is no output ${target.kind}`);
  }
}
