/**
 * The audio tracks of one file.
 *
 * @module
 */
import type { Address, Native } from "../../ffi/mod.ts";
import type { CheckedAudioOptions } from "../audio/audio_options.ts";
import type { AudioStats } from "../audio/audio_track.ts";
import { defaultLayout } from "../audio/channels.ts";
import type { AudioDefaults } from "../audio/open_audio_encoder.ts";
import { trackTags } from "../container/metadata.ts";
import { beginsAtZero } from "../container/muxer_options.ts";
import { ReadError, UnsupportedError } from "../errors.ts";
import { Interleaver, maxWaitingBytes, type QueuedPacket } from "../file/interleaver.ts";
import type { OutputFile } from "../file/output_file.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import type { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import { NativePacket } from "../libav/native_packet.ts";
import type { Rational } from "../libav/rational.ts";
import { tooMuchWaits } from "./refused_call.ts";
import { addAudioStream, leaveOutDelay, type OpenTrack, openTrack } from "./open_audio_track.ts";

/** A track of the file. */
interface Track {
  readonly options: CheckedAudioOptions;
  readonly open: OpenTrack;
  /** The number of its stream. */
  readonly stream: number;
  /** Seconds of packets that came after their file was finished. */
  lateSeconds: number;
  /** It has delivered everything. */
  hasEnded: boolean;
  /** Why its source delivers no more. */
  failure: ReadError | null;
}

/** Where audio tracks stand in a file. */
export interface AudioPlacement {
  /** The number of the first one's stream. */
  readonly firstStream: number;
  /** The audio format unless another one is requested. */
  readonly defaults: AudioDefaults;
}

/**
 * In a video file, whose video is stream 0, audio has a format that plays everywhere, whatever format comes
 * in.
 */
export const audioBesideVideo: AudioPlacement = {
  firstStream: 1,
  defaults: { sampleRate: 48_000, layout: defaultLayout(2), sampleFormat: null, isGiven: false },
};

/** The audio tracks of a video file. */
export function openBesideVideo(
  native: Native,
  info: MuxerInfo,
  options: readonly CheckedAudioOptions[],
): AudioTracks {
  return new AudioTracks(native, info, options, audioBesideVideo);
}

/** Whether a packet is heard before the file begins, for the most part: what an encoder begins with. */
function isBeforeZero({ pts, duration }: NativePacket): boolean {
  return pts !== NativePacket.noTime && 2n * pts + duration <= 0n;
}

/** The audio tracks, and the queue of packets of all streams. */
export class AudioTracks implements Disposable {
  readonly #native: Native;
  readonly #info: MuxerInfo;
  readonly #tracks: Track[] = [];
  /** The queue of packets of all streams. */
  readonly queue: Interleaver;
  #output: Pick<OutputFile, "isCrashSafe" | "writeQueued"> | null = null;
  #bytes = 0;

  /**
   * Opens each track. Throws where an encoder cannot be opened, or the container does not support its codec.
   */
  constructor(
    native: Native,
    info: MuxerInfo,
    requests: readonly CheckedAudioOptions[],
    { firstStream, defaults }: AudioPlacement,
  ) {
    this.#native = native;
    this.#info = info;
    using owned = new DisposableStack();
    this.queue = owned.use(new Interleaver(native, requests.length + firstStream));
    for (const [index, options] of requests.entries()) {
      const stream = index + firstStream;
      const plan = { info, options, defaults, mayBeginLate: firstStream > 0 };
      const open = owned.use(openTrack(native, plan, (packet, timeBase) => {
        if (beginsAtZero(info) && isBeforeZero(packet)) return packet.unref();
        packet.streamIndex = stream;
        this.#bytes += packet.size;
        this.queue.push(packet, timeBase);
        this.#output?.writeQueued();
      }));
      this.#tracks.push({ options, open, stream, lateSeconds: 0, hasEnded: false, failure: null });
    }
    owned.move();
  }

  /** Statistics of the tracks. */
  get stats(): readonly AudioStats[] {
    return this.#tracks.map(({ open: { track: { stats } }, lateSeconds, failure }) => ({
      ...stats,
      dropped: stats.dropped + lateSeconds,
      failure: failure?.message ?? null,
    }));
  }

  /** Counts packets of a stream that came after their file was finished. */
  noteLate(stream: number, seconds: number): void {
    this.#tracks.find((track) => track.stream === stream)!.lateSeconds += seconds;
  }

  /** The channels of each track; `null` where its packets are copied. */
  get channels(): readonly (number | null)[] {
    return this.#tracks.map(({ open: { encoded } }) => encoded?.shape.layout.channels ?? null);
  }

  /** Bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The first track's codec, encoder and format. */
  get first(): Pick<OpenTrack, "codec" | "encoded"> {
    return this.#tracks[0]!.open;
  }

  /** The unit of the first track's times. */
  get timeBase(): Rational {
    return this.#tracks[0]!.open.track.timeBase;
  }

  /** Why a source delivers no more: the first that failed. */
  get failure(): ReadError | null {
    return this.#tracks.find(({ failure }) => failure !== null)?.failure ?? null;
  }

  /**
   * Adds the tracks to a muxer. `recording` is the recorded file, where the final one is made from it. With
   * `isContinued`, the encoders have begun before this file, and their delay is not in it.
   */
  addStreams(muxer: Muxer, recording: Demuxer | null, isContinued: boolean): void {
    for (const { options: { language, title }, open: { track, codec }, stream } of this.#tracks) {
      const describeInto = (parameters: Address): void => {
        track.describeInto(parameters);
        recording?.copyHeaders(stream, parameters);
        if (isContinued) leaveOutDelay(this.#native, parameters);
      };
      const tags = trackTags(muxer.info, language, title);
      addAudioStream(muxer, { describeInto, timeBase: track.timeBase }, codec, tags);
    }
  }

  /** The error for tracks that the container does not support. `words` are libav's. */
  unsupportedError(words: string): UnsupportedError {
    const codecs = [...new Set(this.#tracks.map(({ open }) => open.codec))].join(" and ");
    return new UnsupportedError(
      `Cannot write audio in ${codecs} into ${this.#info.name}: the container does not take it (${words})`,
      {
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: `write ${codecs} into ${this.#info.name}`,
        hint: "Leave the audio's codec out for one that plays everywhere",
      },
    );
  }

  /** The video begins at a time in seconds. */
  beginAt(seconds: number): void {
    for (const { open } of this.#tracks) open.beginAt?.(seconds);
  }

  /** Whether packets go to a file. */
  get hasBegun(): boolean {
    return this.#output !== null;
  }

  /**
   * From now on, packets go to this file, which is open. With `isWatched`, no stream is waited for longer
   * than in a recording; for the first packet of each, `firstMs` at least.
   */
  begin(
    output: Pick<OutputFile, "isCrashSafe" | "writeQueued">,
    { isWatched = false, firstMs = 0 } = {},
  ): void {
    this.#output = output;
    this.queue.begin({
      // flvenc.c takes nothing that is earlier than the first packet.
      needsAll: this.#info.name === "flv",
      firstMs,
      isPatient: !output.isCrashSafe && !isWatched,
    });
    output.writeQueued();
  }

  /** Encodes samples for a track. Throws a `RefusedCall` where too much waits already. */
  write(track: number, samples: Samples, seconds: number | null): void {
    if (this.queue.isFull) throw tooMuchWaits("write samples", maxWaitingBytes);
    this.#tracks[track]!.open.write!(samples, seconds);
  }

  /**
   * Encodes silence into the first track and ends it, for a trial. The packets are the caller's to free.
   */
  encodeSilence(seconds: number): QueuedPacket[] {
    const [{ open, stream }] = this.#tracks as [Track];
    const { layout, sampleRate } = open.encoded!.shape;
    const count = Math.ceil(seconds * sampleRate);
    const planes = [new Uint8Array(count * layout.channels * Float32Array.BYTES_PER_ELEMENT)];
    open.write!({ format: "flt", layout, sampleRate, count, planes }, null);
    open.track.finish();
    this.queue.end(stream);
    const packets: QueuedPacket[] = [];
    this.queue.give((queued) => {
      const packet = new NativePacket(this.#native);
      packet.takeFrom(queued.packet);
      packets.push({ ...queued, packet });
    });
    return packets;
  }

  /** Reads tracks with their own source up to a time of the video. */
  advanceTo(seconds: number): void {
    for (const track of this.#tracks) {
      if (track.open.advanceTo === null || track.hasEnded) continue;
      try {
        if (track.open.advanceTo(seconds)) continue;
      } catch (error) {
        if (!(error instanceof ReadError)) throw error;
        // The video goes on. `close` throws the error.
        track.failure = error;
      }
      this.#end(track);
    }
  }

  /** Ends all tracks at the end of the video. */
  finish(seconds: number): void {
    this.advanceTo(seconds);
    for (const track of this.#tracks) {
      if (!track.hasEnded) this.#end(track);
      // A device goes on where frames come slower than they are shown.
      if (track.options.source.kind === "device") this.queue.cut(track.stream, seconds);
    }
  }

  /** Leaves out what comes at or after a time: the video ends there. */
  cut(seconds: number): void {
    for (const { stream } of this.#tracks) this.queue.cut(stream, seconds);
  }

  #end(track: Track): void {
    track.hasEnded = true;
    track.open.track.finish();
    this.queue.end(track.stream);
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    for (const { open } of this.#tracks) open[Symbol.dispose]();
    this.queue[Symbol.dispose]();
  }
}

/** How long the silence is, in seconds: a few packets of any codec. */
const silenceSeconds = 0.2;

/** The packets, which the first use of them encodes. They end the tracks. */
export class SilentPackets implements Disposable {
  readonly #tracks: AudioTracks;
  #packets: QueuedPacket[] | null = null;

  constructor(tracks: AudioTracks) {
    this.#tracks = tracks;
  }

  /** Writes them into a file whose header is written. */
  write(muxer: Muxer): void {
    this.#packets ??= this.#tracks.encodeSilence(silenceSeconds);
    for (const { packet, timeBase } of this.#packets) {
      const { pts, dts, duration } = packet;
      packet.rescale(timeBase, muxer.timeBase(packet.streamIndex));
      muxer.writeAtOnce(packet);
      [packet.pts, packet.dts, packet.duration] = [pts, dts, duration];
    }
  }

  /** Frees them. */
  [Symbol.dispose](): void {
    for (const { packet } of this.#packets ?? []) packet[Symbol.dispose]();
  }
}
