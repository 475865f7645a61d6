/**
 * What the encoder of an audio file makes of a moment of silence, for trials.
 *
 * @module
 */
import type { Muxer } from "../libav/muxer.ts";
import type { QueuedPacket } from "../file/interleaver.ts";
import type { AudioTracks } from "./audio_tracks.ts";

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
