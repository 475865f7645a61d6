/**
 * Decodes a part of a file and encodes it into another one.
 *
 * @module
 */
import { extname } from "../../ffi/mod.ts";
import type { AudioOptions } from "../audio/audio_options.ts";
import type { Codec } from "../codecs/families.ts";
import type { Chapter } from "../container/chapters.ts";
import type { PartProgress } from "../engine/frames/part_types.ts";
import type { FileLook } from "../engine/reading/file_look.ts";
import type { ReadRequest, SourceAudioTrack, SourceInfo } from "../engine/reading/reading_types.ts";
import type { WriteSummary } from "../engine/session_types.ts";
import { ReadError, UnsupportedError } from "../errors.ts";
import { NewFile } from "../file/new_file.ts";
import { withoutUndefined } from "../option_checks.ts";
import { requireReadable } from "../file/target.ts";
import { createFileReader } from "../reader/create_file_reader.ts";
import type { VideoSource } from "../reader/video_source.ts";
import { shown } from "../shown.ts";
import { runFileWork } from "../thread/file_work.ts";
import { workerModule } from "../worker/worker_module.ts";
import { createFileWriter } from "../writer/create_file_writer.ts";
import { encodePart } from "../writer/part_writer.ts";
import type { VideoWriter } from "../writer/video_writer.ts";
import type { WriterOptions } from "../writer/writer_options.ts";
import { primingSeconds, writeAudio } from "./audio_flow.ts";
import { Pace, type Part, writeCues } from "./media_flow.ts";
import { chaptersOf, metadataOf } from "./source_tags.ts";

/** What is made of a file. */
export interface EncodeRequest {
  /** The absolute paths. */
  readonly input: string;
  readonly output: string;
  readonly codec: Codec | ((source: SourceInfo) => Codec);
  readonly part: Part;
  /** What is done, for errors: `"transcode"`. */
  readonly action: string;
  /** Whether audio before the video is kept, where the container takes frames that do not begin at 0. */
  readonly keepsEarlyAudio: boolean;
  /** Whether pictures keep their pixel format, where the encoder takes it. */
  readonly keepsPixelFormat: boolean;
  /** The options of the writer for a source. */
  readonly writerOptions: (source: SourceInfo) => WriterOptions;
  /** What an audio track is to be beside its rate and channels; `null`: there is no audio. */
  readonly audioOptions: ((track: SourceAudioTrack) => AudioOptions) | null;
  readonly logLevel: WriterOptions["logLevel"];
  readonly signal: AbortSignal | undefined;
  readonly thread: WriterOptions["thread"] | undefined;
  readonly libraryPath: string | undefined;
  readonly workerUrl: string | URL | undefined;
  /** Called now and then with what is done, and how many seconds there are. */
  readonly onStep: (done: PartProgress, all: number | null) => void;
  /** Called while the file is finished, with the share of that. */
  readonly onFinish: (share: number) => void;
}

/** What has become of a file that was decoded and encoded. */
export interface EncodeSummary extends
  Pick<
    WriteSummary,
    "path" | "format" | "encoder" | "width" | "height" | "frames" | "seconds" | "bytes"
  > {
  /**
   * What the container has no place for: subtitles by their codec (`"hdmv_pgs_subtitle"`), tags by their key
   * (`"tag comment"`), `"chapters"`. And `"audio before the video"`, where there is some.
   */
  readonly leftOut: readonly string[];
}

/** A reader that is opened while other things are done. */
class ComingSource implements AsyncDisposable {
  readonly #source: Promise<VideoSource>;

  constructor(source: Promise<VideoSource>) {
    this.#source = source;
    // Whoever needs it is told.
    source.catch(() => {});
  }

  get source(): Promise<VideoSource> {
    return this.#source;
  }

  async close(): Promise<void> {
    const source = await this.#source.catch(() => null);
    await source?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Decodes and encodes. The new file takes its place once it is whole. */
export async function encodeFile(given: EncodeRequest): Promise<EncodeSummary> {
  const { input, output, action, signal, libraryPath, workerUrl, logLevel } = given;
  requireReadable(input, "read");
  const { info, audioBegins } = await look(given);
  requirePart(info, given.part, action);
  const hasTracks = given.audioOptions !== null && info.audioTracks.length > 0 ||
    subtitlesIn(info, output).length > 0;
  const options = withoutUndefined({ signal, libraryPath, workerUrl, logLevel });
  await using tracks = hasTracks ? new ComingSource(createFileReader(input, options)) : null;
  // The extension chooses the container.
  using file = new NewFile(output, action, extname(output));
  const asked = { ...given, part: withEarlyAudio(given.part, audioBegins) };
  const { writer, leftOut } = await openWriter(asked, info, file.path);
  const request = writer.timing === "timestamps" ? asked : given;
  const { part } = request;
  const { summary, isAudioCut } = await file.madeBy(encodeInto(request, info, tracks, writer));
  const { format, encoder, width, height, frames: count, seconds, bytes } = summary;
  if (count === 0) {
    throw new ReadError(`Cannot ${action} ${input}: no frame begins from ${part.start} to ${part.end} s`, {
      code: "NO_FRAME",
      operation: action,
      hint: null,
    });
  }
  file.place();
  if (isAudioCut) leftOut.push("audio before the video");
  return { path: output, format, encoder, width, height, frames: count, seconds, bytes, leftOut };
}

/** How the file is read. */
function readRequest({ input, logLevel = "error" }: EncodeRequest): ReadRequest {
  return { place: { kind: "file", path: input }, label: input, format: null, stream: 0, logLevel };
}

/** Looks at the file, in the thread that is the writer's afterwards. */
function look(request: EncodeRequest): Promise<FileLook> {
  const { keepsEarlyAudio, audioOptions, signal, thread, libraryPath, workerUrl } = request;
  const hasAudioTimes = keepsEarlyAudio && audioOptions !== null;
  return runFileWork({ kind: "look", request: { source: readRequest(request), hasAudioTimes } }, {
    ...{ libraryPath, signal, thread },
    workerModule: new URL(workerUrl ?? workerModule()),
    onStep: () => {},
  });
}

/** The part from where audio begins before the video, if that is to be kept. */
function withEarlyAudio(part: Part, audioBegins: FileLook["audioBegins"]): Part {
  const early = audioBegins.filter((begin) => begin !== null && begin < -primingSeconds) as number[];
  return { ...part, start: Math.min(part.start, ...early) };
}

/** Throws a `RangeError` where a part begins after the end. */
function requirePart({ duration }: SourceInfo, { start }: Part, action: string): void {
  if (duration === null || start < duration) return;
  throw new RangeError(`Cannot ${action} from ${start} s on: the video is ${duration} s long`);
}

/** Containers that keep subtitles as text. */
const subtitleContainers: readonly string[] = [".mp4", ".m4v", ".mov", ".mkv", ".webm"];

/** The subtitle tracks that are written, by their number. */
function subtitlesIn({ subtitleTracks }: SourceInfo, output: string): number[] {
  if (!subtitleContainers.includes(extname(output).toLowerCase())) return [];
  return [...subtitleTracks.keys()].filter((track) => subtitleTracks[track]!.isText);
}

/** A language as a writer takes it, and a title. */
function trackTags(
  { language, title }: Pick<SourceAudioTrack, "language" | "title">,
): { language?: string; title?: string } {
  return {
    ...(language !== null && /^[a-z]{3}$/.test(language) ? { language } : {}),
    ...(title === null ? {} : { title }),
  };
}

/** What a writer is asked for, of which some may be left out. */
interface Wishes {
  metadata: Record<string, string>;
  chapters: Chapter[];
  /** Whether audio keeps the rates and channels of the source, where the encoder takes them. */
  keepsRates: boolean;
  keepsChannels: boolean;
  keepsPixelFormat: boolean;
  /** Whether frames keep their times: some containers have a constant rate. */
  timing: "timestamps" | "constant";
}

/** Leaves out what an error is about; returns what that is, `null` where it matters. */
function withoutRefused(wishes: Wishes, error: unknown): string[] | null {
  if (!(error instanceof UnsupportedError)) return null;
  const { code, operation } = error;
  if (code === "SAMPLE_RATE" && wishes.keepsRates) {
    wishes.keepsRates = false;
    return [];
  }
  if (operation.startsWith("open encoder ") && wishes.keepsChannels) {
    wishes.keepsChannels = false;
    return [];
  }
  if (code === "PIXEL_FORMAT" && wishes.keepsPixelFormat) {
    wishes.keepsPixelFormat = false;
    return [];
  }
  if (code === "RATE_NOT_FOR_CONTAINER" && wishes.timing === "timestamps") {
    wishes.timing = "constant";
    return [];
  }
  if (code === "CHAPTERS" && wishes.chapters.length > 0) {
    wishes.chapters = [];
    return ["chapters"];
  }
  const lost = Object.keys(wishes.metadata)
    .find((key) => operation.startsWith(`write the tag ${shown(key)} into `));
  if (code !== "TAG_NOT_FOR_CONTAINER" || lost === undefined) return null;
  delete wishes.metadata[lost];
  return [`tag ${lost}`];
}

/** Opens the writer. What the container does not keep is left out. */
async function openWriter(
  { output, codec, part, writerOptions, audioOptions, keepsPixelFormat, onFinish }: EncodeRequest,
  source: SourceInfo,
  path: string,
): Promise<{ writer: VideoWriter; leftOut: string[] }> {
  const subtitles = subtitlesIn(source, output);
  const leftOut = source.subtitleTracks.filter((_, track) => !subtitles.includes(track))
    .map(({ codec }) => codec);
  const wishes: Wishes = {
    metadata: metadataOf(source, part),
    chapters: chaptersOf(source, part),
    timing: "timestamps",
    keepsRates: true,
    keepsPixelFormat,
    keepsChannels: source.audioTracks.some(({ channels }) => channels > 2),
  };
  const name = typeof codec === "function" ? codec(source) : codec;
  for (;;) {
    const { metadata, chapters, timing } = wishes;
    const audio = audioOptions === null ? [] : source.audioTracks.map((track) => ({
      ...trackTags(track),
      ...(wishes.keepsRates ? { sampleRate: track.sampleRate } : {}),
      ...(wishes.keepsChannels || track.channels <= 2 ? { channels: track.channels } : {}),
      ...audioOptions(track),
    }));
    try {
      const writer = await createFileWriter(name, path, source.frameRate ?? usualRate, {
        ...{ metadata, chapters, audio, timing },
        subtitles: subtitles.map((track) => trackTags(source.subtitleTracks[track]!)),
        // The file under its own name is there until the new one is whole.
        crashSafe: false,
        onProgress: ({ finished }) => onFinish(finished),
        ...(wishes.keepsPixelFormat ? { pixelFormat: source.format } : {}),
        ...writerOptions(source),
      });
      return { writer, leftOut };
    } catch (error) {
      const refused = withoutRefused(wishes, error);
      if (refused === null) throw error;
      leftOut.push(...refused);
    }
  }
}

/** The rate of frames that come unevenly, by which encoders spend their bits. */
const usualRate = 30;

async function encodeInto(
  request: EncodeRequest,
  info: SourceInfo,
  tracks: ComingSource | null,
  writer: VideoWriter,
): Promise<{ summary: WriteSummary; isAudioCut: boolean }> {
  const { output, part, audioOptions, signal, onStep } = request;
  const pace = new Pace();
  const end = Math.min(part.end, info.duration ?? Infinity);
  const all = Number.isFinite(end) ? end - part.start : null;
  const take = (done: PartProgress): void => {
    if (done.frames === 0) return;
    pace.advanceTo(done.seconds);
    onStep(done, all);
  };
  const { frameRate } = info;
  const video = encodePart(writer, { source: readRequest(request), ...part, frameRate, usualRate }, take)
    .then(take).finally(() => pace.end());
  const audio = audioOptions === null ? [] : info.audioTracks.map(async (_, track) => {
    return await writeAudio(await tracks!.source, writer, part, track, pace);
  });
  const cues = subtitlesIn(info, output).map(async (from, to) => {
    await writeCues(await tracks!.source, writer, part, from, to);
  });
  const tasks = [video, ...audio, ...cues];
  try {
    await Promise.all(tasks);
    const isAudioCut = (await Promise.all(audio)).some((isCut) => isCut);
    return { summary: await writer.close(), isAudioCut };
  } catch (error) {
    pace.end();
    await writer.abort(error);
    await tracks?.close();
    await Promise.allSettled(tasks);
    signal?.throwIfAborted();
    throw error;
  }
}
