/**
 * The writer that people hold: promises, a stream, and one clear state.
 *
 * @module
 */
import type { AudioSamples } from "../audio/samples.ts";
import type { EncoderChoice, WriteSummary } from "../engine/session_types.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { VideoSource } from "../reader/video_source.ts";
import type { SubtitleCue } from "../subtitles/cue.ts";
import type { Frame } from "../video/frame.ts";
import type { FrameOptions, Timing } from "../video/frame_timing.ts";
import type { PixelFormat, RawFrame } from "../video/raw_frame.ts";
import type { CloseOptions } from "./close_options.ts";
import type { CopyOptions } from "./copying/copy_options.ts";
import type { EventOptions } from "./event_options.ts";
import type { SamplesOptions } from "./samples/samples_options.ts";

/**
 * Writes frames into one video file. {@linkcode createFileWriter} makes it.
 *
 * @example
 * ```ts
 * import { createFileWriter } from "@avwriter/avwriter";
 *
 * const path = `${await Deno.makeTempDir()}/gray.mp4`;
 * await using writer = await createFileWriter("h264", path, 30);
 * const frame = { data: new Uint8ClampedArray(64 * 64 * 4).fill(128), width: 64, height: 64 };
 * await writer.write(frame);
 * const { frames, seconds } = await writer.close();
 * if (frames !== 1 || seconds !== 1 / 30) throw new Error("not as written");
 * ```
 */
export interface VideoWriter extends AsyncDisposable {
  /**
   * Writes one frame. Once the promise resolves, its buffer may be used again.
   *
   * The frame then waits for the encoder, in memory of the writer; the promise takes longer where `queueSize`
   * frames wait already. What goes wrong later in encoding it, a later call tells.
   *
   * @param frame The frame: pixels, or an image file. All raw frames of a video have one format, and, without
   * `resize`, all frames have one size.
   * @param options When it is shown and for how long, and whether it must be a key frame.
   * @throws {TypeError} The frame is not one, its image is broken, or its buffer is detached. The writer goes
   * on.
   * @throws {RangeError} Its size is another than the video's, its buffer is too short, or its timestamp is
   * not later than the last. The writer goes on.
   * @throws {WriteError} Encoding or writing failed. Every later call rejects with the same error.
   * @throws {WriterClosedError} The writer was closed or aborted.
   */
  write(frame: Frame, options?: FrameOptions): Promise<void>;
  /**
   * Memory for a frame where the encoder's thread reads it: draw into its `data`, then `write` it, which
   * copies nothing.
   *
   * The memory is the program's until the frame is written or released; what is in it at first is not
   * defined. At most `queueSize` frames can be acquired at a time. Where others wait for the encoder, the
   * promise takes until one of them is encoded.
   *
   * @param width Width in pixels.
   * @param height Height in pixels.
   * @param format How pixels lie in memory; default `"rgba"`. The planes follow each other, rows without a
   * gap.
   * @throws {TypeError} The format is another than that of the frames before.
   * @throws {RangeError} The size is another than the video's and there is no `resize`, or the program has
   * acquired `queueSize` frames already. The writer goes on.
   * @throws {WriteError} Encoding or writing failed.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * await using writer = await createFileWriter("h264", `${await Deno.makeTempDir()}/gray.mp4`, 30);
   * for (let level = 0; level < 250; level += 10) {
   *   const frame = await writer.acquire(320, 180);
   *   frame.data.fill(level);
   *   await writer.write(frame);
   * }
   * const { frames } = await writer.close();
   * if (frames !== 25) throw new Error("not as written");
   * ```
   */
  acquire(width: number, height: number, format?: PixelFormat): Promise<AcquiredFrame>;
  /**
   * Gives an acquired frame back unwritten; its memory must not be used any more. Does nothing where the
   * frame was written or released already, or the writer has ended, so that it may come in a `finally`.
   *
   * @param frame What {@linkcode VideoWriter.acquire} returned.
   * @throws {TypeError} The frame is not one that this writer's `acquire` returned.
   *
   * @example
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * await using writer = await createFileWriter("h264", `${await Deno.makeTempDir()}/gray.mp4`, 30);
   * let last = -1;
   * for (const level of [0, 0, 60, 60, 60, 120]) {
   *   const frame = await writer.acquire(320, 180);
   *   frame.data.fill(level);
   *   if (level === last) writer.release(frame);
   *   else await writer.write(frame);
   *   last = level;
   * }
   * const { frames } = await writer.close();
   * if (frames !== 3) throw new Error("not as written");
   * ```
   */
  release(frame: RawFrame): void;
  /**
   * Writes samples. Without a timestamp it is heard where the piece before ends; the first one at 0, or with
   * `timing: "wallclock"` just before now, as audio is there once it was heard: what comes before the first
   * frame is left out. It is converted to the rate and the channels of the track; rates, channels and sample
   * types may change from piece to piece.
   *
   * With timestamps, gaps of more than 0.1 s become silence, but for one of more than 10 s before the first
   * piece: the track then begins later; and what comes as much too early is left out; less is taken for a
   * clock that drifts, and corrected over the next second. `stats.audio` tells how much of each there was.
   *
   * @param samples The samples; their memory is the caller's again once the promise resolves.
   * @param options When they are heard, in seconds on the clock of the video, whose first frame is at 0
   * unless timestamps say otherwise.
   * @throws {TypeError} The samples or the options have the wrong type, or the writer was made without
   * `audio`.
   * @throws {RangeError} Channels, rate, track or timestamp make no sense.
   * @throws {WriteError} Encoding or writing failed; or, with the code `NO_FRAME`, 256 MiB wait for the first
   * frames: then the writer goes on.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example A second of a tone beside a second of video
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * const path = `${await Deno.makeTempDir()}/tone.mp4`;
   * await using writer = await createFileWriter("h264", path, 25, { audio: { codec: "aac" } });
   * const sampleRate = 44100;
   * const tone = (n: number): number => Math.sin(2 * Math.PI * 440 * n / sampleRate) / 4;
   * const data = Float32Array.from({ length: sampleRate }, (_, n) => tone(n));
   * await writer.writeAudio({ data, sampleRate, channels: 1 });
   * for (let n = 0; n < 25; n++) await writer.write(new ImageData(320, 180));
   * ```
   */
  writeAudio(samples: AudioSamples, options?: SamplesOptions): Promise<void>;
  /**
   * Writes a cue of subtitles. Cues of a track come in order of their starts; they may overlap, and come long
   * before their frames or late. What goes beyond the end of the video is cut off; in mkv and webm, which
   * have a cue within a second after it begins, only of cues that begin in the last second.
   *
   * mp4 and mov show one text at a time: of cues that overlap, each moment has the texts of all, one below
   * the other.
   *
   * @param cue The text, when it appears and disappears, and the track.
   * @throws {TypeError} A field of the cue has the wrong type, the writer was made without `subtitles`, or
   * the track is a file. The writer goes on.
   * @throws {RangeError} Its times or its track make no sense, or it starts before the last one of the track.
   * The writer goes on.
   * @throws {UnsupportedError} In mp4 and mov, so many cues overlap that their texts together have more than
   * 21845 characters.
   * @throws {WriteError} Encoding or writing failed; or, with the code `NO_FRAME`, 64 MiB wait for frames:
   * then the writer goes on.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * const path = `${await Deno.makeTempDir()}/said.mp4`;
   * await using writer = await createFileWriter("h264", path, 25, { subtitles: { language: "eng" } });
   * await writer.writeSubtitle({ text: "Half a second\nof <i>gray</i>.", start: 0.25, end: 0.75 });
   * for (let n = 0; n < 25; n++) await writer.write(new ImageData(320, 180));
   * ```
   */
  writeSubtitle(cue: SubtitleCue): Promise<void>;
  /**
   * Writes what a source has: its frames at their times, its audio and subtitles beside them, and, where the
   * writer has no frame yet, its chapters and tags. A source that is copied after others begins where the
   * video ends, or where audio ends that is longer by more than 0.1 s. The writer stays open.
   *
   * With `timing: "timestamps"` frames have the times of the source; with `"constant"`, they are repeated or
   * left out to keep them. Audio that is longer than the video is copied to its end; what is heard before the
   * video begins is left out.
   *
   * @param source The source. A file that was read before, or after `seek`, is copied from its next frame on.
   * @param options Which parts of it: {@linkcode CopyOptions}.
   * @throws {TypeError} An option has the wrong type, the source has more tracks than the writer, or `timing`
   * is `"wallclock"`. The writer goes on, as it does after the next four.
   * @throws {RangeError} The source has no such track, or its frames come closer than the container can tell.
   * @throws {ReadError} The source is damaged, or a track can't be read. What came before is written.
   * @throws {UnsupportedError} The container does not keep a tag, chapters, the rotation or the pixel shape:
   * copy with `metadata: false` or `chapters: false`, or give the writer `rotation` or `sampleAspectRatio`.
   * Or the file's frames are shown in another way. Nothing is written.
   * @throws {DOMException} The signal was aborted: its reason. What came before is written.
   * @throws {WriteError} Encoding or writing failed.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example Another codec, and all that goes with the video
   * ```ts
   * import { createFileReader, createFileWriter } from "@avwriter/avwriter";
   *
   * const folder = await Deno.makeTempDir();
   * {
   *   const options = { audio: {}, metadata: { title: "Gray" } };
   *   await using writer = await createFileWriter("mpeg4", `${folder}/in.mkv`, 25, options);
   *   await writer.writeAudio({ data: new Float32Array(48000), sampleRate: 48000, channels: 1 });
   *   for (let n = 0; n < 25; n++) {
   *     await writer.write({ data: new Uint8Array(64 * 64 * 4).fill(n * 10), width: 64, height: 64 });
   *   }
   * }
   * await using source = await createFileReader(`${folder}/in.mkv`);
   * await using writer = await createFileWriter("h264", `${folder}/out.mp4`, source.frameRate ?? 30, {
   *   timing: "timestamps",
   *   audio: {},
   * });
   * await writer.copyFrom(source);
   * const { frames } = await writer.close();
   * if (frames !== 25) throw new Error("not as written");
   * ```
   */
  copyFrom(source: VideoSource, options?: CopyOptions): Promise<void>;
  /**
   * Records an event, where the writer was made with `segments.preRollSeconds`: a file is written that begins
   * so many seconds ago, at a key frame, and ends after the seconds given. A call during an event makes it
   * longer.
   *
   * @param options How long the event is recorded: {@linkcode EventOptions.seconds}.
   * @throws {TypeError} The options have the wrong type, or the writer records no events. The writer goes on.
   * @throws {WriteError} Encoding or writing failed.
   * @throws {WriterClosedError} The writer was closed or aborted.
   *
   * @example One second before an event, and one after it
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * const segments = { name: "event-%Y%m%d-%H%M%S.mp4", preRollSeconds: 1 };
   * const folder = await Deno.makeTempDir();
   * await using writer = await createFileWriter("h264", folder, 25, { segments });
   * for (let n = 0; n < 100; n++) {
   *   if (n === 50) await writer.recordEvent({ seconds: 1 });
   *   await writer.write(new ImageData(320, 180));
   * }
   * ```
   */
  recordEvent(options?: EventOptions): Promise<void>;
  /**
   * Encodes what is left, finishes the file and closes it. Called again, it returns the same summary.
   *
   * Calls that were made before are carried out; later ones are refused, from this call on. Where no frame
   * was written there is nothing to write: no file is made, and one that exists stays as it was.
   *
   * @param options How long it may take: {@linkcode CloseOptions.deadlineSeconds}. In a second call, too.
   * @throws {TypeError} The options have the wrong type. The writer goes on.
   * @throws {RangeError} The deadline is below 0. The writer goes on.
   * @throws {WriteError} Encoding or writing failed, now or before.
   * @throws {WriterClosedError} The writer was aborted.
   */
  close(options?: CloseOptions): Promise<WriteSummary>;
  /**
   * Stops, and removes the unfinished file, whatever is under way. Later calls reject with a
   * {@linkcode WriterClosedError} that has the reason as its cause. Does nothing after `close`.
   */
  abort(reason?: unknown): Promise<void>;
  /**
   * The end of a block with `await using`: closes the writer, which keeps what was written, also where the
   * block ends with an error. Throws only what no call has thrown: writing, or a source of audio, failed.
   * Audio and subtitles without a frame are told by a warning. Does nothing after `close` or `abort`.
   */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * The writer as a stream, for `pipeTo`. Closing the stream closes the writer, aborting it aborts the
   * writer. Frames of a source are shown when they say, where `timing` is `"timestamps"`.
   */
  readonly writable: WritableStream<Frame>;
  /** How frames get their times: the option `timing`. */
  readonly timing: Timing;
  /** The encoder in use, and which others were rejected and why; `null` before it is known. */
  readonly encoder: EncoderChoice | null;
  /** The current statistics. */
  readonly stats: WriterStats;
  /**
   * How many frames the queue still takes: so many calls of `write` do not wait for the encoder. At 0, a
   * `write` would wait. Acquired frames have their place already. 0 once the writer has ended.
   *
   * @example A program that draws no frames that it would have to wait for
   * ```ts
   * import { createFileWriter } from "@avwriter/avwriter";
   *
   * const options = { timing: "wallclock" } as const;
   * const path = `${await Deno.makeTempDir()}/live.mp4`;
   * await using writer = await createFileWriter("h264", path, 30, options);
   * for (let index = 0; index < 30; index++) {
   *   if (writer.desiredSize > 0) await writer.write(new ImageData(320, 180));
   *   await new Promise((resolve) => setTimeout(resolve, 5));
   * }
   * ```
   */
  readonly desiredSize: number;
}

/** A frame in memory from {@linkcode VideoWriter.acquire}. */
export interface AcquiredFrame extends RawFrame {
  /** The pixels to fill: all planes one after another. */
  readonly data: Uint8Array<ArrayBufferLike>;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** The pixel format. */
  readonly format: PixelFormat;
}
