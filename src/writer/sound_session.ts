/**
 * The engine of files that have sound alone. Synchronous, and it knows no thread.
 *
 * @module
 */
import { type Native, removeFile } from "../../ffi/mod.ts";
import type { UsualSound } from "../audio/open_audio_encoder.ts";
import { AvError } from "../errors.ts";
import type { Demuxer } from "../libav/demuxer.ts";
import { Muxer, type MuxerInfo, type StreamRequest } from "../libav/muxer.ts";
import type { Samples } from "../libav/sound.ts";
import { requireContainerKeepsChapters } from "./chapters.ts";
import { chooseMuxer, isOnTheWay, muxerOptions, type Stage } from "./container.ts";
import { openCover, requireContainerKeepsCover } from "./cover.ts";
import type { FileEngine } from "./engine.ts";
import { isTalkative, silenceBelow } from "./log.ts";
import type { WriterStats } from "./options.ts";
import { OutputFile } from "./output_file.ts";
import { describeSound } from "./report.ts";
import { chooseSafety, requireTarget, type Safety } from "./safety.ts";
import type { AudioSummary, SoundRequest } from "./session_types.ts";
import { besideVideo, Sound } from "./sound.ts";
import { requireContainerKeepsTags } from "./tags.ts";
import { whileWriting } from "./target.ts";

/** What is open from the first samples on. */
interface Open extends Disposable {
  readonly sound: Sound;
  readonly output: OutputFile;
}

/** One file of sound being written. */
export class SoundSession implements FileEngine<AudioSummary>, Disposable {
  readonly #native: Native;
  readonly #request: SoundRequest;
  readonly #info: MuxerInfo;
  readonly #mayRemove: boolean;
  readonly #safety: Safety;
  /** The cover, where there is one. */
  readonly #files: readonly StreamRequest[];
  #open: Open | null = null;
  /** Whether a file was begun that an abort must remove. */
  #hasFile = false;

  /**
   * Checks all that can be known before the first samples: the file can be written, the container is known, an encoder opens with these
   * options and the container takes what it makes. The disk stays as it was.
   */
  constructor(native: Native, request: SoundRequest) {
    const { path, options } = request;
    this.#native = native;
    this.#request = request;
    this.#info = chooseMuxer(native, path, options.format);
    requireContainerKeepsTags(this.#info, options);
    requireContainerKeepsChapters(this.#info, options);
    requireContainerKeepsCover(this.#info, options);
    // What a cover's decoder says is in the error.
    silenceBelow(native, "quiet");
    this.#files = openCover(native, this.#info, options);
    // A trial's chatter would be told again when it is in earnest.
    silenceBelow(native, options.logLevel === "info" ? "warning" : options.logLevel);
    this.#mayRemove = requireTarget(this.#info, path);
    this.#safety = chooseSafety(this.#info, request, this.#mayRemove);
    // The samples are not known yet.
    using sound = this.#openSound(besideVideo.usual);
    this.#tryHeader(sound);
  }

  /** Progress so far. */
  get stats(): WriterStats {
    const sound = this.#open?.sound ?? null;
    const audio = sound?.stats ?? [];
    return {
      ...{ frames: 0, dropped: 0, duplicated: 0, queued: 0 },
      bytes: sound?.bytes ?? 0,
      seconds: audio[0]?.seconds ?? 0,
      audio,
    };
  }

  /** Encodes a piece of sound. Whatever this throws ends the session. */
  writeSound(track: number, samples: Samples, seconds: number | null): void {
    silenceBelow(this.#native, this.#request.options.logLevel);
    whileWriting(this.#request.path, () => {
      const { sound } = this.#open ??= this.#begin(samples);
      sound.write(track, samples, seconds);
    });
  }

  /** Finishes the file and tells what is in it. Without samples there is no file, and an existing one is as it was. */
  finish(): AudioSummary {
    silenceBelow(this.#native, this.#request.options.logLevel);
    const { path } = this.#request;
    const open = this.#open;
    const fileBytes = whileWriting(path, () => {
      if (open === null) return 0;
      const { seconds } = this.stats;
      open.sound.finish(seconds);
      return open.output.finish({ ending: null, endSeconds: seconds, lastSeconds: 0 });
    });
    const { seconds, bytes } = this.stats;
    const { encoder, shape } = open?.sound.first.encoded ?? { encoder: "", shape: null };
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

  /** Stops and removes the file that was begun. */
  abort(): void {
    this[Symbol.dispose]();
    if (this.#hasFile) removeFile(this.#request.path);
    this.#hasFile = false;
  }

  /** After a failure: makes what was recorded so far as playable as it can be, and frees the rest. */
  salvage(): void {
    this.#open?.output.salvage();
    this[Symbol.dispose]();
  }

  /** Frees all native objects. */
  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
  }

  #openSound(usual: UsualSound): Sound {
    return new Sound(this.#native, this.#info, this.#request.options.audio, { firstStream: 0, usual });
  }

  /** Writes the header into memory: only the muxer itself knows all that it refuses. */
  #tryHeader(sound: Sound): void {
    using muxer = this.#createMuxer(
      sound,
      this.#url,
      this.#safety.isFragmented ? "finished" : "direct",
      null,
    );
    if (this.#info.opensFilesItself) return;
    muxer.openMemory();
    try {
      muxer.writeHeader();
    } catch (error) {
      throw error instanceof AvError ? sound.refusal(error.message) : error;
    }
  }

  get #url(): string {
    return `file:${this.#request.path}`;
  }

  #createMuxer(sound: Sound, url: string, stage: Stage, recording: Demuxer | null): Muxer {
    const { formatOptions, metadata = {} } = this.#request.options;
    const muxer = new Muxer(this.#native, this.#info, url);
    try {
      sound.addStreams(muxer, recording);
      if (!isOnTheWay(this.#info, stage)) { for (const file of this.#files) muxer.addStream(file); }
      muxer.setMetadata(metadata);
      const options = muxerOptions(muxer, sound.timeBase, stage, formatOptions, metadata);
      muxer.options.setAll(options);
      return muxer;
    } catch (error) {
      muxer[Symbol.dispose]();
      throw error;
    }
  }

  /** Opens everything for samples like these; the file last, so that a failure leaves an existing one as it was. */
  #begin({ sampleRate, layout }: Samples): Open {
    const { path, options } = this.#request;
    using owned = new DisposableStack();
    const sound = owned.use(this.#openSound({ sampleRate, layout }));
    const output = owned.use(
      new OutputFile(this.#native, {
        path,
        ...this.#safety,
        queue: sound.queue,
        subtitles: null,
        chapters: options.chapters ?? [],
        createMuxer: (url, stage, recording) => this.#createMuxer(sound, url, stage, recording),
      }),
    );
    output.open(() => this.#hasFile = this.#mayRemove);
    sound.begin(output, 0);
    if (isTalkative(options.logLevel)) {
      console.error(describeSound(this.#native, this.#request, this.#info, sound.first));
    }
    const parts = owned.move();
    return { sound, output, [Symbol.dispose]: () => parts.dispose() };
  }
}
