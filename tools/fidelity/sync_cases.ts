/**
 * Long files of flashes and beeps to write.
 *
 * @module
 */
import type { WriterOptions } from "../../mod.ts";
import type { WritableCase } from "./case_types.ts";

/** One file. */
export interface SyncCase extends WritableCase {
  readonly codec: string;
  readonly options: WriterOptions;
  /** Samples in one packet of the codec of its audio, at 48000 Hz. */
  readonly packetSamples: number;
}

/** How long each lasts, in seconds. */
export const syncSeconds = 600;
/** Frames per second. */
export const syncRate = { num: 30000, den: 1001 } as const;
/** Samples per second that are given; the tracks have 48000. */
export const syncSampleRate = 44100;

/** AAC (ISO/IEC 14496-3) and Opus as FFmpeg encodes it. */
const aac = 1024, opus = 960;

/**
 * Quick: it is the times that matter. In one thread, for small samples take longer to cross than to encode.
 */
const h264: WriterOptions = {
  thread: "main",
  preset: "ultrafast",
  audio: { channels: 1, encoderOptions: { aac_coder: "fast" } },
};

/** Every case. */
export const syncCases: readonly SyncCase[] = [
  { name: "sync-mp4", extension: "mp4", codec: "h264", options: h264, packetSamples: aac },
  { name: "sync-mkv", extension: "mkv", codec: "h264", options: h264, packetSamples: aac },
  {
    name: "sync-webm",
    extension: "webm",
    codec: "vp8",
    options: {
      thread: "main",
      preset: "16",
      encoderOptions: { deadline: "realtime", threads: 1 },
      audio: { channels: 1, encoderOptions: { compression_level: 0 } },
    },
    packetSamples: opus,
  },
];
