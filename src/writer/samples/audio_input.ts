/**
 * The audio of a video writer: samples that a program gives, and those of capture devices.
 *
 * @module
 */
import { type AudioSamples, type GivenSamples, readSamplesFields } from "../../audio/samples.ts";
import type { AudioCapture } from "../../capture/audio_capture.ts";
import { stopCaptures, withCaptureFailures } from "../../capture/captures.ts";
import type { FrameClock } from "../../engine/frame_clock.ts";
import { RefusedCall } from "../../engine/refused_call.ts";
import type { SessionOptions } from "../../engine/session_options.ts";
import type { WriterStats } from "../../engine/writer_stats.ts";
import type { Samples } from "../../libav/audio_frame.ts";
import type { VideoEngine } from "../../thread/engine.ts";
import type { FrameStamp } from "../../video/frame_timing.ts";
import { AudioEnds } from "./audio_ends.ts";
import { SamplesChecker, type TrackSamples } from "./samples_checker.ts";
import { checkSamplesOptions, type SamplesOptions } from "./samples_options.ts";

/** Samples as a program gave them, read once. */
export interface ReadSamples {
  readonly fields: GivenSamples;
  /** When they are heard, in seconds; `null`: it was not said. */
  readonly timestamp: number | null;
  readonly nowMs: number;
}

/** Samples for a track, heard at a time in seconds or (`null`) where those before end. */
export interface PlacedSamples extends TrackSamples {
  readonly seconds: number | null;
}

/** What audio comes from, and where it goes. */
interface AudioInputParts {
  readonly engine: VideoEngine;
  /** The clock of the frames. */
  readonly clock: FrameClock;
  readonly session: SessionOptions;
  /** Capture devices by track. */
  readonly devices: ReadonlyMap<number, AudioCapture>;
  /** Told of an error that happens during no call. */
  readonly failLater: (error: unknown) => Promise<void>;
}

/** Places samples on the clock of the frames. */
export class AudioInput {
  readonly #parts: AudioInputParts;
  readonly #checker: SamplesChecker;
  /** Where the audio of each track ends. */
  readonly #ends = new AudioEnds();
  /** Whether captured audio waits for the engine. */
  #isBehind = false;

  /** Has devices wait for the first frame. */
  constructor(parts: AudioInputParts) {
    this.#parts = parts;
    this.#checker = new SamplesChecker(parts.session.audio, parts.engine.info.audioChannels);
  }

  /** Reads what a program gives. Its getters may do anything. */
  read(given: AudioSamples, options: SamplesOptions | undefined): ReadSamples {
    const nowMs = performance.now();
    const fields = readSamplesFields(given);
    return { fields, timestamp: checkSamplesOptions(options, this.#parts.clock.maxTimestamp), nowMs };
  }

  /** Checks samples and finds their time. Throws a `TypeError` or `RangeError`; they then do not count. */
  place({ fields, timestamp, nowMs }: ReadSamples): PlacedSamples {
    const { clock } = this.#parts;
    const { track, samples } = this.#checker.check(fields);
    const seconds = timestamp === null ? this.#firstSeconds(track, samples, nowMs) : clock.onClock(timestamp);
    this.#ends.add(track, samples, seconds, clock.frames === 0 ? null : clock.takenSeconds);
    return { track, samples, seconds };
  }

  /** Starts the clock of the devices with the first frame. */
  begin({ seconds }: FrameStamp, nowMs: number): void {
    for (const [track, device] of this.#parts.devices) {
      const beginMs = nowMs - seconds * 1000;
      device.begin(beginMs, (samples, at) => void this.#record(track, samples, at));
    }
  }

  /** Stops all devices, where the video ends. */
  async stop(endSeconds: number): Promise<void> {
    const { devices } = this.#parts;
    if (devices.size > 0) await stopCaptures(devices, endSeconds);
  }

  /** Statistics with the failures of devices. */
  withFailures(stats: WriterStats): WriterStats {
    return withCaptureFailures(stats, this.#parts.devices);
  }

  /** Throws the error of a device whose track is incomplete. */
  requireWhole(): void {
    const failed = [...this.#parts.devices.values()].find(({ failure }) => failure !== null);
    if (failed !== undefined) throw failed.failure;
  }

  /**
   * When a piece is heard that comes without a timestamp, where that is not at the end of the one before:
   * with wallclock timing the first one of a track ended just now, and what comes before the first frame is
   * before the video.
   */
  #firstSeconds(track: number, { count, sampleRate }: Samples, nowMs: number): number | null {
    const { clock, session } = this.#parts;
    if (session.timing !== "wallclock" || this.#ends.has(track) && clock.frames > 0) return null;
    return (clock.elapsedSeconds(nowMs) ?? 0) - count / sampleRate;
  }

  /** Writes captured samples: silence while the engine is far behind, so that memory stays bounded. */
  async #record(track: number, samples: Samples, seconds: number): Promise<void> {
    if (this.#isBehind) return;
    try {
      const written = this.#parts.engine.writeAudio(track, samples, seconds);
      if (written === undefined) return;
      this.#isBehind = true;
      await written;
    } catch (error) {
      // What is refused becomes silence.
      if (!RefusedCall.is(error)) await this.#parts.failLater(error);
    } finally {
      this.#isBehind = false;
    }
  }
}
