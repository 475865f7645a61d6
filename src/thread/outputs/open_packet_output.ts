/**
 * Makes the outputs of each kind.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { FileOutput } from "./file_output.ts";
import { HttpOutput } from "./http_output.ts";
import { NetworkOutput } from "./network_output.ts";
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import type { PacketOutput } from "./packet_output.ts";
import type { QueueMemory } from "../../engine/outputs/queue_memory.ts";
import { RtpOutput } from "./rtp_output.ts";
import { StreamOutput } from "./stream_output.ts";

/** What an output may need of the program's thread. */
export interface OutputOutlets {
  /** The memory that both threads share. */
  readonly queue: QueueMemory;
  /** Sends bytes to a stream. */
  readonly give: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Whether the writer was aborted: nothing half-made is to stay. */
  readonly isAborted: () => boolean;
  /** Tells the description of an RTP session. */
  readonly onSdp: (sdp: string) => void;
}

/** A new output, which has not connected yet. */
export function createPacketOutput(
  native: Native,
  target: OutputTarget,
  { queue, give, onSdp, isAborted }: OutputOutlets,
): PacketOutput {
  switch (target.kind) {
    case "network":
      if (target.format === "rtp") return new RtpOutput(native, target, onSdp);
      return new NetworkOutput(native, target);
    case "http":
      return new HttpOutput(native, target);
    case "stream":
      return new StreamOutput(native, target, queue, give);
    case "file":
      return new FileOutput(native, target, isAborted);
  }
}
