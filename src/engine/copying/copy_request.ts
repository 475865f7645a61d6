/**
 * What is copied from files into another, without decoding.
 *
 * @module
 */

import type { CheckedAudioOptions } from "../../audio/audio_options.ts";

/** Which streams of a file are copied. */
export type StreamChoice = "all" | "audio" | "allButAudio";

/** Files whose packets go side by side with those of other inputs. */
export interface CopyInput {
  /** The absolute paths, one after the other in time. */
  readonly paths: readonly string[];
  readonly streams: StreamChoice;
  /** Which of the audio tracks, counted from 0; `null` for all. */
  readonly track: number | null;
  /** How the track is encoded where it can't be copied, or not as that asks; `null`: it is only copied. */
  readonly encoding: CheckedAudioOptions | null;
}

/** A file to make of others. */
export interface CopyRequest {
  readonly inputs: readonly CopyInput[];
  /** The absolute path of the new file. */
  readonly output: string;
  /** Which part of the inputs, in seconds; `null` for the whole. */
  readonly part: { readonly start: number; readonly end: number } | null;
  /** Whether everything ends with the video of the first input. */
  readonly endsWithVideo: boolean;
  /** What is done, for errors: `"remux"`. */
  readonly action: string;
}

/** What a recipe that copies packets has made. */
export interface CopySummary {
  /** The absolute path of the file. */
  readonly path: string;
  /** The container's name in libavformat. */
  readonly format: string;
  /** How many packets it has. */
  readonly packets: number;
  /** Where the last packet ends, in seconds. */
  readonly seconds: number;
  /** When the part that was copied begins in the source, in seconds: at a key frame. */
  readonly start: number;
  /** The size of the file in bytes. */
  readonly bytes: number;
  /**
   * What the container has no place for: subtitles, pictures and files by their codec (`"ass"`), tags by
   * their key (`"tag comment"`), `"chapters"`.
   */
  readonly leftOut: readonly string[];
}
