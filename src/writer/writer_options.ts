/**
 * A writer's options, as programs give them.
 *
 * @module
 */
import type { AudioOptions } from "../audio/audio_options.ts";
import type { FieldOrder } from "../codecs/field_order.ts";
import type { QualityLevel } from "../codecs/encoder_traits.ts";
import type { Hardware } from "../codecs/families.ts";
import type { Attachment } from "../container/attachments.ts";
import type { Chapter } from "../container/chapters.ts";
import type { Rotation, SampleAspectRatio } from "../container/picture_tags.ts";
import type { LogLevel } from "../libav/log.ts";
import type { OptionValue } from "../libav/options.ts";
import type { SubtitleOptions } from "../subtitles/subtitle_options.ts";
import type { ColorDescription, ColorName } from "../video/color.ts";
import type { LatePolicy, TimestampOrigin, Timing } from "../video/frame_timing.ts";
import type { EncodedImage } from "../video/images/encoded_image.ts";
import type { PixelFormat } from "../video/raw_frame.ts";
import type { ResizeMode } from "../video/resizer.ts";
import type { Fallback } from "../engine/session_types.ts";
import type { Segment, SegmentOptions } from "../engine/segments/segment_options.ts";
import type { WriterStats } from "../engine/writer_stats.ts";
import type { ReconnectOptions } from "../reconnection.ts";
import type { AdaptiveOptions } from "./adaptive/adaptive_options.ts";
import type { OpenSegment } from "./packaging/stores/stream_store.ts";
import type { ConnectionOptions, OutputOptions } from "./outputs/output_options.ts";

/** What one of several files is that become one. */
export interface ChunkOptions {
  /** How many frames it has. */
  frames: number;
}

/**
 * Options of {@linkcode createFileWriter}. All are optional. They are copied when the writer is made: later
 * changes of the object, and of what is in it, change nothing. They may be getters of a class.
 */
export interface WriterOptions {
  /**
   * Width in pixels. Default: that of the first frame. With both `width` and `height`, the encoder opens
   * before the first frame.
   */
  width?: number;
  /** Height in pixels. Default: that of the first frame. */
  height?: number;
  /**
   * What to do with a frame of another size: `"error"` refuses it, `"contain"` scales it to fit between black
   * bars, `"cover"` scales it to fill the video and crops the rest, `"fill"` stretches it. Default:
   * `"error"`.
   */
  resize?: "error" | ResizeMode;
  /**
   * What to do with an odd width or height where the encoder needs even ones: `"pad"` repeats the last column
   * or row, `"crop"` removes it, `"error"` refuses the frame. Default: `"pad"`.
   */
  oddSize?: "pad" | "crop" | "error";
  /** The encoder's pixel format, by libavutil's name. Default: the one with the widest support. */
  pixelFormat?: PixelFormat;
  /**
   * What becomes of alpha: `"keep"` refuses an encoder or container that has none, `"discard"` leaves it out.
   * Default: it is kept where encoder and container have it, but not by vp8 and vp9, which would be slower,
   * where all pixels of the first frame are opaque.
   */
  alpha?: "keep" | "discard";
  /**
   * The colours of a GIF of more than 256: `"frame"` chooses 256 for each frame, `"clip"` for the whole clip,
   * which is smaller and flickers less, but writes the file when the writer closes. Fewer colours are kept
   * exactly, with one palette for all frames. Default: `"frame"`.
   */
  palette?: "frame" | "clip";
  /**
   * A level, or a number on the encoder's own scale: lower is better for crf (libx264, libx265, libvpx-vp9,
   * libaom-av1, libsvtav1) and quantizers (mpeg4, xvid, mjpeg), higher is better for webp (0 to 100).
   * Default: `"medium"`. `"lossless"` preserves the encoder's pixel format exactly, and refuses pictures of
   * more bits than the encoder takes.
   */
  quality?: QualityLevel | number;
  /**
   * Average bits per second, as a number or as `"800k"` or `"4M"`. Not together with `quality`. Encoders
   * without such a mode refuse it.
   */
  bitrate?: number | string;
  /**
   * The most bits per second that a player needs whose buffer holds one second: n seconds of the video have
   * at most n + 1 times as many bits. With `bitrate` it is no less than that; the same makes the bit rate
   * constant. Without `bitrate` it caps the quality. Encoders without a limit refuse it.
   */
  maxBitrate?: number | string;
  /**
   * How often the video is encoded. With 2, `bitrate` is met closely, and bits go where they are needed:
   * frames wait on the disk, without loss, in a folder beside the file, and `close` encodes them once more
   * and writes the file. libx264, libx265, libvpx, libvpx-vp9 and libaom-av1 have two passes. Default: 1.
   */
  passes?: 1 | 2;
  /**
   * The size of the file in bytes, with audio and all else: what `close` writes is as large, or up to 2 %
   * smaller. It takes two `passes`, and more of the second where that misses it. In place of `bitrate` and
   * `quality`.
   */
  targetBytes?: number;
  /**
   * The file is one of several that `concat` of `@avwriter/avwriter/recipes` joins, and has exactly so many
   * frames: one more is refused, and `close` with fewer fails, and leaves no file. The same frames give the
   * same bytes, with the same releases of libraries, and codec headers do not tell one machine from another.
   * It has no audio and no subtitles, which belong to the whole, and needs `"constant"` timing; `crashSafe`
   * is `false` by default.
   */
  chunk?: ChunkOptions;
  /**
   * Whether a device encodes: `"off"` leaves it to the processor, `"auto"` tries the devices' encoders of the
   * codec first, `"require"` takes no other. It is about codec families: an encoder that is named is used as
   * it is, or refused under `"require"`. `encoder.rejected` tells why each one was passed by. Default:
   * `"off"`.
   */
  hardware?: Hardware;
  /** The maximum time between key frames, in seconds. Default: the encoder's. */
  keyFrameInterval?: number;
  /**
   * The encoder's preset, which trades speed for size: `"veryfast"` for libx264, `"8"` for libsvtav1 and (as
   * `cpu-used`) libvpx and libaom.
   */
  preset?: string;
  /** The encoder's tuning: `"zerolatency"` for libx264. */
  tune?: string;
  /** The codec's profile: `"high"` for libx264, `"4444"` for prores_ks. */
  profile?: string;
  /** Any AVOption of the encoder, by name. Unknown names are refused. */
  encoderOptions?: Record<string, OptionValue>;
  /** The container, by libavformat's name. Default: by the path's extension. A stream needs it. */
  format?: string;
  /** Any AVOption of the muxer, by name. Unknown names are refused. */
  formatOptions?: Record<string, OptionValue>;
  /**
   * The colour description. Default: BT.709 from 720 lines on, BT.601 below. RGB frames are converted to it;
   * frames of luma and chroma are assumed to have it. The stream is tagged with it. HDR10 is
   * `{ matrix: "bt2020nc", primaries: "bt2020", transfer: "smpte2084" }` with `masteringDisplay` and
   * `contentLight`, which are written into mp4, mov, mkv and webm, and into every stream of libx265 and
   * libsvtav1.
   */
  color?: ColorName | Partial<ColorDescription>;
  /**
   * The colour behind transparent pixels where the encoder's pixel format has no alpha: a name such as
   * `"white"`, or digits such as `"#20c83c"`. Default: `"black"`.
   */
  background?: string;
  /**
   * Whether the colours of raw frames with alpha were multiplied by it, as in the memory of Skia and Cairo.
   * Default: `false`, as in `ImageData`.
   */
  premultipliedAlpha?: boolean;
  /**
   * How JPEG images are turned: `"from-image"` as the orientation in their EXIF data says, `"none"` not at
   * all. Default: `"from-image"`.
   */
  imageOrientation?: "from-image" | "none";
  /**
   * Degrees clockwise by which players rotate the picture: in mp4 and mov, and with FFmpeg 7.1 and newer in
   * mkv and webm.
   */
  rotation?: Rotation;
  /**
   * The sample aspect ratio, width to height: `"4/3"`. Default: square pixels, without a tag. WebM rounds it
   * to a whole display width. Containers without a place for it have it by their codec: h264, hevc, mpeg4,
   * mpeg2video (for pictures of 4:3, 16:9 and 2.21:1).
   */
  sampleAspectRatio?: SampleAspectRatio;
  /**
   * What the rows of a frame are: one picture (`"progressive"`), or two fields of different times, of which
   * that of the top row (`"tff"`) or of the bottom row (`"bff"`) is shown first. Encoder and container are
   * told. h264, mpeg2video, mpeg4, prores, dnxhd and ffv1 take fields. Default: progressive, without a tag.
   */
  fieldOrder?: FieldOrder;
  /**
   * Tags of the file: `{ title: "Waves", artist: "Ana", date: "2026-03-01" }`. mp4, mov, mkv, webm and flv,
   * and of audio files mp3, flac, ogg, opus, m4a and aiff, keep any key (mkv and webm in upper case); avi and
   * wav keep some. A tag that would not come back is refused. In mp4 and mov, a key that iTunes and
   * QuickTime do not know moves all tags to where only FFmpeg and MediaInfo read them.
   * `timecode: "01:00:00:00"` is the timecode of the first frame: hours, minutes, seconds and frames (`";"`
   * before the frames for drop-frame timecode at 29.97 and 59.94 frames per second). It is a track in mp4 and
   * mov, and a tag elsewhere.
   */
  metadata?: Record<string, string>;
  /** How many times a GIF, WebP or APNG plays; 0 for ever. Default: 0. */
  loop?: number;
  /**
   * How frames get their times: `"constant"` shows frame n at n/fps, `"timestamps"` at the `timestamp` passed
   * to `write`, `"wallclock"` at the time of the call of `write`, and the last frame until `close` is called.
   * Default: `"constant"`. For the others, `fps` is the nominal rate: encoders compute bit rates with it, and
   * the last frame is 1/fps long.
   */
  timing?: Timing;
  /**
   * What becomes of frames that come faster than they are encoded: with `"block"` their `write` waits, with
   * `"drop"` they are left out, `stats.dropped` counts them, and the frame before is shown until the next one
   * that is written. Default: `"block"`. Not for containers whose frames come at a constant rate, such as
   * avi. Frames from `acquire` and image files are never dropped.
   */
  latePolicy?: LatePolicy;
  /**
   * Chooses what encoding of what happens now needs: settings with which the encoder keeps up and gives each
   * packet at once, `keyFrameInterval: 1`, `timing: "wallclock"` and `latePolicy: "drop"`. Each of them,
   * `preset` and `tune` can be set beside it. With another timing, `write` waits until its frame is due, on
   * a clock that begins with the first frame: a video that is drawn faster is sent at its own pace. Not
   * together with `passes: 2`, `targetBytes`, `palette: "clip"` or `chunk`. Default: `false`.
   */
  live?: boolean;
  /**
   * What `timestamp`s, and the times of samples and cues, count from: `"zero"`, or the `"first"` one that the
   * writer is given, which is then at 0. With `"first"`, timestamps may be `Date.now() / 1000`. Default
   * `"zero"`.
   */
  timestampOrigin?: TimestampOrigin;
  /**
   * Filters between the frames and the encoder, in libavfilter's syntax: `"hflip,drawbox=c=red"`, `"fps=15"`.
   * They may change size, pixel format and rate. Filters that read files (`movie`, `subtitles`) bypass Deno's
   * permissions.
   */
  filter?: string;
  /**
   * Chapters, in order. mp4, mov, mkv and webm keep them, and of audio files m4a, mka, mp3 and aiff. In mp4
   * and mov, the first one begins at 0.
   */
  chapters?: readonly Chapter[];
  /**
   * The cover that players and file managers show: a PNG or JPEG file, kept byte for byte. mp4, m4v, m4a, mkv
   * and ogv support it, and of audio files mp3, flac, ogg, opus and aiff.
   */
  cover?: EncodedImage;
  /** Files attached to the video, such as the fonts of its subtitles. mkv keeps them. */
  attachments?: readonly Attachment[];
  /**
   * One or more audio tracks: `{}` for the defaults. Samples come with `writeAudio`.
   * `{ from: { silence: true } }` is a track of silence as long as the video, which some services require.
   */
  audio?: AudioOptions | readonly AudioOptions[];
  /**
   * One or more subtitle tracks: `{}` for cues that come with `writeSubtitle`, `{ from: "film.srt" }` for a
   * complete SRT, WebVTT or ASS file. mp4, mov, mkv and webm keep them.
   */
  subtitles?: SubtitleOptions | readonly SubtitleOptions[];
  /**
   * Whether a recording stays playable if the process is killed. Default: `true`, but `false` where Deno's
   * permissions or the folder do not allow a second file (`NAME.avwriter`, which `close` creates). mp4 and
   * mov are then recorded in fragments, and `close` makes an ordinary file from them, which temporarily needs
   * the same space again. `"fragments"` leaves it at that: `close` is done at once, and needs no space; such
   * a file has no chapters and no cover, and some programs are slower to open it or show no length.
   */
  crashSafe?: boolean | "fragments";
  /**
   * Where frames are converted and encoded: in a `"worker"`, or in the `"main"` thread, which is the one that
   * calls `write`. Default: `"worker"`. Where no worker can be started, a warning is printed and the main
   * thread is used.
   */
  thread?: "worker" | "main";
  /**
   * The module that avwriter's threads run, for programs that are bundled into one file:
   * `new URL("./NAME.js", import.meta.url)`. Default: `avwriter_worker.js` beside the bundle.
   */
  workerUrl?: string | URL;
  /**
   * How many frames may wait for the encoder or be acquired at a time; 1 to 64. Default: 4. Each takes the
   * memory of a frame. What the encoder holds comes on top.
   */
  queueSize?: number;
  /**
   * How much is printed to stderr. Default: `"error"`. `"info"` prints a summary of the choices, with the
   * equivalent `ffmpeg` command.
   */
  logLevel?: LogLevel;
  /**
   * Writes files that follow each other instead of one: the writer's path is then the folder that they are
   * in, which is made where it is missing. Each begins with a key frame, and is an ordinary file of its own;
   * together they have each frame and each sample once. `name` chooses the container by its extension. Not
   * for animations, and not together with `subtitles`, `chapters`, `passes`, `targetBytes` or `chunk`.
   */
  segments?: SegmentOptions;
  /**
   * Called once a segment is finished, with its path, its times and the number of its frames. Times on the
   * wall are those of the first frame's `write`, plus the time of the video.
   */
  onSegment?: (segment: Segment) => void;
  /** Aborts the writer: its calls then reject with the signal's reason. */
  signal?: AbortSignal;
  /** Called after frames are written, at most four times per second, and at the end. */
  onProgress?: (stats: WriterStats) => void;
  /**
   * The folder of FFmpeg's libraries. Default: `AVWRITER_LIBRARY_PATH`, or the system's folders. It is the
   * same for all writers of a process.
   */
  libraryPath?: string;
  /**
   * What writes the file where FFmpeg's libraries can't be loaded: `"uncompressed"` writes AVI with pictures
   * and samples as they are, in pure TypeScript, whatever the codec and the extension say; `"process"` starts
   * an `ffmpeg` program. A warning on stderr says so, and `encoder.fallback`. Default: a
   * {@linkcode LibraryNotFoundError} is thrown, which says what to install.
   */
  fallback?: Fallback;
  /**
   * More places for the same encode: addresses, paths, streams, manifests of HLS and DASH, or any of them
   * with options of its own ({@linkcode OutputOptions}). Each has a thread and a queue of its own: one that
   * is slow, or gone, holds up no other. `stats.outputs` tells how each is.
   */
  outputs?: readonly (OutputOptions | string | URL | WritableStream<Uint8Array> | OpenSegment)[];
  /**
   * How an output to an address comes back after a lost connection. Default: after 2 s, then after 1.5 times
   * as long, and so on up to 60 s. `{ attempts: 0 }`: it does not. Where it is given, an entry of `outputs`
   * is also tried again where its first connection can't be made.
   */
  reconnect?: ReconnectOptions;
  /** How long a receiver may take nothing, or not answer, in seconds. Then it is lost. Default: 10. */
  writeTimeoutSeconds?: number;
}

/**
 * Options of {@linkcode createStreamWriter}: those of a writer, how an address is reached, and how segments
 * are made.
 *
 * @example
 * ```ts
 * import { createStreamWriter, type StreamWriterOptions } from "@avwriter/avwriter";
 *
 * const options: StreamWriterOptions = { format: "hls", adaptive: { segmentSeconds: 4 } };
 * const files = (_name: string) => new WritableStream<Uint8Array>();
 * await using writer = await createStreamWriter("h264", files, 30, options);
 * await writer.write(new ImageData(320, 180));
 * ```
 */
export interface StreamWriterOptions extends WriterOptions, ConnectionOptions {
  /**
   * How HLS and DASH are divided: the length of segments, how many are listed, parts for low latency, sizes
   * to choose from.
   */
  adaptive?: AdaptiveOptions;
}
