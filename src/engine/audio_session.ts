/**
 * The engine of files that have audio alone. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../ffi/mod.ts";
import type { AudioDefaults } from "../audio/open_audio_encoder.ts";
import {
  askContainer,
  asksAnything,
  type ContainerAnswer,
  nothingAsked,
} from "../container/ask_container.ts";
import { trialChapters } from "../container/chapters.ts";
import { type Cover, openCover, placeCover } from "../container/cover.ts";
import { chooseMuxer } from "../container/muxer_choice.ts";
import { isIntermediate, muxerOptions, type Stage } from "../container/muxer_options.ts";
import { AvError } from "../errors.ts";
import { HeldTarget } from "../file/held_target.ts";
import { OutputFile } from "../file/output_file.ts";
import { chooseCrashSafety, type CrashSafety } from "../file/safety.ts";
import { muxerUrl, stepsWithWriteErrors, withWriteErrors } from "../file/target.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import { isVerbose, setLogLevel } from "../libav/log.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { Steps } from "../steps.ts";
import { audioBesideVideo, AudioTracks, SilentPackets } from "./audio_tracks.ts";
import { describeAudioSession } from "./report.ts";
import { type AudioFileRequest, type AudioSummary, type SessionOutlets, sinkOf } from "./session_types.ts";
import type { SessionControl } from "./ending/session_control.ts";
import { noStats, type WriterStats } from "./writer_stats.ts";

/** Containers to name in an error, where they keep what another does not. */
const audioContainers = ["ipod", "mp3", "ogg", "flac", "matroska", "wav"] as const;

/** What is open once there are samples. */
interface Open extends Disposable {
  readonly audioTracks: AudioTracks;
  readonly output: OutputFile;
}

/** One audio file being written. */
export class AudioSession implements Disposable {
  readonly #native: Native;
  readonly #request: AudioFileRequest;
  readonly #control: SessionControl;
  readonly #info: MuxerInfo;
  readonly #target: HeldTarget;
  readonly #safety: CrashSafety;
  readonly #cover: Cover | null;
  #answer: ContainerAnswer = nothingAsked;
  #open: Open | null = null;

  /**
   * Checks everything that can be checked before the first samples: the file is writable, the container is
   * known, an encoder opens with these options and the container supports its codec. Leaves the disk
   * unchanged.
   */
  constructor(
    native: Native,
    request: AudioFileRequest,
    control: SessionControl,
    outlets: SessionOutlets,
  ) {
    const { path, options } = request;
    this.#control = control;
    this.#native = native;
    this.#request = request;
    this.#info = chooseMuxer(native, path, options);
    // The error has what a cover's decoder reports.
    setLogLevel(native, "quiet");
    this.#cover = options.cover === null ? null : openCover(native, options.cover);
    // What a trial prints would be printed again when the file is opened.
    setLogLevel(native, options.logLevel === "info" ? "warning" : options.logLevel);
    using owned = new DisposableStack();
    // From here on the disk is touched.
    control.requireGoingOn();
    const sink = sinkOf(request, outlets);
    this.#target = owned.use(HeldTarget.take(native, this.#info, path, options.formatOptions, sink));
    this.#safety = chooseCrashSafety(this.#info, request, this.#target);
    // The samples are not known yet.
    using audioTracks = this.#openTracks(audioBesideVideo.defaults);
    this.#tryHeader(audioTracks);
    this.#answer = this.#ask(audioTracks);
    owned.move();
  }

  /** The current statistics. */
  get stats(): WriterStats {
    const audioTracks = this.#open?.audioTracks ?? null;
    const audio = audioTracks?.stats ?? [];
    return {
      ...noStats,
      bytes: audioTracks?.bytes ?? 0,
      seconds: audio[0]?.seconds ?? 0,
      audio,
    };
  }

  /** Encodes samples. Any error ends the session. */
  writeAudio(track: number, samples: Samples, seconds: number | null): void {
    setLogLevel(this.#native, this.#request.options.logLevel);
    withWriteErrors(this.#request.path, () => {
      const { audioTracks } = this.#open ??= this.#begin(samples);
      audioTracks.write(track, samples, seconds);
    });
  }

  /**
   * Finishes the file and returns its summary. Without samples no file is made, and an existing one stays as
   * it was.
   */
  *finish(): Steps<AudioSummary> {
    setLogLevel(this.#native, this.#request.options.logLevel);
    const { path } = this.#request;
    const open = this.#open;
    const fileBytes = open === null ? 0 : yield* stepsWithWriteErrors(path, this.#finishFile(open));
    const { seconds, bytes } = this.stats;
    const { encoder, shape } = open?.audioTracks.first.encoded ?? { encoder: "", shape: null };
    const summary = {
      path,
      format: this.#info.name,
      encoder,
      sampleRate: shape?.sampleRate ?? 0,
      channels: shape?.layout.channels ?? 0,
      seconds,
      bytes: fileBytes ?? bytes,
    };
    this[Symbol.dispose]();
    return summary;
  }

  *#finishFile({ audioTracks, output }: Open): Steps<number | null> {
    const { seconds } = this.stats;
    audioTracks.finish(seconds);
    return yield* output.finish({ ending: null, endSeconds: seconds, lastSeconds: 0, packets: Infinity });
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

  #openTracks(defaults: AudioDefaults): AudioTracks {
    return new AudioTracks(this.#native, this.#info, this.#request.options.audio, {
      firstStream: 0,
      defaults,
    });
  }

  /** Writes the header into memory: only the muxer itself knows everything that it refuses. */
  #tryHeader(audioTracks: AudioTracks): void {
    using muxer = this.#createMuxer(
      audioTracks,
      this.#url,
      this.#safety.isFragmented ? "finished" : "direct",
      null,
      { info: this.#info, namesKeys: false, cover: null },
    );
    if (this.#info.opensFilesItself) return;
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      throw error instanceof AvError ? audioTracks.unsupportedError(error.message) : error;
    }
  }

  /** Asks the container what it keeps, with a moment of silence. */
  #ask(audioTracks: AudioTracks): ContainerAnswer {
    const { options } = this.#request;
    const request = {
      metadata: options.metadata ?? {},
      chapters: trialChapters(options.chapters ?? []),
      cover: options.cover,
    };
    if (!asksAnything(request)) return nothingAsked;
    using silence = new SilentPackets(audioTracks);
    return askContainer(this.#native, {
      info: this.#info,
      request,
      otherLosses: () => [],
      createMuxer: (info, namesKeys) =>
        this.#createMuxer(audioTracks, "", "direct", null, { info, namesKeys, cover: this.#cover }),
      writePackets: (muxer) => silence.write(muxer),
      logLevel: options.logLevel,
      hasOptions: Object.keys(options.formatOptions ?? {}).length > 0,
      others: audioContainers,
    });
  }

  get #url(): string {
    return muxerUrl(this.#info, this.#request.path);
  }

  #createMuxer(
    audioTracks: AudioTracks,
    url: string,
    stage: Stage,
    recording: Demuxer | null,
    { info, namesKeys, cover } = { info: this.#info, namesKeys: this.#answer.namesKeys, cover: this.#cover },
  ): Muxer {
    const { formatOptions, metadata = {} } = this.#request.options;
    const muxer = new Muxer(this.#native, info, url);
    try {
      audioTracks.addStreams(muxer, recording, false);
      const { streams, tags } = placeCover(this.#native, info, cover);
      if (!isIntermediate(info, stage)) { for (const stream of streams) muxer.addStream(stream); }
      muxer.setMetadata(metadata, tags);
      const given = info === this.#info ? formatOptions : {};
      muxer.options.setAll(muxerOptions(muxer, audioTracks.timeBase, stage, given, namesKeys));
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Opens everything for samples of this format. The file comes last, so that a failure leaves an existing
   * one as it was.
   */
  #begin({ sampleRate, layout, format }: Samples): Open {
    const { path, options } = this.#request;
    using owned = new DisposableStack();
    const audioTracks = owned.use(
      this.#openTracks({ sampleRate, layout, sampleFormat: format, isGiven: true }),
    );
    const output = owned.use(
      new OutputFile(this.#native, {
        path,
        url: this.#url,
        ...this.#safety,
        queue: audioTracks.queue,
        subtitles: null,
        chapters: options.chapters ?? [],
        hasChaptersFirst: this.#answer.hasChaptersFirst,
        createMuxer: (url, stage, recording) => this.#createMuxer(audioTracks, url, stage, recording),
        onFile: () => this.#control.noteFile(this.#target.isOwnFile),
      }),
    );
    output.open(this.#target);
    audioTracks.beginAt(0);
    audioTracks.begin(output);
    if (isVerbose(options.logLevel)) {
      console.error(describeAudioSession(this.#native, this.#request, this.#info, audioTracks.first));
    }
    const parts = owned.move();
    return { audioTracks, output, [Symbol.dispose]: () => parts.dispose() };
  }
}
