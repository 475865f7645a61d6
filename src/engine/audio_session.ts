/**
 * The engine of files that have audio alone. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../ffi/mod.ts";
import type { AudioDefaults } from "../audio/open_audio_encoder.ts";
import { requireChapterSupport } from "../container/chapters.ts";
import { openCover, requireCoverSupport } from "../container/cover.ts";
import { requireTagSupport } from "../container/metadata.ts";
import { chooseMuxer } from "../container/muxer_choice.ts";
import { isIntermediate, muxerOptions, type Stage } from "../container/muxer_options.ts";
import { AvError } from "../errors.ts";
import { OutputFile } from "../file/output_file.ts";
import { chooseCrashSafety, type CrashSafety, requireWritableTarget } from "../file/safety.ts";
import { withWriteErrors } from "../file/target.ts";
import type { Samples } from "../libav/audio_frame.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import { isVerbose, setLogLevel } from "../libav/log.ts";
import { Muxer } from "../libav/muxer.ts";
import type { MuxerInfo } from "../libav/muxer_info.ts";
import type { StreamRequest } from "../libav/streams/stream_parameters.ts";
import { audioBesideVideo, AudioTracks } from "./audio_tracks.ts";
import { describeAudioSession } from "./report.ts";
import type { AudioFileRequest, AudioSummary } from "./session_types.ts";
import type { WriterStats } from "./writer_stats.ts";

/** What is open once there are samples. */
interface Open extends Disposable {
  readonly audioTracks: AudioTracks;
  readonly output: OutputFile;
}

/** One audio file being written. */
export class AudioSession implements Disposable {
  readonly #native: Native;
  readonly #request: AudioFileRequest;
  readonly #info: MuxerInfo;
  readonly #mayRemove: boolean;
  readonly #safety: CrashSafety;
  /** The cover, where there is one. */
  readonly #files: readonly StreamRequest[];
  #open: Open | null = null;
  /** Whether a file was begun that an abort must remove. */
  #hasFile = false;

  /**
   * Checks everything that can be checked before the first samples: the file is writable, the container is
   * known, an encoder opens with these options and the container supports its codec. Leaves the disk
   * unchanged.
   */
  constructor(native: Native, request: AudioFileRequest) {
    const { path, options } = request;
    this.#native = native;
    this.#request = request;
    this.#info = chooseMuxer(native, path, options.format);
    requireTagSupport(this.#info, options);
    requireChapterSupport(this.#info, options);
    requireCoverSupport(this.#info, options);
    // The error has what a cover's decoder reports.
    setLogLevel(native, "quiet");
    this.#files = openCover(native, this.#info, options);
    // What a trial prints would be printed again when the file is opened.
    setLogLevel(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#mayRemove = requireWritableTarget(this.#info, path);
    this.#safety = chooseCrashSafety(this.#info, request, this.#mayRemove);
    // The samples are not known yet.
    using audioTracks = this.#openTracks(audioBesideVideo.defaults);
    this.#tryHeader(audioTracks);
  }

  /** The current statistics. */
  get stats(): WriterStats {
    const audioTracks = this.#open?.audioTracks ?? null;
    const audio = audioTracks?.stats ?? [];
    return {
      ...{ frames: 0, dropped: 0, duplicated: 0, queued: 0 },
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
  finish(): AudioSummary {
    setLogLevel(this.#native, this.#request.options.logLevel);
    const { path } = this.#request;
    const open = this.#open;
    const fileBytes = withWriteErrors(path, () => {
      if (open === null) return 0;
      const { seconds } = this.stats;
      open.audioTracks.finish(seconds);
      return open.output.finish({ ending: null, endSeconds: seconds, lastSeconds: 0 });
    });
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

  /** Stops, and removes the unfinished file. */
  abort(): void {
    this[Symbol.dispose]();
    if (this.#hasFile) removeFile(this.#request.path);
    this.#hasFile = false;
  }

  /** After a failure: makes the recording as playable as possible, and frees everything else. */
  salvage(): void {
    this.#open?.output.salvage();
    this[Symbol.dispose]();
  }

  /** Frees all native objects. */
  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
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
    );
    if (this.#info.opensFilesItself) return;
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      throw error instanceof AvError ? audioTracks.unsupportedError(error.message) : error;
    }
  }

  get #url(): string {
    return `file:${this.#request.path}`;
  }

  #createMuxer(audioTracks: AudioTracks, url: string, stage: Stage, recording: Demuxer | null): Muxer {
    const { formatOptions, metadata = {} } = this.#request.options;
    const muxer = new Muxer(this.#native, this.#info, url);
    try {
      audioTracks.addStreams(muxer, recording);
      if (!isIntermediate(this.#info, stage)) { for (const file of this.#files) muxer.addStream(file); }
      muxer.setMetadata(metadata);
      const options = muxerOptions(muxer, audioTracks.timeBase, stage, formatOptions, metadata);
      muxer.options.setAll(options);
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
        ...this.#safety,
        queue: audioTracks.queue,
        subtitles: null,
        chapters: options.chapters ?? [],
        createMuxer: (url, stage, recording) => this.#createMuxer(audioTracks, url, stage, recording),
      }),
    );
    output.open(() => this.#hasFile = this.#mayRemove);
    audioTracks.begin(output, 0);
    if (isVerbose(options.logLevel)) {
      console.error(describeAudioSession(this.#native, this.#request, this.#info, audioTracks.first));
    }
    const parts = owned.move();
    return { audioTracks, output, [Symbol.dispose]: () => parts.dispose() };
  }
}
