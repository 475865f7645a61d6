/**
 * What a program and the thread of an output tell each other.
 *
 * @module
 */
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import type { ReconnectOptions } from "../../reconnection.ts";
import type { SentError } from "../sent_error.ts";

/** The only message to the thread; the rest is in shared memory. */
export interface OutputStart {
  readonly target: OutputTarget;
  /** The folder of FFmpeg's libraries. */
  readonly libraryPath: string | undefined;
  /** The memory of its queue, and of the control that ends its work. */
  readonly queue: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** How it comes back; `null`: it does not. */
  readonly reconnect: ReconnectOptions | null;
  /** Whether a first connection that fails is tried again, too. */
  readonly isAwaited: boolean;
  readonly writeTimeoutSeconds: number;
}

/** The thread's messages. */
export type FromOutput =
  | { readonly type: "connected" | "begun" }
  | { readonly type: "lost"; readonly error: SentError }
  /** Bytes for a stream of the program. */
  | { readonly type: "bytes"; readonly bytes: ArrayBuffer }
  /** What describes an RTP session. */
  | { readonly type: "sdp"; readonly text: string }
  /** It has ended, and why where it has failed. */
  | { readonly type: "ended"; readonly error: SentError | null };
