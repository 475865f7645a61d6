/**
 * The tracks of sound of one file.
 *
 * @module
 */
import type { Native } from "../../ffi/mod.ts";
import { openAudioEncoder } from "../audio/open_audio_encoder.ts";
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import type { CheckedSamples } from "../audio/samples.ts";
import { type AudioStats, AudioTrack } from "../audio/track.ts";
import { UnsupportedError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Muxer, MuxerInfo } from "../libav/muxer.ts";
import { isExperimental, requireContainerTakesSound } from "./container.ts";
import { Interleaver } from "./interleaver.ts";
import type { OutputFile } from "./output_file.ts";
import { trackTags } from "./tags.ts";

interface Track {
  readonly options: CheckedAudioOptions;
  readonly track: AudioTrack;
  /** libavcodec's name of the codec. */
  readonly codec: string;
}

/** Tracks, and the packets of all streams that wait for their turn. The video is stream 0, track n is stream n + 1. */
export class Sound implements Disposable {
  readonly #info: MuxerInfo;
  readonly #tracks: Track[] = [];
  /** Where packets wait: for those of other streams, and for the file. */
  readonly queue: Interleaver;
  #output: OutputFile | null = null;

  /** Opens an encoder for each track. Throws where one can't be opened, or the container does not take what it makes. */
  constructor(native: Native, info: MuxerInfo, requests: readonly CheckedAudioOptions[]) {
    this.#info = info;
    using owned = new DisposableStack();
    this.queue = owned.use(new Interleaver(native, requests.length + 1));
    for (const [index, options] of requests.entries()) {
      const opened = openAudioEncoder(native, {
        options,
        container: info.name,
        globalHeader: info.wantsGlobalHeader,
        requireUsable: (encoder) => requireContainerTakesSound(native, info, encoder),
      });
      const track = owned.use(
        new AudioTrack(native, {
          ...opened,
          take: (packet, timeBase) => {
            packet.streamIndex = index + 1;
            this.queue.push(packet, timeBase);
            this.#output?.writeQueued();
          },
        }),
      );
      this.#tracks.push({ options, track, codec: opened.encoder.info.codecName });
    }
    owned.move();
  }

  /** What became of the tracks so far. */
  get stats(): readonly AudioStats[] {
    return this.#tracks.map(({ track }) => track.stats);
  }

  /** Adds the tracks to a container, after the video; `recording` is the file that was recorded, where it is made of one. */
  addStreams(muxer: Muxer, recording: Demuxer | null): void {
    for (const [index, { options: { language, title }, track, codec }] of this.#tracks.entries()) {
      if (isExperimental(muxer.info, codec)) muxer.options.setField("strict", "experimental");
      muxer.addStream({
        describeInto: (parameters) => {
          track.describeInto(parameters);
          recording?.copyHeaders(index + 1, parameters);
        },
        timeBase: track.timeBase,
        frameRate: null,
        tag: null,
        metadata: trackTags(muxer.info, language, title),
      });
    }
  }

  /** The error for tracks that the container does not take beside the video; `words` are libav's. */
  refusal(words: string): UnsupportedError {
    const codecs = [...new Set(this.#tracks.map(({ codec }) => codec))].join(" and ");
    return new UnsupportedError(
      `Cannot write sound in ${codecs} into ${this.#info.name}: the container does not take it (${words})`,
      {
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: `write ${codecs} into ${this.#info.name}`,
        hint: "Leave the audio's codec out for one that plays everywhere",
      },
    );
  }

  /** From now on, packets go to this file, which is open. */
  begin(output: OutputFile): void {
    this.#output = output;
    this.queue.begin();
    output.writeQueued();
  }

  /** Encodes a piece of sound for a track. */
  write(track: number, samples: CheckedSamples, seconds: number | null): void {
    this.#tracks[track]!.track.write(samples, seconds);
  }

  /** Has silent tracks go on as long as the video does. */
  follow(seconds: number): void {
    for (const { options, track } of this.#tracks) if (options.isSilent) track.beSilentUntil(seconds);
  }

  /** Ends all tracks, where the video ends. */
  finish(seconds: number): void {
    this.follow(seconds);
    for (const [index, { track }] of this.#tracks.entries()) {
      track.finish();
      this.queue.end(index + 1);
    }
  }

  /** Frees all of it. */
  [Symbol.dispose](): void {
    for (const { track } of this.#tracks) track[Symbol.dispose]();
    this.queue[Symbol.dispose]();
  }
}
