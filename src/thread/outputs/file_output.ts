/**
 * An output that is a file: recorded as that of a writer is, and finished as it is.
 *
 * @module
 */
import { type Native, removeFile } from "../../../ffi/mod.ts";
import { muxerOptions, type Stage } from "../../container/muxer_options.ts";
import { HeldTarget } from "../../file/held_target.ts";
import { OutputFile } from "../../file/output_file.ts";
import { chooseCrashSafety } from "../../file/safety.ts";
import { muxerUrl } from "../../file/target.ts";
import type { Demuxer } from "../../libav/demuxer.ts";
import { Muxer } from "../../libav/muxer.ts";
import type { MuxerInfo } from "../../libav/muxer_info.ts";
import type { NativePacket } from "../../libav/native_packet.ts";
import { completed } from "../../steps.ts";
import type { OutputStreams } from "../../engine/outputs/output_streams.ts";
import type { FileTarget } from "../../engine/outputs/output_target.ts";
import { muxerOf } from "../../engine/outputs/output_muxer.ts";
import { HeldVideo } from "./held_video.ts";
import type { PacketOutput } from "./packet_output.ts";

/** One file. */
export class FileOutput implements PacketOutput {
  readonly #native: Native;
  readonly #target: FileTarget;
  readonly #info: MuxerInfo;
  readonly #held: HeldTarget;
  readonly #video: HeldVideo;
  #streams: OutputStreams | null = null;
  #file: OutputFile | null = null;
  #endSeconds = 0;
  #lastSeconds = 0;
  #bytes = 0;

  readonly #isAborted: () => boolean;

  /** Throws where the file can't be written. `isAborted`: nothing half-made is to stay. */
  constructor(native: Native, target: FileTarget, isAborted: () => boolean) {
    this.#native = native;
    this.#isAborted = isAborted;
    this.#target = target;
    this.#info = muxerOf(native, target);
    this.#held = HeldTarget.take(native, this.#info, target.path, target.formatOptions);
    this.#video = new HeldVideo(native, (packet, ticks, isLast) => this.#write(packet, ticks, isLast));
  }

  connect(): void {}

  begin(streams: OutputStreams): void {
    const { path, formatOptions } = this.#target;
    this.#streams = streams;
    const request = { path, options: { formatOptions, cover: null } };
    this.#file = new OutputFile(this.#native, {
      ...{ path, url: muxerUrl(this.#info, path), queue: null, subtitles: null },
      ...chooseCrashSafety(this.#info, request, this.#held),
      ...{ chapters: streams.chapters, hasChaptersFirst: false, onFile: () => {} },
      createMuxer: (url, stage, recording) => this.#createMuxer(url, stage, recording),
    });
    this.#file.open(this.#held);
  }

  #createMuxer(url: string, stage: Stage, recording: Demuxer | null): Muxer {
    const muxer = new Muxer(this.#native, this.#info, url);
    const { streams } = this.#streams!;
    this.#streams!.addTo(muxer, null, (index, to) => {
      streams[index]!.parameters.copyInto(to);
      recording?.copyHeaders(index, to);
    });
    const { formatOptions } = this.#target;
    muxer.options.setAll(muxerOptions(muxer, streams[0]!.timeBase, stage, formatOptions, false));
    return muxer;
  }

  write(packet: NativePacket): void {
    const { num, den } = this.#streams!.streams[packet.streamIndex]!.timeBase;
    if (packet.streamIndex !== 0) return this.#write(packet, packet.duration, false);
    const end = Number(packet.pts + packet.duration) * num / den;
    if (end > this.#endSeconds) {
      this.#endSeconds = end;
      this.#lastSeconds = Number(packet.duration) * num / den;
    }
    this.#video.push(packet);
  }

  #write(packet: NativePacket, decodeTicks: bigint, isLast: boolean): void {
    this.#bytes += packet.size;
    const { timeBase } = this.#streams!.streams[packet.streamIndex]!;
    this.#file!.writeVideo(packet, timeBase, { decodeTicks, isLast });
  }

  finish(): void {
    this.#video.end();
    const end = {
      ...{ ending: null, endSeconds: this.#endSeconds, lastSeconds: this.#lastSeconds, packets: Infinity },
    };
    this.#bytes = completed(this.#file!.finish(end)) ?? this.#bytes;
    this.#file = null;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Frees everything. A file that is not finished is made as playable as possible, or removed after an abort.
   */
  [Symbol.dispose](): void {
    const isRemoved = this.#isAborted() && this.#file !== null && this.#held.isOwnFile;
    if (!isRemoved) this.#file?.salvage();
    this.#file?.[Symbol.dispose]();
    if (isRemoved) removeFile(this.#target.path);
    this.#video[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }
}
