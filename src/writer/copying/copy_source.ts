/**
 * A source, copied into a writer.
 *
 * @module
 */
import { unlessAborted } from "../../abortable.ts";
import { plainTags } from "../../container/plain_tags.ts";
import { descriptionOf as packetsFile, isLiveSource } from "../../engine/copying/packet_source.ts";
import type { FileDescription } from "../../engine/file_description.ts";
import type { FrameClock } from "../../engine/frame_clock.ts";
import type { SessionOptions } from "../../engine/session_options.ts";
import type { VideoSource } from "../../reader/video_source.ts";
import type { DecodedFrame } from "../../source/source.ts";
import { framesFor } from "../../source/pipeline/frame_taker.ts";
import { FrameIterator } from "../../source/pipeline/frame_iterator.ts";
import { shown } from "../../shown.ts";
import type { VideoWriter } from "../video_writer.ts";
import { checkCopyOptions, type CopyOptions } from "./copy_options.ts";
import { type CopyTail, FramePlacer } from "./frame_placer.ts";
import { pictureShape } from "./picture_shape.ts";
import { audioPieces, cuePieces, TrackCopy, type TrackPart } from "./track_copy.ts";

/** How far audio and subtitles are written ahead of the frames, in seconds. */
const aheadSeconds = 0.5;

/** A writer, as far as a copy needs it. */
export interface CopyTarget {
  readonly writer: VideoWriter;
  readonly clock: FrameClock;
  readonly options: SessionOptions;
  /** Tells what the file says of itself. */
  describe(description: FileDescription): Promise<void>;
}

/** What is known of the copies before. */
interface Before {
  /** What a source before has said of the file. */
  readonly described: FileDescription;
  /** How the copy before ended. */
  readonly tail: CopyTail | null;
}

/** Copies sources into a writer, one after another: see {@linkcode VideoWriter.copyFrom}. */
export class SourceCopier {
  readonly #target: CopyTarget;
  #before: Before = { described: {}, tail: null };

  constructor(target: CopyTarget) {
    this.#target = target;
  }

  /** Copies a source. */
  async copy(source: VideoSource, options: CopyOptions | undefined): Promise<void> {
    const before = this.#before;
    this.#before = { ...before, tail: null };
    const describe = async (description: FileDescription): Promise<void> => {
      await this.#target.describe(description);
      this.#before = { described: description, tail: null };
    };
    const tail = await copySource({ ...this.#target, ...before, describe }, source, options);
    this.#before = { ...this.#before, tail };
  }
}

/** Copies a source. Returns how it ended. */
async function copySource(
  target: CopyTarget & Before,
  source: VideoSource,
  given: CopyOptions | undefined,
): Promise<CopyTail> {
  const options = checkCopyOptions(given);
  requireSource(source);
  requireTiming(target);
  const { video = true, seconds = Infinity, signal } = options;
  signal?.throwIfAborted();
  const { writer, clock } = target;
  const tracks = tracksOf(target, source, options);
  const wanted = wantedDescription(target, options);
  const shape = video ? pictureShape(target, source) : {};
  const frames = video ? framesFor(source, writer)[Symbol.asyncIterator]() : null;
  const copies: TrackCopy[] = [];
  let placer: FramePlacer | null = null;
  try {
    const first = frames === null ? null : await nextFrame(frames, signal);
    // A source that was read before goes on there.
    placer = new FramePlacer(writer, clock, source.frameRate, first?.timestamp ?? 0, seconds, signal);
    const { from } = placer;
    const description = { ...shape, ...descriptionOf(source, wanted, { from, seconds }) };
    if (clock.frames === 0) {
      await target.describe({ ...description, ...await unlessAborted(fileOf(source), signal) });
    }
    await placer.begin(target.tail, video);
    const part = { from, begin: placer.beginSeconds, seconds };
    const heard = tracks.audio.map((plan) =>
      new TrackCopy(audioPieces(writer, source.audio(plan.from), plan.track, part), signal)
    );
    copies.push(
      ...heard,
      ...tracks.subtitles.map((plan) =>
        new TrackCopy(cuePieces(writer, source.cues(plan.from), plan.track, part), signal)
      ),
    );
    let end = 0;
    for (let frame = first; frame !== null; frame = await nextFrame(frames!, signal)) {
      if (placer.isAfterEnd(frame)) break;
      end = placer.timeOf(frame) + aheadSeconds;
      for (const copy of copies) await copy.writeUntil(end);
      await placer.write(frame);
    }
    await placer.end();
    await writeRest(copies, end);
    return await placer.tail(Math.max(0, ...heard.map((copy) => copy.end)));
  } finally {
    // A frame that came and is not written stays in the source.
    if (frames instanceof FrameIterator && !placer?.hasLeft) frames.returnUnused();
    placer?.[Symbol.dispose]();
    // What still waits for the source is not waited for.
    for (const reader of [frames, ...copies]) reader?.return?.().catch(() => {});
  }
}

type Frames = AsyncIterator<DecodedFrame>;

async function nextFrame(frames: Frames, signal: AbortSignal | undefined): Promise<DecodedFrame | null> {
  const { done, value } = await unlessAborted(frames.next(), signal);
  return done ? null : value;
}

/** Writes what is left of tracks, beside each other. */
async function writeRest(copies: readonly TrackCopy[], from: number): Promise<void> {
  for (let until = from; copies.some(({ hasEnded }) => !hasEnded); until += aheadSeconds) {
    for (const copy of copies) await copy.writeUntil(until);
  }
}

function requireSource(source: unknown): asserts source is VideoSource {
  const given = source as Partial<VideoSource> | null | undefined;
  if (typeof given?.audio === "function" && typeof given.cues === "function") return;
  throw new TypeError(
    `Cannot copy from ${shown(source)}: give a source, such as that of createFileReader`,
  );
}

function requireTiming({ writer: { timing } }: CopyTarget): void {
  if (timing !== "wallclock") return;
  throw new TypeError(
    'Cannot copy a source into a writer whose timing is "wallclock": the source says when frames are shown; make it with timing "timestamps" or "constant", or attach the writer to the source',
  );
}

/** A track of the source, and the writer's track that it goes into. */
interface TrackPlan {
  readonly from: number;
  readonly track: number;
}

function tracksOf(
  { options }: CopyTarget,
  source: VideoSource,
  { audio, subtitles }: CopyOptions,
): Readonly<Record<"audio" | "subtitles", readonly TrackPlan[]>> {
  const own = {
    audio: options.audio.map(({ source: { kind } }) => kind === "samples"),
    subtitles: options.subtitles.map(({ from }) => from === null),
  };
  return {
    audio: planOf("audio", audio, source.audioTracks.length, own.audio),
    subtitles: planOf("subtitles", subtitles, source.subtitleTracks.length, own.subtitles),
  };
}

/** Which track of a kind goes where. `own` says of each of the writer's whether it takes what it is given. */
function planOf(
  kind: "audio" | "subtitles",
  wanted: boolean | readonly number[] = true,
  count: number,
  own: readonly boolean[],
): TrackPlan[] {
  const all = Array.from({ length: count }, (_, track) => track);
  const chosen = wanted === true ? all : wanted === false ? [] : wanted;
  const missing = chosen.find((track) => track >= count);
  if (missing !== undefined) {
    throw new RangeError(
      `Cannot copy track ${missing} of ${kind}: the source has ${
        count === 0 ? "none" : `${count}, from 0 on`
      }`,
    );
  }
  const places = own.flatMap((takes, track) => takes ? [track] : []);
  if (chosen.length <= places.length) {
    return chosen.map((from, index) => ({ from, track: places[index]! }));
  }
  const tracks = (number: number): string => number === 1 ? "1 track" : `${number} tracks`;
  throw new TypeError(
    `Cannot copy ${tracks(chosen.length)} of ${kind}: the writer has ${
      tracks(places.length)
    } for it; make it with the option ${kind}, such as { ${kind}: ${
      chosen.length === 1 ? "{}" : `[${chosen.map(() => "{}").join(", ")}]`
    } }, or copy with ${kind}: false`,
  );
}

/** Whether the file is to have the source's chapters and tags. */
function wantedDescription(
  { clock, options: own }: CopyTarget,
  options: CopyOptions,
): Readonly<Record<"chapters" | "metadata", boolean>> {
  const isNew = clock.frames === 0;
  const isWanted = (name: "chapters" | "metadata"): boolean => {
    if (options[name] && !isNew) {
      throw new TypeError(`Cannot copy ${name}: the writer has frames, and its file has begun`);
    }
    return options[name] ?? (isNew && own[name] === undefined);
  };
  return { chapters: isWanted("chapters"), metadata: isWanted("metadata") };
}

/** The file that a source reads, where it reads one: it must not be written. */
async function fileOf({ packets }: VideoSource): Promise<FileDescription> {
  // It would answer behind the frames that wait to be read.
  if (isLiveSource(packets)) return {};
  const path = (await packetsFile(packets)?.())?.path ?? null;
  return path === null ? {} : { source: path };
}

/** What the file is to say of itself. */
function descriptionOf(
  source: VideoSource,
  wanted: Readonly<Record<"chapters" | "metadata", boolean>>,
  part: Pick<TrackPart, "from" | "seconds">,
): FileDescription {
  const chapters = wanted.chapters ? chaptersWithin(source.chapters, part) : [];
  const metadata = wanted.metadata ? tagsOf(source) : {};
  return {
    ...(chapters.length > 0 && { chapters }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

function chaptersWithin(
  chapters: VideoSource["chapters"],
  { from, seconds }: Pick<TrackPart, "from" | "seconds">,
): VideoSource["chapters"] {
  return chapters.filter(({ start, end }) => end > from && start - from < seconds)
    .map(({ title, start, end }) => ({
      title,
      start: Math.max(0, start - from),
      end: Math.min(end - from, seconds),
    }));
}

/** Tags of a source, as containers write them: times without fractions. */
function tagsOf({ metadata }: VideoSource): Record<string, string> {
  const tags = Object.entries(plainTags(metadata)).filter(([, value]) => value !== "");
  return Object.fromEntries(
    tags.map(([key, value]) => [key, key === "creation_time" ? value.replace(/\.\d+(?=Z$)/, "") : value]),
  );
}
