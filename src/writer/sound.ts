/**
 * The tracks of sound of one file.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import type { AudioStats } from "../audio/track.ts";
import { ReadError, UnsupportedError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Muxer, MuxerInfo } from "../libav/muxer.ts";
import type { Samples } from "../libav/sound.ts";
import { Interleaver } from "./interleaver.ts";
import type { OutputFile } from "./output_file.ts";
import { addSoundStream, type OpenTrack, openTrack } from "./sound_tracks.ts";

/** A track of the file. */
interface Track {
  readonly options: CheckedAudioOptions;
  readonly open: OpenTrack;
  /** The number of its stream. */
  readonly stream: number;
  /** It has given all that it will. */
  hasEnded: boolean;
  /** Why its source gives no more. */
  failure: ReadError | null;
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
      const stream = index + 1;
      const open = owned.use(openTrack(native, info, options, (packet, timeBase) => {
        packet.streamIndex = stream;
        this.queue.push(packet, timeBase);
        this.#output?.writeQueued();
      }));
      this.#tracks.push({ options, open, stream, hasEnded: false, failure: null });
    }
    owned.move();
  }

  /** What became of the tracks so far. */
  get stats(): readonly AudioStats[] {
    return this.#tracks.map(({ open, failure }) => ({
      ...open.track.stats,
      failure: failure?.message ?? null,
    }));
  }

  /** Why a source gives no more: the first that failed. */
  get failure(): ReadError | null {
    return this.#tracks.find(({ failure }) => failure !== null)?.failure ?? null;
  }

  /** Adds the tracks to a container, after the video; `recording` is the file that was recorded, where it is made of one. */
  addStreams(muxer: Muxer, recording: Demuxer | null): void {
    for (const { options: { language, title }, open: { track, codec }, stream } of this.#tracks) {
      const describeInto = (parameters: Address): void => {
        track.describeInto(parameters);
        recording?.copyHeaders(stream, parameters);
      };
      addSoundStream(muxer, { describeInto, timeBase: track.timeBase }, codec, {
        ...(language === undefined ? {} : { language }),
        // The mp4 family keeps names of tracks under the other key.
        ...(title === undefined ? {} : { title, handler_name: title }),
      });
    }
  }

  /** The error for tracks that the container does not take beside the video; `words` are libav's. */
  refusal(words: string): UnsupportedError {
    const codecs = [...new Set(this.#tracks.map(({ open }) => open.codec))].join(" and ");
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
  write(track: number, samples: Samples, seconds: number | null): void {
    this.#tracks[track]!.open.write!(samples, seconds);
  }

  /** Has tracks with a source of their own go on as far as the video. */
  follow(seconds: number): void {
    for (const track of this.#tracks) {
      if (track.open.follow === null || track.hasEnded) continue;
      try {
        if (track.open.follow(seconds)) continue;
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
        // The video goes on; who closes it is told.
        track.failure = error;
      }
      this.#end(track);
    }
  }

  /** Ends all tracks, where the video ends. */
  finish(seconds: number): void {
    this.follow(seconds);
    for (const track of this.#tracks) {
      if (!track.hasEnded) this.#end(track);
      // A device hears on where frames come slower than they are shown.
      if (track.options.source.kind === "device") this.queue.cut(track.stream, seconds);
    }
  }

  #end(track: Track): void {
    track.hasEnded = true;
    track.open.track.finish();
    this.queue.end(track.stream);
  }

  /** Frees all of it. */
  [Symbol.dispose](): void {
    for (const { open } of this.#tracks) open[Symbol.dispose]();
    this.queue[Symbol.dispose]();
  }
}
