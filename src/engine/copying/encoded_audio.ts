/**
 * The audio of a file that is encoded for another one.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { AudioFile } from "../../audio/audio_file.ts";
import type { CheckedAudioOptions } from "../../audio/audio_options.ts";
import { defaultLayout } from "../../audio/channels.ts";
import { trackTags } from "../../container/metadata.ts";
import { requireReadable } from "../../file/target.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import { NativePacket } from "../../libav/native_packet.ts";
import { canCopyAudio, type OpenTrack, openTrack } from "../open_audio_track.ts";
import type { AddedTrack } from "./copied_streams.ts";
import type { PacketInput } from "./joined_input.ts";
import { FilePackets } from "./file_packets.ts";

/** How much is decoded at a time, in seconds. */
const stepSeconds = 0.25;

/** Whether a track can't be copied into a container, or not as the options want it. */
export function needsEncoding(
  native: Native,
  info: MuxerInfo,
  path: string,
  options: CheckedAudioOptions,
): boolean {
  const { source } = options;
  if (source.kind !== "file") return false;
  requireReadable(path, "read the audio of");
  using file = new AudioFile(native, source.address, source.stream);
  return !canCopyAudio(native, info, options, file, false);
}

/** An audio track on its way through a decoder and an encoder. */
export class EncodedAudio implements PacketInput {
  readonly #open: OpenTrack;
  readonly #packets: NativePacket[] = [];
  #until = 0;
  #hasEnded = false;
  /** The track in the new file. */
  readonly added: AddedTrack;
  /** The tags of the file. */
  readonly metadata: Readonly<Record<string, string>>;

  /** Opens the file and the encoder, which keeps rate and channels unless options say otherwise. */
  constructor(native: Native, info: MuxerInfo, path: string, options: CheckedAudioOptions) {
    using file = new FilePackets(native, path, "read the audio of");
    const { streams, metadata } = file.describe();
    const { source } = options;
    const tracks = streams.filter(({ kind }) => kind === "audio");
    // Openable: `needsEncoding` has looked at it.
    const { index, tags } = tracks[source.kind === "file" ? source.stream : 0]!;
    const { sampleRate, channels } = file.audioShape(index);
    const defaults = { sampleRate, layout: defaultLayout(channels), sampleFormat: null, isGiven: true };
    this.#open = openTrack(native, { info, options, defaults, mayBeginLate: true }, (packet) => {
      const taken = new NativePacket(native);
      taken.takeFrom(packet);
      this.#packets.push(taken);
    });
    this.#open.beginAt?.(0);
    const { track, codec } = this.#open;
    const { language, title } = tags;
    this.added = {
      codec,
      timeBase: track.timeBase,
      tags: trackTags(info, language, title),
      describeInto: (parameters) => track.describeInto(parameters),
    };
    this.metadata = metadata;
  }

  get seconds(): number | null {
    while (this.#packets.length === 0 && !this.#hasEnded) this.#advance();
    const [next] = this.#packets;
    const { num, den } = this.added.timeBase;
    return next === undefined ? null : Number(next.dts) * num / den;
  }

  #advance(): void {
    this.#until += stepSeconds;
    if (this.#open.advanceTo!(this.#until)) return;
    this.#open.track.finish();
    this.#hasEnded = true;
  }

  take(packet: NativePacket): void {
    using next = this.#packets.shift()!;
    packet.takeFrom(next);
    packet.streamIndex = 0;
  }

  /** Closes the file, and frees what was not taken. */
  [Symbol.dispose](): void {
    for (const packet of this.#packets.splice(0)) packet[Symbol.dispose]();
    this.#open[Symbol.dispose]();
  }
}
