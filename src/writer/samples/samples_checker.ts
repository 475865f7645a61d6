/**
 * Samples as users give them, checked against the tracks that they are for: what is thrown here is the
 * caller's mistake.
 *
 * @module
 */
import type { CheckedAudioOptions } from "../../audio/audio_options.ts";
import { checkSamples, type GivenSamples } from "../../audio/samples.ts";
import type { Samples } from "../../libav/audio_frame.ts";
import { shown } from "../../shown.ts";

/** Samples for a track. */
export interface TrackSamples {
  /** The track's number. */
  readonly track: number;
  readonly samples: Samples;
}

/** Checks the samples of a writer. */
export class SamplesChecker {
  readonly #tracks: readonly CheckedAudioOptions[];
  /** The channels of each track; `null`: those of its first samples. */
  readonly #channels: (number | null)[];

  /** For the tracks of a writer, and their channels as far as they are known. */
  constructor(tracks: readonly CheckedAudioOptions[], channels: readonly (number | null)[]) {
    this.#tracks = tracks;
    this.#channels = tracks.map(({ layout }, index) => channels[index] ?? layout?.channels ?? null);
  }

  /** Checks samples. Throws a `TypeError` or `RangeError`; they then do not count. */
  check(given: GivenSamples): TrackSamples {
    const { samples, track, hasChannelCount } = checkSamples(given);
    this.#requireTrack(track);
    this.#requireChannels(track, samples, hasChannelCount);
    return { track, samples };
  }

  /** Notes samples that are written. */
  accept({ track, samples }: TrackSamples): void {
    this.#channels[track] ??= samples.layout.channels;
  }

  #requireTrack(track: unknown): asserts track is number {
    if (this.#tracks.length === 0) {
      throw new TypeError(
        "Cannot write the samples: this writer has no audio track; make it with the option audio, such as { audio: {} }",
      );
    }
    const options = Number.isInteger(track) ? this.#tracks[track as number] : undefined;
    if (options === undefined) {
      const most = this.#tracks.length - 1;
      throw new RangeError(
        `Cannot write the samples: their track is ${shown(track)}, but must be ${
          most === 0 ? "0, the only one" : `a whole number from 0 to ${most}`
        }`,
      );
    }
    if (options.source.kind === "samples") return;
    throw new TypeError(
      `Cannot write the samples: track ${track} ${
        options.source.kind === "silence" ? "is a silent one" : "has its audio from elsewhere"
      }`,
    );
  }

  /** Nothing tells a piece of two channels from a longer one of one, and no channel is left out unasked. */
  #requireChannels(track: number, { layout: { channels } }: Samples, hasChannelCount: boolean): void {
    const own = this.#channels[track] ?? null;
    if (own === null) return;
    if (!hasChannelCount && own > 1) {
      throw new RangeError(
        `Cannot write the samples: they do not say how many channels they have, and the track has ${own}; give channels: ${own} for samples of all channels in turn, or channels: 1`,
      );
    }
    if (channels <= own || this.#tracks[track]!.layout !== null) return;
    throw new RangeError(
      `Cannot write the samples: they have ${channels} channels, but the track has ${own}; give the track channels: ${channels}, or channels: ${own} to have them mixed down`,
    );
  }
}
