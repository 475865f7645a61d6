/**
 * What the thread does that listens to an input device: it waits in C for audio, so that nobody else has to.
 * {@linkcode AudioCapture} starts it.
 *
 * @module
 */
import { loadNative, type ParentThread } from "../../ffi/mod.ts";
import type { DeviceSource } from "../audio/audio_source.ts";
import { type LogLevel, setLogLevel } from "../libav/log.ts";
import { type SentSamples, sentSamples } from "../thread/sending/sent_bytes.ts";
import { type SentError, sentError } from "../thread/sent_error.ts";
import { CaptureDevice } from "./capture_device.ts";

/** The message that starts the thread's work. */
export interface CaptureRequest {
  readonly source: DeviceSource;
  readonly libraryPath: string | undefined;
  readonly logLevel: LogLevel | undefined;
  /** One number, not 0 once the capture was stopped. */
  readonly isStopped: Int32Array<SharedArrayBuffer>;
}

/** The thread's messages. */
export type FromCapture =
  /** The libraries are loaded, and the device is being opened; libavdevice must be kept from now on. */
  | { readonly type: "opening"; readonly devicesPath: string }
  | { readonly type: "opened" }
  /** Samples, and when the first of them was captured, in seconds since 1970. */
  | { readonly type: "captured"; readonly samples: SentSamples; readonly time: number }
  | { readonly type: "failed"; readonly error: SentError }
  /** The device is closed. */
  | { readonly type: "ended" };

/** The most that a device may be ahead of the clock, in seconds: faster ones are throttled. */
const maxAhead = 0.5;

function capture(parent: ParentThread, { source, libraryPath, logLevel, isStopped }: CaptureRequest): void {
  const tell = (message: FromCapture): void => parent.post(message);
  try {
    const native = loadNative(libraryPath);
    setLogLevel(native, logLevel);
    tell({ type: "opening", devicesPath: native.devicesPath });
    using device = new CaptureDevice(native, source);
    tell({ type: "opened" });
    while (Atomics.load(isStopped, 0) === 0) {
      const { samples, time } = device.read();
      const sent = sentSamples(samples);
      parent.post({ type: "captured", samples: sent, time } satisfies FromCapture, [...sent.planes]);
      const aheadMs = (device.ahead - maxAhead) * 1000;
      if (aheadMs > 0) Atomics.wait(isStopped, 0, 0, aheadMs);
    }
  } catch (error) {
    tell({ type: "failed", error: sentError(error) });
  }
  tell({ type: "ended" });
}

/** Takes over a thread to capture in it. Returns the handler of its messages. */
export function captureInThread(parent: ParentThread): (message: unknown) => void {
  return (request) => capture(parent, request as CaptureRequest);
}
