/**
 * The capture devices of a writer, by the numbers of their tracks.
 *
 * @module
 */
import type { WriterStats } from "../engine/writer_stats.ts";
import type { AudioCapture } from "./audio_capture.ts";

/** Devices by track. */
export type Captures = ReadonlyMap<number, AudioCapture>;

/** Stops all devices, where the video ends. */
export async function stopCaptures(devices: Captures, endSeconds: number): Promise<void> {
  await Promise.all([...devices.values()].map((device) => device.stop(endSeconds)));
}

/** Statistics with the failures of devices. */
export function withCaptureFailures(stats: WriterStats, devices: Captures): WriterStats {
  if (devices.size === 0) return stats;
  const audio = stats.audio.map((track, index) => ({
    ...track,
    failure: track.failure ?? devices.get(index)?.failure?.message ?? null,
  }));
  return { ...stats, audio };
}
