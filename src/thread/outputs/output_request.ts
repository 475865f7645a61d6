/**
 * What a program asks of an output in a thread of its own.
 *
 * @module
 */
import type { OutputTarget } from "../../engine/outputs/output_target.ts";
import type { ReconnectOptions } from "../../reconnection.ts";

/** A stream of bytes in this thread. */
export interface OutputStream {
  /** Gives it bytes, which wait in the stream. */
  take(bytes: Uint8Array<ArrayBuffer>): void;
  /** Resolves once there is room. Throws where it takes no bytes any more. */
  ready(): Promise<void>;
  close(): Promise<void>;
  abort(reason: unknown): Promise<void>;
  /** Grows as long as it goes on, where that can be told. */
  readonly progress?: number;
}

/** How an output is started. */
export interface OutputRequest {
  readonly target: OutputTarget;
  readonly reconnect: ReconnectOptions | null;
  /** Whether a first connection that fails is tried again, too. */
  readonly isAwaited: boolean;
  readonly writeTimeoutSeconds: number;
  /** Whether it may take nothing for as long as frames come: a disk, or a stream that nobody reads. */
  readonly isPatient: boolean;
  readonly libraryPath: string | undefined;
  readonly workerModule: URL;
  /** The stream that takes the bytes, where it is one. */
  readonly stream?: OutputStream;
  /** Is told what describes an RTP session. */
  readonly onSdp?: (sdp: string) => void;
}
