/**
 * A muxer whose bytes are taken as they are made, for outputs that are streams of bytes.
 *
 * @module
 */
import type { Native } from "../../../ffi/mod.ts";
import { needsFragments, streamOptions } from "../../container/muxer_options.ts";
import { type FragmentCuts, Fragments } from "../../file/fragments.ts";
import { Muxer } from "../../libav/muxer.ts";
import { muxerByName } from "../../libav/muxer_info.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import type { ByteSink } from "../../libav/muxing/muxer_output.ts";
import { HeldVideo } from "./held_video.ts";
import { addStreams } from "./network_output.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";

/** How long fragments wait for a stream without packets, in milliseconds. */
const maxWaitMs = 1500;

/** Makes bytes of packets. */
export class ByteMuxer implements Disposable {
  readonly #muxer: Muxer;
  readonly #give: ByteSink["give"];
  readonly #cuts: FragmentCuts | null;
  /** Of segments, parts tell how long they are: each packet does. */
  readonly #video: HeldVideo | null;
  #streams: OutputStreams | null = null;
  #fragments: Fragments | null = null;
  #beganMs: number | null = null;
  #bytes = 0;

  /** For a format, by its name; its fragments are cut for segments where that is asked for. */
  constructor(
    native: Native,
    format: string,
    give: ByteSink["give"],
    cuts: FragmentCuts | null = null,
  ) {
    this.#cuts = cuts;
    this.#video = cuts === null ? null : new HeldVideo(native, (packet, decodeTicks) => {
      packet.duration = decodeTicks;
      this.#write(packet);
    });
    this.#muxer = new Muxer(native, muxerByName(native, format)!, "");
    this.#give = (bytes) => {
      this.#bytes += bytes.length;
      give(bytes);
    };
  }

  /** How many bytes were given. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes the header. */
  begin(streams: OutputStreams): void {
    const muxer = this.#muxer;
    this.#streams = streams;
    addStreams(muxer, streams);
    if (needsFragments(muxer.info)) this.#fragments = new Fragments(muxer, true, this.#cuts);
    streamOptions(muxer, "stream");
    muxer.openBytes({ kind: "stream", give: this.#give });
    muxer.writeHeader();
  }

  /** Writes a packet, in the unit of its stream's times. */
  write(packet: NativePacket): void {
    if (this.#video === null) return this.#write(packet);
    // Segments of all tracks end together: what comes after a packet of the video stays there.
    if (packet.streamIndex === 0) this.#video.push(packet);
    else this.#video.pushBehind(packet);
  }

  #write(packet: NativePacket): void {
    const muxer = this.#muxer;
    const { streamIndex } = packet;
    packet.rescale(this.#streams!.streams[streamIndex]!.timeBase, muxer.timeBase(streamIndex));
    const isFirst = this.#beganMs === null;
    this.#beganMs ??= performance.now();
    if (this.#fragments !== null) {
      if (performance.now() - this.#beganMs > maxWaitMs) this.#fragments.beginIncomplete();
      return this.#fragments.write(packet);
    }
    muxer.writeAtOnce(packet);
    if (isFirst) muxer.writeAtOnce(null);
  }

  /** Writes the trailer. */
  finish(): void {
    this.#video?.end();
    this.#muxer.writeTrailer();
    this.#muxer.closeOutput();
  }

  /** Frees everything. */
  [Symbol.dispose](): void {
    this.#video?.[Symbol.dispose]();
    this.#muxer[Symbol.dispose]();
  }
}
