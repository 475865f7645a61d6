/**
 * The engine of files whose packets come from a source. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../../ffi/mod.ts";
import { copiedChapters } from "../../container/chapters.ts";
import { chooseMuxer } from "../../container/muxer_choice.ts";
import { AvError, UnsupportedError } from "../../errors.ts";
import { HeldTarget } from "../../file/held_target.ts";
import { Interleaver } from "../../file/interleaver.ts";
import { OutputFile } from "../../file/output_file.ts";
import { chooseCrashSafety, type CrashSafety } from "../../file/safety.ts";
import { muxerUrl, stepsWithWriteErrors, withWriteErrors } from "../../file/target.ts";
import { setLogLevel } from "../../libav/log.ts";
import { isMatroska, type MuxerInfo } from "../../libav/muxer_info.ts";
import type { Steps } from "../../steps.ts";
import type { SessionControl } from "../ending/session_control.ts";
import type { PacketFileRequest, PacketSummary } from "../session_types.ts";
import { noStats, type WriterStats } from "../writer_stats.ts";
import { hasAdtsHeader, headerFromAdts, usualHeader } from "./aac.ts";
import { plainTags } from "../../container/plain_tags.ts";
import { CopiedStreams, type CopyTarget } from "./copied_streams.ts";
import type { MediaPacket } from "./media_packet.ts";
import { PacketPlacer } from "./packet_placer.ts";

/** The most bytes that wait for the first key frame. */
const maxEarlyBytes = 64 * 2 ** 20;

/** What is open once packets are written. */
interface Open extends Disposable {
  readonly output: OutputFile;
  readonly placer: PacketPlacer;
}

/** One file of packets being written. */
export class PacketSession implements Disposable {
  readonly #native: Native;
  readonly #request: PacketFileRequest;
  readonly #control: SessionControl;
  readonly #info: MuxerInfo;
  readonly #target: HeldTarget;
  readonly #safety: CrashSafety;
  readonly #streams: CopiedStreams;
  /** Packets from before the file begins, as far as they may belong to it. */
  #early: MediaPacket[] = [];
  #earlyBytes = 0;
  /** Whether packets of video were left out that came before its first key frame. */
  #isMidway = false;
  #namesKeys = false;
  readonly #headers = new Map<number, Uint8Array>();
  #packets = 0;
  #bytes = 0;
  #open: Open | null = null;

  /** Checks everything that can be checked before the first packet. Leaves the disk unchanged. */
  constructor(native: Native, request: PacketFileRequest, control: SessionControl) {
    const { path, options } = request;
    this.#native = native;
    this.#request = request;
    this.#control = control;
    this.#info = chooseMuxer(native, path, options);
    setLogLevel(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#streams = new CopiedStreams(native, this.#info, {
      ...request.source,
      formatOptions: options.formatOptions,
    });
    using owned = new DisposableStack();
    // From here on the disk is touched.
    control.requireGoingOn();
    this.#target = owned.use(HeldTarget.take(native, this.#info, path, options.formatOptions));
    this.#safety = chooseCrashSafety(this.#info, request, this.#target);
    this.#tryHeader();
    owned.move();
  }

  /** The current statistics. */
  get stats(): WriterStats {
    return {
      ...noStats,
      frames: this.#packets,
      bytes: this.#bytes,
      seconds: this.#open?.placer.endSeconds ?? 0,
    };
  }

  /** Writes a packet. Any error ends the session. */
  write(packet: MediaPacket): void {
    setLogLevel(this.#native, this.#request.options.logLevel);
    const place = this.#streams.tracks.findIndex(({ index }) => index === packet.stream);
    // A track that is left out.
    if (place < 0) return;
    this.#requireTime(packet);
    withWriteErrors(this.#request.path, () => {
      if (this.#open !== null) return this.#put(this.#open, place, packet);
      this.#keep(place, packet);
      if (this.#mayBegin) this.#begin();
    });
  }

  /** Throws where nothing says when a packet is shown. AVI has no such times. */
  #requireTime({ kind, timestamp, decodeTimestamp }: MediaPacket): void {
    if (timestamp !== null) return;
    if (decodeTimestamp !== null && (kind !== "video" || this.#info.name === "avi")) return;
    throw new UnsupportedError(
      `Cannot copy a packet of the ${kind} that has no time: the source does not tell when it is shown`,
      {
        code: "NO_TIMESTAMP",
        operation: "copy packets",
        hint: "Decode the source and encode it",
      },
    );
  }

  /** Keeps a packet until the file begins: with a key frame of its video. */
  #keep(place: number, packet: MediaPacket): void {
    const isVideo = place === 0 && this.#streams.hasVideo;
    const isFirst = !this.#early.some(({ stream }) => stream === packet.stream);
    if (isVideo && isFirst && !packet.isKeyFrame) {
      this.#isMidway = true;
      return;
    }
    this.#early.push(packet);
    this.#earlyBytes += packet.data.length;
    if (this.#streams.needsHeader(this.#streams.tracks[place]!) && hasAdtsHeader(packet.data)) {
      this.#headers.set(place, headerFromAdts(packet.data));
    }
  }

  get #mayBegin(): boolean {
    const { tracks, hasVideo } = this.#streams;
    const isFull = this.#earlyBytes > maxEarlyBytes;
    const first = tracks[0]!.index;
    if (hasVideo && !this.#early.some(({ stream }) => stream === first)) {
      // The video may never begin.
      while (this.#earlyBytes > maxEarlyBytes) this.#earlyBytes -= this.#early.shift()!.data.length;
      return false;
    }
    return isFull ||
      tracks.every((track, place) => !this.#streams.needsHeader(track) || this.#headers.has(place));
  }

  #put({ placer }: Open, place: number, packet: MediaPacket): void {
    this.#packets++;
    this.#bytes += packet.data.length;
    placer.put(place, packet);
  }

  /** Finishes the file and returns its summary. Without packets no file is made. */
  *finish(): Steps<PacketSummary> {
    const { path, options } = this.#request;
    setLogLevel(this.#native, options.logLevel);
    const hasStart = !this.#streams.hasVideo ||
      this.#early.some(({ stream }) => stream === this.#streams.tracks[0]!.index);
    if (this.#open === null && this.#early.length > 0 && hasStart) {
      withWriteErrors(path, () => this.#begin());
    }
    const open = this.#open;
    const fileBytes = open === null ? 0 : yield* stepsWithWriteErrors(path, open.placer.finish());
    const { seconds } = this.stats;
    const summary = {
      path,
      format: this.#info.name,
      packets: this.#packets,
      seconds,
      bytes: fileBytes ?? this.#bytes,
    };
    this[Symbol.dispose]();
    return summary;
  }

  /** Stops, and removes the unfinished file. */
  abort(): void {
    try {
      this.#open?.[Symbol.dispose]();
      // After the end of `finish`, another writer may have begun there.
      if (this.#control.takeFile() && this.#target.isMine()) removeFile(this.#request.path);
    } finally {
      this.#target[Symbol.dispose]();
    }
  }

  /** After a failure: makes the recording as playable as possible, and frees everything else. */
  salvage(): void {
    try {
      this.#open?.output.salvage();
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Frees all native objects, and gives the path free. */
  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#target[Symbol.dispose]();
  }

  #targetOf(metadata: CopyTarget["metadata"]): Omit<CopyTarget, "namesKeys"> {
    const url = muxerUrl(this.#info, this.#request.path);
    const stage = this.#safety.isFragmented ? "finished" : "direct";
    return { url, stage, recording: null, metadata, headers: this.#headers };
  }

  get #metadata(): Record<string, string> {
    const { source, options } = this.#request;
    const now = new Date().toISOString().replace(/\.\d+/, "");
    const given = options.metadata ?? plainTags(source.metadata);
    return source.isLive ? { creation_time: now, ...given } : { ...given };
  }

  /** Writes the header into memory: only the muxer itself knows everything that it refuses. */
  #tryHeader(): void {
    const { tracks } = this.#streams;
    const headers = new Map(
      tracks.flatMap((track, place): [number, Uint8Array][] =>
        this.#streams.needsHeader(track) ? [[place, usualHeader]] : []
      ),
    );
    const target = { ...this.#targetOf(this.#metadata), headers };
    if (this.#info.opensFilesItself) return;
    this.#namesKeys = this.#streams.namesKeys(target);
    using muxer = this.#streams.createMuxer({ ...target, namesKeys: this.#namesKeys });
    muxer.openMemory();
    // The error has what the muxer says.
    setLogLevel(this.#native, "quiet");
    try {
      muxer.writeHeader();
    } catch (error) {
      if (!(error instanceof AvError)) throw error;
      const codecs = tracks.map(({ codecName }) => codecName).join(" and ");
      throw new UnsupportedError(`Cannot copy ${codecs} into ${this.#info.name}: ${error.message}`, {
        code: "CODEC_NOT_FOR_CONTAINER",
        operation: `copy into ${this.#info.name}`,
        hint: `Copy into another container, such as ${isMatroska(this.#info) ? ".nut" : ".mkv"}`,
        cause: error,
      });
    }
  }

  /** Opens the file, and writes what came before. */
  #begin(): void {
    const { path, options, source } = this.#request;
    const { tracks, hasVideo } = this.#streams;
    const metadata = this.#metadata;
    const first = this.#early.find(({ stream }) => !hasVideo || stream === tracks[0]!.index)!;
    // Within a source, the file begins with its first key frame.
    const begin = this.#isMidway || source.isLive ? first.timestamp ?? first.decodeTimestamp ?? 0 : 0;
    using owned = new DisposableStack();
    const queue = owned.use(new Interleaver(this.#native, tracks.length));
    const output = owned.use(
      new OutputFile(this.#native, {
        path,
        url: muxerUrl(this.#info, path),
        ...this.#safety,
        queue,
        subtitles: null,
        chapters: options.chapters ?? (this.#isMidway ? [] : copiedChapters(this.#info, source.chapters)),
        hasChaptersFirst: false,
        createMuxer: (url, stage, recording) =>
          this.#streams.createMuxer({
            ...this.#targetOf(metadata),
            ...{ url, stage, recording, namesKeys: this.#namesKeys },
          }),
        onFile: () => this.#control.noteFile(this.#target.isOwnFile),
      }),
    );
    output.open(this.#target);
    queue.begin({ needsAll: this.#info.name === "flv", isPatient: !this.#safety.isCrashSafe });
    const placer = owned.use(
      new PacketPlacer(this.#native, {
        ...{ tracks, hasVideo, output, queue, begin },
        stripsHeaders: (track) => this.#streams.needsHeader(track),
        leavesOutBefore: this.#isMidway,
      }),
    );
    const parts = owned.move();
    const open = this.#open = { output, placer, [Symbol.dispose]: () => parts.dispose() };
    for (const packet of this.#early.splice(0)) {
      this.#put(open, tracks.findIndex(({ index }) => index === packet.stream), packet);
    }
  }
}
